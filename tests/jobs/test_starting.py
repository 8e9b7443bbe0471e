"""Fair turns: what one team has waiting in its thousands does not hold up what another has waiting once."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.opening import open_database
from reelrouter.db.sqlite import SqliteDatabase, _connect, _SqliteUnit
from reelrouter.ids import JobId, WorkspaceId
from reelrouter.jobs import starting, store
from reelrouter.jobs.model import Job
from reelrouter.jobs.starting import Places
from reelrouter.observe.events import JobStarted
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import finished_with
from reelrouter.work import Running
from tests.jobs.conftest import Bench, make_job
from tests.jobs.test_dispatch import Engine, limit

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]
QUEUE = queue_of("a", "c")
NOW = 1_800_000_000.0


def fill(unit: Unit, team: str, count: int, lane: str = "a", at: float = NOW) -> list[Job]:
    """So many jobs of a team that wait, the first of them the oldest."""
    placed = []
    for n in range(count):
        job = replace(
            make_job(WorkspaceId(team), (lane,), at),
            id=JobId(f"{team}-{lane}-{n:05d}"),
            created_at=int(at * 1000) + n,
        )
        store.place(unit, job)
        placed.append(job)
    return placed


def teams_of(bench: Bench) -> list[str]:
    """Whose jobs were started, in their order."""
    return [event.job.partition("-")[0] for event in bench.events if isinstance(event, JobStarted)]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    """One transaction that is never committed."""
    migrate(tmp_path / "app.db")
    connection = _connect(tmp_path / "app.db")
    connection.execute("BEGIN IMMEDIATE")
    yield _SqliteUnit(connection)
    connection.close()


@contextmanager
def steps(unit: Unit) -> Iterator[list[int]]:
    """Counts the database's own steps, in hundreds: what a statement costs on any machine."""
    connection: sqlite3.Connection = unit._connection  # type: ignore[attr-defined]
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    connection.set_progress_handler(count, 100)
    yield counted
    connection.set_progress_handler(None, 0)


def started(unit: Unit, room: int) -> list[str]:
    return [
        one.workspace
        for one in starting.start_waiting(unit, Places(queue=QUEUE, room=room), int(NOW * 2000), "me")
    ]


def test_the_one_job_of_a_team_is_started_before_anothers_ten_thousand(unit: Unit) -> None:
    """And within a team the oldest comes first."""
    fill(unit, "many", 3000)
    fill(unit, "one", 1, at=NOW + 60)
    jobs = starting.start_waiting(unit, Places(queue=QUEUE, room=4), int(NOW * 2000), "me")
    assert [one.job for one in jobs] == ["many-a-00000", "one-a-00000", "many-a-00001", "many-a-00002"]


def test_what_is_under_way_counts(unit: Unit) -> None:
    """Whoever holds the places that there are waits for the next turn."""
    fill(unit, "early", 20)
    assert started(unit, 6) == ["early"] * 6
    fill(unit, "late", 20)
    assert Counter(started(unit, 8)) == {"late": 7, "early": 1}


def test_the_cost_of_a_look_does_not_grow_with_what_waits(unit: Unit) -> None:
    """Ten thousand waiting jobs cost what ten do."""
    fill(unit, "many", 10)
    fill(unit, "one", 1)
    with steps(unit) as few:
        assert started(unit, 2) == ["many", "one"]
    fill(unit, "more", 10_000, at=NOW + 60)
    fill(unit, "once", 1, at=NOW + 120)
    with steps(unit) as lots:
        assert started(unit, 2) == ["more", "once"]
    assert lots[0] <= 2 * few[0] + 2


def test_each_of_two_hundred_teams_gets_its_turn(unit: Unit) -> None:
    """With one place in ten, all have been served once before anybody is served twice."""
    for team in range(200):
        fill(unit, f"t{team:03d}", 3)
    served = [name for _ in range(20) for name in started(unit, 10)]
    assert len(set(served)) == 200


def test_held_back_jobs_are_passed_over(unit: Unit) -> None:
    """A team all of whose jobs wait for an hour does not keep a place free for them."""
    (held,) = fill(unit, "held", 1)
    assert started(unit, 1) == ["held"]
    store.put_back(unit, held, QUEUE, milliseconds(NOW * 3))
    fill(unit, "free", 2)
    assert started(unit, 5) == ["free", "free"]


