"""Lengths of time as people type them."""

import re
from datetime import UTC, datetime, timedelta

from reelrouter.cli.ending import Exit, fail

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_LENGTH = re.compile(r"([0-9]{1,9})([smhdw]?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def seconds_of(text: str, option: str) -> int:
    """`90`, `15m`, `12h`, `30d`, `2w`; ends the command for anything else."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        fail(f"{option} must be a length of time, such as 90s, 15m, 12h, 30d or 2w, and is {text!r}", Exit.USAGE)
    return int(found[1]) * _UNITS[found[2] or "s"]


def moment_of(text: str, option: str) -> str:
    """A length of time from now, a day, or a time with its zone, as ISO 8601."""
    if _LENGTH.fullmatch(text.strip()):
        try:
            return (datetime.now(UTC) + timedelta(seconds=seconds_of(text, option))).isoformat(timespec="seconds")
        except OverflowError:
            fail(f"{option} is further away than any calendar goes: {text!r}", Exit.USAGE)
    return f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text
