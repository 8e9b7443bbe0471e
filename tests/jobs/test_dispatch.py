"""The dispatcher: what waits is started where there is room, comes back when it must, and is never sent twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from reelrouter.clock import milliseconds
from reelrouter.gateway.jobs import _cancel
from reelrouter.ids import JobId
from reelrouter.jobs import engines, nudges, store
from reelrouter.jobs.dispatch import Dispatcher, Drivers
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.jobs.pace import ladder
from reelrouter.jobs.served import Served
from reelrouter.jobs.starting import Starter
from reelrouter.jobs.steps import Steps, Verdict
from reelrouter.observe.events import AttemptEnded, JobPutBack, JobStarted, RunAbandoned
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Failed, FailureClass, Order, Running
from tests.jobs.conftest import OWNER, Bench
from tests.jobs.runs import Runs

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

FULL = Failed(failure=FailureClass.CONCURRENCY)
PATIENCE = 10.0
"""Seconds after which a test is taken to hang."""
DOWN = Failed(failure=FailureClass.TRANSIENT)


class Engine:
    """An engine over a bench; another one over the same bench is the same engine after a crash."""

    def __init__(self, bench: Bench, owner: str = "slot-0:1", **terms: Any) -> None:
        self.bench = bench
        served = terms.get("served", Served())
        self.runs = Runs(bench.steps(owner, served=served))
        drivers = Drivers(
            steps=self.runs.steps,
            workflows=cast("Any", self.runs),
            poller=bench.poller,
            lanes=bench.lanes,
            most_starting=terms.get("most_starting", 100),
            starter=Starter(name=owner, served=served),
            living=terms.get("living", engines.alone(owner)),
        )
        self.dispatcher = Dispatcher(bench.db, drivers, bench.clock, bench.events.append)

    async def turn(self) -> bool:
        """One look, and all that follows from it; whether anything was started."""
        started = await self.dispatcher.tick()
        await self.runs.settle()
        return started

    async def until_over(self, job: Job, turns: int = 20) -> Job:
        """Turns, each five seconds after the one before."""
        for _ in range(turns):
            await self.turn()
            if (now := await self.bench.job(job)).is_over:
                return now
            self.bench.clock.advance(5)
        raise AssertionError(f"after {turns} turns the job is {now.status}")

    async def close(self) -> None:
        await self.runs.close()


def limit(bench: Bench, name: str, **terms: Any) -> None:
    queue = queue_of(name, "c")
    bench.lanes[queue] = replace(bench.lanes[queue], **terms)


def stop_at(backend: Scripted) -> asyncio.Event:
    """An event that is set once the backend has been sent something."""
    reached = asyncio.Event()

    def note(_order: Order) -> None:
        reached.set()

    backend.on_submit = note
    return reached


def test_a_job_that_its_vendor_called_about_is_asked_for_at_once(scenario: Scenario) -> None:
    """Whatever the pace; and once for each call, however often the database changes."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running(), Running(), finished_with(bench.file())])
        limit(bench, "a", pace=ladder(1e6, 1e6))
        job, engine = await bench.place("a"), Engine(bench)
        await engine.dispatcher.tick()
        for polls in (2, 3):
            await until_asked(backend, polls - 1)
            now_ms = milliseconds(bench.clock.now())
            await bench.db.write(lambda unit, at=now_ms: nudges.note(unit, job.id, at))  # type: ignore[misc]
            await engine.dispatcher.tick()
            await until_asked(backend, polls)
            await bench.place("elsewhere")
            await engine.dispatcher.tick()
        await engine.runs.settle()
        assert (await bench.job(job)).status is State.COMPLETED
        assert sum(backend.asked.values()) == 3

    scenario(work)


