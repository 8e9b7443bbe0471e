"""Retention: what has had its time goes, and nothing else; rows stay, and say so."""

from collections.abc import Awaitable, Callable

from reelrouter.clock import milliseconds
from reelrouter.jobs import store
from reelrouter.jobs.retention import Retention
from reelrouter.testing.backends import finished_with
from tests.jobs.conftest import Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]
KEPT_SECONDS = 3600.0


def test_files_go_when_their_time_is_over(scenario: Scenario) -> None:
    """Those of many jobs in one sweep; a job that ended later keeps its own, and a second sweep finds nothing."""

    async def work(bench: Bench) -> None:
        done = []
        for number in range(4):
            bench.lane(f"v{number}", polls=[finished_with(bench.file(bytes([number])))])
            if number == 3:
                bench.clock.advance(KEPT_SECONDS / 2)
            done.append(await bench.run_to_end(await bench.place(f"v{number}")))
        retention = Retention(bench.db, bench.objects, bench.clock)
        assert await retention.sweep() == 0
        bench.clock.advance(KEPT_SECONDS / 2 + 1)
        assert await retention.sweep() == 3
        assert await retention.sweep() == 0
        kept = [await bench.objects.exists(f"outputs/{job.id}/0.mp4") for job in done]
        assert kept == [False, False, False, True]
        assert [(await bench.job(job)).dropped_at is None for job in done] == kept

    scenario(work)


def test_files_of_a_deleted_job_go_though_a_crash_came_first(scenario: Scenario) -> None:
    """Whoever deleted it died between the row and the files: the next sweep finds them."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.run_to_end(await bench.place("a"))
        now_ms = milliseconds(bench.clock.now())
        assert await bench.db.write(lambda unit: store.mark_deleted(unit, job.id, now_ms)) == []
        assert await bench.objects.exists(f"outputs/{job.id}/0.mp4")
        assert await Retention(bench.db, bench.objects, bench.clock).sweep() == 1
        assert not await bench.objects.exists(f"outputs/{job.id}/0.mp4")

    scenario(work)
