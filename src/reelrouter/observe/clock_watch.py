"""Keeps a process on the database server's time, and tells when this machine's own clock is wrong."""

import asyncio

from reelrouter.clock import DatabaseClock
from reelrouter.db.engine import DatabaseGone
from reelrouter.observe.events import ClockSkewed, Emit, TaskCrashed

_INTERVAL = 10.0
_MOST_SKEW = 2.0
"""Seconds. Nothing here depends on it, but log lines, certificates and the vendors' tools on this machine do."""


class ClockWatch:
    def __init__(self, clock: DatabaseClock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._told = 0.0
        """The skew that was told last; 0 while there is none."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._tell()
            await asyncio.sleep(_INTERVAL)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - without an answer the time is carried on; it is asked for again
                self._emit(TaskCrashed(task="clock", error=repr(error)))

    async def look(self) -> None:
        """Asks the server once. While it is away, the time is carried on as it was."""
        try:
            await self._clock.measure()
        except DatabaseGone:
            return
        self._tell()

    def _tell(self) -> None:
        skew = self._clock.skew()
        if abs(skew - self._told) <= _MOST_SKEW:
            return
        self._told = skew if abs(skew) > _MOST_SKEW else 0.0
        if self._told:
            self._emit(ClockSkewed(seconds=round(skew, 3)))
