"""Addresses that vendors may call when there is news of an attempt, and marks on jobs that may come back; pure.

Nothing that comes in at such an address is believed. It is a reason to ask the vendor, and no more.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

PURPOSE = "hooks"
"""Which of the installation's keys makes the tokens."""
_VIA = "via "
"""Keeps marks apart from addresses: no attempt's key has a space."""
PATH = "/api/v1/hooks/{attempt_key}/{token}"


def address_of(key: bytes, public_url: str, attempt_key: str) -> str:
    """Where a vendor may call about this attempt, and nobody else can."""
    return public_url + PATH.format(attempt_key=attempt_key, token=_token(key, attempt_key))


def is_genuine(key: bytes, attempt_key: str, token: str) -> bool:
    """Whether the token is the attempt's; it takes as long for a wrong one, and for an attempt that never was."""
    return hmac.compare_digest(_token(key, attempt_key).encode(), token.encode(errors="replace"))


def mark_of(key: bytes, job_id: str) -> str:
    """What a job carries to a gateway that may be this very one: nobody learns from it whether a job exists."""
    return f"{job_id}.{_token(key, _VIA + job_id)}"


def job_of(key: bytes, mark: str) -> str | None:
    """The job that was sent out with this mark from here; None if that was elsewhere."""
    job_id, _, token = mark.rpartition(".")
    genuine = hmac.compare_digest(_token(key, _VIA + job_id).encode(), token.encode(errors="replace"))
    return job_id if genuine else None


def _token(key: bytes, attempt_key: str) -> str:
    digest = hmac.new(key, attempt_key.encode(errors="replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
