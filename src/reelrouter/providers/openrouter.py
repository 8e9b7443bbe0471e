"""OpenRouter as a vendor, and ModelGates: one contract, which this gateway speaks to its own callers too."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from reelrouter.providers.base import Access, Account, Call, Flow, Inline, Provider, Ticket, Unclear
from reelrouter.providers.complaints import Complaint
from reelrouter.providers.decoration import MOST_OUTPUTS, Read, cost_of, number_of, progress_of
from reelrouter.providers.places import in_path, videos_in, word_in
from reelrouter.providers.polls import Answered, delivered, outcome_of
from reelrouter.providers.reading import dig, failed, polled, refused
from reelrouter.providers.refusals import created
from reelrouter.providers.words import flag_of
from reelrouter.work import Failed, FailureClass, Handle, Media, Order, Outcome, Running

VIA = "X-ReelRouter-Via"
"""Carries our job's mark: a gateway that finds its own in it is its own upstream."""

_EXACT: Mapping[str, FailureClass] = {
    "refusal": FailureClass.POLICY_INPUT,
    **dict.fromkeys(("invalid_prompt", "payload_too_large"), FailureClass.USER_ERROR),
    **dict.fromkeys(("invalid_image", "image_too_large", "image_too_small"), FailureClass.USER_ERROR),
    **dict.fromkeys(("unsupported_image_format", "image_not_found"), FailureClass.USER_ERROR),
    "image_download_failed": FailureClass.USER_ERROR,
}
"""Words of the contract's `error_type` that tell our caller more than their class does."""
_WORDS: Mapping[str, FailureClass] = {
    "authentication": FailureClass.AUTH,
    "permission_denied": FailureClass.AUTH,
    "payment_required": FailureClass.QUOTA_BILLING,
    "rate_limit_exceeded": FailureClass.RATE_LIMITED,
    "provider_overloaded": FailureClass.CONCURRENCY,
    "provider_unavailable": FailureClass.TRANSIENT,
    "not_found": FailureClass.TRANSIENT,
    "server": FailureClass.TRANSIENT,
    "timeout": FailureClass.TRANSIENT,
    "content_policy_violation": FailureClass.POLICY_INPUT,
    "invalid_request": FailureClass.USER_ERROR,
    "precondition_failed": FailureClass.USER_ERROR,
    "unprocessable": FailureClass.USER_ERROR,
    **_EXACT,
}
"""Every word that can be met; `not_found` on a submit says that nobody behind it serves the model now."""
_STATUSES = {404: FailureClass.TRANSIENT, 408: FailureClass.TRANSIENT}
_POLICY = re.compile(
    r"content[ _-]?policy|\bmoderat(?:ion|ed)\b|SensitiveContent|\bsafety (?:system|filter|polic)|\bflagged\b",
    re.IGNORECASE,
)
"""Failed jobs have a sentence and no code: often the raw words of whoever is behind it."""
_VAGUE = frozenset({FailureClass.USER_ERROR, FailureClass.TRANSIENT, FailureClass.AUTH})
"""Classes that a sentence about policy makes more exact."""
_SLUGS = {
    "alibaba": ("alibaba", "atlas-cloud"),
    "bytedance": ("byteplus", "seed"),
    "google": ("google-vertex", "google-ai-studio"),
    "kwaivgi": ("kling", "streamlake"),
    "x-ai": ("xai",),
}
"""Who may serve an author's models, where that is not the author: only the one who does reads its options."""
_WRAPPED = frozenset({"google-vertex"})
"""Slugs whose options the documents put one level down, under `parameters`."""


