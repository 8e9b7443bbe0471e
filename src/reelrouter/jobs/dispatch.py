"""The dispatcher, one loop per engine: starts waiting jobs, passes cancels and nudges on, and revives
what was dropped.

A first start, a restart after a crash and a wait for a free place are one path: a row that nobody has started.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.jobs import nudges, starting, store
from reelrouter.jobs.engines import Living
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.starting import Places, Started, Starter
from reelrouter.jobs.steps import Steps
from reelrouter.jobs.turns import Party, Turns, share_out
from reelrouter.jobs.workflow import Workflows, run_id
from reelrouter.observe.events import Emit, JobStarted, RunAbandoned, TaskCrashed

_QUICK, _IDLE = 0.02, 0.05
"""Seconds between two looks: while there is work, and while there is none (then only for a changed database)."""
_SWEEP_SECONDS = 15.0
_MOST_RUNS = 3
_SWEPT_AT_ONCE = 500
_KEEP_RUNS_SECONDS = 24 * 3600.0
_NEVER = 2**53
_LOOKS, _LOOKS_AT_UNSIGNED = 2, 10
"""Sweeps in a row that must find a run without a driver: its engine may be late with its sign, or of a version
that gave none, which during an upgrade is still at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What the dispatcher sets in motion."""

    steps: Steps
    workflows: Workflows
    poller: Poller
    lanes: Mapping[str, Lane]
    most_starting: int
    """Jobs that may be between their start and a backend's acceptance."""
    starter: Starter
    """This engine."""
    living: Living
    """Which engines drive their runs."""


