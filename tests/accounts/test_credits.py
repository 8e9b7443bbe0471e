"""Credits: granted once under a key, covering what was spent without a limit, and listed with everything else."""

import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from reelrouter.accounts import credits as credit
from reelrouter.accounts import ledger
from reelrouter.accounts.credits import Entry, EntryPage, Grant
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase, _compiled
from reelrouter.errors import Conflict, PaymentRequired
from reelrouter.ids import JobId, WorkspaceId
from reelrouter.money import Nanos
from tests.accounts.money import charge, hold_of, new_key, new_workspace, place, run


def granted(wanted: Grant, unit: Unit) -> Entry:
    return credit.grant(unit, wanted, 5.0)


def grant_of(workspace: WorkspaceId, amount: int, key: str = "k") -> Grant:
    return Grant(workspace=workspace, amount=Nanos(amount), note="for June", key=key)


def page(workspace: WorkspaceId, most: int = 10) -> EntryPage:
    return EntryPage(workspace=workspace, mode="live", most=most, before=2**53, before_key="")


def test_what_was_spent_without_a_limit_is_not_held_against_credits(tmp_path: Path) -> None:
    """The first credits of a team that has spent a lot are all there to be spent."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        await db.write(partial(place, key=key, hold=hold_of("a", team, 700), at=1.0))
        await db.write(lambda unit: ledger.settle(unit, JobId("a"), charge(700), 2.0))
        await db.write(partial(granted, grant_of(team, 100)))
        found = await ledger.balance(db, team, "live")
        assert (found.amount, found.settled) == (800, 700)
        told = [(one.kind, one.amount, one.note) for one in await credit.list_entries(db, page(team))]
        assert told == [
            ("credit", 700, "covers what was charged while there was no credit limit"),
            ("credit", 100, "for June"),
            ("charge", 700, None),
        ]
        await db.write(lambda unit: credit.unlimit(unit, team))
        assert (await ledger.balance(db, team, "live")).amount is None
        await db.write(partial(granted, grant_of(team, 5, "again")))
        assert (await ledger.balance(db, team, "live")).amount == 805

    run(tmp_path / "app.db", work)


def test_the_same_key_grants_once(tmp_path: Path) -> None:
    """Whoever did not hear the answer may ask again; another sum under the key is refused."""

    async def work(db: SqliteDatabase) -> None:
        team, other = await new_workspace(db), await new_workspace(db, "other")
        first = await db.write(partial(granted, grant_of(team, 100)))
        assert await db.write(partial(granted, grant_of(team, 100))) == first
        for wrong in (grant_of(team, 101), replace(grant_of(team, 100), note="for July")):
            with pytest.raises(Conflict, match="The key k was used for another grant"):
                await db.write(partial(granted, wrong))
        assert (await ledger.balance(db, team, "live")).amount == 100
        await db.write(partial(granted, grant_of(other, 7)))  # keys are a workspace's own
        assert (await ledger.balance(db, other, "live")).amount == 7

    run(tmp_path / "app.db", work)


def test_credits_can_be_taken_back(tmp_path: Path) -> None:
    """Below nothing as well; then only what costs nothing is taken."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        await db.write(partial(granted, grant_of(team, 100)))
        await db.write(partial(granted, grant_of(team, -101, "oops")))
        with pytest.raises(PaymentRequired, match=r"overdrawn by \$0\.000000001"):
            await db.write(partial(place, key=key, hold=hold_of("a", team, 1), at=1.0))
        await db.write(partial(place, key=key, hold=hold_of("a", team, 0), at=1.0))
        await db.write(partial(granted, grant_of(team, 2, "more")))
        await db.write(partial(place, key=key, hold=hold_of("b", team, 1), at=1.0))

    run(tmp_path / "app.db", work)


def test_a_charge_above_its_hold_is_shown_as_that(tmp_path: Path) -> None:
    """It is booked in full, leaves a debt, and says how much was not set aside."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        key = await new_key(db, team)
        await db.write(partial(granted, grant_of(team, 50)))
        await db.write(partial(place, key=key, hold=hold_of("a", team, 50), at=1.0))
        overrun = await db.write(lambda unit: ledger.settle(unit, JobId("a"), charge(60), 9.0))
        await db.write(lambda unit: ledger.note_vendor_cost(unit, JobId("a"), None, Nanos(40), 9.0))
        assert overrun == 10
        cost, charged, *_ = await credit.list_entries(db, page(team))
        assert (charged.kind, charged.amount, charged.overrun, charged.job_id) == ("charge", 60, 10, "a")
        assert (cost.kind, cost.amount, cost.overrun) == ("vendor_cost", 40, 0)
        with pytest.raises(PaymentRequired, match="overdrawn"):
            await db.write(partial(place, key=key, hold=hold_of("b", team, 1), at=10.0))

    run(tmp_path / "app.db", work)


def test_entries_are_listed_page_by_page(tmp_path: Path) -> None:
    """The newest first, each once, also where many have the same hour."""

    async def work(db: SqliteDatabase) -> None:
        team = await new_workspace(db)
        for n in range(7):
            await db.write(partial(granted, grant_of(team, n, f"k{n}")))
        seen: list[str] = []
        asked = page(team, 3)
        while entries := await credit.list_entries(db, asked):
            seen += [one.key for one in entries]
            asked = replace(asked, before=entries[-1].created_at, before_key=entries[-1].key)
        assert seen == [f"{team}:credit:k{n}" for n in reversed(range(7))]

    run(tmp_path / "app.db", work)


def test_a_late_page_does_not_read_those_before_it(tmp_path: Path) -> None:
    """The index leads to where it begins."""
    migrate(tmp_path / "app.db")
    statement, defaults = _compiled(credit._ENTRIES)
    names = ("of_workspace", "of_mode", "before", "before_key", "most")
    connection = sqlite3.connect(tmp_path / "app.db")
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(names) | defaults).fetchall()
    connection.close()
    assert plan[0][3] == "SEARCH ledger USING INDEX ix_ledger_listed (workspace=? AND mode=? AND created_at<?)"


def test_the_totals_are_those_of_all_workspaces(tmp_path: Path) -> None:
    """Limited in all only if each of them is."""

    async def work(db: SqliteDatabase) -> None:
        team, other = await new_workspace(db), await new_workspace(db, "other")
        await db.write(partial(granted, grant_of(team, 100)))
        assert not (await credit.totals(db)).is_limited
        await db.write(partial(granted, grant_of(other, 11)))
        found = await credit.totals(db)
        assert (found.amount, found.settled, found.held, found.is_limited) == (111, 0, 0, True)

    run(tmp_path / "app.db", work)
