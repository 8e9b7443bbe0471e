"""The engine with all its loops over the real workflow library, in this process, with scripted backends."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from reelrouter.backends import Surroundings, _remove_old
from reelrouter.clock import FrozenClock, SystemClock
from reelrouter.db.migrate import migrate
from reelrouter.db.opening import open_database
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.engine import open_engine
from reelrouter.jobs import dispatch
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.jobs.pace import ladder
from reelrouter.observe.events import (
    ClockSkewed,
    Event,
    JobEnded,
    JobPutBack,
    JobStarted,
    RunAbandoned,
    StopCutShort,
)
from reelrouter.routing.choose import queue_of
from reelrouter.settings import Settings
from reelrouter.testing.backends import Scripted
from reelrouter.work import Accepted, Failed, FailureClass, Order, Running
from tests.jobs.conftest import Bench
from tests.postgres import fresh_database

PATIENCE = 60.0
"""Seconds after which a test is taken to hang."""
FULL = Failed(failure=FailureClass.CONCURRENCY)
REFUSED = Failed(failure=FailureClass.POLICY_OUTPUT)


class Stage:
    """A data directory, what the engine told, and the vendors it has."""

    def __init__(self, directory: Path, **vendors: Scripted) -> None:
        self.settings = Settings(data_dir=directory)
        self.vendors = vendors
        self.events: list[Event] = []
        migrate(directory / "app.db")
        self.db = SqliteDatabase(directory / "app.db")

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def lanes(self, _around: Surroundings) -> Mapping[str, Lane]:
        pace = ladder(0.01, 0.05)
        return {queue_of(name, "c"): Lane(backend=one, limit=5, pace=pace) for name, one in self.vendors.items()}

    async def until_ended(self, jobs: int) -> None:
        await self.until(lambda: len(self.of(JobEnded)) >= jobs)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Runs an engine until then."""
        async with asyncio.timeout(PATIENCE), open_engine(self.settings, self.emit, self.lanes) as loops:
            stop = asyncio.Event()
            running = asyncio.ensure_future(loops.run(stop))
            while not is_so():
                await asyncio.sleep(0.01)
            stop.set()
            await running

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_jobs_move_between_queues_and_each_is_sent_once_to_each(tmp_path: Path) -> None:
    """Every stay in a queue is a run of its own, and the one before it is over."""

    async def scenario() -> None:
        full, other = Scripted(endpoint="full", submits=[FULL] * 9), Scripted(endpoint="other", polls=[REFUSED])
        stage = Stage(tmp_path, full=full, other=other)
        bench = Bench(stage.db, tmp_path, FrozenClock(SystemClock().now()))
        jobs = [await bench.place("full", "other") for _ in range(9)]
        await stage.until_ended(len(jobs))
        for job in jobs:
            assert await bench.attempts(job) == [("full", "refused"), ("other", "failed")]
            assert (await bench.job(job)).run == 2
        assert (len(full.orders), len(other.orders)) == (9, 9)
        assert (len(stage.of(JobStarted)), len(stage.of(JobPutBack))) == (18, 9)
        assert stage.of(RunAbandoned) == []
        await stage.db.close()
        bench.objects.close()

    asyncio.run(scenario())


class Slow(Scripted):
    """Answers a submit when it is told to."""

    def __init__(self) -> None:
        super().__init__(endpoint="slow", polls=[Running()])
        self.reached = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def submit(self, order: Order) -> Accepted:
        self.reached.set()
        await self.may_answer.wait()
        return await super().submit(order)


async def stopped_amid_a_submit(stage: Stage, vendor: Slow, bench: Bench, *, answers: bool) -> Job:
    """A job that was being sent when its engine was told to stop; behind it another one waits for its turn."""
    stage.settings = stage.settings.model_copy(update={"window": 1, "stop_wait": 30 if answers else 0})
    job = await bench.place("slow")
    async with asyncio.timeout(PATIENCE), open_engine(stage.settings, stage.emit, stage.lanes) as loops:
        stop = asyncio.Event()
        running = asyncio.ensure_future(loops.run(stop))
        await vendor.reached.wait()
        behind = await bench.place("slow")
        while JobStarted(job=behind.id, run=1) not in stage.events:
            await asyncio.sleep(0.01)
        stop.set()
        if answers:
            vendor.may_answer.set()
        await running
    assert await bench.attempts(behind) == []
    return job


