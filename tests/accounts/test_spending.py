"""What many keys have spent: in two statements for two hundred of them, the same as asked one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from reelrouter.accounts.spending import spent as spent_of
from reelrouter.accounts.spending import spent_by
from reelrouter.db.engine import Row, Statement
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import spending
from reelrouter.ids import KeyId, WorkspaceId
from tests.accounts.offices import run

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC).timestamp()
"""A Thursday, and the first of its month: the week began in the month before."""
_DAY = 24 * 3600
_INSERT = insert(spending)


class Counting(SqliteDatabase):
    asked = 0

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        self.asked += 1
        return await super().rows(statement, **values)


def test_each_key_has_what_it_alone_has_spent(tmp_path: Path) -> None:
    """In all, on the day, in the week and in the month; a key without charges is not named."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        ids = [KeyId(f"key_{number}") for number in range(150)]
        today = int(NOW // _DAY)
        rows = [
            {"key_id": ids[at], "day": today - age, "amount": 10**age * (at + 1), "fees": 0, "byok": age}
            for at in (0, 99, 149)
            for age in (0, 1, 3, 4)
        ]
        for row in rows:
            await db.write(lambda unit, row=row: unit.execute(_INSERT, **row))  # type: ignore[misc]
        counting = Counting(tmp_path / "app.db")
        try:
            found = await spent_by(counting, ids, NOW)
            assert counting.asked == 2
        finally:
            await counting.close()
        assert set(found) == {ids[0], ids[99], ids[149]}
        for key_id, spent in found.items():
            assert spent == await spent_of(db, key_id, NOW)
        first = found[ids[0]]
        assert (first.day, first.week, first.month, first.total) == (1, 1011, 1, 11011)
        assert (first.byok_day, first.byok_week, first.byok_month, first.byok_total) == (0, 4, 0, 8)

    run(tmp_path, work)
