"""Alibaba Model Studio (DashScope): Wan and HappyHorse, whose generations want their inputs in different words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reelrouter.providers.base import (
    Access,
    Account,
    Call,
    Flow,
    Grant,
    Inline,
    Part,
    Provider,
    Ticket,
    Unclear,
)
from reelrouter.providers.complaints import Complaint
from reelrouter.providers.places import in_path, videos_in, word_in
from reelrouter.providers.polls import Answered, delivered, outcome_of
from reelrouter.providers.reading import class_of_status, dig, failed, json_object, polled, refused, shown, text
from reelrouter.providers.refusals import created, refusal
from reelrouter.work import (
    Cancelled,
    Failed,
    FailureClass,
    Handle,
    JobLost,
    Media,
    NotAnswered,
    Order,
    Outcome,
)

_SYNTHESIS = "services/aigc/video-generation/video-synthesis"
_LOST = "UNKNOWN"
_NOT_NOW = frozenset({400, 404, 409})
"""What a cancel is answered with when the task does not queue any more."""
_EXTENSIONS = {"audio/mpeg": "mp3", "video/quicktime": "mov"}
"""Where a file's name ends otherwise than its type: the vendor looks at names."""
_POLICY = frozenset({"DataInspectionFailed", "IPInfringementSuspect"})
_CODES = {
    "InvalidApiKey": FailureClass.AUTH,
    "AccessDenied": FailureClass.AUTH,
    "Workspace.AccessDenied": FailureClass.AUTH,
    "Model.AccessDenied": FailureClass.AUTH,
    "ModelNotFound": FailureClass.AUTH,  # the key's region or workspace lacks it: nothing that a caller can mend
    "AccessDenied.Unpurchased": FailureClass.QUOTA_BILLING,
    "AllocationQuota": FailureClass.QUOTA_BILLING,
    "Arrearage": FailureClass.QUOTA_BILLING,
    "CommodityNotPurchased": FailureClass.QUOTA_BILLING,
    "PostpaidBillOverdue": FailureClass.QUOTA_BILLING,
    "PrepaidBillOverdue": FailureClass.QUOTA_BILLING,
    "Throttling.AllocationQuota": FailureClass.QUOTA_BILLING,
    "LimitRequests": FailureClass.RATE_LIMITED,
    "Throttling": FailureClass.RATE_LIMITED,
    "Throttling.ServiceOverloaded": FailureClass.TRANSIENT,
    "InternalError": FailureClass.TRANSIENT,
    "ModelServingError": FailureClass.TRANSIENT,
    "RequestTimeOut": FailureClass.TRANSIENT,
    "ServiceUnavailable": FailureClass.TRANSIENT,
    "SystemError": FailureClass.TRANSIENT,
    "InvalidFile": FailureClass.USER_ERROR,
    "InvalidImage": FailureClass.USER_ERROR,
    "InvalidParameter": FailureClass.USER_ERROR,
    "InvalidURL": FailureClass.USER_ERROR,
    "InvalidVideo": FailureClass.USER_ERROR,
}
"""By the vendor's code, or by its longest beginning that ends before a dot."""
_OPTIONS = {
    "negative_prompt": ("input", "negative_prompt"),
    "prompt_extend": ("parameters", "prompt_extend"),
    "enable_prompt_expansion": ("parameters", "prompt_extend"),
    "shot_type": ("parameters", "shot_type"),
    "watermark": ("parameters", "watermark"),
}
"""Where an option goes. What the request itself decides is no option: its size, its length, its sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    """How one native model is spoken to."""

    shape: Literal["size", "resolution", "resolution and ratio"]
    """With `resolution` alone, the picture that is given decides the ratio."""
    takes: frozenset[str] = frozenset()
    """Frames by their names, references by their kinds."""
    sound: Literal["always", "switched", "unsaid"] = "always"
    media: bool = True
    """Whether inputs go into one list, as from 2.7 on, or each kind into a field of its own."""
    most_references: int = 20
    """Images and videos together."""
    voices: bool = False
    """Whether the n-th sound is the voice of the n-th image or video."""


_FIRST, _FRAMES = frozenset({"first_frame"}), frozenset({"first_frame", "last_frame"})
_SEEN = frozenset({"image", "video"})
_HEARD = frozenset({"image", "video", "audio"})
_HORSE_TEXT = _Dialect(shape="resolution and ratio", sound="unsaid")
_HORSE_FRAME = _Dialect(shape="resolution", takes=_FIRST, sound="unsaid")
_HORSE_IMAGES = _Dialect(shape="resolution and ratio", takes=frozenset({"image"}), sound="unsaid")
_DIALECTS = {
    "wan2.6-t2v": _Dialect(shape="size"),
    "wan2.6-i2v": _Dialect(shape="resolution", takes=_FIRST, media=False),
    "wan2.6-r2v": _Dialect(shape="size", takes=_SEEN, media=False, most_references=5),
    "wan2.7-t2v": _Dialect(shape="resolution and ratio"),
    "wan2.7-i2v": _Dialect(shape="resolution", takes=_FRAMES),
    "wan2.7-r2v": _Dialect(shape="resolution and ratio", takes=_HEARD, voices=True, most_references=5),
    "wan3.0-video": _Dialect(shape="resolution and ratio", takes=_FRAMES | _HEARD, sound="switched"),
    "wan3.0-video-prime": _Dialect(shape="resolution and ratio", takes=_FRAMES | _HEARD, sound="switched"),
    "happyhorse-1.0-t2v": _HORSE_TEXT,
    "happyhorse-1.0-i2v": _HORSE_FRAME,
    "happyhorse-1.0-r2v": _HORSE_IMAGES,
    "happyhorse-1.1-t2v": _HORSE_TEXT,
    "happyhorse-1.1-i2v": _HORSE_FRAME,
    "happyhorse-1.1-r2v": _HORSE_IMAGES,
}
"""By native model."""


class ModelStudio(Provider):
    name = "alibaba"
    access = Access(
        root="https://dashscope-intl.aliyuncs.com/api/v1",
        needed={"api_key": ("DASHSCOPE_API_KEY",)},
        optional={"workspace_id": ("DASHSCOPE_WORKSPACE_ID",)},
        root_variables=("DASHSCOPE_HTTP_BASE_URL",),
    )
    evidence = "official SDK (dashscope) and documents; HappyHorse and error codes by adapters of others"
    concurrency = 5
    first_poll = 15.0

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        key = yield from super().sign_in(account, now)
        workspace = account.values.get("workspace_id")
        return Grant(headers={**key.headers, "X-DashScope-WorkSpace": workspace}) if workspace else key

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        dialect = _dialect(order)
        addresses = yield from _uploads(order, dialect)
        headers = {"X-DashScope-Async": "enable"}
        if addresses:
            headers["X-DashScope-OssResourceResolve"] = "enable"
        body = _body(order, dialect, addresses)
        reply = yield Call(method="POST", url=_SYNTHESIS, json=body, headers=headers, creates=True)
        native_id, _ = created(reply, _judge, "task_id")
        return Ticket(native_id=native_id)

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        said = polled((yield Call(method="GET", url=_path(handle))))
        word = word_in(said, handle.native_id)
        if word is None and dig(said, "code"):
            raise NotAnswered(shown(f"{dig(said, 'code')}: {dig(said, 'message')}"))
        if isinstance(word, str) and word.strip().upper() == _LOST:
            raise JobLost("the vendor knows no such task, or its day is over")
        finished = delivered(videos_in(said, account.root, handle.native_id))
        return outcome_of(
            Answered(said=said, native_id=handle.native_id, status=word, finished=finished, judge=_judge)
        )

    def cancel(self, handle: Handle, account: Account) -> Flow[Cancelled]:
        """Only what still queues can be cancelled."""
        reply = yield Call(method="POST", url=f"{_path(handle)}/cancel")
        if reply.status in _NOT_NOW:
            return "not_cancellable"
        return "not_cancellable" if polled(reply).get("code") else "cancelled"


def _path(handle: Handle) -> str:
    return f"tasks/{in_path(handle.native_id)}"


def _dialect(order: Order) -> _Dialect:
    """Raises `SubmitRefused` for what this model cannot be asked for."""
    dialect = _DIALECTS.get(order.native_model)
    if dialect is None:
        raise refused(FailureClass.INTERNAL, said=f"no dialect is known for the model {order.native_model}")
    for lack in _lacks(order, dialect):
        raise refused(FailureClass.USER_ERROR, said=f"{order.native_model} takes no {lack}")
    return dialect


def _lacks(order: Order, dialect: _Dialect) -> Iterator[str]:
    kinds = [media.kind for media in order.references]
    sounds = kinds.count("audio")
    given = {
        "first_frame": order.first_frame,
        "last_frame": order.last_frame,
        "previous job": order.previous_video,
    }
    yield from sorted({*kinds, *(name for name, media in given.items() if media)} - dialect.takes)
    if order.last_frame and not order.first_frame:
        yield "last_frame without first_frame"
    if len(kinds) - sounds > dialect.most_references:
        yield f"more than {dialect.most_references} images and videos"
    if dialect.voices and sounds > len(kinds) - sounds:
        yield "audio without an image or video to be the voice of"
    if dialect.sound == "always" and not order.audio:
        yield "generate_audio = false"
    yield from (f"option {name}" for name in order.options if name not in _OPTIONS)


def _uploads(order: Order, dialect: _Dialect) -> Flow[Mapping[str, str]]:
    """Leaves what is taken by address alone in the vendor's own store, for two days: the addresses, by hash."""
    by_address = {media.sha256: media for media in order.references if media.kind != "image" or not dialect.media}
    if not by_address:
        return {}
    reply = yield Call(method="GET", url=f"uploads?action=getPolicy&model={order.native_model}")
    if reply.status != 200:
        raise refusal(reply, _judge)
    grant = dig(json_object(reply), "data")
    directory, host = text(grant, "upload_dir"), text(grant, "upload_host")
    addresses: dict[str, str] = {}
    for media in by_address.values():
        key = f"{directory}/{media.sha256}.{_EXTENSIONS.get(media.mime, media.mime.partition('/')[2])}"
        stored = yield Call(method="POST", url=host, parts=_form(grant, key, media), signed=False)
        if stored.status != 200:
            raise refused(class_of_status(stored.status), f"upload_{stored.status}", shown(stored.body))
        addresses[media.sha256] = f"oss://{key}"
    return addresses