async def until_asked(backend: Scripted, polls: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while sum(backend.asked.values()) < polls:
            await asyncio.sleep(0.001)


def test_a_job_without_a_place_moves_to_another_queue_and_is_made_there(scenario: Scenario) -> None:
    """Each move is a run of its own, and none of them counts as lost."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[FULL])
        bench.lane("b", polls=[finished_with(bench.file())])
        job, engine = await bench.place("a", "b"), Engine(bench)
        ended = await engine.until_over(job)
        assert (ended.status, ended.run, ended.queue) == (State.COMPLETED, 2, queue_of("b", "c"))
        assert engine.runs.begun == [f"{job.id}:1", f"{job.id}:2"]
        assert await bench.attempts(job) == [("a", "refused"), ("b", "finished")]
        assert [event.queue for event in bench.events if isinstance(event, JobPutBack)] == [queue_of("b", "c")]
        assert [event.run for event in bench.events if isinstance(event, JobStarted)] == [1, 2]

    scenario(work)


def test_a_job_that_waits_for_its_vendor_is_started_when_its_hour_comes(scenario: Scenario) -> None:
    """Not before, though nothing in the database changes in between."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[replace(FULL, retry_after=90.0)], polls=[finished_with(bench.file())])
        job, engine = await bench.place("a"), Engine(bench)
        assert await engine.turn()
        assert [await engine.turn() for _ in range(3)] == [False, False, False]
        bench.clock.advance(89)
        assert not await engine.turn()
        bench.clock.advance(2)
        assert await engine.turn()
        assert (await bench.job(job)).status is State.COMPLETED

    scenario(work)


def test_a_job_may_come_back_more_often_than_a_run_may_be_lost(scenario: Scenario) -> None:
    """Waiting is no fault: only runs that break off are counted."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[FULL] * 6, polls=[finished_with(bench.file())])
        job, engine = await bench.place("a"), Engine(bench)
        ended = await engine.until_over(job, turns=60)
        assert (ended.status, ended.run) == (State.COMPLETED, 7)
        assert not [event for event in bench.events if isinstance(event, RunAbandoned)]

    scenario(work)


def test_a_run_that_breaks_off_is_replaced_twice_and_then_the_job_fails(scenario: Scenario) -> None:
    """Counted apart from the runs that only waited."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[FULL])
        bench.lane("b", polls=[Running()])
        job, engine = await bench.place("a", "b"), Engine(bench)
        await engine.turn()
        cast("Any", engine.runs.steps).submit = broken
        await engine.turn()
        for lost in (1, 2):
            await engine.dispatcher.sweep()
            await engine.runs.settle()
            (moving,) = await store.list_moving(bench.db)
            assert (moving.run, moving.lost_runs) == (2 + lost, lost)
        await engine.dispatcher.sweep()
        ended = await bench.job(job)
        assert ended.status is State.FAILED
        assert ended.failure is not None
        assert ended.failure.failure == "internal"
        assert (await bench.balance(job)).held == 0

    async def broken(*_: object) -> str:
        raise RuntimeError("the disk is full")

    scenario(work)


def test_a_cancel_ends_a_job_that_waits_again_after_it_was_under_way(scenario: Scenario) -> None:
    """It is in progress for its owner, and nobody sends it any more."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[DOWN])
        second = bench.lane("b")
        limit(bench, "b", limit=0)
        job, engine = await bench.place("a", "b"), Engine(bench)
        await engine.turn()
        waiting = await bench.job(job)
        assert (waiting.status, waiting.started_at) == (State.IN_PROGRESS, None)
        await bench.db.write(lambda unit: _cancel(unit, job.id, bench.clock.now()))
        await engine.turn()
        assert (await bench.job(job)).status is State.CANCELLED
        assert second.orders == []
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_a_cancel_ends_a_held_back_job_without_an_engine(scenario: Scenario) -> None:
    """Nobody has it, so nobody has to be asked."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", submits=[replace(FULL, retry_after=300.0)])
        job, engine = await bench.place("a"), Engine(bench)
        await engine.turn()
        await bench.db.write(lambda unit: _cancel(unit, job.id, bench.clock.now()))
        assert (await bench.job(job)).status is State.CANCELLED
        bench.clock.advance(301)
        await engine.turn()
        assert len(backend.orders) == 1
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_a_job_expires_while_it_is_held_back(scenario: Scenario) -> None:
    """At its deadline, whatever hour the vendor named."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", submits=[replace(FULL, retry_after=1e6)])
        job, engine = await bench.place("a"), Engine(bench)
        await engine.turn()
        bench.clock.advance(599)
        assert not await engine.turn()
        bench.clock.advance(1)
        await engine.turn()
        assert (await bench.job(job)).status is State.EXPIRED
        assert len(backend.orders) == 1
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_a_run_that_was_put_back_and_is_taken_up_again_sends_nothing(scenario: Scenario) -> None:
    """A crash came before DBOS knew that the run was over: the run beside it has the job now, and keeps it."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[FULL])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job, engine = await bench.place("a", "b"), Engine(bench)
        await engine.turn()
        reached = stop_at(second)
        await engine.dispatcher.tick()
        await reached.wait()
        assert await engine.runs.steps.submit(job.id, 1) == "over"
        await engine.runs.settle()
        assert (await bench.job(job)).status is State.COMPLETED
        assert await bench.attempts(job) == [("a", "refused"), ("b", "finished")]
        assert len(second.orders) == 1

    scenario(work)


