"""Where a page of a list ended, as the text that asks for the next one."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from reelrouter.errors import InvalidRequest, Problem

T = TypeVar("T")

_TEXT = re.compile(r"([0-9]{1,15}):(.{0,400})", re.DOTALL)


def after(things: Sequence[T], limit: int, place: Callable[[T], tuple[int, str]]) -> str | None:
    """What asks for those after the first `limit`; None if there are no more.

    `place` gives a thing's moment, in Unix milliseconds, and which of the things of that moment it is.
    """
    if len(things) <= limit:
        return None
    at, name = place(things[limit - 1])
    return base64.urlsafe_b64encode(f"{at}:{name}".encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[int, str]:
    """The place after which a page begins. Raises `InvalidRequest` for a text that `after` cannot have given."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        text = ""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise InvalidRequest([Problem("cursor", "cursor must be the next_cursor of a former page")])
    return int(found[1]), found[2]
