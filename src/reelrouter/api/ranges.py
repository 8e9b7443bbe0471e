"""The Range header, decided: the whole file, one part of it, or nothing that the file has. Pure."""

import re

from reelrouter.errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.IGNORECASE)


def wanted_span(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes from the first up to, not including, the second; None for the whole file.

    What is not one range of bytes is ignored, as HTTP allows: several ranges, other units, nonsense.
    Raises `RangeNotSatisfiable`.
    """
    found = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise RangeNotSatisfiable(size)
    return start, end