class OpenRouter(Provider):
    """One gateway that keeps the contract. It has no cancelling, and no looking up by our own key."""

    def __init__(self, name: str, access: Access, evidence: str) -> None:
        self.name = name
        self.access = access
        self.evidence = evidence

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        if (reason := next(_hindrances(order, account), None)) is not None:
            raise refused(FailureClass.USER_ERROR, "cannot_be_sent", reason)
        # The key is for gateways like this one: the contract knows none, and leaves unknown headers be.
        headers = {"Idempotency-Key": order.attempt_key} | ({VIA: order.mark} if order.mark else {})
        reply = yield Call(method="POST", url="videos", json=_body(order), headers=headers, creates=True)
        native_id, job = created(reply, _judge)
        extra = {"polling_url": job["polling_url"]} if isinstance(job.get("polling_url"), str) else {}
        return Ticket(native_id=native_id, extra=extra)

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        url = _below(account.root, handle.extra.get("polling_url"), _path(handle))
        job = polled((yield Call(method="GET", url=url)))
        cost, notes = _cost(job)
        return outcome_of(
            Answered(
                said=job,
                native_id=handle.native_id,
                status=word_in(job, handle.native_id),
                running=Running(progress=progress_of(job.get("progress"), whole=100)),
                finished=delivered(_addresses(job, handle, account)),
                judge=_judge,
                vendor_cost=cost,
                notes=notes,
            )
        )


# Asking ----------------------------------------------------------------------------------------------------------


def _hindrances(order: Order, account: Account) -> Iterator[str]:
    """What of the order this vendor could only lose."""
    for at, media in enumerate(order.references):
        if media.kind != "image":
            yield f"input_references[{at}]: {media.kind} is taken from public https addresses alone, and has none"
    if order.mode == "continue":
        if order.previous is None:
            yield "previous_job_id: the job that is to go on was not made here"
        elif order.previous.credential != account.name:
            yield "previous_job_id: the job that is to go on was made with another account"
    for name, resolved in (
        ("aspectRatio", order.aspect_ratio),
        ("ratio", order.aspect_ratio),
        ("size", _size(order)),
    ):
        given = order.options.get(name, resolved)
        if str(given).replace("*", "x") != str(resolved):
            yield f"provider.options: {name} is {given!r}, and the job is priced for {resolved}"


def _body(order: Order) -> dict[str, Any]:
    """Lengths and sizes are always said, since a vendor's own default may not decide a price."""
    frames = ((order.first_frame, "first_frame"), (order.last_frame, "last_frame"))
    follows_input = order.mode in ("edit", "upscale")
    body = {
        "model": order.native_model,
        "prompt": order.prompt or None,
        "duration": order.duration,
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "size": None if order.resolution or follows_input else _size(order),
        # What is as long as its input has no switch for sound either.
        "generate_audio": None if order.duration is None else order.audio,
        "seed": order.seed,
        "frame_images": [_image(media) | {"frame_type": role} for media, role in frames if media] or None,
        "input_references": [_image(media) for media in order.references] or None,
        "previous_job_id": order.previous.native_id if order.previous else None,
        "upscale_factor": order.upscale_factor,
        "creativity": order.creativity,
        "provider": {"options": _options(order)} if order.options else None,
        "callback_url": order.notify
        if (order.notify or "").startswith("https://")
        else None,  # it takes no others
    }
    return {name: value for name, value in body.items() if value is not None}


def _image(media: Media) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": Inline(media=media)}}


def _size(order: Order) -> str:
    return f"{order.width}x{order.height}"


def _options(order: Order) -> dict[str, Any]:
    author = order.native_model.partition("/")[0]
    own = dict(order.options)
    return {slug: {"parameters": own} if slug in _WRAPPED else own for slug in _SLUGS.get(author, (author,))}


# Reading ---------------------------------------------------------------------------------------------------------


def _path(handle: Handle) -> str:
    return f"videos/{in_path(handle.native_id)}"


def _below(root: str, given: object, otherwise: str) -> str:
    """An address that the vendor gave, relative or whole, if it lies below our root; else the contract's own.

    Behind a proxy the vendor's addresses lead around it, to where our key does not go.
    """
    try:
        address = urljoin(f"{root}/", given) if isinstance(given, str) else ""
    except ValueError:
        return otherwise
    return address if address.startswith(f"{root}/") else otherwise


