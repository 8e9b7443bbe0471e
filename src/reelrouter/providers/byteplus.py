"""ModelArk: Seedance, on BytePlus and on Volcengine, two sites of one API that differ in address and keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from reelrouter.providers.base import Access, Account, Call, Flow, Inline, Provider, Ticket, Unclear
from reelrouter.providers.complaints import Complaint
from reelrouter.providers.decoration import seed_of
from reelrouter.providers.places import in_path, videos_in, word_in
from reelrouter.providers.polls import Answered, delivered, outcome_of
from reelrouter.providers.reading import dig, failed, polled, refused
from reelrouter.providers.refusals import created
from reelrouter.providers.words import meaning_of
from reelrouter.work import Cancelled, Failed, FailureClass, Handle, Order, Outcome

_TASKS = "contents/generations/tasks"
_MODES = frozenset({"text", "frames", "references"})
_RESOLUTIONS = {"4K": "4k"}
"""Where the vendor spells a resolution in another way than the catalogue."""
_CODES = {
    "AuthenticationError": FailureClass.AUTH,
    "AccessDenied": FailureClass.AUTH,
    "QuotaExceeded": FailureClass.QUOTA_BILLING,
    "AccountOverdueError": FailureClass.QUOTA_BILLING,
    "ModelNotOpen": FailureClass.QUOTA_BILLING,
    "RateLimitExceeded": FailureClass.RATE_LIMITED,
    "ModelAccountRpmRateLimitExceeded": FailureClass.RATE_LIMITED,
    "ServerOverloaded": FailureClass.CONCURRENCY,
    "ModelLoadingError": FailureClass.CONCURRENCY,
    "InternalServiceError": FailureClass.TRANSIENT,
    "MissingParameter": FailureClass.USER_ERROR,
    "InvalidParameter": FailureClass.USER_ERROR,
    "InvalidEndpoint": FailureClass.USER_ERROR,
}
"""By the part of the vendor's code before its first dot."""


class ModelArk(Provider):
    """Seedance on one of the two sites."""

    evidence = "official SDKs (byteplus-python-sdk-v2, volcengine-python-sdk) and documents"

    def __init__(self, name: str, access: Access) -> None:
        self.name = name
        self.access = access

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        for reason in _hindrances(order):
            raise refused(FailureClass.USER_ERROR, "cannot_be_sent", reason)
        reply = yield Call(method="POST", url=_TASKS, json=_body(order), creates=True)
        native_id, _ = created(reply, _judge)
        return Ticket(native_id=native_id)

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        task = polled((yield Call(method="GET", url=_path(handle))))
        seed, notes = seed_of(dig(task, "seed"))
        places = (dig(task, "content"), task)  # its own place first: elsewhere inputs may be repeated
        found = (videos_in(place, account.root, handle.native_id) for place in places)
        return outcome_of(
            Answered(
                said=task,
                native_id=handle.native_id,
                status=word_in(task, handle.native_id),
                finished=delivered(next(filter(None, found), ()), seed),
                judge=_judge,
                notes=notes,
            )
        )

    def cancel(self, handle: Handle, account: Account) -> Flow[Cancelled]:
        """Only what still queues can be cancelled; asked of an ended task, the vendor deletes its record."""
        task = polled((yield Call(method="GET", url=_path(handle))))
        if meaning_of(word_in(task, handle.native_id)) != "waiting":
            return "not_cancellable"
        reply = yield Call(method="DELETE", url=_path(handle))
        return "cancelled" if reply.status in (200, 204) else "not_cancellable"


def _path(handle: Handle) -> str:
    return f"{_TASKS}/{in_path(handle.native_id)}"


def _hindrances(order: Order) -> Iterator[str]:
    """What of the order this vendor could only lose."""
    if order.mode not in _MODES:
        yield f"mode: Seedance makes no {order.mode}"
    for at, media in enumerate(order.references):
        if media.kind == "video":
            yield f"input_references[{at}]: a video must lie at a public address, and ours does not"


def _body(order: Order) -> dict[str, Any]:
    """Options come first: they decide nothing that the request has come to."""
    body: dict[str, Any] = {
        **order.options,
        "model": order.native_model,
        "content": list(_content(order)),
        "resolution": _RESOLUTIONS.get(order.resolution or "", order.resolution),
        "ratio": order.aspect_ratio,
        "duration": order.duration,
        "generate_audio": order.audio,
        "seed": order.seed,
        "callback_url": order.notify,
    }
    if order.first_frame is not None and "2-5" in order.native_model:
        body["ratio"] = None  # this generation takes it from the picture, and refuses to be told
    return {name: value for name, value in body.items() if value is not None}


def _content(order: Order) -> Iterator[Mapping[str, Any]]:
    if order.prompt:
        yield {"type": "text", "text": order.prompt}
    for media, role in ((order.first_frame, "first_frame"), (order.last_frame, "last_frame")):
        if media is not None:
            yield {"type": "image_url", "image_url": {"url": Inline(media=media)}, "role": role}
    for media in order.references:
        kind = f"{media.kind}_url"
        yield {"type": kind, kind: {"url": Inline(media=media)}, "role": f"reference_{media.kind}"}


def _judge(complaint: Complaint, otherwise: FailureClass) -> Failed:
    word = str(complaint.code or "")
    failure = _CODES.get(word.partition(".")[0], otherwise)
    if "SensitiveContentDetected" in word:
        failure = FailureClass.POLICY_OUTPUT if word.startswith("Output") else FailureClass.POLICY_INPUT
    return failed(failure, complaint.code, complaint.said)


BYTEPLUS = ModelArk(
    "byteplus",
    Access(
        root="https://ark.ap-southeast.bytepluses.com/api/v3",
        needed={"api_key": ("BYTEPLUS_API_KEY", "ARK_API_KEY")},
        root_variables=("BYTEPLUS_BASE_URL", "ARK_BASE_URL"),
    ),
)
VOLCENGINE = ModelArk(
    "volcengine",
    Access(
        root="https://ark.cn-beijing.volces.com/api/v3",
        needed={"api_key": ("VOLCENGINE_API_KEY", "VOLC_ARK_API_KEY")},
        root_variables=("VOLCENGINE_BASE_URL",),
    ),
)
