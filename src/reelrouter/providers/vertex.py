"""Veo on Google's Vertex AI: operations whose video comes inside the last answer, or lies in a bucket."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from reelrouter.providers import google_sign_in
from reelrouter.providers.base import (
    Access,
    Account,
    Call,
    Flow,
    Grant,
    Inline,
    Provider,
    ProviderDrift,
    Reply,
    Ticket,
    Unclear,
)
from reelrouter.providers.complaints import Complaint, complaint_in
from reelrouter.providers.decoration import count_of
from reelrouter.providers.places import BUCKETS, places_in
from reelrouter.providers.reading import dig, failed, polled, refused, shown
from reelrouter.providers.refusals import created
from reelrouter.providers.words import flag_of
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    Media,
    NotAnswered,
    Order,
    Outcome,
    Output,
    Running,
)  # fmt: skip

_STORAGE = "https://storage.googleapis.com"
_EVERYWHERE, _EVERYWHERE_ROOT = "https://global-aiplatform.googleapis.com", "https://aiplatform.googleapis.com"
"""The location `global` is the only one without a host of its own."""
_RESOLUTIONS = {"4K": "4k"}
"""Where the vendor spells a resolution in another way than the catalogue."""
_MODES = frozenset({"text", "frames", "references"})
_NUMBERED = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""What a failed operation's numbers mean, from 0."""
_CODES = {
    "CANCELLED": FailureClass.CANCELLED,
    "UNKNOWN": FailureClass.TRANSIENT,
    "INVALID_ARGUMENT": FailureClass.USER_ERROR,
    "DEADLINE_EXCEEDED": FailureClass.EXPIRED,
    "NOT_FOUND": FailureClass.AUTH,  # the project has no such model, or no such bucket
    "PERMISSION_DENIED": FailureClass.AUTH,
    "RESOURCE_EXHAUSTED": FailureClass.RATE_LIMITED,
    "FAILED_PRECONDITION": FailureClass.USER_ERROR,
    "ABORTED": FailureClass.TRANSIENT,
    "OUT_OF_RANGE": FailureClass.USER_ERROR,
    "UNIMPLEMENTED": FailureClass.USER_ERROR,
    "INTERNAL": FailureClass.TRANSIENT,
    "UNAVAILABLE": FailureClass.TRANSIENT,
    "DATA_LOSS": FailureClass.TRANSIENT,
    "UNAUTHENTICATED": FailureClass.AUTH,
    "BILLING_DISABLED": FailureClass.QUOTA_BILLING,
    "RESOURCE_QUOTA_EXCEEDED": FailureClass.QUOTA_BILLING,
}
"""By the vendor's reason where it is here, else by its status word."""
_POLICY = re.compile(
    r"usage guidelines|support codes?\b|responsible ai|safety (filter|setting)|violate our policies"
    r"|prompt (could not|couldn't) be submitted",
    re.IGNORECASE,
)
"""A refused input has no code of its own: it is a wrong argument, with such words in its message."""
_INLINE = "data:video/mp4;base64,"
_ANSWERED = frozenset({"@type", "videos", "raiMediaFilteredCount", "raiMediaFilteredReasons"})


class Vertex(Provider):
    name = "google-vertex"
    evidence = "official SDKs (google-genai 3.4.0, google-auth 2.62.2) and documents"
    concurrency = 10
    first_poll = 20.0
    access = Access(
        root="https://{location}-aiplatform.googleapis.com",
        needed={
            "credentials": (
                "GOOGLE_VERTEX_ACCESS_TOKEN",
                "GOOGLE_APPLICATION_CREDENTIALS_JSON",
                "GOOGLE_APPLICATION_CREDENTIALS",
            ),
            "project": ("GOOGLE_CLOUD_PROJECT",),
        },
        optional={
            "location": ("GOOGLE_CLOUD_LOCATION",),
            "storage_uri": ("GOOGLE_VERTEX_STORAGE_URI",),
            "storage": ("STORAGE_EMULATOR_HOST",),
        },
        defaults={"location": "us-central1", "storage": _STORAGE},
        root_variables=("GOOGLE_VERTEX_BASE_URL",),
        own_origins=(_STORAGE, _EVERYWHERE_ROOT),
        file_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
        told_by_key={"project": "project_id"},
        operators=frozenset({"storage"}),
    )

    def strange_addresses(self, values: Mapping[str, str]) -> Iterable[str]:
        address = google_sign_in.token_address(values["credentials"])
        return () if address in (None, *google_sign_in.TOKEN_ADDRESSES) else (str(address),)

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        return (yield from google_sign_in.sign_in(account.values["credentials"], now))

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        body = _body(order, account)
        model = f"projects/{account.values['project']}/locations/{account.values['location']}"
        url = _url(account, f"{model}/publishers/google/models/{order.native_model}:predictLongRunning")
        reply = yield Call(method="POST", url=url, json=body, creates=True)
        name, _ = created(reply, _judge, "name")
        if "/" not in name:  # the operation's own name, or its number
            name = f"{model}/publishers/google/models/{order.native_model}/operations/{name}"
        if "/operations/" not in name:
            raise ProviderDrift(f"an operation's name is {shown(name)}")
        return Ticket(native_id=name)

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        model = quote(handle.native_id.partition("/operations/")[0], safe="/")
        url = _url(account, f"{model}:fetchPredictOperation")
        reply = yield Call(method="POST", url=url, json={"operationName": handle.native_id}, spills=True)
        operation = polled(reply)
        outputs = _outputs(operation.get("response"), reply, account)
        complaint = complaint_in({"error": operation.get("error")})
        if outputs:
            notes = () if complaint is None else (f"an error beside the video: {shown(complaint.said)}",)
            return Finished(outputs=outputs, notes=notes)
        if complaint is not None:
            failure = _judge(complaint, FailureClass.TRANSIENT)
            if not flag_of(
                operation.get("done")
            ):  # it is about the asking: only what is done has an error of its own
                raise NotAnswered(f"{failure.vendor_code}: {failure.vendor_text}")
            return failure
        return _without_video(operation, reply)


