"""Wakes whoever waits for a job to change, in whichever process the change was made.

One look at the database's change counter serves all who wait, and nobody looks while nobody waits. What changed
is read by `version`, so that nothing is missed between two looks.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reelrouter.observe.events import Emit, TaskCrashed

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What has changed after a version."""

    jobs: Sequence[str]
    upto: int
    """The version after which to ask next: what could still appear below it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Where changes are seen."""

    counter: Callable[[], int]
    """A number that differs once anybody has committed something."""
    newest: Callable[[], Awaitable[int]]
    """The version of the latest change."""
    since: Callable[[int], Awaitable[News]]
    """The jobs that have changed after a version."""


class Signals:
    def __init__(self, changes: Changes, emit: Emit) -> None:
        self._changes = changes
        self._emit = emit
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._watching: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self.is_over = False
        """Whether this process is about to stop, so that nobody ought to wait any longer."""

    @asynccontextmanager
    async def subscribe(self, job_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each change from now on; whoever has seen it clears it, then reads the job."""
        changed = asyncio.Event()
        self._waiting[job_id].add(changed)
        try:
            async with self._beginning:
                if self._watching is None:
                    counter, version = self._changes.counter(), await self._changes.newest()
                    self._watching = asyncio.create_task(self._watch(counter, version))
            yield changed
        finally:
            self._waiting[job_id].discard(changed)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    @property
    def is_watching(self) -> bool:
        """Whether the database is looked at just now."""
        return self._watching is not None

    def release(self) -> None:
        """Sends all who wait home."""
        self.is_over = True
        for job_id in list(self._waiting):
            self._wake(job_id)

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None  # a task that is cancelled before its first step never gets to say so itself

    async def _watch(self, counter: int, version: int) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(_LOOK_SECONDS)
                if (now := self._changes.counter()) == counter:
                    continue
                counter = now
                news = await self._changes.since(version)
                version = news.upto
                for job_id in news.jobs:
                    self._wake(job_id)
        except Exception as error:  # noqa: BLE001 - those who wait look for themselves, and the next one begins anew
            self._emit(TaskCrashed(task="signals", error=repr(error)))
            for job_id in list(self._waiting):
                self._wake(job_id)
        finally:
            self._watching = None

    def _wake(self, job_id: str) -> None:
        for changed in self._waiting.get(job_id, ()):
            changed.set()
