"""When a webhook is sent again: pure functions of what came of an attempt, the hour and a random draw."""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0
"""Seconds; a receiver that asks to be left alone for longer is asked again after this."""
_JITTER = 0.1
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of an attempt: an answer, or why there was none."""

    status: int | None = None
    """Of HTTP; None if there was no answer."""
    latency: int | None = None
    """Milliseconds until the answer."""
    response: str | None = None
    """How the answer's body begins."""
    error: str | None = None
    """Why there was no answer, for people."""
    retry_after: str | None = None
    """The header of that name, as it came."""

    @property
    def is_success(self) -> bool:
        """Any 2xx is. A redirect is not: where it leads has not agreed to be told."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivered:
    pass


@dataclass(frozen=True, slots=True)
class Again:
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    pass


Next = Delivered | Again | GivenUp


@dataclass(frozen=True, slots=True)
class Schedule:
    pauses: tuple[float, ...]
    """Seconds before each attempt, counted from the attempt before; the first is made at once."""

    def after(self, tries: int, result: Result, now: float, draw: float) -> Next:
        """What follows when attempt number `tries`, counted from 1, has ended like this.

        `draw` is random, from 0 to below 1: it keeps what failed together from coming back together. An attempt
        beyond the schedule, which somebody asked for, is the last one again.
        """
        if result.is_success:
            return Delivered()
        if result.status == _GONE or tries >= len(self.pauses):
            return GivenUp()
        pause = self.pauses[tries] * (1 - _JITTER + 2 * _JITTER * draw)
        return Again(now + max(pause, min(_asked_for(result.retry_after, now), LONGEST_WAIT)))


def _asked_for(retry_after: str | None, now: float) -> float:
    """Seconds: the header has a number of them, or a date; what is neither asks for nothing."""
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:12])
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