def _form(grant: Mapping[str, Any], key: str, media: Media) -> tuple[Part, ...]:
    values = {
        "OSSAccessKeyId": text(grant, "oss_access_key_id"),
        "Signature": text(grant, "signature"),
        "policy": text(grant, "policy"),
        "key": key,
        "x-oss-object-acl": text(grant, "x_oss_object_acl"),
        "x-oss-forbid-overwrite": text(grant, "x_oss_forbid_overwrite"),
        "success_action_status": "200",
        "x-oss-content-type": media.mime,
    }
    return (*(Part(name=name, value=value) for name, value in values.items()), Part(name="file", value=media))


def _body(order: Order, dialect: _Dialect, addresses: Mapping[str, str]) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = {
        "input": {"prompt": order.prompt or None, **_inputs(order, dialect, addresses)},
        "parameters": {
            **_shape(order, dialect),
            "duration": order.duration,
            "seed": order.seed,
            "audio": order.audio if dialect.sound == "switched" else None,
            "watermark": False,  # some models would draw one unasked
        },
    }
    for option, value in order.options.items():
        part, name = _OPTIONS[option]
        parts[part][name] = value
    return {
        "model": order.native_model,
        **{part: {name: value for name, value in of.items() if value is not None} for part, of in parts.items()},
    }


