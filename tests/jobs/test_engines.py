"""Engines that share a database: who gives signs, and whose runs are taken up by others."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select, update

from reelrouter.db.tables import jobs
from reelrouter.jobs.engines import SILENT_SECONDS, Signs
from reelrouter.jobs.machine import State
from reelrouter.observe.events import RunAbandoned
from reelrouter.testing.backends import finished_with
from tests.jobs.conftest import Bench
from tests.jobs.test_dispatch import Engine

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


def signs(bench: Bench, slot: str, began: int) -> Signs:
    return Signs(db=bench.db, slot=slot, owner=f"{slot}:{began}", clock=bench.clock)


def test_an_engine_lives_as_long_as_it_gives_signs(scenario: Scenario) -> None:
    """And in each slot only its newest start does."""

    async def work(bench: Bench) -> None:
        first, second = signs(bench, "slot-0", 1), signs(bench, "slot-1", 1)
        await first.show()
        bench.clock.advance(SILENT_SECONDS - 1)
        await second.show()
        assert await first.living() == {"slot-0:1", "slot-1:1"}
        bench.clock.advance(2)
        assert await first.living() == {"slot-1:1"}
        await signs(bench, "slot-1", 2).show()
        assert await first.living() == {"slot-1:2"}

    scenario(work)


def test_a_run_of_an_engine_that_is_gone_is_taken_up_at_the_second_look(scenario: Scenario) -> None:
    """At the first one it may only be late with its sign. That its engine died is not the run's fault."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job, own = await bench.place("a"), signs(bench, "slot-0", 2)
        engine = Engine(bench, own.owner, living=own.living)
        await own.show()
        run = await bench.begin(job)
        engine.runs.begun.append(f"{job.id}:{run}")  # known, and driven by nobody
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(driver="slot-1:1")))
        await engine.dispatcher.sweep()
        assert (await bench.job(job)).run == 1
        await engine.dispatcher.sweep()
        await engine.runs.settle()
        ended = await bench.job(job)
        assert (ended.status, ended.run) == (State.COMPLETED, 2)
        assert [one.run for one in bench.events if isinstance(one, RunAbandoned)] == [1]

    scenario(work)


def test_a_run_of_an_engine_that_works_is_left_to_it(scenario: Scenario) -> None:
    """However often others look."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job, own, other = await bench.place("a"), signs(bench, "slot-0", 2), signs(bench, "slot-1", 1)
        engine = Engine(bench, own.owner, living=own.living)
        run = await bench.begin(job)
        engine.runs.begun.append(f"{job.id}:{run}")
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(driver=other.owner)))
        for _ in range(5):
            await own.show()
            await other.show()
            bench.clock.advance(15)
            await engine.dispatcher.sweep()
        assert (await bench.job(job)).run == 1
        assert engine.runs.begun == [f"{job.id}:1"]

    scenario(work)


def test_a_run_of_an_engine_that_gives_no_signs_is_left_alone_for_longer(scenario: Scenario) -> None:
    """During an upgrade engines of the version before are still at work."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job, engine = await bench.place("a"), Engine(bench)
        run = await bench.begin(job)
        engine.runs.begun.append(f"{job.id}:{run}")
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(driver=None)))
        for _ in range(9):
            await engine.dispatcher.sweep()
        assert (await bench.job(job)).run == 1
        await engine.dispatcher.sweep()
        assert (await bench.job(job)).run == 2

    scenario(work)


def test_one_run_that_cannot_be_revived_does_not_keep_the_others_from_it(scenario: Scenario) -> None:
    """A row that nobody can load used to stop the sweep for all."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        broken, whole = await bench.place("a"), await bench.place("a")
        engine = Engine(bench)
        for job in (broken, whole):
            run = await bench.begin(job)
            engine.runs.begun.append(f"{job.id}:{run}")
        await bench.db.write(
            lambda unit: unit.execute(update(jobs).values(plan="[7]", lost_runs=9).where(jobs.c.id == broken.id))
        )
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(driver="slot-0:1")))
        for _ in range(6):
            await engine.dispatcher.sweep()
            await engine.runs.settle()
        assert (await bench.job(whole)).status is State.COMPLETED
        row = await bench.db.row(select(jobs.c.status).where(jobs.c.id == broken.id))
        assert row is not None
        assert row["status"] == "failed", "it is given up, though it cannot be loaded"

    scenario(work)
