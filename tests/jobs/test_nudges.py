"""Nudges in the database: whoever remembers the newest one it has seen misses none."""

from collections.abc import Awaitable, Callable
from functools import partial

from reelrouter.clock import milliseconds
from reelrouter.jobs import nudges
from reelrouter.jobs.model import Job
from tests.jobs.conftest import Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


async def nudged(bench: Bench, job: Job, at: int) -> int:
    """When it says that it was."""
    await bench.db.write(partial(nudges.note, job=job.id, now_ms=at))
    value = (await bench.job(job)).nudged_at
    assert value is not None
    return value


def test_a_later_write_is_a_later_nudge_whatever_the_clock_says(scenario: Scenario) -> None:
    """Two in one millisecond, and a clock that was set back."""

    async def work(bench: Bench) -> None:
        jobs = [await bench.place("a") for _ in range(3)]
        times = [await nudged(bench, job, at) for job, at in zip(jobs, (100, 100, 7), strict=True)]
        assert times == [100, 101, 102]
        assert await nudged(bench, jobs[0], 500) == 500
        assert await nudges.list_after(bench.db, 101) == [(jobs[2].id, 102), (jobs[0].id, 500)]

    scenario(work)


def test_a_job_that_has_ended_is_not_nudged(scenario: Scenario) -> None:
    """Its vendor may call as often as it likes; and the nudge that it had is nobody's any more."""

    async def work(bench: Bench) -> None:
        job, other = await bench.place("a"), await bench.place("a")
        await nudged(bench, job, 100)
        await bench.steps().give_up(job.id)
        await bench.db.write(partial(nudges.note, job=job.id, now_ms=milliseconds(bench.clock.now())))
        assert (await bench.job(job)).nudged_at == 100
        assert await nudges.list_after(bench.db, 0) == []
        assert await nudged(bench, other, 50) == 101

    scenario(work)
