"""The names of things: job ids in the contract's form, and opaque random identifiers."""

import secrets
import string
from typing import NewType

JobId = NewType("JobId", str)
WorkspaceId = NewType("WorkspaceId", str)
KeyId = NewType("KeyId", str)

_ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
_FAIR = 256 - 256 % len(_ALPHANUMERIC)
"""Bytes below this stand for each character equally often; the others are drawn again."""
_CHARACTER_OF = bytes(_ALPHANUMERIC[byte % len(_ALPHANUMERIC)] for byte in range(256))
_UNFAIR = bytes(range(_FAIR, 256))


def random_text(length: int) -> str:
    """Letters and digits from the system's randomness: 5.95 bits a character.

    One draw for all of them: a draw is a system call, and a call for each costs more than the rest of an id.
    """
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(length + length // 4).translate(_CHARACTER_OF, _UNFAIR)
    return text[:length].decode()


def new_job_id(unix_seconds: int) -> JobId:
    """`gen-vid-<unix seconds>-<20 alphanumerics>`: the form that clients' patterns expect."""
    return JobId(f"gen-vid-{unix_seconds}-{random_text(20)}")


def new_id(prefix: str) -> str:
    """`<prefix>_<20 alphanumerics>`, for everything that is not a job."""
    return f"{prefix}_{random_text(20)}"
