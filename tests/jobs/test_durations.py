"""How long each kind of video took: kept over restarts, looked up once, and never in the way of a job."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.model import GenerationTime
from reelrouter.clock import FrozenClock
from reelrouter.db.engine import Database, DatabaseGone, Row
from reelrouter.db.opening import open_database
from reelrouter.db.tables import durations
from reelrouter.jobs.durations import (
    KEPT_SAMPLES,
    MOST_SUBJECTS,
    REFRESH_SECONDS,
    Durations,
    add_sample,
    generation_times,
    subject_of,
)
from reelrouter.jobs.pace import PollPlan, ladder

LADDER = ladder(5.0, 15.0)
MODEL = "google/veo-3.1-fast"
SUBJECT = subject_of(MODEL, 8, "720p")


class Counting:
    """A database that counts what is read from it, and may be gone."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.reads = 0
        self.is_gone = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    async def rows(self, statement: Any, **values: Any) -> Any:
        self.reads += 1
        if self.is_gone:
            raise DatabaseGone("away")
        return await self._db.rows(statement, **values)

    async def write(self, work: Any, *, about: str = "") -> Any:
        if self.is_gone:
            raise DatabaseGone("away")
        return await self._db.write(work, about=about)

    async def kept(self) -> list[Row]:
        return list(await self._db.rows(select(durations).order_by(durations.c.subject)))


Work = Callable[[Counting, FrozenClock], Awaitable[None]]


@pytest.fixture
def run(database_url: str) -> Callable[[Work], None]:
    """Runs a coroutine over an empty database and a clock."""

    async def within(work: Work) -> None:
        db = Counting(await open_database(database_url, 4))
        try:
            await work(db, FrozenClock())
        finally:
            await db.close()

    return lambda work: asyncio.run(within(work))


async def noted(remembered: Durations, subject: str, *seconds: float, endpoint: str = "vertex") -> None:
    for one in seconds:
        remembered.note(endpoint, subject, one)
        await remembered.settle()


async def first_poll(remembered: Durations, subject: str = SUBJECT, endpoint: str = "vertex") -> float:
    return (await remembered.plan_for(endpoint, subject, LADDER)).first()


def test_what_was_noted_is_known_after_a_restart(run: Callable[[Work], None]) -> None:
    """The oldest first, to a tenth of a second."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        await noted(Durations(db, clock), SUBJECT, 90.04, 110.0)
        assert [(row["endpoint"], row["subject"], row["samples"]) for row in await db.kept()] == [
            ("vertex", SUBJECT, "[90.0, 110.0]")
        ]
        assert await first_poll(Durations(db, clock)) > 2 * LADDER.first()

    run(work)


def test_a_kind_that_was_never_made_is_polled_by_the_ladder(run: Callable[[Work], None]) -> None:
    """Another endpoint's durations say nothing, and nor do another model's."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        await noted(remembered, SUBJECT, *([90.0] * 9))
        assert await remembered.plan_for("other", SUBJECT, LADDER) is LADDER
        assert await remembered.plan_for("vertex", subject_of("a/b", 8, "720p"), LADDER) is LADDER

    run(work)


def test_an_endpoint_is_looked_up_once_however_many_jobs_begin(run: Callable[[Work], None]) -> None:
    """Also when they begin at the same moment; and again when others may have measured."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        subjects = [subject_of(MODEL, length, "720p") for length in range(1, 20)]
        await asyncio.gather(*(remembered.plan_for("vertex", subject, LADDER) for subject in subjects * 5))
        await noted(remembered, SUBJECT, 90.0)
        await first_poll(remembered)
        assert db.reads == 1
        clock.advance(REFRESH_SECONDS)
        await first_poll(remembered)
        assert db.reads == 2

    run(work)


def test_the_next_job_profits_at_once(run: Callable[[Work], None]) -> None:
    """A plan that was made before is not kept beyond the next measurement."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        before = await first_poll(remembered)
        await noted(remembered, SUBJECT, *([90.0] * 6))
        assert await first_poll(remembered) > before
        assert await remembered.plan_for("vertex", SUBJECT, LADDER) is await remembered.plan_for(
            "vertex", SUBJECT, LADDER
        )

    run(work)


def test_another_engines_measurements_count_after_a_while(run: Callable[[Work], None]) -> None:
    """They meet in the database alone."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        one, other = Durations(db, clock), Durations(db, clock)
        assert await one.plan_for("vertex", SUBJECT, LADDER) is LADDER
        await noted(other, SUBJECT, *([90.0] * 6))
        assert await one.plan_for("vertex", SUBJECT, LADDER) is LADDER
        clock.advance(REFRESH_SECONDS)
        assert await first_poll(one) == await first_poll(other)

    run(work)


def test_only_the_newest_measurements_are_kept(run: Callable[[Work], None]) -> None:
    """A vendor of a year ago is another vendor."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        for seconds in range(1, KEPT_SAMPLES + 4):
            remembered.note("vertex", SUBJECT, float(seconds))
        await remembered.settle()
        (row,) = await db.kept()
        assert row["samples"].startswith("[4.0, 5.0,")
        assert row["samples"].count(",") == KEPT_SAMPLES - 1

    run(work)