def test_an_engine_that_died_between_two_places_is_followed_by_one_that_goes_on(scenario: Scenario) -> None:
    """What was refused stays refused, what waits is started, and nothing is sent again."""

    async def work(bench: Bench) -> None:
        first = bench.lane("a", submits=[FULL])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job, dying = await bench.place("a", "b"), Engine(bench)
        await dying.turn()
        heir = Engine(bench, "slot-0:2")
        await heir.dispatcher.sweep()
        ended = await heir.until_over(job)
        assert (ended.status, ended.run) == (State.COMPLETED, 2)
        assert (len(first.orders), len(second.orders)) == (1, 1)

    scenario(work)


def test_a_claim_whose_run_never_was_is_started_and_not_counted(scenario: Scenario) -> None:
    """A crash between the two is nobody's fault."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job, engine = await bench.place("a"), Engine(bench)
        await bench.begin(job)
        await engine.dispatcher.sweep()
        await engine.runs.settle()
        ended = await bench.job(job)
        assert (ended.status, ended.run) == (State.COMPLETED, 1)

    scenario(work)


def test_a_run_that_another_engine_begins_during_a_sweep_is_not_taken_for_lost(scenario: Scenario) -> None:
    """Else two would go on with one job, and the one that has its vendor's answer would not be believed."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[Running(), finished_with(bench.file())])

        async def lose_time() -> frozenset[str]:
            await engine.dispatcher.tick()
            return frozenset({OWNER})

        job, engine = await bench.place("a"), Engine(bench, living=lose_time)
        await engine.dispatcher.sweep()
        await engine.runs.settle()
        ended = await bench.job(job)
        assert (ended.status, ended.run, engine.runs.begun) == (State.COMPLETED, 1, [f"{job.id}:1"])
        assert not [event for event in bench.events if isinstance(event, RunAbandoned)]

    scenario(work)


def test_a_run_that_ends_during_a_sweep_is_not_taken_for_lost(scenario: Scenario) -> None:
    """Neither with its job nor so that the job waits again."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        bench.lane("b", submits=[replace(FULL, retry_after=90.0)])

        async def lose_time() -> frozenset[str]:
            may_go.set()
            await engine.runs.settle()
            return frozenset({OWNER})

        made, waits = await bench.place("a"), await bench.place("b")
        engine, may_go = Engine(bench, living=lose_time), asyncio.Event()
        submit = engine.runs.steps.submit

        async def submit_later(job_id: JobId, run: int) -> Verdict:
            await may_go.wait()
            return await submit(job_id, run)

        cast("Any", engine.runs.steps).submit = submit_later
        await engine.dispatcher.tick()
        assert len(await store.list_moving(bench.db)) == 2
        await engine.dispatcher.sweep()
        assert not [event for event in bench.events if isinstance(event, RunAbandoned)]
        assert [(await bench.job(job)).run for job in (made, waits)] == [1, 1]
        assert (await bench.job(made)).status is State.COMPLETED

    scenario(work)


def test_no_more_jobs_are_under_way_in_a_queue_than_it_takes(scenario: Scenario) -> None:
    """The others wait in their order; an engine that takes over counts what the last one had begun."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        limit(bench, "a", limit=2)
        for _ in range(3):
            await bench.place("a")
        dying, heir = Engine(bench), Engine(bench, "slot-0:2")
        await dying.dispatcher.tick()
        while len(backend.asked) < 2:
            await asyncio.sleep(0)
        assert not await dying.dispatcher.tick()
        await dying.close()
        assert not await heir.dispatcher.tick()
        assert len(backend.orders) == 2

    scenario(work)


def test_a_place_that_becomes_free_is_given_to_the_next(scenario: Scenario) -> None:
    """One after the other, though only one may be there at a time."""

    async def work(bench: Bench) -> None:
        jobs = [await bench.place("a") for _ in range(3)]
        engine = Engine(bench)
        for at, job in enumerate(jobs):
            bench.lane("a", polls=[finished_with(bench.file(bytes([at])))])
            limit(bench, "a", limit=1)
            assert await engine.turn()
            assert [(await bench.job(one)).is_over for one in jobs] == [n <= at for n in range(3)], job
        assert not await engine.turn()

    scenario(work)


def test_a_rate_lets_jobs_through_evenly(scenario: Scenario) -> None:
    """Twenty a minute: two at once, and then one every three seconds."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        limit(bench, "a", rate=20.0)
        for _ in range(5):
            await bench.place("a")
        engine = Engine(bench)
        sent = []
        for _ in range(4):
            await engine.dispatcher.tick()
            while len(backend.asked) < len(engine.runs.begun):
                await asyncio.sleep(0)
            sent.append(len(backend.orders))
            bench.clock.advance(3.1)
        assert sent == [2, 3, 4, 5]
        await engine.close()

    scenario(work)


def test_engines_share_the_rate_of_an_account(scenario: Scenario) -> None:
    """Two of them let through what one would, and one that has just started no more than that."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        limit(bench, "a", rate=20.0)
        for _ in range(6):
            await bench.place("a")
        engines = [Engine(bench, f"slot-{n}:1") for n in range(2)]
        sent = []
        for _ in range(4):
            for engine in [*engines, Engine(bench, "slot-2:1")]:
                await engine.dispatcher.tick()
                engines.append(engine)
            while len(backend.asked) < sum(len(one.runs.begun) for one in set(engines)):
                await asyncio.sleep(0)
            sent.append(len(backend.orders))
            bench.clock.advance(3.1)
        assert sent == [2, 3, 4, 5]
        for engine in engines:
            await engine.close()

    scenario(work)


