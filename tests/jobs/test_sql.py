"""The statements that a busy engine runs many times a second: each is served by an index of its own."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import ClauseElement

from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import _compiled
from reelrouter.jobs import sql


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    migrate(tmp_path / "app.db")
    opened = sqlite3.connect(tmp_path / "app.db")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("statement", "step"),
    [
        (sql.WAITING, "SEARCH jobs USING INDEX ix_jobs_waiting (queue=?)"),
        (sql.HELD_BACK, "SEARCH jobs USING INDEX ix_jobs_held_back (not_before>?)"),
        (
            sql.UNDER_WAY,
            "SEARCH jobs USING COVERING INDEX ix_jobs_moving (queue=? AND finished_at=? AND started_at>?)",
        ),
        (sql.CANCELLING, "SEARCH jobs USING INDEX ix_jobs_cancelling (cancel_requested_at>?)"),
        (sql.MOVING, "SCAN jobs USING INDEX ix_jobs_moving"),
    ],
)
def test_looks_are_served_by_indexes(statement: ClauseElement, step: str, connection: sqlite3.Connection) -> None:
    """Their cost does not grow with the jobs that have ended, nor with those that wait elsewhere."""
    text, defaults = _compiled(statement)
    names = {**defaults, "in_queue": "a/c", "at": 1, "most": 1}
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", names)]
    assert plan == [step]


def test_the_queues_that_wait_are_found_by_one_look_for_each(connection: sqlite3.Connection) -> None:
    """However many jobs wait in them."""
    text, names = _compiled(sql.QUEUES)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", names)]
    looks = [step for step in plan if "jobs" in step]
    assert looks == [
        "SEARCH jobs USING INDEX ix_jobs_waiting",
        "SEARCH jobs USING INDEX ix_jobs_waiting (queue>?)",
    ]
