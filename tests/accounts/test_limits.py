"""Spending limits: what they know when they are made, what they refuse, and when they start anew."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from reelrouter.accounts import ledger, limits
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.limits import Limit
from reelrouter.accounts.spending import spent as spent_of
from reelrouter.db.engine import Database, Row, Statement, Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase, _compiled
from reelrouter.db.tables import api_keys, holds
from reelrouter.errors import PaymentRequired
from reelrouter.ids import JobId
from reelrouter.money import Nanos
from tests.accounts.money import charge, hold_of, new_key, new_workspace, place, run, settle

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
DAY = 24 * 3600.0


async def set_limit(db: Database, subject: str, period: str, amount: int, at: float, byok: bool = False) -> str:
    def write(unit: Unit) -> str:
        return limits.set_limit(
            unit, subject=subject, period=period, amount=Nanos(amount), include_byok=byok, now=at
        )

    return await db.write(write)


async def limit_of(db: Database, subject: str, at: float) -> Limit:
    (found,) = await limits.list_limits(db, [subject], at)
    return found


async def end(db: Database, job: str, charged: Charge, at: float) -> None:
    await db.write(lambda unit: settle(unit, job, charged, at))


def test_a_limit_knows_what_its_period_has_cost_so_far(tmp_path: Path) -> None:
    """A key's that of its own jobs, a workspace's that of all its live keys, from the period's first day."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        mine, other = await new_key(db, team), await new_key(db, team)
        tests = await new_key(db, team, "test")
        spent = ((mine, NOON - 40 * DAY, 1), (mine, NOON - 2 * DAY, 10), (mine, NOON, 100), (other, NOON, 1000))
        for n, (key, at, price) in enumerate(spent):
            await db.write(partial(place, key=key, hold=hold_of(f"j{n}", team, price), at=at))
            await end(db, f"j{n}", charge(price), at)
        await db.write(partial(place, key=tests, hold=hold_of("test", team, 0, mode="test"), at=NOON))
        await end(db, "test", charge(10_000), NOON)
        for period, of_key, of_team in (
            ("daily", 100, 1100),
            ("weekly", 110, 1110),
            ("monthly", 110, 1110),
            ("total", 111, 1111),
        ):
            for subject, expected in ((mine, of_key), (team, of_team)):
                await set_limit(db, subject, period, 5000, NOON)
                assert (await limit_of(db, subject, NOON)).settled == expected, period
                assert await db.write(partial(limits.remove_limit, subject=subject, period=period))

    run(tmp_path / "app.db", work)


def test_a_key_that_moves_leaves_what_it_has_spent(tmp_path: Path) -> None:
    """With the workspace whose jobs they were; its own limit goes with it."""

    async def work(db: SqliteDatabase) -> None:
        team, other = await new_workspace(db), await new_workspace(db, "other")
        key = await new_key(db, team)
        await db.write(partial(place, key=key, hold=hold_of("a", team, 60), at=NOON))
        await end(db, "a", charge(60), NOON)
        moved = update(api_keys).where(api_keys.c.id == key).values(workspace=other)
        await db.write(lambda unit: unit.execute(moved))
        for subject, settled in ((team, 60), (other, 0), (key, 60)):
            await set_limit(db, subject, "daily", 1000, NOON)
            assert (await limit_of(db, subject, NOON)).settled == settled

    run(tmp_path / "app.db", work)


def test_the_limit_that_refuses_is_named(tmp_path: Path) -> None:
    """The key's, or the workspace's; and nothing is taken from the others."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        of_key = await set_limit(db, key, "daily", 100, NOON)
        of_team = await set_limit(db, team, "monthly", 50, NOON)
        for ids, amount, scope in (
            ((of_key,), 101, "key_limit"),
            ((of_key, of_team), 51, "workspace_budget"),
        ):
            wanted = hold_of("j", team, amount, ids, NOON)
            with pytest.raises(PaymentRequired) as refused:
                await db.write(partial(place, key=key, hold=wanted, at=NOON))
            assert refused.value.limit == scope
        for subject in (key, team):
            assert (await limit_of(db, subject, NOON)).held == 0
        assert (await ledger.balance(db, team, "live")).held == 0
        await db.write(partial(place, key=key, hold=hold_of("j", team, 50, (of_key, of_team), NOON), at=NOON))
        with pytest.raises(PaymentRequired) as refused:
            await db.write(partial(place, key=key, hold=hold_of("k", team, 1, (of_team,), NOON), at=NOON))
        assert (refused.value.limit, refused.value.metadata["remaining_usd"]) == ("in_flight_budget", 0)

    run(tmp_path / "app.db", work)


def test_a_period_that_is_over_counts_as_nothing_spent(tmp_path: Path) -> None:
    """Also where nobody has written since; a job that runs over midnight is charged to the new day."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        limit = await set_limit(db, key, "daily", 100, NOON)
        await db.write(partial(place, key=key, hold=hold_of("a", team, 60, (limit,), NOON), at=NOON))
        await end(db, "a", charge(60), NOON)
        await db.write(partial(place, key=key, hold=hold_of("b", team, 40, (limit,), NOON), at=NOON))
        with pytest.raises(PaymentRequired):
            await db.write(partial(place, key=key, hold=hold_of("c", team, 1, (limit,), NOON), at=NOON))
        tomorrow = NOON + DAY
        found = await limit_of(db, key, tomorrow)
        assert (found.settled, found.held, found.left) == (0, 40, 60)
        await db.write(partial(place, key=key, hold=hold_of("c", team, 60, (limit,), tomorrow), at=tomorrow))
        await end(db, "b", charge(40), tomorrow)
        found = await limit_of(db, key, tomorrow)
        assert (found.settled, found.held) == (40, 60)

    run(tmp_path / "app.db", work)


