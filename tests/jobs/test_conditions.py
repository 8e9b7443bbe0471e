"""Conditions: what attempts left behind, as routing wants it, read no more than once a second."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from reelrouter.clock import milliseconds
from reelrouter.db.engine import Row, Statement
from reelrouter.db.migrate import migrate
from reelrouter.jobs import conditions
from reelrouter.jobs.conditions import Conditions
from reelrouter.jobs.drifts import MARK_SECONDS, Drifts, list_drifting
from reelrouter.observe.events import EndpointDrifted
from reelrouter.routing.health import MEMORY_SECONDS, Health
from reelrouter.testing.backends import finished_with
from reelrouter.work import Failed, FailureClass
from tests.jobs.conftest import Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

A, B = ("a", "c"), ("b", "c")
DOWN = Failed(failure=FailureClass.TRANSIENT)


class Counting:
    """Counts what is read of a database."""

    def __init__(self, bench: Bench) -> None:
        self._db = bench.db
        self.reads = 0

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        self.reads += 1
        return await self._db.rows(statement, **values)


def test_each_queue_is_told_by_how_its_attempts_ended(scenario: Scenario) -> None:
    """One that failed three jobs in a row, and one that made them."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[DOWN] * 3)
        bench.lane("b", polls=[finished_with(bench.file())])
        for at in range(3):
            bench.lane("b", polls=[finished_with(bench.file(bytes([at])))])
            await bench.run_to_end(await bench.place("a", "b"))
        found = await Conditions(bench.db, bench.clock).healths([A, B, ("new", "c")])
        assert (found[A].state, found[A].success, found[A].latency) == ("open", 0.0, None)
        assert (found[B].state, found[B].success, found[B].latency) == ("closed", 1.0, 0.0)
        assert found["new", "c"] == Health()

    scenario(work)


def test_every_kind_of_end_can_be_read(scenario: Scenario) -> None:
    """A refused key, an unknown outcome, a job's own fault: each for what it is."""

    async def work(bench: Bench) -> None:
        bench.lane("auth", submits=[Failed(failure=FailureClass.AUTH)])
        bench.lane("unknown", submits=[TimeoutError()])
        bench.lane("policy", submits=[Failed(failure=FailureClass.POLICY_INPUT)])
        for name in ("auth", "unknown", "policy"):
            await bench.run_to_end(await bench.place(name))
        found = await Conditions(bench.db, bench.clock).healths(
            [(name, "c") for name in ("auth", "unknown", "policy")]
        )
        told = {place[0]: (one.state, one.failures) for place, one in found.items()}
        assert told == {"auth": ("open", 1), "unknown": ("closed", 1), "policy": ("closed", 0)}

    scenario(work)


def test_what_is_long_past_is_forgotten(scenario: Scenario) -> None:
    """An endpoint that nobody tried for half an hour begins anew."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[Failed(failure=FailureClass.AUTH)])
        await bench.run_to_end(await bench.place("a"))
        known = Conditions(bench.db, bench.clock)
        bench.clock.advance(MEMORY_SECONDS - 1)
        assert (await known.healths([A]))[A].state == "half_open"
        bench.clock.advance(2)
        assert (await known.healths([A]))[A] == Health()

    scenario(work)


def test_a_thousand_submits_a_second_read_once(scenario: Scenario) -> None:
    """One statement for the marks and one for each queue, and none while nobody asks."""

    async def work(bench: Bench) -> None:
        counting: Any = Counting(bench)
        known = Conditions(counting, bench.clock)
        assert counting.reads == 0
        for _ in range(1000):
            await known.of((A, B))
            await known.of((B, A))
        assert counting.reads == 3
        bench.clock.advance(1.0)
        await known.of((A,))
        assert counting.reads == 5

    scenario(work)


def test_the_reads_are_served_by_an_index(tmp_path: Path) -> None:
    """However many attempts there have been, and without sorting them."""
    migrate(tmp_path / "app.db")
    statement = str(conditions._ENDED.compile(compile_kwargs={"literal_binds": False}))
    for name in ("at_endpoint", "under_credential", "after", "most"):
        statement = statement.replace(f":{name}", "1")
    connection = sqlite3.connect(tmp_path / "app.db")
    (step,) = (row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))
    connection.close()
    assert "USING INDEX ix_attempts_ended (endpoint=? AND credential=? AND ended_at>?)" in step


def test_a_mark_is_written_once_a_minute_and_lasts_a_quarter_of_an_hour(scenario: Scenario) -> None:
    """From the last drift on, however many polls meet it."""

    async def work(bench: Bench) -> None:
        noted = Drifts(bench.db, bench.clock, bench.events.append)
        for second in range(120):
            noted.note("a", f"odd at {second}" + "!" * 1000)
            bench.clock.advance(1)
        await asyncio.gather(*noted._under_way)
        told = [event.reason[:9] for event in bench.events if isinstance(event, EndpointDrifted)]
        assert told == ["odd at 0!", "odd at 60"]
        last = milliseconds(bench.clock.now()) - 60_000
        for after, expected in ((MARK_SECONDS * 1000 - 1, {"a"}), (MARK_SECONDS * 1000, set())):
            assert await list_drifting(bench.db, last + after) == expected

    scenario(work)