def _url(account: Account, path: str) -> str:
    root = _EVERYWHERE_ROOT if account.root == _EVERYWHERE else account.root
    return f"{root}/v1/{path}"


# Asking ----------------------------------------------------------------------------------------------------------


def _body(order: Order, account: Account) -> Mapping[str, Any]:
    for problem in _unserved(order):
        raise refused(FailureClass.USER_ERROR, "not_served", problem)
    resolved = {
        "sampleCount": 1,
        "durationSeconds": order.duration,
        "resolution": _RESOLUTIONS.get(order.resolution or "", order.resolution),
        "aspectRatio": order.aspect_ratio,
        "generateAudio": order.audio,
        "seed": order.seed,
    }
    resolved = {name: value for name, value in resolved.items() if value is not None}
    for name, value in order.options.items():
        if resolved.get(name, value) != value:
            said = f"the option {name} is {value!r}, and the request itself comes to {resolved[name]!r}"
            raise refused(FailureClass.USER_ERROR, name, said)
    kept = {"storageUri": account.values["storage_uri"]} if account.values.get("storage_uri") else {}
    return {"instances": [_instance(order)], "parameters": {**kept, **order.options, **resolved}}


def _unserved(order: Order) -> Iterator[str]:
    """What the vendor cannot take, though the order has it."""
    if order.mode not in _MODES:
        yield f"Veo on Vertex makes no {order.mode}"
    if order.last_frame is not None and order.first_frame is None:
        yield "a last frame needs a first frame"
    if order.references and (order.first_frame is not None or not order.prompt):
        yield "references need a prompt, and exclude frames"
    if any(media.kind != "image" for media in order.references):
        yield "references are images"


def _instance(order: Order) -> Mapping[str, Any]:
    instance: dict[str, Any] = {"prompt": order.prompt} if order.prompt else {}
    for name, media in (("image", order.first_frame), ("lastFrame", order.last_frame)):
        if media is not None:
            instance[name] = _image(media)
    if order.references:
        instance["referenceImages"] = [
            {"image": _image(media), "referenceType": "asset"} for media in order.references
        ]
    return instance


def _image(media: Media) -> Mapping[str, Any]:
    return {"bytesBase64Encoded": Inline(media=media, form="base64"), "mimeType": media.mime}


# Reading ---------------------------------------------------------------------------------------------------------


def _outputs(response: Any, reply: Reply, account: Account) -> tuple[Output, ...]:
    """The videos of an answer, wherever they are: in files, in the answer itself, in a bucket, at an address."""
    files = {f"{_INLINE}file:{n}": path for n, path in enumerate(reply.files)}
    storage = account.values.get("storage", _STORAGE).rstrip("/")
    return tuple(
        Blob(path=files[address])
        if address in files
        else Fetch(url=f"{storage}/{quote(address.removeprefix(BUCKETS))}")
        if address.startswith(BUCKETS)
        else Fetch(url=address)
        for address in places_in(response, account.root)
    )


def _without_video(operation: Mapping[str, Any], reply: Reply) -> Outcome | Unclear:
    response = operation.get("response")
    done = flag_of(operation.get("done"))
    if done is False:
        return Running()
    if done and count_of(dig(response, "raiMediaFilteredCount")):
        said = dig(response, "raiMediaFilteredReasons", 0)
        return failed(FailureClass.POLICY_OUTPUT, "raiMediaFiltered", said)
    if done and _is_empty(response):
        return failed(FailureClass.OUTPUT_INVALID, "no_video", "the operation succeeded and holds no video")
    told = f"an operation's done is {shown(operation.get('done'))}, and its response {shown(response)}"
    return Unclear(reason=told, outputs=tuple(Blob(path=path) for path in reply.files))


def _is_empty(response: Any) -> bool:
    """Whether a response says that there is no video, and nothing else."""
    if not isinstance(response, Mapping):
        return not response
    return not response.get("videos") and not set(response) - _ANSWERED


def _judge(complaint: Complaint, otherwise: FailureClass) -> Failed:
    """By a reason among the details, else by the word, which a failed operation tells by its number."""
    details = dig(complaint.error, "details")
    reasons = (dig(one, "reason") for one in (details if isinstance(details, list) else ()))
    number = complaint.code if isinstance(complaint.code, int) and 0 < complaint.code < len(_NUMBERED) else None
    words = (*reasons, dig(complaint.error, "status"), None if number is None else _NUMBERED[number])
    word = next((one for one in words if isinstance(one, str) and one in _CODES), None)
    number_or_status = complaint.status if complaint.status >= 400 else complaint.code
    code = word or dig(complaint.error, "status") or number_or_status
    return failed(_class_of(word, complaint.said, otherwise), code, complaint.said)


def _class_of(word: object, said: object, otherwise: FailureClass) -> FailureClass:
    failure = _CODES.get(str(word), otherwise)
    if failure is FailureClass.USER_ERROR and _POLICY.search(str(said)):
        return FailureClass.POLICY_INPUT
    return failure


VERTEX = Vertex()
