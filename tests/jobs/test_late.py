"""Attempts that outlive their jobs: the vendor is asked, the operator is told, and the job stays as it ended."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text

from reelrouter.db.tables import ledger
from reelrouter.jobs import store
from reelrouter.jobs.late import Latecomers
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.observe.events import LateOutcome
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import Scripted
from reelrouter.work import Blob, Failed, FailureClass, Finished, JobLost, Outcome, Running
from tests.jobs.conftest import Bench

COST = 120_000_000
Scenario = Callable[[Callable[[Bench], Any]], None]


async def expired(bench: Bench, *polls: Outcome | Exception) -> tuple[Job, Scripted]:
    """A job whose deadline came while the vendor was at work; what the vendor says of it from then on."""
    vendor = bench.lane("a")
    bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)
    job = await bench.place("a")
    steps = bench.steps()
    assert await steps.submit(job.id, await bench.begin(job)) == "await"
    bench.clock.advance(job.deadline_at / 1000 - bench.clock.now() + 1)
    assert await steps.await_upstream(job.id, 1) == "finish"
    await steps.finish(job.id, 1)
    vendor.polls, vendor.asked = polls, {}
    return await store.get_even_deleted(bench.db, job.id), vendor


def latecomers(bench: Bench) -> Latecomers:
    return Latecomers(bench.workshop())


def told(bench: Bench) -> list[tuple[str, int | None]]:
    return [(one.outcome, one.vendor_cost) for one in bench.events if isinstance(one, LateOutcome)]


async def entries(bench: Bench) -> list[tuple[str, int]]:
    return [(row["kind"], row["amount"]) for row in await bench.db.rows(select(ledger))]


def test_what_a_vendor_bills_for_an_expired_job_is_written_down(scenario: Scenario) -> None:
    """The job stays expired, its workspace pays nothing, and the vendor is not asked again."""

    async def work(bench: Bench) -> None:
        job, _ = await expired(bench, Finished(outputs=(), vendor_cost=COST))
        assert job.status is State.EXPIRED
        assert await latecomers(bench).sweep() == 0, "it is left alone for a minute"
        bench.clock.advance(61)
        assert await latecomers(bench).sweep() == 1
        assert await latecomers(bench).sweep() == 0
        assert told(bench) == [("finished", COST)]
        assert await entries(bench) == [("vendor_cost", COST)]
        assert await store.get_even_deleted(bench.db, job.id) == job

    scenario(work)


def test_a_vendor_that_is_still_at_work_is_asked_again_later(scenario: Scenario) -> None:
    """With growing pauses; a failure that costs nothing leaves no entry."""

    async def work(bench: Bench) -> None:
        await expired(bench, Running(), Running(), Failed(failure=FailureClass.TRANSIENT))
        for seconds in (61, 61, 700):
            bench.clock.advance(seconds)
            assert await latecomers(bench).sweep() == 1
        assert told(bench) == [("transient", None)]
        assert await entries(bench) == []

    scenario(work)


def test_who_never_answers_is_given_up_after_a_day(scenario: Scenario) -> None:
    """And who knows no such job is not asked again."""

    async def work(bench: Bench) -> None:
        await expired(bench, RuntimeError("down"))
        bench.clock.advance(61)
        await latecomers(bench).sweep()
        assert told(bench) == []
        bench.clock.advance(24 * 3600)
        await latecomers(bench).sweep()
        assert told(bench) == [("unknown", None)]

    scenario(work)


def test_a_job_that_the_vendor_does_not_know_is_over_at_once(scenario: Scenario) -> None:
    """Nothing can follow."""

    async def work(bench: Bench) -> None:
        await expired(bench, JobLost("no such job"))
        bench.clock.advance(61)
        await latecomers(bench).sweep()
        assert told(bench) == [("lost", None)]
        assert await latecomers(bench).sweep() == 0

    scenario(work)


def test_what_a_vendor_bills_a_workspace_itself_is_not_the_operators_cost(scenario: Scenario) -> None:
    """It is told, and no entry of the ledger."""

    async def work(bench: Bench) -> None:
        job, vendor = await expired(bench, Finished(outputs=(), vendor_cost=COST))
        lane = bench.lanes.pop(queue_of("a", "c"))
        bench.lanes[queue_of("a", "byok:vk_1")] = lane
        for table in (
            "jobs SET routes = replace(routes, '\"c\"', '\"byok:vk_1\"')",
            "attempts SET credential = 'byok:vk_1'",
        ):
            await bench.db.write(lambda unit, change=table: unit.execute(text(f"UPDATE {change}")))  # type: ignore[misc]
        bench.clock.advance(61)
        assert await latecomers(bench).sweep() == 1
        assert told(bench) == [("finished", COST)]
        assert await entries(bench) == []
        assert (job.status, len(vendor.asked)) == (State.EXPIRED, 1)

    scenario(work)


def test_a_video_that_comes_with_an_answer_and_is_not_stored_leaves_no_file(scenario: Scenario) -> None:
    """Its job was deleted, or has its video already."""

    async def work(bench: Bench) -> None:
        file = bench.file()
        job, _ = await expired(bench, Finished(outputs=(Blob(path=file),)))
        await bench.db.write(lambda unit: store.mark_deleted(unit, job.id, 1))
        bench.clock.advance(61)
        assert await latecomers(bench).sweep() == 1
        assert not file.exists()
        assert [found.key async for found in bench.objects.list("outputs")] == []

    scenario(work)
