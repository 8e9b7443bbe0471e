"""Whether the parts that every use case needs can be used, asked at most once in a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from reelrouter.gateway.stations import Stations
from reelrouter.jobs import store

Check = Callable[[], Awaitable[None]]
"""Returns if the part works, and raises `ReelRouterError`, `DatabaseGone` or `OSError` if it does not."""

WAIT_SECONDS = 5.0
"""A part that needs longer is not ready."""
KEEP_SECONDS = 5.0
"""How long an answer is good for: nobody can load a bucket by asking often."""


def checks(at: Stations) -> Mapping[str, Check]:
    async def check_database() -> None:
        await store.check_readable(at.db)
        await at.db.check_writable()

    return {"database": SharedCheck(check_database), "storage": SharedCheck(at.objects.probe)}


class SharedCheck:
    """One check for all who ask while it runs, and for those who ask soon after.

    A check that takes too long is not broken off, and no second one is begun beside it: a hung disk would keep a
    thread for each. Until it is over, callers hear its last failure, or a TimeoutError.
    """

    def __init__(self, check: Check, wait: float = WAIT_SECONDS, keep: float = KEEP_SECONDS) -> None:
        self._check = check
        self._wait = wait
        self._keep = keep
        self._running: asyncio.Task[Exception | None] | None = None
        self._began = 0.0
        self._ended = 0.0
        self._failure: Exception | None = None

    async def __call__(self) -> None:
        failure = await self._current_failure()
        if failure is not None:
            raise failure.with_traceback(None)  # else it would grow with everybody to whom it is raised

    async def _current_failure(self) -> Exception | None:
        now = asyncio.get_running_loop().time()
        task = self._running
        if task is None or (task.done() and now - self._ended >= self._keep):
            self._began = now
            task = self._running = asyncio.create_task(self._look())
        await asyncio.wait({task}, timeout=max(0.0, self._began + self._wait - now))
        return task.result() if task.done() else self._failure or TimeoutError()

    async def _look(self) -> Exception | None:
        """The failure is a result: nobody may be left to whom it could be raised."""
        try:
            await self._check()
        except Exception as error:  # noqa: BLE001 - it is raised to everybody who asks
            self._failure = error
        else:
            self._failure = None
        self._ended = asyncio.get_running_loop().time()
        return self._failure
