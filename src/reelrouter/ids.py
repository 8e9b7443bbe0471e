"""The names of things: job ids in the contract's form, and opaque random identifiers."""

import secrets
import string
from typing import NewType

JobId = NewType("JobId", str)
WorkspaceId = NewType("WorkspaceId", str)
KeyId = NewType("KeyId", str)

_ALPHANUMERIC = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """Letters and digits from the system's randomness: 5.95 bits a character.

    One draw for all of them: a draw is a system call, and a call for each costs more than the rest of an id.
    """
    number = secrets.randbelow(len(_ALPHANUMERIC) ** length)
    characters = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHANUMERIC))
        characters.append(_ALPHANUMERIC[digit])
    return "".join(characters)


def new_job_id(unix_seconds: int) -> JobId:
    """`gen-vid-<unix seconds>-<20 alphanumerics>`: the form that clients' patterns expect."""
    return JobId(f"gen-vid-{unix_seconds}-{random_text(20)}")


def new_id(prefix: str) -> str:
    """`<prefix>_<20 alphanumerics>`, for everything that is not a job."""
    return f"{prefix}_{random_text(20)}"
