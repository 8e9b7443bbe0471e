"""API keys: found by their hash, forgotten within a second of being disabled."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from reelrouter.accounts import key_records, keys, workspaces
from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import KeyRing, NewKey, Peppers
from reelrouter.clock import FrozenClock
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import Unauthorized
from reelrouter.ids import KeyId, WorkspaceId

PEPPER = b"p" * 32


def add(made: NewKey, unit: Unit) -> KeyId:
    return keys.add_key(unit, made, PEPPER, 0.0)


def run(path: Path, work: Callable[[SqliteDatabase, WorkspaceId], Awaitable[None]]) -> None:
    async def within() -> None:
        db = SqliteDatabase(path)
        try:
            workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
            await work(db, workspace)
        finally:
            await db.close()

    migrate(path)
    asyncio.run(within())


def test_a_key_names_its_caller(tmp_path: Path) -> None:
    """A live key and a test key of one workspace are two callers."""

    async def work(db: SqliteDatabase, workspace: WorkspaceId) -> None:
        ring = KeyRing(db, Peppers(PEPPER), FrozenClock())
        for mode in ("live", "test"):
            secret = keys.new_key(mode)
            made = NewKey(workspace=workspace, mode=mode, name="k", secret=secret)
            key_id = await db.write(partial(add, made))
            caller = await ring.authenticate(secret)
            assert (caller.workspace, caller.mode, caller.key_id) == (workspace, mode, key_id)

    run(tmp_path / "app.db", work)


def test_a_disabled_key_stops_working_within_a_second(tmp_path: Path) -> None:
    """What is remembered of a key is a second old at most."""

    async def work(db: SqliteDatabase, workspace: WorkspaceId) -> None:
        clock = FrozenClock()
        ring = KeyRing(db, Peppers(PEPPER), clock)
        secret = keys.new_key("live")
        made = NewKey(workspace=workspace, mode="live", name="k", secret=secret)
        key_id = await db.write(lambda unit: keys.add_key(unit, made, PEPPER, 0.0))
        await ring.authenticate(secret)
        assert await db.write(lambda unit: keys.disable_key(unit, key_id, 1.0))
        clock.advance(1.01)
        with pytest.raises(Unauthorized):
            await ring.authenticate(secret)
        assert not await db.write(lambda unit: keys.disable_key(unit, key_id, 1.0))

    run(tmp_path / "app.db", work)


def test_keys_are_never_stored(tmp_path: Path) -> None:
    """Neither the file nor the list holds a key, and its hash needs the installation's secret."""

    async def work(db: SqliteDatabase, workspace: WorkspaceId) -> None:
        secret = keys.new_key("live")
        made = NewKey(workspace=workspace, mode="live", name="k", secret=secret)
        await db.write(lambda unit: keys.add_key(unit, made, PEPPER, 0.0))
        (record,) = await key_records.list_page(db, KeyPage(workspace=workspace, limit=10), 0.0)
        assert record.label.endswith("…")
        assert len(record.label) < len(secret) / 2
        files = [file.read_bytes() for file in tmp_path.iterdir()]
        assert not any(secret.encode() in content for content in files)
        with pytest.raises(Unauthorized):
            await KeyRing(db, Peppers(b"other" * 8), FrozenClock()).authenticate(secret)

    run(tmp_path / "app.db", work)


def test_a_key_outlives_the_secret_that_it_was_hashed_under(tmp_path: Path) -> None:
    """One that comes while the earlier secret is still known is kept under the present one from then on."""

    async def work(db: SqliteDatabase, workspace: WorkspaceId) -> None:
        used, idle = keys.new_key("live"), keys.new_key("live")
        for secret in (used, idle):
            made = NewKey(workspace=workspace, mode="live", name="k", secret=secret)
            await db.write(partial(add, made))
        present = b"present" * 5
        both = KeyRing(db, Peppers(present, PEPPER), FrozenClock())
        assert (await both.authenticate(used)).workspace == workspace
        assert (await KeyRing(db, Peppers(present), FrozenClock()).authenticate(used)).workspace == workspace
        with pytest.raises(Unauthorized):
            await KeyRing(db, Peppers(present), FrozenClock()).authenticate(idle)
        with pytest.raises(Unauthorized):
            await both.authenticate("rr-live-unknown")

    run(tmp_path / "app.db", work)
