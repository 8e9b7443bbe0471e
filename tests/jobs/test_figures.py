"""What operators are told of jobs in all, on both databases; and that no look reads what has ended."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement, update

from reelrouter.accounts import holdings
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import _compiled
from reelrouter.db.tables import jobs
from reelrouter.gateway.standing import Lookout
from reelrouter.jobs import figures
from reelrouter.observe.gauges import Holds, Queue
from reelrouter.webhooks import backlog
from reelrouter.work import Blob, Finished
from tests.jobs.conftest import ESTIMATE, Bench

Scenario = Callable[[Callable[[Bench], Any]], None]


def test_jobs_queues_and_holds_are_counted(scenario: Scenario) -> None:
    """Those that have not ended, with the age of the oldest that waits; accounts of one endpoint are one queue."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[Finished(outputs=(Blob(path=bench.file(b"twelve bytes")),))])
        done = await bench.place("a")
        await bench.run_to_end(done)
        bench.clock.advance(60)
        waiting = await bench.place("a")
        moving = await bench.place("b")
        await bench.begin(moving)
        lookout = Lookout(bench.db, bench.clock, bench.directory)
        told = await lookout.look()
        assert told.jobs == {
            ("pending", "live"): 2,
            ("pending", "test"): 0,
            ("in_progress", "live"): 0,
            ("in_progress", "test"): 0,
        }
        assert told.queues == {"a": Queue(waiting=1, oldest=waiting.created_at), "b": Queue(under_way=1)}
        assert told.holds == {"live": Holds(count=2, dollars=2 * ESTIMATE / 10**9), "test": Holds()}
        assert (told.stored.jobs, told.stored.bytes) == (1, 12)
        assert 0 < told.disk.free <= told.disk.size

    scenario(work)


def test_what_an_older_version_stored_is_measured_afterwards(scenario: Scenario) -> None:
    """So that the sum is of all that is kept; what is known already is left as it is."""

    async def work(bench: Bench) -> None:
        made = tuple(Blob(path=bench.file(b"twelve bytes")) for _ in range(3))
        bench.lane("a", polls=[Finished(outputs=made)])
        await bench.run_to_end(await bench.place("a"))
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(stored_bytes=None)))
        assert (await figures.sum_stored(bench.db)).jobs == 0
        await figures.measure_kept(bench.db)
        kept = await figures.sum_stored(bench.db)
        assert (kept.jobs, kept.bytes) == (1, 36)

    scenario(work)


def test_a_standing_is_kept_for_a_few_seconds(scenario: Scenario) -> None:
    """So that whoever asks all the time costs no more than whoever asks now and then."""

    async def work(bench: Bench) -> None:
        lookout = Lookout(bench.db, bench.clock, bench.directory)
        await bench.place("a")
        first = await lookout.look()
        await bench.place("a")
        assert await lookout.look() is first
        bench.clock.advance(5)
        assert (await lookout.look()).queues["a"].waiting == 2

    scenario(work)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    migrate(tmp_path / "app.db")
    opened = sqlite3.connect(tmp_path / "app.db")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("statement", "steps"),
    [
        (
            figures._STATES,
            {
                "SCAN workspaces USING COVERING INDEX sqlite_autoindex_workspaces_1",
                "SEARCH jobs USING COVERING INDEX ix_jobs_of_status (workspace=? AND mode=? AND status=?)",
            },
        ),
        (figures._WAITING, {"SCAN jobs USING COVERING INDEX ix_jobs_waiting"}),
        (figures._UNDER_WAY, {"SCAN jobs USING COVERING INDEX ix_jobs_moving"}),
        (figures._STORED, {"SEARCH jobs USING COVERING INDEX ix_jobs_stored (stored_bytes>?)"}),
        (holdings._OPEN, {"SCAN holds USING COVERING INDEX ix_holds_open"}),
        (backlog._BACKLOG, {"SCAN deliveries USING COVERING INDEX ix_deliveries_due"}),
    ],
)
def test_looks_are_served_by_indexes(
    statement: ClauseElement, steps: set[str], connection: sqlite3.Connection
) -> None:
    """Their cost grows with what has not ended, or is kept, and not with the history."""
    text, values = _compiled(statement)
    plan = {row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)}
    assert {step for step in plan if "SUBQUERY" not in step} == steps
