"""Webhooks: whether one may be trusted, and how one is signed.

Two signatures are known, and one that holds is enough. Both are HMAC-SHA256, and several may stand side by side
while a secret is being changed:

* `X-OpenRouter-Signature`, and the same under the names of ModelGates and ReelRouter: `t=<unix seconds>,v1=<hex>`
  over `<t>,<body>`. The key is the secret's text as it stands.
* Standard Webhooks: `webhook-signature: v1,<base64>` over `<webhook-id>.<webhook-timestamp>.<body>`. The key of a
  secret that begins with `whsec_` is what follows, read as base64. Any other secret signs with its text; one that
  is base64 is checked decoded too, as that standard's libraries read it.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reelrouter.client.errors import SignatureInvalid, Unusable
from reelrouter.client.reading import job_from
from reelrouter.client.results import WebhookEvent

TOLERANCE = 300.0
"""Seconds that a webhook may be old, or ahead of this clock."""
BRANDS = ("OpenRouter", "ModelGates", "ReelRouter")

_PREFIX = "whsec_"


def verify_webhook(
    headers: Mapping[str, str],
    raw_body: bytes,
    secret: str,
    *,
    now: float | None = None,
    tolerance: float = TOLERANCE,
) -> WebhookEvent:
    """The event in a webhook that can be trusted. `raw_body` is the bytes as they came, not JSON written anew.

    `now` is Unix seconds, this machine's clock if None. Raises `SignatureInvalid`, which says why.
    """
    _require_secret(secret)
    known = {name.lower(): value for name, value in headers.items()}
    claims = tuple(_claims(known, raw_body, secret))
    if not claims:
        raise SignatureInvalid(
            "missing", "the webhook has no signature", "set a signing secret where the webhook comes from"
        )
    held = next((claim for claim in claims if claim.holds()), None)
    if held is None:
        raise SignatureInvalid(
            "mismatch",
            "the signature is not that of this body under this secret",
            "check the secret, and that the body is the bytes that came, before any JSON parser",
        )
    _require_fresh(time.time() if now is None else now, int(held.stamp), tolerance)
    return _event(known, raw_body)


def sign(raw_body: bytes, secret: str, *, event_id: str, timestamp: int, brand: str = BRANDS[0]) -> dict[str, str]:
    """The headers of a webhook, with both signatures. `event_id` is the same for every delivery of one event."""
    _require_secret(secret)
    stamp = str(timestamp)
    return {
        f"X-{brand}-Idempotency-Key": event_id,
        f"X-{brand}-Signature": f"t={stamp},v1={_branded(raw_body, secret, stamp)}",
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_standard(raw_body, secret, f'{event_id}.{stamp}')[0]}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A signature that a webhook carries, beside what it has to be."""

    stamp: str
    """Unix seconds."""
    said: tuple[str, ...]
    expected: tuple[str, ...]
    """One for each key that the secret may stand for."""

    def holds(self) -> bool:
        """Each comparison takes as long as any other, so that the time tells nothing of the signature."""
        pairs = (
            (ours.encode(), theirs.encode(errors="replace")) for ours in self.expected for theirs in self.said
        )
        return any(hmac.compare_digest(*pair) for pair in pairs)


def _claims(headers: Mapping[str, str], raw_body: bytes, secret: str) -> Iterator[_Claim]:
    for brand in BRANDS:
        name = f"x-{brand.lower()}-signature"
        if name in headers:
            yield _branded_claim(name, headers[name], raw_body, secret)
    if "webhook-signature" in headers:
        yield _standard_claim(headers, raw_body, secret)


def _branded_claim(name: str, header: str, raw_body: bytes, secret: str) -> _Claim:
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for key, _, value in parts if key == "t"]
    said = tuple(value.lower() for key, _, value in parts if key == "v1")
    if len(stamps) != 1 or not _is_stamp(stamps[0]) or not said:
        raise SignatureInvalid("malformed", f"{name} should read t=<unix seconds>,v1=<hex>")
    return _Claim(stamp=stamps[0], said=said, expected=(_branded(raw_body, secret, stamps[0]),))


def _standard_claim(headers: Mapping[str, str], raw_body: bytes, secret: str) -> _Claim:
    event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    parts = [part.partition(",") for part in headers["webhook-signature"].split()]
    said = tuple(value for version, _, value in parts if version == "v1")
    if not event_id or not _is_stamp(stamp) or not said:
        raise SignatureInvalid(
            "malformed",
            "webhook-signature should read v1,<base64>, with webhook-id and webhook-timestamp beside it",
        )
    return _Claim(stamp=stamp, said=said, expected=_standard(raw_body, secret, f"{event_id}.{stamp}"))


def _is_stamp(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 12


def _branded(raw_body: bytes, secret: str, stamp: str) -> str:
    return _digest(secret.encode(), f"{stamp},".encode() + raw_body).hex()


def _standard(raw_body: bytes, secret: str, prefix: str) -> tuple[str, ...]:
    """Signed with the first, checked with each."""
    signed = f"{prefix}.".encode() + raw_body
    return tuple(base64.b64encode(_digest(key, signed)).decode() for key in _standard_keys(secret))


def _standard_keys(secret: str) -> tuple[bytes, ...]:
    try:
        decoded = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return (secret.encode(),)
    return (decoded,) if secret.startswith(_PREFIX) else (secret.encode(), decoded)


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()


def _require_fresh(now: float, stamp: int, tolerance: float) -> None:
    age = now - stamp
    if abs(age) > tolerance:
        raise SignatureInvalid(
            "too_old" if age > 0 else "too_new",
            f"the webhook was signed {abs(age):.0f} s {'ago' if age > 0 else 'ahead of this clock'}, "
            f"and {tolerance:g} s are allowed",
            "check the clocks of both machines; an old one may also be somebody's repetition",
        )


def _event(headers: Mapping[str, str], raw_body: bytes) -> WebhookEvent:
    try:
        raw = json.loads(raw_body)
        data = raw["data"]
        job = job_from(data, _word(data["id"]), _word(data["status"]))
        kind = _word(raw["type"])
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise SignatureInvalid(
            "unreadable", "the signature holds, but the body is no event of a video job"
        ) from error
    created_at = raw.get("created_at")
    keys = (headers.get(f"x-{brand.lower()}-idempotency-key") for brand in BRANDS)
    return WebhookEvent(
        type=kind,
        created_at=created_at if isinstance(created_at, str) else None,
        job=job,
        idempotency_key=next(filter(None, keys), None) or headers.get("webhook-id"),
        raw=raw,
    )


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a text is expected")
    return value


def _require_secret(secret: str) -> None:
    if not secret.removeprefix(_PREFIX):
        raise Unusable("the signing secret is empty", "give the secret that the sender signs with")
