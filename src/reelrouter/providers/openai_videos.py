"""OpenAI's Videos API, which outlived its maker's service: resellers and servers for one's own GPUs speak it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from reelrouter.providers.base import (
    Access,
    Account,
    Call,
    Flow,
    Grant,
    Part,
    Provider,
    ProviderDrift,
    Reply,
    Ticket,
    Unclear,
)
from reelrouter.providers.complaints import Complaint
from reelrouter.providers.decoration import MOST_OUTPUTS, count_of, progress_of
from reelrouter.providers.places import id_in, in_path, videos_in, word_in
from reelrouter.providers.polls import Answered, delivered, outcome_of
from reelrouter.providers.reading import dig, failed, json_object, polled, refused
from reelrouter.providers.refusals import created
from reelrouter.providers.words import flag_of, meaning_of
from reelrouter.work import (
    Cancelled,
    Failed,
    FailureClass,
    Handle,
    Media,
    MediaKind,
    Order,
    Outcome,
    Running,
)

_CODES = {
    "invalid_api_key": FailureClass.AUTH,
    "account_deactivated": FailureClass.AUTH,
    "model_not_found": FailureClass.AUTH,  # the account lacks it: nothing that a caller can mend
    "insufficient_quota": FailureClass.QUOTA_BILLING,
    "billing_not_active": FailureClass.QUOTA_BILLING,
    "billing_hard_limit_reached": FailureClass.QUOTA_BILLING,
    "rate_limit_exceeded": FailureClass.RATE_LIMITED,
    "slow_down": FailureClass.RATE_LIMITED,
    "server_is_overloaded": FailureClass.CONCURRENCY,
    "moderation_blocked": FailureClass.POLICY_INPUT,
    "content_policy_violation": FailureClass.POLICY_INPUT,
    "sentinel_block": FailureClass.POLICY_INPUT,
    "server_error": FailureClass.TRANSIENT,
}
_TYPES = {
    "insufficient_quota": FailureClass.QUOTA_BILLING,  # whose codes tell which of several limits it was
    "invalid_request_error": FailureClass.USER_ERROR,
}
"""What is left to go by in a failed job whose code says nothing."""
_OPERATORS = frozenset({404, 405})
"""Where a submit has no such address or model, the operator's settings are wrong, and not the request."""
_RESOLVED = frozenset(
    {
        "prompt", "model", "seconds", "size", "width", "height", "aspect_ratio", "short_edge", "fps", "num_frames",
        "seed", "generate_sound", "input_reference", "input_references", "image_reference", "video_reference",
        "audio_reference", "reference_url", "video_url", "video_path",
    }
)  # fmt: skip
"""What an order has decided already: no option may say otherwise."""
_COUNTS = frozenset({"n", "num_outputs_per_prompt"})
_ASKED = "outputs"
"""In a handle: how many videos were asked for, since the server's own word for it may be anything."""
_HEADERS = (
    ("Authorization", "Bearer ", "api_key"),
    ("OpenAI-Organization", "", "organization"),
    ("OpenAI-Project", "", "project"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """In what one speaker of the dialect differs from the others."""

    tells: frozenset[str] = frozenset()
    """Fields beyond the maker's own that it reads."""
    places: Mapping[MediaKind, str]
    """The part in which it takes an input of a kind."""
    list_place: str | None = None
    """The part that may be repeated, for more inputs than one: the first frame before the last."""
    several: bool = False
    """Whether it hands out more than one output, each of which may lie at an address that the job names."""
    aborts: bool = False
    """Whether deleting a job that is under way ends the work."""


class OpenAIVideos(Provider):
    """One speaker of the dialect."""

    def __init__(self, name: str, evidence: str, access: Access, profile: Profile) -> None:
        self.name, self.evidence, self.access, self.profile = name, evidence, access, profile
        if access.local:
            self.concurrency = 2  # such a server works at one job; the second spares it the wait for the next
            self.first_poll = 2.0

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        """A server of one's own may ask for no key, and is then told none."""
        yield from ()
        return Grant(
            headers={
                header: f"{scheme}{account.values[value]}"
                for header, scheme, value in _HEADERS
                if account.values.get(value)
            }
        )

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        if reason := _impossible(order, self.profile):
            raise refused(FailureClass.USER_ERROR, said=f"{self.name} cannot be given {reason}")
        parts = (*_fields(order, self.profile), *_files(order, self.profile))
        reply = yield Call(method="POST", url=self._path(account), parts=parts, creates=True)
        native_id, _ = created(reply, _judge)
        asked = _asked(order.options)
        return Ticket(native_id=native_id, extra={_ASKED: asked} if asked > 1 else {})

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        url = self._path(account, handle)
        reply = yield Call(method="GET", url=url)
        job = _job(reply, handle)
        addresses = self._addresses(job, handle, account.root, f"{account.root}/{url}/content")
        running = Running(progress=progress_of(dig(job, "progress"), whole=100), poll_after=_pause(reply))
        return outcome_of(
            Answered(
                said=job,
                native_id=handle.native_id,
                status=word_in(job, handle.native_id),
                running=running,
                finished=delivered(addresses),
                judge=_judge,
            )
        )

    def cancel(self, handle: Handle, account: Account) -> Flow[Cancelled]:
        """Deleting is all there is: where it ends no work, or the work is done, it would only lose the result."""
        if not self.profile.aborts:
            return "not_cancellable"
        url = self._path(account, handle)
        job = _job((yield Call(method="GET", url=url)), handle)
        if meaning_of(word_in(job, handle.native_id)) not in ("waiting", "running"):
            return "not_cancellable"
        reply = yield Call(method="DELETE", url=url)
        if reply.status == 409:
            return "requested"
        return "cancelled" if flag_of(dig(polled(reply), "deleted")) else "not_cancellable"

    def _addresses(self, job: Mapping[str, Any], handle: Handle, root: str, content: str) -> Sequence[str]:
        """Where the job says that its videos are, else where the dialect has them."""
        if self.profile.several:
            return _several(job, root, content, count_of(handle.extra.get(_ASKED)) or 1)
        return videos_in(job, root) or (content,)

    def _path(self, account: Account, handle: Handle | None = None) -> str:
        """A server of one's own is known by its address, and to the SDK by the version in it as well."""
        videos = "v1/videos" if self.access.local and not account.root.endswith("/v1") else "videos"
        return videos if handle is None else f"{videos}/{in_path(handle.native_id)}"


# What an order becomes ----------------------------------------------------------------------------------------


def _impossible(order: Order, profile: Profile) -> str | None:
    """What of an order the profile has no words for."""
    if order.mode in ("upscale", "continue"):
        return f"the mode {order.mode}"
    if order.last_frame is not None and (order.first_frame is None or profile.list_place is None):
        return "this last frame"
    if order.seed is not None and "seed" not in profile.tells:
        return "a seed"
    if order.duration is None and "num_frames" not in profile.tells:
        return "a length that follows the input"
    kinds = [media.kind for media in _inputs(order)]
    if strange := sorted(set(kinds) - profile.places.keys()):
        return f"an input of the kind {strange[0]}"
    if profile.list_place is None and len(set(kinds)) < len(kinds):
        return f"{len(kinds)} inputs, of which two are of one kind"
    taken = sorted(_names(order.options) & (_RESOLVED if profile.several else _RESOLVED | _COUNTS))
    return f"the option {taken[0]}, which the order has decided" if taken else None


def _fields(order: Order, profile: Profile) -> Iterator[Part]:
    told: dict[str, Any] = {
        "prompt": order.prompt,
        "model": order.native_model,
        "size": f"{order.width}x{order.height}",
        "seconds": order.duration,
    }
    extras: dict[str, Any] = {
        "num_frames": round(order.length * order.fps) if order.duration is None else None,
        "fps": order.fps,
        "seed": order.seed,
        "generate_sound": order.audio,
        "aspect_ratio": order.aspect_ratio if order.first_frame is None else None,
    }
    told |= {name: value for name, value in extras.items() if name in profile.tells}
    for name, value in (told | dict(order.options)).items():
        if value is not None:
            yield Part(name=name, value=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _files(order: Order, profile: Profile) -> Iterator[Part]:
    inputs = _inputs(order)
    for media in inputs:
        place = profile.places[media.kind]
        yield Part(name=(profile.list_place or place) if len(inputs) > 1 else place, value=media)


def _inputs(order: Order) -> list[Media]:
    given = (order.first_frame, order.last_frame, *order.references)
    return [media for media in given if media is not None]


def _names(options: Mapping[str, Any]) -> set[str]:
    """Of options and of what lies in them: servers lift out what a group like `extra_params` holds."""
    return {name for one in (options, *options.values()) if isinstance(one, Mapping) for name in one}


# What answers mean --------------------------------------------------------------------------------------------


def _job(reply: Reply, handle: Handle) -> Mapping[str, Any]:
    """The job that an answer tells of. vLLM-Omni tells of a failed one with the status of its failure."""
    if not 200 <= reply.status < 300:
        with suppress(ProviderDrift):
            said = json_object(reply)
            if id_in(said) == handle.native_id and meaning_of(word_in(said, handle.native_id)) is not None:
                return said
    return polled(reply)


def _pause(reply: Reply) -> float | None:
    milliseconds = count_of(reply.headers.get("openai-poll-after-ms"))
    return None if milliseconds is None else milliseconds / 1000


def _several(job: Mapping[str, Any], root: str, content: str, asked: int) -> list[str]:
    """Each at its link, or by its number where it has none; no more than there is evidence for."""
    named = job.get("urls")
    links = named if isinstance(named, list) and named else list(videos_in(job, root))
    told = count_of(job.get("num_outputs"))
    if told == 0 and not links:
        return []
    count = min(told or len(links), max(len(links), asked), MOST_OUTPUTS) or 1
    places = [f"{content}?variant={at}" for at in range(count)]
    found = [
        next(iter(videos_in({"url": link}, root)), place if link is None else None)
        for link, place in zip_longest(links[:count], places)
    ]
    return [one for one in found if one is not None] or places[:1]


def _asked(options: Mapping[str, Any]) -> int:
    """How many videos an order's options want of it."""
    groups = (options, *(one for one in options.values() if isinstance(one, Mapping)))
    return max((count_of(group.get(name)) or 1 for group in groups for name in _COUNTS), default=1)


def _judge(complaint: Complaint, otherwise: FailureClass) -> Failed:
    """By the code; where it says nothing by the type, and for an address that is not there by the status."""
    kind = dig(complaint.error, "type")
    if complaint.status in _OPERATORS:
        otherwise = FailureClass.AUTH
    if kind == "insufficient_quota" or otherwise in (FailureClass.TRANSIENT, FailureClass.DRIFT):
        otherwise = _TYPES.get(str(kind), otherwise)
    return failed(_CODES.get(str(complaint.code), otherwise), complaint.code, complaint.said)


# Who speaks it ------------------------------------------------------------------------------------------------

OPENAI = OpenAIVideos(
    "openai",
    "official SDK (openai 3.54.0); error codes by documents",
    Access(
        root="",  # the maker's own service has ended; many others speak its dialect
        needed={"api_key": ("OPENAI_API_KEY",)},
        optional={"organization": ("OPENAI_ORG_ID",), "project": ("OPENAI_PROJECT_ID",)},
        root_variables=("OPENAI_BASE_URL",),
    ),
    Profile(places={"image": "input_reference"}),
)
VLLM_OMNI = OpenAIVideos(
    "vllm-omni",
    "the server's own source (vllm-omni 0.30.0, vllm 0.30.0)",
    Access(
        root="",
        needed={},
        optional={"api_key": ("VLLM_OMNI_API_KEY",)},
        root_variables=("VLLM_OMNI_BASE_URL",),
        local=True,
    ),
    Profile(
        tells=frozenset({"num_frames", "fps", "seed", "generate_sound", "aspect_ratio"}),
        places={"image": "input_reference", "video": "input_reference", "audio": "input_references"},
        list_place="input_references",
        aborts=True,
    ),
)
SGLANG = OpenAIVideos(
    "sglang",
    "the server's own source (sglang 0.5.23)",
    Access(
        root="",
        needed={},
        optional={"api_key": ("SGLANG_API_KEY",)},
        root_variables=("SGLANG_BASE_URL",),
        local=True,
    ),
    Profile(
        tells=frozenset({"num_frames", "fps", "seed", "generate_sound"}),
        places={"image": "input_reference", "video": "video_reference"},
        several=True,
    ),
)