def test_a_stop_waits_for_the_answer_to_what_is_being_sent(tmp_path: Path) -> None:
    """So that the job is the vendor's, and known to be; what was not sent yet is left for the next start."""

    async def scenario() -> None:
        vendor = Slow()
        stage = Stage(tmp_path, slow=vendor)
        bench = Bench(stage.db, tmp_path, FrozenClock(SystemClock().now()))
        job = await stopped_amid_a_submit(stage, vendor, bench, answers=True)
        assert (await bench.job(job)).status is State.IN_PROGRESS
        assert len(vendor.orders) == 1
        assert stage.of(StopCutShort) == []
        await stage.db.close()
        bench.objects.close()

    asyncio.run(scenario())


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    """Whoever does not answer is cut off, and the log says so; the next start asks what became of it."""

    async def scenario() -> None:
        vendor = Slow()
        stage = Stage(tmp_path, slow=vendor)
        bench = Bench(stage.db, tmp_path, FrozenClock(SystemClock().now()))
        job = await stopped_amid_a_submit(stage, vendor, bench, answers=False)
        assert await bench.attempts(job) == [("slow", None)]
        assert stage.of(StopCutShort) == [StopCutShort(seconds=0)]
        await stage.db.close()
        bench.objects.close()

    asyncio.run(scenario())


@pytest.mark.postgres
@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_an_engine_whose_clock_is_wrong_ends_no_job_early(
    ahead: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the database's clock there is time left: the job ends as its vendor says. The log tells of the clock."""
    true = time.time

    async def scenario(url: str) -> None:
        vendor = Scripted(endpoint="vendor", polls=[Running(), REFUSED])
        stage = Stage(tmp_path, vendor=vendor)
        server = {
            "database_url": SecretStr(url),
            "secret_key": SecretStr("a secret that nobody else has, 0123456789"),
        }
        stage.settings = stage.settings.model_copy(update=server)
        db = await open_database(url, 2)
        bench = Bench(db, tmp_path, FrozenClock(true()))
        job = await bench.place("vendor")
        monkeypatch.setattr(time, "time", lambda: true() + ahead)
        await stage.until_ended(1)
        monkeypatch.undo()
        assert await bench.attempts(job) == [("vendor", "failed")]
        ended = await bench.job(job)
        assert ended.status is State.FAILED
        assert abs((ended.finished_at or 0) / 1000 - true()) < PATIENCE
        (skewed,) = stage.of(ClockSkewed)
        assert isinstance(skewed, ClockSkewed)
        assert abs(skewed.seconds - ahead) < PATIENCE
        await db.close()
        await stage.db.close()
        bench.objects.close()

    with fresh_database() as url:
        asyncio.run(scenario(url))


def test_what_a_killed_engine_had_loaded_is_removed_after_a_day(tmp_path: Path) -> None:
    """A newer file may still be the output of an attempt that goes on."""
    old, new = tmp_path / "old.mp4", tmp_path / "new.mp4"
    for path, at in ((old, 100.0), (new, 300.0)):
        path.write_bytes(b"video")
        os.utime(path, (at, at))
    _remove_old(tmp_path, 200.0)
    assert [path.name for path in tmp_path.iterdir()] == ["new.mp4"]


@pytest.mark.parametrize("status", ["ENQUEUED", "PENDING"])
def test_a_run_that_nobody_works_on_gets_a_new_one_whatever_the_library_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Its table once said that runs waited in a queue, and no worker took them up: they stayed there for good."""
    monkeypatch.setattr(dispatch, "_SWEEP_SECONDS", 0.2)

    async def scenario() -> None:
        vendor = Scripted(endpoint="a", polls=[Running()])
        stage = Stage(tmp_path, a=vendor)
        bench = Bench(stage.db, tmp_path, FrozenClock(SystemClock().now()))
        jobs = [await bench.place("a") for _ in range(3)]
        await stage.until(lambda: len(vendor.asked) == 3)
        with sqlite3.connect(tmp_path / "dbos.db") as connection:
            connection.execute(
                "UPDATE workflow_status SET status = ?, queue_name = 'nobody-reads-it', executor_id = 'nobody',"
                " recovery_attempts = 2, started_at_epoch_ms = NULL",
                [status],
            )
        vendor.polls = [REFUSED]
        await stage.until_ended(3)
        assert {(job.status, job.run) for job in [await bench.job(one) for one in jobs]} == {(State.FAILED, 2)}
        assert len(stage.of(RunAbandoned)) == 3
        assert len(vendor.orders) == 3, "nothing was sent again"
        await stage.db.close()
        bench.objects.close()

    asyncio.run(scenario())
