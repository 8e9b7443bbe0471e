"""Attempts that outlive their jobs: the vendor is asked, the operator is told, and the job stays as it ended."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from reelrouter.clock import milliseconds
from reelrouter.db.tables import ledger
from reelrouter.errors import StorageFailed
from reelrouter.jobs import store
from reelrouter.jobs.late import Latecomers
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.observe.events import LateOutcome
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Finished,
    Handle,
    JobLost,
    Outcome,
    Output,
    OutputInvalid,
    Running,
)
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


def test_a_job_that_the_vendor_does_not_know_for_an_hour_is_over(scenario: Scenario) -> None:
    """One such answer may be a replica's; nothing can follow so many."""

    async def work(bench: Bench) -> None:
        await expired(bench, JobLost("no such job"))
        for _ in range(6):
            bench.clock.advance(601)
            assert await latecomers(bench).sweep() == 1
        assert told(bench) == [("lost", None)]
        bench.clock.advance(601)
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


async def failed_without_its_file(bench: Bench, finished: Finished) -> tuple[Job, Scripted]:
    """A job whose vendor said that it is finished, and never had the file while the job lasted."""
    vendor = bench.lane("a", polls=[finished], collects=[OutputInvalid("HTTP 404")] * 999)
    bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)
    job = await bench.place("a", deadline_at=milliseconds(bench.clock.now() + 1e5))
    return await bench.run_to_end(job), vendor


def test_a_bill_that_was_booked_at_the_jobs_end_is_not_booked_again(scenario: Scenario) -> None:
    """The vendor repeats its bill with the late video: it is still one bill."""

    async def work(bench: Bench) -> None:
        finished = replace(finished_with(bench.file()), vendor_cost=COST)
        _, vendor = await failed_without_its_file(bench, finished)
        assert await entries(bench) == [("vendor_cost", COST)]
        vendor.collects = ()
        bench.clock.advance(61)
        assert await latecomers(bench).sweep() == 1
        assert await entries(bench) == [("vendor_cost", COST)]

    scenario(work)


def test_a_late_look_that_comes_before_the_jobs_end_loses_no_video(scenario: Scenario) -> None:
    """An engine was away between the attempt's end and the job's: the look at it was due by then."""

    async def work(bench: Bench) -> None:
        vendor = bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)
        job, steps = await bench.place("a"), bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        bench.clock.advance(job.deadline_at / 1000 - bench.clock.now() + 1)
        assert await steps.await_upstream(job.id, 1) == "finish"
        vendor.polls, vendor.asked = [finished_with(bench.file())], {}
        bench.clock.advance(61)
        await latecomers(bench).sweep()
        await steps.finish(job.id, 1)
        vendor.polls = [finished_with(bench.file())]  # its vendor has it for a day
        for _ in range(10):
            bench.clock.advance(700)
            await latecomers(bench).sweep()
        assert len((await bench.job(job)).outputs) == 1

    scenario(work)


NO_VIDEO = Failed(failure=FailureClass.OUTPUT_INVALID, vendor_code="no_video")


@pytest.mark.parametrize("first", [NO_VIDEO, JobLost("HTTP 404")], ids=["no video yet", "404 once"])
def test_one_odd_answer_does_not_end_the_looks_for_a_late_video(
    scenario: Scenario, first: Outcome | Exception
) -> None:
    """While a job lasts either is borne for minutes: a day of looks ends no sooner."""

    async def work(bench: Bench) -> None:
        job, _ = await expired(bench, first, finished_with(bench.file()))
        for _ in range(5):
            bench.clock.advance(700)
            await latecomers(bench).sweep()
        assert len((await bench.job(job)).outputs) == 1

    scenario(work)


def test_an_attempt_that_cannot_be_looked_at_is_given_up_after_a_day_even_without_an_end(
    scenario: Scenario,
) -> None:
    """One whose job was given up while it was under way never got an end of its own."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)
        job, steps = await bench.place("a"), bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        await steps.give_up(job.id)
        await bench.db.write(lambda unit: unit.execute(text("UPDATE jobs SET plan = '{}'")))
        bench.clock.advance(2 * 24 * 3600)
        assert await latecomers(bench).sweep() == 1
        bench.clock.advance(24 * 3600)
        assert await latecomers(bench).sweep() == 0

    scenario(work)


def test_a_look_that_could_not_store_a_video_leaves_no_file_behind(scenario: Scenario) -> None:
    """A day of looks while our storage is away would fill the disk with one video."""

    async def work(bench: Bench) -> None:
        file = bench.file()
        await expired(bench, finished_with(file))

        async def away(_key: str) -> bool:
            raise StorageFailed("the bucket does not answer")

        bench.objects.exists = away  # type: ignore[method-assign, assignment]
        bench.clock.advance(61)
        await latecomers(bench).sweep()
        assert not file.exists()

    scenario(work)


def test_a_late_file_that_trickles_does_not_hold_up_the_looks_at_others(scenario: Scenario) -> None:
    """Each may take an hour to load, and the vendors' day passes meanwhile."""

    async def work(bench: Bench) -> None:
        await expired(bench, finished_with(bench.file()))
        reached, never = asyncio.Event(), asyncio.Event()

        class Trickling(Scripted):
            async def collect(self, handle: Handle, output: Output) -> Blob:
                reached.set()
                await never.wait()
                raise AssertionError

        slow = Trickling(endpoint="a", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=slow)
        bench.clock.advance(61)
        looks = Latecomers(bench.workshop())
        (slow_look,) = await looks.begin()
        await reached.wait()
        vendor = Scripted(endpoint="b", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=vendor)
        other, _ = await expired(bench, finished_with(bench.file()))
        bench.clock.advance(61)
        assert await looks.sweep() == 1, "the slow one is not begun again"
        assert len((await bench.job(other)).outputs) == 1
        assert not slow_look.done()
        slow_look.cancel()
        await asyncio.gather(slow_look, return_exceptions=True)

    scenario(work)


def test_an_account_that_comes_back_within_the_day_brings_its_late_videos(scenario: Scenario) -> None:
    """It was away when the job expired, by a slip in the settings: its vendor has the video still."""

    async def work(bench: Bench) -> None:
        vendor = bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)
        job, steps = await bench.place("a"), bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        lane = bench.lanes.pop(queue_of("a", "c"))
        bench.clock.advance(job.deadline_at / 1000 - bench.clock.now() + 1)
        assert await steps.await_upstream(job.id, 1) == "finish"
        await steps.finish(job.id, 1)
        bench.lanes[queue_of("a", "c")] = lane
        vendor.polls, vendor.asked = [finished_with(bench.file())], {}
        bench.clock.advance(61)
        await latecomers(bench).sweep()
        assert len((await bench.job(job)).outputs) == 1

    scenario(work)