def test_a_charge_counts_where_it_was_not_held(tmp_path: Path) -> None:
    """A limit that was made while the job ran knows its charge; one that was removed is no trouble."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        limit = await set_limit(db, key, "daily", 100, NOON)
        await db.write(partial(place, key=key, hold=hold_of("a", team, 60, (limit,), NOON), at=NOON))
        assert await db.write(partial(limits.remove_limit, subject=key, period="daily"))
        assert not await db.write(partial(limits.remove_limit, subject=key, period="daily"))
        await set_limit(db, team, "total", 10, NOON)
        await end(db, "a", charge(60), NOON)
        found = await limit_of(db, team, NOON)
        assert (found.settled, found.left) == (60, -50)
        late = hold_of("b", team, 1, (limit,), NOON)
        await db.write(partial(place, key=key, hold=late, at=NOON))  # its caller was looked up a moment ago

    run(tmp_path / "app.db", work)


def test_jobs_on_own_vendor_keys_count_as_the_limit_says(tmp_path: Path) -> None:
    """With our fee alone, or at their list price; a limit that changes its mind counts anew."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        plain = await set_limit(db, key, "daily", 1000, NOON)
        whole = await set_limit(db, team, "daily", 1000, NOON, byok=True)
        wanted = hold_of("a", team, 5, (plain, whole), NOON)
        assert wanted.against is not None
        against = limits.Against(limits=wanted.against.limits, at=NOON, with_byok=Nanos(100))
        held = ledger.Hold(job_id=JobId("a"), workspace=team, mode="live", amount=Nanos(5), against=against)
        await db.write(partial(place, key=key, hold=held, at=NOON))
        assert [(await limit_of(db, one, NOON)).held for one in (key, team)] == [5, 100]
        await end(db, "a", Charge(price=Nanos(4), list_price=Nanos(80), is_byok=True), NOON)
        found = [await limit_of(db, one, NOON) for one in (key, team)]
        assert [(one.held, one.settled) for one in found] == [(0, 4), (0, 80)]
        await set_limit(db, key, "daily", 1000, NOON, byok=True)
        await set_limit(db, team, "daily", 1000, NOON)
        assert [(await limit_of(db, one, NOON)).settled for one in (key, team)] == [80, 4]
        await db.write(partial(place, key=key, hold=hold_of("b", team, 7), at=NOON))
        await end(db, "b", Charge(price=Nanos(7), list_price=Nanos(9)), NOON)
        for byok, settled in ((True, 87), (False, 11)):
            for subject in (key, team):
                await set_limit(db, subject, "daily", 1000, NOON, byok=byok)
                assert (await limit_of(db, subject, NOON)).settled == settled
        spent = await spent_of(db, key, NOON)
        assert (spent.day, spent.byok_day, spent.byok_total) == (11, 80, 80)

    run(tmp_path / "app.db", work)


def test_a_limit_is_changed_in_place(tmp_path: Path) -> None:
    """Its id stays, for holds name it; many subjects are listed at once; an unknown period is refused."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        limit = await set_limit(db, key, "weekly", 100, NOON)
        await db.write(partial(place, key=key, hold=hold_of("a", team, 60, (limit,), NOON), at=NOON))
        assert await set_limit(db, key, "weekly", 50, NOON + 1) == limit
        found = await limit_of(db, key, NOON)
        assert (found.amount, found.held, found.updated_at) == (50, 60, (NOON + 1) * 1000)
        subjects = [f"key_{n}" for n in range(45)]
        for subject in subjects:
            await set_limit(db, subject, "daily", 1, NOON)
        listed = await limits.list_limits(db, [*subjects, key], NOON)
        assert {one.subject for one in listed} == {*subjects, key}
        assert await limits.list_limits(db, [], NOON) == []
        with pytest.raises(ValueError, match="total, daily, weekly, monthly"):
            await set_limit(db, key, "yearly", 1, NOON)

    run(tmp_path / "app.db", work)


def test_without_limits_a_hold_is_two_statements(tmp_path: Path) -> None:
    """Who has none does not pay for those who have."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        asked: list[object] = []
        wanted = hold_of("a", team, 1)
        await db.write(lambda unit: ledger.hold(Counting(unit, asked), wanted))
        assert len(asked) == 2
        row = await db.row(select(holds))
        assert row is not None
        assert row["limits"] is None

    run(tmp_path / "app.db", work)


def test_the_limits_that_a_charge_counts_for_are_found_by_their_subject(tmp_path: Path) -> None:
    """A thousand other keys' limits are not looked at."""
    migrate(tmp_path / "app.db")
    statement, defaults = _compiled(limits._ADD)
    names = ("of_workspace", "charged_job", "charged", "with_byok", "today", "monday", "first")
    connection = sqlite3.connect(tmp_path / "app.db")
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(names, 0) | defaults).fetchall()
    connection.close()
    steps = [row[3] for row in plan]
    assert any("uq_limits_subject_period" in step for step in steps)
    assert not any("SCAN limits" in step for step in steps)


class Counting:
    """A unit that remembers what it was asked."""

    def __init__(self, unit: Unit, asked: list[object]) -> None:
        self._unit = unit
        self._asked = asked

    def execute(self, statement: Statement, **values: Any) -> int:
        self._asked.append(statement)
        return self._unit.execute(statement, **values)

    def row(self, statement: Statement, **values: Any) -> Row | None:
        self._asked.append(statement)
        return self._unit.row(statement, **values)

    def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        self._asked.append(statement)
        return self._unit.rows(statement, **values)