def test_a_clock_that_was_set_back_does_not_close_an_account(scenario: Scenario) -> None:
    """Its rate counts from there."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        limit(bench, "a", rate=20.0)
        for _ in range(4):
            await bench.place("a")
        engine = Engine(bench)
        for pause in (0, -3600, 3.1):
            bench.clock.advance(pause)
            await engine.dispatcher.tick()
        while len(backend.asked) < len(engine.runs.begun):
            await asyncio.sleep(0)
        assert len(backend.orders) == 3
        await engine.close()

    scenario(work)


def test_a_job_that_waits_for_an_account_which_is_gone_goes_elsewhere(scenario: Scenario) -> None:
    """The operator took it out of the settings while jobs waited there."""

    async def work(bench: Bench) -> None:
        bench.lane("b", polls=[finished_with(bench.file())])
        job, engine = await bench.place("gone", "b"), Engine(bench)
        assert not await engine.turn()
        await engine.dispatcher.sweep()
        await engine.runs.settle()
        ended = await engine.until_over(job)
        assert (ended.status, ended.provider) == (State.COMPLETED, "b")

    scenario(work)


def test_a_job_that_only_an_account_which_is_gone_could_make_fails(scenario: Scenario) -> None:
    """At once, and the log says which account it was."""

    async def work(bench: Bench) -> None:
        job, engine = await bench.place("gone"), Engine(bench)
        await engine.dispatcher.sweep()
        await engine.runs.settle()
        ended = await bench.job(job)
        assert ended.failure is not None
        assert (ended.status, ended.failure.error_type) == (State.FAILED, "provider_unavailable")
        (told,) = [event for event in bench.events if isinstance(event, AttemptEnded)]
        assert (told.failure, told.vendor_text) == ("auth", "gone/c is not configured in this gateway any more")

    scenario(work)


def test_a_job_that_is_paid_for_waits_for_its_account_to_come_back(scenario: Scenario) -> None:
    """A start with half the settings throws nothing away."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running(), finished_with(bench.file())])
        job = await bench.place("a")
        await bench.steps().submit(job.id, await bench.begin(job))
        (lane,) = (bench.lanes.pop(queue) for queue in list(bench.lanes))
        without = asyncio.ensure_future(bench.steps("slot-0:2").await_upstream(job.id, 1))
        while not bench.poller.waiting:
            await asyncio.sleep(0)
        without.cancel()
        await asyncio.gather(without, return_exceptions=True)
        bench.lanes[queue_of("a", "c")] = lane
        steps = bench.steps("slot-0:3")
        assert await steps.await_upstream(job.id, 1) == "finish"
        await steps.finish(job.id, 1)
        ended = await bench.job(job)
        assert ended.status is State.COMPLETED
        assert len(backend.orders) == 1
        assert milliseconds(bench.clock.now()) < job.deadline_at

    scenario(work)


def test_a_cancel_that_comes_before_anybody_waits_is_not_lost(scenario: Scenario) -> None:
    """The database is still from then on: nothing has the dispatcher look again."""

    class Slow:
        def __init__(self) -> None:
            self.asked, self.may_go = asyncio.Event(), asyncio.Event()

        async def plan_for(self, *given: Any) -> Any:
            self.asked.set()
            await self.may_go.wait()
            return given[2]

    async def work(bench: Bench) -> None:
        backend, durations = bench.lane("a", polls=[Running()]), Slow()
        limit(bench, "a", learns=True, pace=ladder(1e6, 1e6))
        job, engine = await bench.place("a"), Engine(bench)
        steps = Steps(replace(bench.workshop(), durations=cast("Any", durations)))
        durations.may_go.set()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        durations.asked.clear()
        durations.may_go.clear()
        waiting = asyncio.ensure_future(steps.await_upstream(job.id, 1))
        await durations.asked.wait()
        await bench.db.write(lambda unit: store.request_cancel(unit, job.id, 1))
        await engine.dispatcher.tick()
        durations.may_go.set()
        for _ in range(20):
            await asyncio.sleep(0.005)
            await engine.dispatcher.tick()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(backend.cancelled) == 1

    scenario(work)
