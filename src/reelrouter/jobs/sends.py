"""What is on its way to a backend in this process: the one thing that an orderly end must not cut off.

A poll, a download or a render that is broken off is simply done again; a submit may be paid for twice, so nobody
repeats it, and one without an answer may cost its job.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Sends:
    def __init__(self) -> None:
        self._under_way = 0
        self._is_closed = False
        self._none_left = asyncio.Event()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Once closed, whoever comes waits for the end of the process: another one goes on with the run."""
        if self._is_closed:
            await asyncio.Event().wait()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._none_left.set()

    async def drain(self) -> None:
        """Closes, and returns when nothing is on its way any more."""
        self._is_closed = True
        while self._under_way:
            self._none_left.clear()
            await self._none_left.wait()
