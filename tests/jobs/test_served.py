"""Engines with different work: what is none of one's own waits for another's, and is never sent or ended by it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from reelrouter.clock import milliseconds
from reelrouter.gateway.jobs import _cancel
from reelrouter.jobs import chores
from reelrouter.jobs.chores import Chore, by_turns
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.jobs.served import RENDERER_QUEUE, TEST_QUEUE, Served, kind_of
from reelrouter.observe.events import JobPutBack
from reelrouter.routing.choose import queue_of
from reelrouter.settings import Work
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Running
from tests.jobs.conftest import Bench
from tests.jobs.test_dispatch import Engine, limit, stop_at

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


def engine_for(bench: Bench, slot: int, *kinds: Work) -> Engine:
    return Engine(bench, f"slot-{slot}:1", served=Served(frozenset(kinds)))


def test_every_queue_has_a_kind() -> None:
    """The renderer's two are rendered here; whatever else there is stands for an account with a vendor."""
    assert [kind_of(queue) for queue in (RENDERER_QUEUE, TEST_QUEUE, "fal/default", "openai/byok:x")] == [
        "render",
        "render",
        "remote",
        "remote",
    ]


def test_a_queue_is_left_to_those_who_serve_it(scenario: Scenario) -> None:
    """Also where this engine does not know it: it may be an account that is gone, but that is not its business."""

    async def work(bench: Bench) -> None:
        job, other = await bench.place("gone"), engine_for(bench, 0, "render", "webhooks")
        await other.turn()
        await other.dispatcher.sweep()
        assert (await bench.job(job)).status is State.PENDING
        assert other.runs.begun == []

    scenario(work)


async def taken_up_by_another(bench: Bench, begun: Engine, job: Job) -> Engine:
    """The engine dies, and one with other work takes up its run: which that one puts back at once."""
    await begun.close()
    other = engine_for(bench, 1, "render")
    other.runs.take_up(job.id, 1)
    await other.runs.settle()
    assert [event.queue for event in bench.events if isinstance(event, JobPutBack)] == [queue_of("a", "c")]
    return other


async def under_way(bench: Bench, backend: Scripted, engine: Engine) -> None:
    await engine.dispatcher.tick()
    while not backend.asked:
        await asyncio.sleep(0)


def test_what_a_vendor_has_is_gone_on_with_by_an_engine_that_may_ask_it(scenario: Scenario) -> None:
    """It is sent once, however the runs go."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running(), finished_with(bench.file())])
        job, first = await bench.place("a"), engine_for(bench, 0, "remote")
        await under_way(bench, backend, first)
        other = await taken_up_by_another(bench, first, job)
        assert not await other.turn()
        assert (await bench.job(job)).status is State.IN_PROGRESS
        ended = await engine_for(bench, 2, "remote").until_over(job)
        assert (ended.status, ended.run) == (State.COMPLETED, 2)
        assert len(backend.orders) == 1

    scenario(work)


def test_what_a_vendor_has_takes_no_second_place_there(scenario: Scenario) -> None:
    """Another engine goes on with it though its account is full, and may start nothing for a while."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running(), finished_with(bench.file())])
        limit(bench, "a", limit=1, rate=0.01)
        job, first = await bench.place("a"), engine_for(bench, 0, "remote")
        await under_way(bench, backend, first)
        waiting = await bench.place("a")
        await taken_up_by_another(bench, first, job)
        assert (await engine_for(bench, 2, "remote").until_over(job)).status is State.COMPLETED
        assert (await bench.job(waiting)).status is State.PENDING

    scenario(work)


def test_a_run_that_was_put_back_meanwhile_neither_waits_nor_ends_the_job(scenario: Scenario) -> None:
    """Its place is another's by now: two of them would ask the same vendor for the same job."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        job, first = await bench.place("a"), engine_for(bench, 0, "remote")
        await under_way(bench, backend, first)
        await taken_up_by_another(bench, first, job)
        steps = bench.steps("slot-3:1")
        assert await steps.await_upstream(job.id, 1) == "over"
        await steps.finish(job.id, 1)
        assert (await bench.job(job)).status is State.IN_PROGRESS

    scenario(work)


def test_an_attempt_without_an_answer_is_looked_up_by_an_engine_that_can(scenario: Scenario) -> None:
    """Neither a cancel nor a deadline ends it before: the vendor may have it, and bill it."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", finds=True, cancels="not_cancellable", polls=[finished_with(bench.file())])
        reached = stop_at(backend)
        job, first = await bench.place("a"), engine_for(bench, 0, "remote")
        await first.dispatcher.tick()
        await reached.wait()
        other = await taken_up_by_another(bench, first, job)
        assert not await bench.db.write(lambda unit: _cancel(unit, job.id, bench.clock.now()))
        bench.clock.advance(job.deadline_at / 1000 - bench.clock.now() - 1)
        await other.turn()
        await other.dispatcher.sweep()
        assert (await bench.job(job)).status is State.PENDING
        ended = await engine_for(bench, 0, "remote").until_over(job)
        assert ended.status is State.COMPLETED
        assert len(backend.orders) == 1

    scenario(work)


def test_any_engine_ends_what_nobody_can_have(scenario: Scenario) -> None:
    """A job whose time is over while no engine of its kind is there."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        job, other = await bench.place("a"), engine_for(bench, 0, "render")
        bench.clock.advance(job.deadline_at / 1000 - bench.clock.now() + 1)
        await other.dispatcher.sweep()
        await other.runs.settle()
        assert (await bench.job(job)).status is State.EXPIRED
        assert (await bench.balance(job)).held == 0
        assert milliseconds(bench.clock.now()) > job.deadline_at

    scenario(work)


class Locks:
    """A server's locks, which several engines try."""

    def __init__(self) -> None:
        self.owner: dict[int, int] = {}

    def of(self, number: int) -> "Slot":
        return Slot(self, number)


class Slot:
    def __init__(self, locks: Locks, number: int) -> None:
        self._locks = locks
        self.number = number

    async def take(self, other: int) -> float | None:
        return 1.0 if self._locks.owner.setdefault(other, self.number) == self.number else None

    async def free(self, other: int) -> None:
        assert self._locks.owner.pop(other) == self.number


def test_one_engine_does_for_all_what_needs_to_be_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one goes on when it is gone; and one chore is not held up by another."""
    monkeypatch.setattr(chores, "_LOOK_SECONDS", 0.0)
    locks, at_work = Locks(), list[tuple[int, Chore]]()

    def loop_of(number: int, chore: Chore) -> chores.Loop:
        async def work() -> None:
            at_work.append((number, chore))
            try:
                await asyncio.Event().wait()
            finally:
                at_work.remove((number, chore))

        return by_turns(locks.of(number))(chore, work)

    async def scenario() -> None:
        async with asyncio.timeout(10):
            engines = {
                number: [asyncio.ensure_future(loop_of(number, chore)()) for chore in Chore] for number in (0, 1)
            }
            while len(at_work) < len(Chore):
                await asyncio.sleep(0)
            for _ in range(50):
                await asyncio.sleep(0)
                assert at_work == [(0, chore) for chore in Chore]
            for loop in engines[0]:
                loop.cancel()
            while at_work != [(1, chore) for chore in Chore]:
                await asyncio.sleep(0)
            for loop in engines[1]:
                loop.cancel()
            await asyncio.gather(*engines[0], *engines[1], return_exceptions=True)

    asyncio.run(scenario())
