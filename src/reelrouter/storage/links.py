"""Signed links to a job's files: pure functions over a secret. Who may ask for a link is decided elsewhere."""

import base64
import hashlib
import hmac
import json
import math
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

Variant = Literal["video", "poster", "spritesheet"]

_VERSION = "content-link-1"
_SIGNATURE_BYTES = 24  # 192 bits: 32 characters and no padding, so each signature has one spelling
_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Everything that a signature vouches for."""

    job_id: str
    index: int
    """Which of the job's outputs, from 0."""
    variant: Variant
    expires_at: int
    """Unix seconds; from then on the link is dead."""


def sign(secret: bytes, link: Link) -> str:
    """URL-safe text of 32 characters, under the workspace's link secret."""
    parts = [_VERSION, link.job_id, link.index, link.variant, link.expires_at]
    # JSON, since no two lists of parts have the same text, whatever is in the parts.
    digest = hmac.digest(secret, json.dumps(parts).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()


def verify(secret: bytes, link: Link, signature: str) -> bool:
    """Whether the link is ours, in constant time. A link of ours may still be dead: see `has_expired`."""
    return hmac.compare_digest(sign(secret, link).encode(), signature.encode("utf-8", "replace"))


def has_expired(link: Link, now: float) -> bool:
    return now >= link.expires_at


def expiry(now: float, life: float, retention_ends_at: float) -> int:
    """When a link made now ends: after `life` seconds rounded up to the full hour, within retention.

    The rounding gives every poll of an hour the same link, so that clients and caches see one address.
    """
    return min(math.ceil((now + life) / _HOUR) * _HOUR, math.floor(retention_ends_at))


def content_url(base: str, link: Link, signature: str) -> str:
    """The address that works without a key; `base` is the public URL, without a slash at its end."""
    query: dict[str, str | int] = {"index": link.index}
    if link.variant != "video":
        query["variant"] = link.variant
    query |= {"expires": link.expires_at, "signature": signature}
    return f"{base}/api/v1/videos/{quote(link.job_id, safe='')}/content?{urlencode(query)}"


def signed_url(base: str, job_id: str, index: int, until: int, secret: bytes) -> str:
    """Of a job's video, until that Unix second."""
    link = Link(job_id=job_id, index=index, variant="video", expires_at=until)
    return content_url(base, link, sign(secret, link))


def plain_url(base: str, job_id: str, index: int) -> str:
    """The same, which needs the key."""
    return f"{base}/api/v1/videos/{quote(job_id, safe='')}/content?index={index}"