def _shape(order: Order, dialect: _Dialect) -> dict[str, Any]:
    if dialect.shape == "size":
        return {"size": f"{order.width}*{order.height}"}
    resolution = {"resolution": order.resolution and order.resolution.upper()}
    return resolution if dialect.shape == "resolution" else {**resolution, "ratio": order.aspect_ratio}


def _inputs(order: Order, dialect: _Dialect, addresses: Mapping[str, str]) -> dict[str, Any]:
    if dialect.media:
        return {"media": list(_media(order, dialect, addresses)) or None}
    return {
        "img_url": order.first_frame and Inline(media=order.first_frame),
        "reference_urls": [addresses[media.sha256] for media in order.references] or None,
    }


def _media(order: Order, dialect: _Dialect, addresses: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for frame, role in ((order.first_frame, "first_frame"), (order.last_frame, "last_frame")):
        if frame is not None:
            yield {"type": role, "url": Inline(media=frame)}
    voices = [addresses[media.sha256] for media in order.references if dialect.voices and media.kind == "audio"]
    for media in order.references:
        if dialect.voices and media.kind == "audio":
            continue
        url = addresses.get(media.sha256) or Inline(media=media)
        voice = {"reference_voice": voices.pop(0)} if voices else {}
        yield {"type": f"reference_{media.kind}", "url": url, **voice}


def _judge(complaint: Complaint, otherwise: FailureClass) -> Failed:
    word = str(complaint.code or "")
    if word in _POLICY:
        about = str(complaint.said or "").lower()
        withheld = "output" in about and "input" not in about
        policy = FailureClass.POLICY_OUTPUT if withheld else FailureClass.POLICY_INPUT
        return failed(policy, complaint.code, complaint.said)
    while word and word not in _CODES:
        word = word.rpartition(".")[0]
    return failed(_CODES.get(word, otherwise), complaint.code, complaint.said)


ALIBABA = ModelStudio()