def test_memory_is_bounded_however_many_kinds_there_are(run: Callable[[Work], None]) -> None:
    """Those that were measured last are remembered."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        def fill(unit: Any) -> None:
            for number in range(MOST_SUBJECTS + 50):
                add_sample(unit, "vertex", subject_of(f"a/{number:04d}", 8, "720p"), 90.0, number)

        await db.write(fill)
        remembered = Durations(db, clock)
        oldest, newest = subject_of("a/0000", 8, "720p"), subject_of(f"a/{MOST_SUBJECTS + 49:04d}", 8, "720p")
        assert await remembered.plan_for("vertex", oldest, LADDER) is LADDER
        assert await remembered.plan_for("vertex", newest, LADDER) is not LADDER
        await noted(remembered, oldest, 90.0)
        assert await remembered.plan_for("vertex", oldest, LADDER) is not LADDER
        assert len(remembered._memories["vertex"].samples) == MOST_SUBJECTS

    run(work)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_what_cannot_be_a_duration_is_not_kept(run: Callable[[Work], None], seconds: float) -> None:
    """A clock may have been set while a job ran."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        await noted(Durations(db, clock), SUBJECT, seconds)
        assert await db.kept() == []

    run(work)


def test_without_a_database_jobs_are_still_waited_for(run: Callable[[Work], None]) -> None:
    """What is known stays known; what is noted meanwhile is lost, and nobody has to hear of it."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        db.is_gone = True
        assert await remembered.plan_for("vertex", SUBJECT, LADDER) is LADDER
        await noted(remembered, SUBJECT, 90.0)
        db.is_gone = False
        await noted(remembered, SUBJECT, *([80.0] * 6))
        known = await first_poll(remembered)
        db.is_gone = True
        clock.advance(2 * REFRESH_SECONDS)
        assert await first_poll(remembered) == known
        assert (await db.kept())[0]["samples"].startswith("[80.0")

    run(work)


def test_jobs_of_one_moment_are_polled_apart(run: Callable[[Work], None]) -> None:
    """If their ids are told."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        await noted(remembered, SUBJECT, *([90.0, 80.0, 100.0] * 3))
        plans = [await remembered.plan_for("vertex", SUBJECT, LADDER, job_id=f"job-{n}") for n in range(20)]
        assert len({plan.first() for plan in plans}) == 20

    run(work)


# Guesses -------------------------------------------------------------------------------------------------------


def test_a_longer_video_is_guessed_from_a_shorter_one(run: Callable[[Work], None]) -> None:
    """The same model at the same endpoint; the guess is given up once there are measurements."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock)
        await noted(remembered, subject_of(MODEL, 4, "720p"), *([60.0] * 6))
        longer, larger = subject_of(MODEL, 8, "720p"), subject_of(MODEL, 8, "4K")
        crowded = [densest(await remembered.plan_for("vertex", one, LADDER)) for one in (longer, larger)]
        assert 60 < crowded[0] < crowded[1] < 400
        await noted(remembered, longer, *([40.0] * 6))
        assert 35 <= densest(await remembered.plan_for("vertex", longer, LADDER)) <= 45

    run(work)


def test_the_first_job_of_a_model_is_guessed_from_the_catalogue(run: Callable[[Work], None]) -> None:
    """For the length and the resolution that are asked for."""

    async def work(db: Counting, clock: FrozenClock) -> None:
        remembered = Durations(db, clock, {MODEL: GenerationTime(median=90.0, p90=120.0)})
        plans = [await remembered.plan_for("vertex", subject_of(MODEL, n, "720p"), LADDER) for n in (6, 12)]
        crowded = [densest(plan) for plan in plans]
        assert 60 < crowded[0] < 120 < crowded[1] < 220

    run(work)


def test_every_hosted_model_of_the_catalogue_says_how_long_it_takes() -> None:
    """Only what is made on this machine does not."""
    catalogue = load_catalogue()
    times = generation_times(catalogue)
    assert {row.id for row in catalogue} - set(times) == {"reelrouter/animatic"}
    assert all(5 < time.median < time.p90 < 1000 for time in times.values())


def densest(plan: PollPlan) -> float:
    """Where polls of a job that never ends are closest together."""
    at = [plan.first()]
    while at[-1] < 900:
        at.append(at[-1] + plan.after(at[-1], len(at)))
    return min(zip(at, at[2:], strict=False), key=lambda pair: pair[1] - pair[0])[0]


# Subjects ------------------------------------------------------------------------------------------------------


def test_lengths_that_hardly_differ_are_one_subject() -> None:
    """Where the input says how long the video is, no two would be the same otherwise."""
    assert subject_of("a/b", 4.2, "720p") == subject_of("a/b", 4, "720p") != subject_of("a/b", 5, "720p")
    assert subject_of("a/b", 61.0, None) == subject_of("a/b", 62.5, None)
    assert len({subject_of("a/b", tenth / 10, None) for tenth in range(1, 6000)}) < 60


def test_a_subject_names_model_length_and_resolution() -> None:
    """Operators may look into the table."""
    assert subject_of("google/veo-3.1", 8, "1080p") == "google/veo-3.1 8s 1080p"
    assert subject_of("heygen/avatar-iv", 8, None) == "heygen/avatar-iv 8s -"
