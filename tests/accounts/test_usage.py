"""Sums over jobs: right for every way of grouping, and read from one index alone."""

import sqlite3
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from reelrouter.accounts import usage
from reelrouter.accounts.usage import DIMENSIONS, Selection
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase, _compiled
from reelrouter.ids import WorkspaceId
from tests.accounts.money import run
from tests.db.test_migrations import insert

DAY_MS = 24 * 3600 * 1000
ANY = Selection(first_day=0, last_day=100)


def charged(path: Path, *jobs: dict[str, Any]) -> None:
    """Rows of jobs; what they don't say is the same for all."""
    connection = sqlite3.connect(path)
    for n, job in enumerate(jobs):
        usual = {"id": f"j{n}", "workspace": "w", "key_id": "k", "mode": "live", "model": "m", "provider": "p"}
        insert(connection, "jobs", **(usual | {"version": n, "finished_at": DAY_MS, "price": 1} | job))
    connection.commit()
    connection.close()


def test_jobs_are_summed_up_by_what_is_asked(tmp_path: Path) -> None:
    """Days are those of UTC; what nobody said is a group of its own; what was not charged does not count."""

    async def work(db: SqliteDatabase) -> None:
        charged(
            tmp_path / "app.db",
            {"finished_at": DAY_MS - 1, "price": 2, "vendor_cost": 1},
            {"price": 4, "external_user": "u"},
            {"price": 8, "external_user": "u", "model": "n"},
            {"price": 16, "mode": "test"},
            {"price": 32, "workspace": "other"},
            {"price": 3, "list_price": 60, "vendor_cost": 50, "is_byok": 1, "external_user": "u"},
            {"price": None},
            {"price": 64, "finished_at": 200 * DAY_MS},
        )
        mine = Selection(first_day=0, last_day=100, workspace=WorkspaceId("w"))
        by_day = await usage.sums(db, ["day"], mine, 100)
        assert [(one.of["day"], one.jobs, one.cost) for one in by_day] == [(0, 1, 2), (1, 3, 15)]
        assert [(one.vendor_cost, one.byok_jobs, one.byok_list_price) for one in by_day] == [(1, 0, 0), (0, 1, 60)]
        by_user = await usage.sums(db, ["user", "model"], mine, 100)
        assert [(dict(one.of), one.cost) for one in by_user] == [
            ({"user": None, "model": "m"}, 2),
            ({"user": "u", "model": "m"}, 7),
            ({"user": "u", "model": "n"}, 8),
        ]
        assert [one.cost for one in await usage.sums(db, ["workspace"], ANY, 100)] == [32, 17]
        only = Selection(first_day=0, last_day=100, key="k", user="u")
        assert [one.cost for one in await usage.sums(db, ["key"], only, 100)] == [15]
        assert len(await usage.sums(db, ["day", "model"], mine, 1)) == 1
        tests = Selection(first_day=0, last_day=100, mode="test")
        assert [one.cost for one in await usage.sums(db, ["day"], tests, 100)] == [16]

    run(tmp_path / "app.db", work)


@pytest.mark.parametrize("by", [("day",), *combinations(DIMENSIONS, 6), tuple(DIMENSIONS)])
def test_sums_read_one_index_and_no_rows(by: tuple[Any, ...], tmp_path: Path) -> None:
    """A row of a job is long: ten times what its figures take."""
    migrate(tmp_path / "app.db")
    statement, defaults = _compiled(usage._summed(tuple(by)))
    names = ("begin", "end", "of_mode", "of_workspace", "of_key", "of_user", "most")
    connection = sqlite3.connect(tmp_path / "app.db")
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(names) | defaults).fetchall()
    connection.close()
    assert plan[0][3] == "SEARCH jobs USING COVERING INDEX ix_jobs_charged (finished_at>? AND finished_at<?)"
