"""The dispatcher, one loop per engine: starts waiting jobs, passes cancels on, and revives what was dropped.

A first start, a restart after a crash and a wait for a free place are one path: a row that nobody has started.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.ids import JobId
from reelrouter.jobs import store
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.steps import Lane, Steps
from reelrouter.jobs.workflow import Workflows, run_id
from reelrouter.observe.events import Emit, JobStarted, RunAbandoned

_QUICK, _IDLE = 0.02, 0.05
"""Seconds between two looks: while there is work, and while there is none (then only for a changed database)."""
_SWEEP_SECONDS = 30.0
_MOST_RUNS = 3
_SWEPT_AT_ONCE = 500
_KEEP_RUNS_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What the dispatcher sets in motion."""

    steps: Steps
    workflows: Workflows
    poller: Poller
    lanes: Mapping[str, Lane]
    most_starting: int
    """Jobs that may be between their start and a backend's acceptance."""


class Dispatcher:
    def __init__(self, db: Database, drivers: Drivers, clock: Clock, emit: Emit) -> None:
        self._db = db
        self._drivers = drivers
        self._clock = clock
        self._emit = emit
        self._seen = -1

    async def run(self) -> None:
        """Until cancelled."""
        await self.sweep()
        swept_at = self._clock.now()
        while True:
            started = await self.tick()
            await asyncio.sleep(_QUICK if started else _IDLE)
            if self._clock.now() - swept_at >= _SWEEP_SECONDS:
                await self.sweep()
                swept_at = self._clock.now()

    async def tick(self) -> bool:
        """One look. True if there was something to start, so that another look is worth it soon."""
        changed = self._db.change_counter()
        if changed == self._seen:
            return False
        await self._pass_cancels_on()
        started, more = await self._start_waiting()
        # With jobs left over the counter must not hide them: the next look has to come whatever happens.
        self._seen = -1 if more else changed
        return started

    async def sweep(self) -> None:
        """Every started job has a living run, or gets one, or is given up; what waited too long is ended."""
        alive = await self._drivers.workflows.list_alive()
        moving = [one for one in await store.list_moving(self._db) if run_id(*one) not in alive]
        for at in range(0, len(moving), _SWEPT_AT_ONCE):
            await self._revive(moving[at : at + _SWEPT_AT_ONCE])
        await self._start_overdue()
        before = self._clock.now() - _KEEP_RUNS_SECONDS
        while names := await self._drivers.workflows.list_ended(before, _SWEPT_AT_ONCE):
            await self._drivers.workflows.forget(names)

    async def _start_waiting(self) -> tuple[bool, bool]:
        """Whether any job was started, and whether some may be left that the next look must find."""
        started, more = False, False
        for name, lane in self._drivers.lanes.items():
            if not await store.has_waiting(self._db, name):
                continue
            room = self._room(name, lane)
            if not room:
                more = True
                continue
            now_ms = milliseconds(self._clock.now())
            jobs = await self._db.write(partial(store.start_waiting, endpoint=name, most=room, now_ms=now_ms))
            await self._start(jobs, name)
            started, more = started or bool(jobs), more or len(jobs) >= room
        return started, more

    def _room(self, name: str, lane: Lane) -> int:
        workflows, poller = self._drivers.workflows, self._drivers.poller
        in_lane = lane.limit - poller.waiting_in(name) - workflows.starting_in(name)
        return max(0, min(in_lane, self._drivers.most_starting - workflows.starting))

    async def _start(self, jobs: Sequence[JobId], lane: str) -> None:
        for job in jobs:
            self._emit(JobStarted(job=job, run=1))
            await self._drivers.workflows.start(job, 1, lane)

    async def _start_overdue(self) -> None:
        now_ms = milliseconds(self._clock.now())
        while jobs := await self._db.write(partial(store.start_overdue, most=_SWEPT_AT_ONCE, now_ms=now_ms)):
            await self._start(jobs, "")

    async def _pass_cancels_on(self) -> None:
        for job in await store.list_cancelling(self._db):
            self._drivers.poller.cancel(job)

    async def _revive(self, moving: list[tuple[JobId, int]]) -> None:
        known = await self._drivers.workflows.list_known([run_id(job, run) for job, run in moving])
        for job, run in moving:
            if run_id(job, run) not in known:
                # A crash came between the claim and the start: the run never was, so it does not count.
                await self._drivers.workflows.start(job, run)
            else:
                await self._replace(job, run)

    async def _replace(self, job: JobId, run: int) -> None:
        """For a run that DBOS gave up: another one, or the end of the job."""
        self._emit(RunAbandoned(job=job, run=run))
        if run >= _MOST_RUNS:
            await self._drivers.steps.give_up(job)
        elif await self._db.write(lambda unit: store.run_again(unit, job, run)):
            await self._drivers.workflows.start(job, run + 1)
