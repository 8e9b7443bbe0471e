"""What bounds the jobs that do one thing at the same time, in all and of one lane: none can stop the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Permits:
    """At most `window` at one time, of which one lane gets three quarters."""

    def __init__(self, window: int) -> None:
        self._all = asyncio.Semaphore(window)
        self._most_of_one = max(1, window - window // 4)
        self._of_lane: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, lane: str | None = None) -> AsyncIterator[None]:
        """Where the lane is not known, only the bound of all holds."""
        if lane is None:
            async with self._all:
                yield
            return
        # First its own bound: whoever waited for that with a permit of all in hand would hold others up.
        async with self._of_lane.setdefault(lane, asyncio.Semaphore(self._most_of_one)), self._all:
            yield
