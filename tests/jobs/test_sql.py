"""The statements that a busy engine runs many times a second: each is served by an index of its own."""

import sqlite3
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement

from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import _compiled
from reelrouter.jobs import sql

VALUES: dict[str, Any] = dict.fromkeys(
    ("of_workspace", "of_mode", "of_key", "of_status", "of_model", "of_user", "of_session"), "x"
)
VALUES |= {
    "in_queue": "a/c",
    "before_id": "",
    **dict.fromkeys(("at", "most", "since", "before", "renders", "sends"), 1),
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    migrate(tmp_path / "app.db")
    opened = sqlite3.connect(tmp_path / "app.db")
    yield opened
    opened.close()


def searches(statement: ClauseElement, connection: sqlite3.Connection) -> list[str]:
    """The steps of its plan that touch a table, or sort."""
    text, defaults = _compiled(statement)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", {**defaults, **VALUES})]
    return [step for step in plan if " jobs" in step or "TEMP" in step]


@pytest.mark.parametrize(
    ("statement", "step"),
    [
        (sql.WAITING, "SEARCH jobs USING COVERING INDEX ix_jobs_waiting (queue=?)"),
        (sql.WAITING_OF, "SEARCH jobs USING INDEX ix_jobs_waiting (queue=? AND workspace=?)"),
        (sql.HELD_BACK, "SEARCH jobs USING INDEX ix_jobs_held_back (not_before>?)"),
        (sql.LEFT, "SEARCH jobs USING INDEX ix_jobs_left (not_before=?)"),
        (sql.UNDER_WAY, "SEARCH jobs USING COVERING INDEX ix_jobs_moving (queue=?)"),
        (
            sql.UNFINISHED_OF_WORKSPACE,
            "SEARCH jobs USING COVERING INDEX ix_jobs_unfinished (workspace=? AND mode=?)",
        ),
        (
            sql.UNFINISHED_OF_KEY,
            (
                "SEARCH jobs USING COVERING INDEX ix_jobs_unfinished "
                "(workspace=? AND mode=? AND key_id=? AND finished_at=?)"
            ),
        ),
        (sql.CANCELLING, "SEARCH jobs USING INDEX ix_jobs_cancelling (cancel_requested_at>?)"),
        (sql.MOVING, "SCAN jobs USING INDEX ix_jobs_moving"),
    ],
)
def test_looks_are_served_by_indexes(statement: ClauseElement, step: str, connection: sqlite3.Connection) -> None:
    """Their cost does not grow with the jobs that have ended, nor with those that wait elsewhere."""
    assert searches(statement, connection) == [step]


def test_the_queues_that_wait_are_found_by_one_look_for_each(connection: sqlite3.Connection) -> None:
    """However many jobs wait in them."""
    assert searches(sql.QUEUES, connection) == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_waiting",
        "SEARCH jobs USING COVERING INDEX ix_jobs_waiting (queue>?)",
    ]


def test_the_workspaces_that_wait_are_found_by_leaps(connection: sqlite3.Connection) -> None:
    """From one to the next in the index, whose entries of the same workspace are never looked at."""
    assert searches(sql.TEAMS, connection) == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_waiting (queue=?)",
        "SEARCH jobs USING COVERING INDEX ix_jobs_waiting (queue=? AND workspace>?)",
        "SEARCH jobs USING COVERING INDEX ix_jobs_waiting (queue=? AND workspace=?)",
        (
            "SEARCH jobs USING COVERING INDEX ix_jobs_moving "
            "(queue=? AND workspace=? AND finished_at=? AND started_at>?)"
        ),
    ]


INDICES = {
    "session": ("ix_jobs_of_session", "session_id"),
    "user": ("ix_jobs_of_user", "external_user"),
    "key": ("ix_jobs_of_key", "key_id"),
    "model": ("ix_jobs_of_model", "model"),
    "status": ("ix_jobs_of_status", "status"),
}
FILTERS = [frozenset(names) for count in range(6) for names in combinations(INDICES, count)]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda names: "+".join(sorted(names)) or "none")
def test_each_list_is_read_off_an_index_in_its_order(
    filters: frozenset[str], connection: sqlite3.Connection
) -> None:
    """That of the filter that leaves fewest; no list is sorted, and none walks over jobs of other moments."""
    first = next((name for name in INDICES if name in filters), None)
    index, column = INDICES[first] if first else ("ix_jobs_listed", "")
    entered = "workspace=? AND mode=? AND " + (f"{column}=? AND " if column else "")
    assert searches(sql.listed(filters), connection) == [
        f"SEARCH jobs USING INDEX {index} ({entered}created_at>? AND created_at<?)"
    ]
