"""Keys as managers see them: in pages, changed, and gone."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reelrouter.accounts import key_records, keys, workspaces
from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import KeyRing, NewKey, Peppers
from reelrouter.clock import FrozenClock
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import Forbidden, Unauthorized
from reelrouter.ids import KeyId, WorkspaceId
from tests.accounts.offices import PEPPER, run


def add(made: NewKey, at: float, unit: Unit) -> KeyId:
    return keys.add_key(unit, made, PEPPER, at)


async def made(db: SqliteDatabase, workspace: WorkspaceId, at: float = 1.0, **more: Any) -> KeyId:
    key = {"workspace": workspace, "mode": "live", "name": "k", "secret": keys.new_key("live"), **more}
    return await db.write(partial(add, NewKey(**key), at))


async def names(db: SqliteDatabase, now: float = 5.0, **page: Any) -> list[str]:
    wanted = KeyPage(**{"limit": 100, **page})
    listed = [record.name for record in await key_records.list_page(db, wanted, now)]
    if "limit" not in page:
        assert await key_records.count(db, wanted, now) == len(listed)
    return listed


def test_a_key_keeps_what_it_was_made_with(tmp_path: Path) -> None:
    """And nothing of it lets anybody use it."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        rules: Mapping[str, Any] = {"strict": True, "concurrency": 2, "rate": 30, "expires_at": 9000}
        key_id = await made(db, default, name="ci", **rules)
        record = await key_records.find(db, key_id)
        assert record is not None
        assert {name: getattr(record, name) for name in rules} == rules
        assert (record.workspace, record.mode, record.name, record.created_at) == (default, "live", "ci", 1000)
        assert (record.disabled_at, record.updated_at) == (None, None)

    run(tmp_path, work)


def test_lists_leave_out_what_nobody_asked_for(tmp_path: Path) -> None:
    """Disabled and expired keys, other workspaces, and always the deleted ones; the oldest come first."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        other = await db.write(lambda unit: workspaces.create(unit, "other", "Other", 0.0))
        await made(db, default, 1.0, name="first")
        disabled = await made(db, default, 2.0, name="disabled")
        await made(db, default, 3.0, name="expired", expires_at=5000)
        await made(db, other, 4.0, name="elsewhere")
        deleted = await made(db, default, 4.5, name="deleted")
        await db.write(lambda unit: keys.disable_key(unit, disabled, 4.0))
        assert await db.write(lambda unit: key_records.delete(unit, deleted, 4.0))
        assert not await db.write(lambda unit: key_records.delete(unit, deleted, 4.0))
        assert await names(db) == ["first", "disabled", "expired", "elsewhere"]
        assert await names(db, workspace=default, include_disabled=False) == ["first", "expired"]
        assert await names(db, workspace=default, include_expired=False) == ["first", "disabled"]
        assert await names(db, now=4.9, workspace=default, include_expired=False) == [
            "first", "disabled", "expired"
        ]  # fmt: skip
        assert await names(db, workspace=default, limit=1, offset=1) == ["disabled"]

    run(tmp_path, work)


def test_what_is_saved_bites_within_a_second(tmp_path: Path) -> None:
    """An end that is set, a workspace that it moves to, and a workspace that is deleted under it."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        clock = FrozenClock(10.0)
        ring = KeyRing(db, Peppers(PEPPER), clock)
        secret = keys.new_key("test")
        other = await db.write(lambda unit: workspaces.create(unit, "other", "Other", 0.0))
        key_id = await made(db, default, mode="test", secret=secret)
        assert (await ring.authenticate(secret)).workspace == default
        record = await key_records.find(db, key_id)
        assert record is not None
        await db.write(lambda unit: key_records.save(unit, replace(record, workspace=other, expires_at=20_000)))
        clock.advance(1.01)
        assert (await ring.authenticate(secret)).workspace == other
        await db.write(lambda unit: key_records.save(unit, replace(record, workspace=other)))
        await db.write(lambda unit: key_records.delete_of_workspace(unit, other, 11.0))
        clock.advance(1.01)
        with pytest.raises(Unauthorized):
            await ring.authenticate(secret)

    run(tmp_path, work)


def test_a_key_ends_at_its_hour_and_not_a_second_later(tmp_path: Path) -> None:
    """Though it was looked up just before."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        clock = FrozenClock(10.0)
        ring = KeyRing(db, Peppers(PEPPER), clock)
        secret = keys.new_key("live")
        await made(db, default, secret=secret, expires_at=10_500)
        await ring.authenticate(secret)
        clock.advance(0.5)
        with pytest.raises(Unauthorized, match="expired"):
            await ring.authenticate(secret)

    run(tmp_path, work)


def test_a_management_key_is_another_kind_of_caller(tmp_path: Path) -> None:
    """It makes no videos, and an ordinary key governs nothing; each is told what to use."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        ring = KeyRing(db, Peppers(PEPPER), FrozenClock())
        manager, ordinary = keys.new_key("management"), keys.new_key("live")
        key_id = await made(db, default, mode="management", secret=manager)
        await made(db, default, secret=ordinary)
        assert (await ring.authenticate_manager(manager)).key_id == key_id
        with pytest.raises(Forbidden, match="ordinary key"):
            await ring.authenticate(manager)
        with pytest.raises(Forbidden, match="management key"):
            await ring.authenticate_manager(ordinary)

    run(tmp_path, work)
