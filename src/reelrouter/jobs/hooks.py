"""Addresses that vendors may call when there is news of an attempt: how one is made, and how one is known; pure.

Nothing that comes in at such an address is believed. It is a reason to ask the vendor, and no more.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

PURPOSE = "hooks"
"""Which of the installation's keys makes the tokens."""
PATH = "/api/v1/hooks/{attempt_key}/{token}"


def address_of(key: bytes, public_url: str, attempt_key: str) -> str:
    """Where a vendor may call about this attempt, and nobody else can."""
    return public_url + PATH.format(attempt_key=attempt_key, token=_token(key, attempt_key))


def is_genuine(key: bytes, attempt_key: str, token: str) -> bool:
    """Whether the token is the attempt's; it takes as long for a wrong one, and for an attempt that never was."""
    return hmac.compare_digest(_token(key, attempt_key).encode(), token.encode(errors="replace"))


def _token(key: bytes, attempt_key: str) -> str:
    digest = hmac.new(key, attempt_key.encode(errors="replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