def _addresses(job: Mapping[str, Any], handle: Handle, account: Account) -> Sequence[str]:
    """Below our root where the contract's own field names them; none for a job that says it has none."""
    root, content = account.root, f"{account.root}/{_path(handle)}/content?index="
    named = job.get("unsigned_urls")
    if not isinstance(named, list):
        others = {name: value for name, value in job.items() if name != "unsigned_urls"}
        return videos_in(others, root, handle.native_id) or (_below(root, _first(named, root), f"{content}0"),)
    # Null stands for a video at the contract's own address; what is neither that nor an address, for nothing.
    found = [
        _below(root, _first(one, root), f"{content}{at}")
        for at, one in enumerate(named[:MOST_OUTPUTS])
        if one is None or isinstance(one, str | Mapping)
    ]
    return found or [f"{content}0"] * bool(named)


def _first(named: object, root: str) -> str | None:
    return next(iter(videos_in(named, root)), None)


def _cost(job: Mapping[str, Any]) -> Read[int]:
    """The vendor's bill. With a key of the operator's own it is a fee, and the bill comes from elsewhere."""
    usage = job.get("usage")
    return (None, ()) if flag_of(dig(usage, "is_byok")) else cost_of(dig(usage, "cost"))


def _judge(complaint: Complaint, otherwise: FailureClass) -> Failed:
    """By the contract's word; a sentence about policy makes a vague one more exact.

    A failed job whose sentence names no policy is taken for the provider's own trouble.
    """
    error = complaint.error
    word = dig(error, "metadata", "error_type") or dig(error, "error_type") or dig(error, "name")
    refusing = complaint.status if complaint.status >= 400 else None
    otherwise = _STATUSES.get(complaint.status, otherwise)
    failure = _fault(word or refusing or complaint.code, complaint.said, otherwise)
    if str(dig(error, "metadata", "limit_source")).endswith("_in_flight_budget"):
        failure = replace(failure, failure=FailureClass.CONCURRENCY)  # over as soon as one of our jobs is
    pause = number_of(dig(error, "metadata", "retry_after_seconds"))
    return failure if pause is None or pause < 0 else replace(failure, retry_after=float(pause))


def _fault(word: object, said: object, otherwise: FailureClass) -> Failed:
    """By the contract's word; a sentence about policy makes a vague one more exact."""
    failure = _WORDS.get(str(word), otherwise)
    if failure is FailureClass.POLICY_INPUT or (failure in _VAGUE and _POLICY.search(str(said))):
        of_output = "output" in str(said).lower()
        failure = FailureClass.POLICY_OUTPUT if of_output else FailureClass.POLICY_INPUT
    return replace(failed(failure, word, said), error_type=str(word) if str(word) in _EXACT else None)


OPENROUTER = OpenRouter(
    "openrouter",
    Access(
        root="https://openrouter.ai/api/v1",
        needed={"api_key": ("OPENROUTER_API_KEY",)},
        optional={"webhook_secret": ("OPENROUTER_WEBHOOK_SECRET",)},
        operators=frozenset({"webhook_secret"}),
        root_variables=("OPENROUTER_BASE_URL",),
    ),
    "official SDK (openrouter 1.3.84), OpenAPI document and somebody else's recordings of the real service",
)
MODELGATES = OpenRouter(
    "modelgates",
    Access(
        root="https://modelgates.ai/api/v1",
        needed={"api_key": ("MODELGATES_API_KEY",)},
        optional={"webhook_secret": ("MODELGATES_WEBHOOK_SECRET",)},
        operators=frozenset({"webhook_secret"}),
        root_variables=("MODELGATES_BASE_URL",),
    ),
    "documents that describe OpenRouter's API under another name",
)
