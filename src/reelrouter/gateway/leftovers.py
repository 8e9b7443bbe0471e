"""Removes the inputs of requests that came to nothing: stored, and then refused for what only they could show.

Other requests may be about to use the same file, so nothing is removed while any request with inputs is under
way in this process. What a crash leaves is found by the hourly sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from reelrouter.catalogue.request import Inputs
from reelrouter.jobs.model import input_keys


class Leftovers:
    """`is_used` tells whether a job has claimed a key."""

    def __init__(
        self, delete: Callable[[Iterable[str]], Awaitable[None]], is_used: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._delete = delete
        self._is_used = is_used
        self._under_way = 0
        self._doubtful: set[str] = set()
        self._removing = asyncio.Lock()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator["Taken"]:
        """For as long as a request has inputs that no job has claimed."""
        async with self._removing:  # a file that is being removed must not be found and relied on meanwhile
            self._under_way += 1
        taken = Taken()
        try:
            yield taken
        finally:
            self._under_way -= 1
            self._doubtful |= taken.keys
            if self._doubtful and not self._under_way:
                await self._remove()

    async def _remove(self) -> None:
        async with self._removing:
            if self._under_way:
                return
            keys, self._doubtful = self._doubtful, set()
            await self._delete([key for key in keys if not await self._is_used(key)])


class Taken:
    """The inputs that one request has had stored."""

    def __init__(self) -> None:
        self.keys: frozenset[str] = frozenset()

    def claimed(self, keys: frozenset[str]) -> None:
        """A job has these now."""
        self.keys -= keys

    def note(self, inputs: Inputs) -> Inputs:
        self.keys |= input_keys(inputs)
        return inputs