class Dispatcher:
    def __init__(self, db: Database, drivers: Drivers, clock: Clock, emit: Emit) -> None:
        self._db = db
        self._drivers = drivers
        self._clock = clock
        self._emit = emit
        self._seen = -1
        self._nudged = 0
        """The newest nudge that was passed on."""
        self._look_at = _NEVER
        """When a job that is held back may be started, in Unix milliseconds."""
        self._turns: defaultdict[str, Turns] = defaultdict(Turns)
        """Of the workspaces that wait, by lane."""
        self._lane_turns = Turns()
        self._suspected: Counter[str] = Counter()
        """Runs that nobody seems to drive, each with how many sweeps in a row have found it so."""
        self._starting: dict[str, str] = {}
        """Runs that were started here and whose submit may not be over, each with its lane."""
        self._most_of_one = drivers.most_starting - drivers.most_starting // 4
        """Jobs that may be starting in one lane: if its vendor does not answer, there is still room for others."""

    async def run(self) -> None:
        """Until cancelled."""
        await self.sweep()
        swept_at = self._clock.now()
        while True:
            started = await self.tick()
            await asyncio.sleep(_QUICK if started else _IDLE)
            if not 0 <= self._clock.now() - swept_at < _SWEEP_SECONDS:  # also where the clock was set back
                await self.sweep()
                swept_at = self._clock.now()

    async def tick(self) -> bool:
        """One look. True if there was something to start, so that another look is worth it soon."""
        changed, now_ms = self._db.change_counter(), milliseconds(self._clock.now())
        if changed == self._seen and now_ms < self._look_at:
            return False
        await self._pass_cancels_on()
        await self._pass_nudges_on()
        await self._start_left()
        started, more = await self._start_waiting()
        # With jobs left over the counter must not hide them: the next look has to come whatever happens.
        self._seen = -1 if more else changed
        held_back = await starting.held_back_until(self._db, now_ms)
        self._look_at = _NEVER if held_back is None else held_back
        return started

    async def sweep(self) -> None:
        """Every started job has a run that is driven, or gets one, or is given up; what waited too long ends."""
        for one in await self._lost():
            try:
                await self._revive(one)
            except Exception as error:  # noqa: BLE001 - one job that cannot be revived must not keep others from it
                self._emit(TaskCrashed(task="revival", error=repr(error)))
        await self._start_overdue()
        await self._start_stranded()
        before = self._clock.now() - _KEEP_RUNS_SECONDS
        while names := await self._drivers.workflows.list_ended(before, _SWEPT_AT_ONCE):
            await self._drivers.workflows.forget(names)

    async def _lost(self) -> list[store.Moving]:
        """The jobs whose run nobody drives: known at once of ours, and at the second look of another engine's."""
        moving = await store.list_moving(self._db)
        living = await self._drivers.living()
        driven = self._drivers.workflows.list_driven()
        left = {run_id(one.job, one.run): one for one in moving if run_id(one.job, one.run) not in driven}
        suspected = {name: one for name, one in left.items() if one.driver not in living}
        self._suspected = Counter({name: self._suspected[name] + 1 for name in suspected})
        return [
            one
            for name, one in left.items()
            if one.driver == self._drivers.starter.name or self._suspected[name] >= _looks_for(one)
        ]

    async def _start_waiting(self) -> tuple[bool, bool]:
        """Whether any job was started, and whether some may be left that the next look must find."""
        now_ms = milliseconds(self._clock.now())
        # An account that is gone has no lane: the sweep starts its jobs, so that they go elsewhere.
        queues = filter(self._drivers.starter.served.has, await starting.list_queues(self._db))
        lanes = {name: lane for name in queues if (lane := self._drivers.lanes.get(name))}
        waiting = {name: await self._count_waiting(name, now_ms) for name in lanes}
        shares = Counter(await self._shares(lanes, waiting))
        for name, share in shares.items():
            await self._start_in(name, lanes[name], share, now_ms)
        # As many as were looked for may be more; and what was given less than it wanted waits on.
        most = self._drivers.most_starting
        return bool(shares), any(count >= most or count > shares[name] for name, count in waiting.items())

    async def _count_waiting(self, lane: str, now_ms: int) -> int:
        """No higher than could be started."""
        return await starting.count_waiting(self._db, lane, now_ms, self._drivers.most_starting)

    async def _shares(self, lanes: Mapping[str, Lane], waiting: Mapping[str, int]) -> Sequence[str]:
        """The free places, each by the name of the lane that it is for."""
        busy = self._drivers.workflows.starting
        self._starting = {run: lane for run, lane in self._starting.items() if run in busy}
        has = Counter(self._starting.values())
        parties = [
            Party(
                name=name,
                has=has[name],
                wants=min(waiting[name], await self._room(name, lane), self._most_of_one - has[name]),
                turn=self._lane_turns.of(name),
            )
            for name, lane in lanes.items()
            if waiting[name]
        ]
        given = share_out(parties, self._drivers.most_starting - len(busy))
        self._lane_turns.note(given)
        return given

    async def _room(self, name: str, lane: Lane) -> int:
        # Counted in the database: after a restart, what runs there is known before its workflow is back.
        room = lane.limit - await starting.count_under_way(self._db, name)
        if lane.rate is not None:
            now_ms = milliseconds(self._clock.now())
            room = min(room, await starting.rate_room(self._db, name, lane.rate, now_ms))
        return room

    async def _start_in(self, name: str, lane: Lane, share: int, now_ms: int) -> None:
        turns = self._turns[name]
        places = Places(queue=name, room=share, limit=lane.limit, rate=lane.rate, turn_of=turns.of)
        by = self._drivers.starter.name
        jobs = await self._db.write(partial(starting.start_waiting, places=places, now_ms=now_ms, driver=by))
        turns.note(one.workspace for one in jobs)
        await self._start(jobs, name)

    async def _start(self, jobs: Sequence[Started], lane: str | None = None) -> None:
        for one in jobs:
            self._emit(JobStarted(job=one.job, run=one.run))
            if lane is not None:
                self._starting[run_id(one.job, one.run)] = lane
            await self._drivers.workflows.start(one.job, one.run, lane)

    async def _start_stranded(self) -> None:
        """Jobs that wait for an account which is not configured any more: their run sends them elsewhere."""
        now_ms = milliseconds(self._clock.now())
        for queue in await starting.list_queues(self._db):
            if self._drivers.starter.served.has(queue) and queue not in self._drivers.lanes:
                places = Places(queue=queue, room=_SWEPT_AT_ONCE)
                by = self._drivers.starter.name
                stranded = partial(starting.start_waiting, places=places, now_ms=now_ms, driver=by)
                await self._start(await self._db.write(stranded))

    async def _start_overdue(self) -> None:
        await self._start_all(starting.start_overdue)

    async def _start_left(self) -> None:
        if await starting.are_left(self._db, self._drivers.starter.served):
            await self._start_all(starting.start_left)

    async def _start_all(self, take: Callable[[Unit, int, int, Starter], list[Started]]) -> None:
        """Whatever room there is."""
        now_ms = milliseconds(self._clock.now())

        def some(unit: Unit) -> list[Started]:
            return take(unit, _SWEPT_AT_ONCE, now_ms, self._drivers.starter)

        while jobs := await self._db.write(some):
            await self._start(jobs)

    async def _pass_cancels_on(self) -> None:
        cancelling = await store.list_cancelling(self._db)
        for one in cancelling:
            self._drivers.poller.cancel(one.job)
        if not all(one.is_started for one in cancelling):
            await self._start_overdue()

    async def _pass_nudges_on(self) -> None:
        for job, nudged_at in await nudges.list_after(self._db, self._nudged):
            self._drivers.poller.nudge(job)
            self._nudged = nudged_at

    async def _revive(self, lost: store.Moving) -> None:
        name = run_id(lost.job, lost.run)
        known = await self._drivers.workflows.list_known([name])
        if name not in known:
            # A crash came between the claim and the start: the run never was, so it does not count.
            await self._drivers.workflows.start(lost.job, lost.run)
            return
        broke_off = known[name]
        begin = partial(store.run_again, moving=lost, driver=self._drivers.starter.name, broke_off=broke_off)
        if not await self._db.write(begin):
            return  # it has come to its end meanwhile, or waits again
        self._emit(RunAbandoned(job=lost.job, run=lost.run))
        if lost.lost_runs + broke_off >= _MOST_RUNS:
            await self._drivers.steps.give_up(lost.job)
        else:
            await self._drivers.workflows.start(lost.job, lost.run + 1)


def _looks_for(one: store.Moving) -> int:
    return _LOOKS_AT_UNSIGNED if one.driver is None else _LOOKS
