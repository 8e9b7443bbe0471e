"""Workspaces, keys and jobs for tests about money, without engine or HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlalchemy import func, select, update

from reelrouter.accounts import keys, ledger, workspaces
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.keys import KeyMode, NewKey
from reelrouter.accounts.ledger import Hold
from reelrouter.accounts.limits import Against
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import api_keys, jobs
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.money import Nanos
from tests.jobs.conftest import make_job

PEPPER = b"p" * 32
_KEYS = select(func.count().label("made")).select_from(api_keys)


def run(path: Path, work: Callable[[SqliteDatabase], Awaitable[None]]) -> None:
    """Over a fresh database."""

    async def within() -> None:
        db = SqliteDatabase(path)
        try:
            await work(db)
        finally:
            await db.close()

    migrate(path)
    asyncio.run(within())


async def new_workspace(db: Database, slug: str = "team") -> WorkspaceId:
    return await db.write(lambda unit: workspaces.create(unit, slug, slug, 0.0))


async def new_key(db: Database, workspace: WorkspaceId, mode: KeyMode = "live") -> KeyId:
    def add(unit: Unit) -> KeyId:
        row = unit.row(_KEYS)
        secret = f"rr-{mode}-{row['made'] if row else 0}"
        return keys.add_key(unit, NewKey(workspace=workspace, mode=mode, name="k", secret=secret), PEPPER, 0.0)

    return await db.write(add)


def place(unit: Unit, key: KeyId, hold: Hold, at: float) -> None:
    """What a submit commits, as far as money is concerned."""
    ledger.hold(unit, hold)
    mode = cast("KeyMode", hold.mode)
    job = replace(make_job(hold.workspace, ("a",), at), id=hold.job_id, key_id=key, mode=mode)
    store.place(unit, job)


def hold_of(
    job: str,
    workspace: WorkspaceId,
    amount: int,
    limits: tuple[str, ...] = (),
    at: float = 0.0,
    mode: str = "live",
) -> Hold:
    return Hold(
        job_id=JobId(job),
        workspace=workspace,
        mode=mode,
        amount=Nanos(amount),
        against=Against(limits=limits, at=at),
    )


def settle(unit: Unit, job: str, charged: Charge, at: float) -> Nanos:
    """What a job's end commits, as far as money is concerned; once, however often it is called."""
    values = {"price": charged.price, "list_price": charged.list_price, "is_byok": int(charged.is_byok)}
    ended = update(jobs).where(jobs.c.id == job, jobs.c.finished_at.is_(None))
    unit.execute(ended.values(finished_at=milliseconds(at), **values))
    return ledger.settle(unit, JobId(job), charged, at)


def release(unit: Unit, job: str, at: float) -> None:
    """Likewise, for a job that came to nothing."""
    ended = update(jobs).where(jobs.c.id == job, jobs.c.finished_at.is_(None))
    unit.execute(ended.values(finished_at=milliseconds(at)))
    ledger.release(unit, JobId(job))


def charge(price: int) -> Charge:
    return Charge(price=Nanos(price), list_price=Nanos(price))
