"""Money: budgets under submits that come together, and what keys have spent. See `test_books` for all the rest."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from reelrouter.accounts import ledger, workspaces
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.ledger import Hold
from reelrouter.accounts.spending import Spent
from reelrouter.accounts.spending import spent as spent_of
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import PaymentRequired
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.money import Nanos
from tests.jobs.conftest import make_job


def take(wanted: Hold, unit: Unit) -> None:
    ledger.hold(unit, wanted)


def charge_of(price: int) -> Charge:
    return Charge(price=Nanos(price), list_price=Nanos(price))


def limit_budget(path: Path, amount: int | None) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE budgets SET amount = ? WHERE mode = 'live'", (amount,))
    connection.commit()
    connection.close()


def test_a_budget_cannot_be_overspent_by_submits_that_come_together(tmp_path: Path) -> None:
    """Two hundred holds against room for fifty: fifty are taken, and the others leave nothing behind."""

    async def scenario() -> None:
        db = SqliteDatabase(tmp_path / "app.db")
        workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
        limit_budget(tmp_path / "app.db", 500)
        holds = [
            Hold(job_id=JobId(f"j{n}"), workspace=workspace, mode="live", amount=Nanos(10)) for n in range(200)
        ]
        writes = [db.write(partial(take, one)) for one in holds]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert len([result for result in results if result is None]) == 50
        assert all(isinstance(result, PaymentRequired) for result in results if result is not None)
        assert (await ledger.balance(db, workspace, "live")).held == 500
        await db.close()

    migrate(tmp_path / "app.db")
    asyncio.run(scenario())


def test_a_refused_hold_says_what_to_do(tmp_path: Path) -> None:
    """The message names the sum, and the metadata which limit it was."""

    async def scenario() -> None:
        db = SqliteDatabase(tmp_path / "app.db")
        workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
        limit_budget(tmp_path / "app.db", 0)
        wanted = Hold(job_id=JobId("j"), workspace=workspace, mode="live", amount=Nanos(400_000_000))
        with pytest.raises(
            PaymentRequired, match=r"\$0\.40, and \$0\.00 of the workspace's credit is left"
        ) as refused:
            await db.write(lambda unit: ledger.hold(unit, wanted))
        assert refused.value.limit == "credits"
        await db.close()

    migrate(tmp_path / "app.db")
    asyncio.run(scenario())


def test_what_costs_nothing_fits_into_every_budget(tmp_path: Path) -> None:
    """Also into one that was overdrawn; its hold is there, and is closed like any other."""
    migrate(tmp_path / "app.db")

    async def scenario() -> None:
        db = SqliteDatabase(tmp_path / "app.db")
        workspace = await db.write(lambda unit: workspaces.create(unit, "a", "A", 0.0))
        first, free = (
            Hold(job_id=JobId(name), workspace=workspace, mode="live", amount=Nanos(amount))
            for name, amount in (("first", 5), ("free", 0))
        )
        await db.write(partial(take, first))
        await db.write(lambda unit: ledger.settle(unit, first.job_id, charge_of(50), 1.0))
        limit_budget(tmp_path / "app.db", 10)
        await db.write(partial(take, free))
        with pytest.raises(PaymentRequired):
            await db.write(partial(take, replace(free, job_id=JobId("dear"), amount=Nanos(1))))
        await db.write(lambda unit: ledger.settle(unit, free.job_id, charge_of(0), 2.0))
        balance = await ledger.balance(db, workspace, "live")
        assert (balance.held, balance.settled) == (0, 50)
        await db.close()

    asyncio.run(scenario())


def test_a_key_has_spent_what_its_jobs_were_charged(tmp_path: Path) -> None:
    """In all, and in the UTC day, week from Monday and month; other keys' jobs and released holds do not count."""
    days = {"2026-09-30": 1, "2026-10-31": 10, "2026-11-01": 100, "2026-11-16": 1000, "2026-11-18": 10_000}
    now = datetime(2026, 11, 18, 23, 59, tzinfo=UTC).timestamp()

    async def scenario() -> None:
        db = SqliteDatabase(tmp_path / "app.db")
        workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
        for date, amount in days.items():
            at = datetime.fromisoformat(f"{date}T12:00:00+00:00").timestamp()
            for key_id in ("mine", "mine", "other"):
                await db.write(partial(charge, workspace, KeyId(key_id), Nanos(amount), at))
        await db.write(partial(charge, workspace, KeyId("mine"), None, now))
        found = await spent_of(db, KeyId("mine"), now)
        assert found == Spent(total=Nanos(22_222), day=Nanos(20_000), week=Nanos(22_000), month=Nanos(22_200))
        nobody = await spent_of(db, KeyId("nobody"), now)
        assert nobody == Spent(total=Nanos(0), day=Nanos(0), week=Nanos(0), month=Nanos(0))
        assert (await ledger.balance(db, workspace, "live")).settled == 33_333
        await db.close()

    migrate(tmp_path / "app.db")
    asyncio.run(scenario())


def charge(workspace: WorkspaceId, key_id: KeyId, price: Nanos | None, at: float, unit: Unit) -> None:
    """A job of that key, from its hold to its end; without a price it came to nothing."""
    job = replace(make_job(workspace, ("a",), at), key_id=key_id)
    ledger.hold(unit, Hold(job_id=job.id, workspace=workspace, mode="live", amount=Nanos(1)))
    store.place(unit, job)
    if price is None:
        ledger.release(unit, job.id)
        return
    ledger.settle(unit, job.id, charge_of(price), at)
    ledger.settle(unit, job.id, charge_of(price), at)
