"""The loop that delivers webhooks, one per engine: looks for what is due, and has it sent.

It looks when the database has changed, or when the next delivery is due; between times it only reads a counter.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import random

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.observe.events import DeliveryTried, Emit, TaskCrashed
from reelrouter.waiting import wait_at_most
from reelrouter.webhooks import store
from reelrouter.webhooks.schedule import Again, Result, Schedule
from reelrouter.webhooks.store import Claimed
from reelrouter.webhooks.turns import Places, rooms

_LOOK_SECONDS = 0.05
_SWEEP_SECONDS = 600.0
_SWEPT_AT_ONCE = 500
_NEVER = 2**53

Send = Callable[[Claimed], Awaitable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator has decided of deliveries."""

    schedule: Schedule
    places: Places
    claim_seconds: float
    """How long an attempt is left alone: longer than it can take."""
    history: float
    """Seconds that a delivery is kept once it is over."""
    draw: Callable[[], float] = random
    """Gives random numbers from 0 to below 1."""


class Deliverer:
    def __init__(self, db: Database, send: Send, terms: Terms, clock: Clock, emit: Emit) -> None:
        self._db = db
        self._send = send
        self._terms = terms
        self._clock = clock
        self._emit = emit
        self._seen = -1
        self._look_at = 0
        """When the next delivery is due, in Unix milliseconds."""
        self._under_way: Counter[str] = Counter()
        self._silent: set[str] = set()
        """The hosts that did not answer when they were last called."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. What is under way then is sent again when its claim has run out."""
        swept_at = 0.0
        try:
            while True:
                self._ended.clear()
                await self.tick()
                if not 0 <= self._clock.now() - swept_at < _SWEEP_SECONDS:  # also where the clock was set back
                    await self.sweep()
                    swept_at = self._clock.now()
                await wait_at_most(self._ended, _LOOK_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def tick(self) -> int:
        """One look; how many attempts it began."""
        changed, now_ms = self._db.change_counter(), milliseconds(self._clock.now())
        if self._is_closed or (changed == self._seen and now_ms < self._look_at):
            return 0
        waiting = await store.list_hosts(self._db)
        self._seen = changed
        # Whoever is due and finds no place is seen again when an attempt ends.
        self._look_at = min((due_at for _, due_at in waiting if due_at > now_ms), default=_NEVER)
        self._silent.intersection_update(host for host, _ in waiting)
        due = [host for host, due_at in sorted(waiting, key=lambda one: one[1]) if due_at <= now_ms]
        found = rooms(due, self._under_way, self._silent, self._terms.places)
        if not found:
            return 0
        until = now_ms + milliseconds(self._terms.claim_seconds)
        claimed = await self._db.write(partial(store.claim, rooms=found, now_ms=now_ms, until=until))
        for one in claimed:
            self._begin(one)
        return len(claimed)

    async def drain(self) -> None:
        """Nothing more is sent from now on; returns once what is being sent has been answered."""
        self._is_closed = True
        await self.settled()

    async def settled(self) -> None:
        """Until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def sweep(self) -> None:
        """Removes deliveries whose time to be looked at is over."""
        before = milliseconds(self._clock.now() - self._terms.history)
        forget = partial(store.forget_before, before=before, most=_SWEPT_AT_ONCE)
        while await self._db.write(forget) == _SWEPT_AT_ONCE:
            pass

    def _begin(self, one: Claimed) -> None:
        self._under_way[one.host] += 1
        task = asyncio.create_task(self._deliver(one))
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, one.host))

    def _end(self, host: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._under_way[host] -= 1
        if not self._under_way[host]:
            del self._under_way[host]
        self._seen = -1  # there is a place again, also where nothing could be written down
        self._ended.set()

    async def _deliver(self, one: Claimed) -> None:
        try:
            result = await self._send(one)
            await self._settle(one, result)
        except Exception as error:  # noqa: BLE001 - the claim runs out, and it is sent again: one must not end the loop
            self._emit(TaskCrashed(task="delivery", error=repr(error)))

    async def _settle(self, one: Claimed, result: Result) -> None:
        if result.status is None:
            self._silent.add(one.host)
        else:
            self._silent.discard(one.host)
        now, terms = self._clock.now(), self._terms
        then = terms.schedule.after(one.tries + 1, result, now, terms.draw())
        now_ms = milliseconds(now)
        await self._db.write(lambda unit: store.settle(unit, one, result, then, now_ms))
        self._emit(
            DeliveryTried(
                delivery=one.id,
                job=one.delivery.job_id,
                host=one.host,
                attempt=one.n,
                status=result.status,
                error=result.error,
                state=store.state_after(then),
                next_at=milliseconds(then.at) if isinstance(then, Again) else None,
            )
        )