def test_a_late_teams_job_is_among_the_next_to_start(scenario: Scenario) -> None:
    """Though five hundred of another team wait, and there is one place, which is free again at every look."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file(bytes([n]))) for n in range(10)])
        limit(bench, "a", limit=1)
        engine = Engine(bench)
        await bench.db.write(lambda unit: fill(unit, "many", 500))
        for _ in range(3):
            await engine.turn()
        await bench.db.write(lambda unit: fill(unit, "one", 2, at=bench.clock.now() + 1))
        bench.clock.advance(2)
        for _ in range(4):
            await engine.turn()
        assert teams_of(bench) == ["many"] * 3 + ["one", "many", "one", "many"]

    scenario(work)


def test_a_lane_with_much_to_start_leaves_room_for_another(scenario: Scenario) -> None:
    """Those that may be starting at one time are shared out between the lanes, too."""

    async def work(bench: Bench) -> None:
        for lane in ("a", "b"):
            bench.lane(lane, polls=[Running()])
            limit(bench, lane, limit=100)
        engine = Engine(bench, most_starting=8)
        await bench.db.write(lambda unit: fill(unit, "many", 50))
        await bench.db.write(lambda unit: fill(unit, "one", 1, lane="b"))
        assert await engine.dispatcher.tick()
        assert Counter(teams_of(bench)) == {"many": 6, "one": 1}
        assert teams_of(bench).index("one") < 7
        assert engine.runs.lanes["one-b-00000:1"] == queue_of("b", "c")
        await engine.close()

    scenario(work)


def test_a_lane_whose_vendor_does_not_answer_cannot_take_all_that_may_be_starting(scenario: Scenario) -> None:
    """A job of another lane that comes later still finds a place."""

    async def work(bench: Bench) -> None:
        for lane in ("a", "b"):
            bench.lane(lane, polls=[Running()])
            limit(bench, lane, limit=100)
        engine = Engine(bench, most_starting=8)
        await bench.db.write(lambda unit: fill(unit, "hung", 50))
        await engine.dispatcher.tick()
        engine.runs.starting.update(engine.runs.begun)  # none of their submits is answered
        assert teams_of(bench) == ["hung"] * 6
        assert not await engine.dispatcher.tick()
        await bench.db.write(lambda unit: fill(unit, "one", 1, lane="b"))
        assert await engine.dispatcher.tick()
        assert teams_of(bench) == ["hung"] * 6 + ["one"]
        await engine.close()

    scenario(work)


def test_two_takers_never_get_the_same_job(tmp_path: Path) -> None:
    """The row itself says that it is taken."""

    async def work() -> None:
        migrate(tmp_path / "app.db")
        bench = Bench(SqliteDatabase(tmp_path / "app.db"), tmp_path)
        await bench.db.write(lambda unit: fill(unit, "t", 30))
        places = Places(queue=QUEUE, room=20)
        taken = await asyncio.gather(
            *(
                bench.db.write(lambda unit: starting.start_waiting(unit, places, int(NOW * 2000), "me"))
                for _ in range(3)
            )
        )
        assert sorted(one.job for some in taken for one in some) == [f"t-a-{n:05d}" for n in range(30)]
        await bench.db.close()
        bench.objects.close()

    asyncio.run(work())


def test_two_engines_never_give_the_last_place_twice(scenario: Scenario, database_url: str) -> None:
    """What an account may have under way is counted by whoever alone gives its places."""

    async def work(bench: Bench) -> None:
        for _ in range(6):
            await bench.place("a")
        queue = queue_of("a", "c")
        now_ms = milliseconds(bench.clock.now())
        places = Places(queue=queue, room=6, limit=4)
        start = partial(starting.start_waiting, places=places, now_ms=now_ms, driver="me")
        other = await open_database(database_url, 2)
        try:
            taken = await asyncio.gather(*(db.write(start) for db in (bench.db, other)))
        finally:
            await other.close()
        started = [one.job for some in taken for one in some]
        assert len(started) == len(set(started)) == 4
        assert await starting.count_under_way(bench.db, queue) == 4

    scenario(work)
