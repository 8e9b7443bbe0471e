"""Time as a parameter: whoever needs the hour is handed a clock."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Unix time in seconds."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.time()


class DatabaseClock:
    """The database server's clock: one for all processes that share the server.

    The server is asked now and then, and between two answers this machine's steady clock carries the time on. So
    no process's own clock matters, and no jump of it. An answer tells the time to within the round trip of its
    question; what was known is corrected no further than the answer requires, so that the time does not jitter.
    The error is therefore at most the round trip of the newest answer, and what the steady clock drifts after it:
    the kernel allows 500 ppm, which is 5 ms in ten seconds. A machine that was suspended is behind until the next
    answer.
    """

    def __init__(self, ask: Callable[[], Awaitable[float]], offset: float, own: "OwnClocks") -> None:
        """`open` makes one with an offset that was measured."""
        self._ask = ask
        self._offset = offset
        """Of the server's time, in Unix seconds, from this machine's steady clock."""
        self._own = own

    @classmethod
    async def open(cls, ask: Callable[[], Awaitable[float]], own: "OwnClocks | None" = None) -> "DatabaseClock":
        """`ask` gives the server's time in Unix seconds. Raises what it raises."""
        own = own or OwnClocks()
        before = own.steady()
        told = await ask()
        clock = cls(ask, told - (before + own.steady()) / 2, own)
        for _ in range(_MORE_QUESTIONS):
            await clock.measure()
        return clock

    def now(self) -> float:
        return self._offset + self._own.steady()

    def skew(self) -> float:
        """Seconds by which this machine's clock is ahead of the server's."""
        return self._own.wall() - self.now()

    async def measure(self) -> None:
        """Asks again. Raises what the question raises; what is known then stays."""
        before = self._own.steady()
        told = await self._ask()
        self._offset = min(max(self._offset, told - self._own.steady()), told - before)


_MORE_QUESTIONS = 2
"""At the start: the first one may have opened a connection, and so tells the time less exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClocks:
    """This machine's: one that only goes forward, and the one that people set."""

    steady: Callable[[], float] = field(default_factory=lambda: time.monotonic)
    wall: Callable[[], float] = field(default_factory=lambda: time.time)


class CautiousClock:
    """The earlier of a clock and this machine's own: what is old by it, is old whoever has stamped it.

    For removing files: a file's time is this machine's or the bucket's, and neither need agree with the database.
    """

    def __init__(self, clock: Clock, own: Clock | None = None) -> None:
        self._clock = clock
        self._own = own or SystemClock()

    def now(self) -> float:
        return min(self._clock.now(), self._own.now())


class FrozenClock:
    """A clock that moves only when told to; for tests."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


def milliseconds(seconds: float) -> int:
    """The form in which times are stored."""
    return int(seconds * 1000)
