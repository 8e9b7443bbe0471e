"""Workflow runs without DBOS: what it promises to the dispatcher, and crashes at will."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from reelrouter.ids import JobId
from reelrouter.jobs.steps import Steps
from reelrouter.jobs.workflow import run_id


@dataclass
class Runs:
    """Each run is a task. One whose steps raise has ended with its job unfinished, as with DBOS."""

    steps: Steps
    begun: list[str] = field(default_factory=list)
    """The names of all runs, in the order of their start."""
    starting: set[str] = field(default_factory=set)
    lanes: dict[str, str | None] = field(default_factory=dict)
    """What each run was started for."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def start(self, job_id: JobId, run: int, lane: str | None = None) -> None:
        name = run_id(job_id, run)
        self.lanes[name] = lane
        if name not in self.begun:
            self.begun.append(name)
            self.take_up(job_id, run)

    def take_up(self, job_id: JobId, run: int) -> None:
        """Goes through the steps from the first: what a recovery after a crash does."""
        self._tasks[run_id(job_id, run)] = asyncio.ensure_future(self._run(job_id, run))

    async def _run(self, job_id: JobId, run: int) -> None:
        verdict = "submit"
        while verdict == "submit":
            verdict = await self.steps.submit(job_id, run)
            if verdict == "await":
                verdict = await self.steps.await_upstream(job_id, run)
        if verdict == "finish":
            await self.steps.finish(job_id, run)

    async def settle(self) -> None:
        """Until every run has ended."""
        while waiting := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.gather(*waiting, return_exceptions=True)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def list_driven(self) -> set[str]:
        return {name for name, task in self._tasks.items() if not task.done()}

    async def list_known(self, names: Sequence[str]) -> dict[str, bool]:
        return {name: name in self._tasks and self._tasks[name].done() for name in names if name in self.begun}

    async def list_ended(self, before: float, most: int) -> list[str]:
        return []

    async def forget(self, names: Sequence[str]) -> None:
        raise AssertionError("nothing has ended that long ago")
