"""Idempotency keys: one key, one job."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import Conflict
from reelrouter.ids import JobId
from reelrouter.jobs import idempotency
from reelrouter.jobs.idempotency import LIFE_MS, Once, Replay, Scope, fingerprint_of

SCOPE = Scope(workspace="ws", mode="test")
ONCE = Once(key="k", fingerprint=fingerprint_of({"model": "a/b"}))
OTHER = Once(key="k", fingerprint=fingerprint_of({"model": "c/d"}))
NOW = 1_800_000_000_000


def run(path: Path, work: Callable[[SqliteDatabase], Awaitable[None]]) -> None:
    async def within() -> None:
        migrate(path / "app.db")
        db = SqliteDatabase(path / "app.db")
        try:
            await work(db)
        finally:
            await db.close()

    asyncio.run(within())


async def claim(db: SqliteDatabase, once: Once, job: str, *, scope: Scope = SCOPE, at: int = NOW) -> None:
    await db.write(lambda unit: idempotency.claim(unit, scope, once, JobId(job), at))


def test_the_first_claim_has_the_key(tmp_path: Path) -> None:
    """Whoever comes second is told which job it was for."""

    async def work(db: SqliteDatabase) -> None:
        assert await idempotency.find(db, SCOPE, ONCE, NOW) is None
        await claim(db, ONCE, "first")
        assert await idempotency.find(db, SCOPE, ONCE, NOW) == "first"
        with pytest.raises(Replay) as caught:
            await claim(db, ONCE, "second")
        assert caught.value.job_id == "first"

    run(tmp_path, work)


def test_a_key_is_for_one_request(tmp_path: Path) -> None:
    """Another body under the same key is a mistake of the caller's, and not another job."""

    async def work(db: SqliteDatabase) -> None:
        await claim(db, ONCE, "first")
        with pytest.raises(Conflict, match="another request"):
            await idempotency.find(db, SCOPE, OTHER, NOW)
        with pytest.raises(Conflict, match="another request"):
            await claim(db, OTHER, "second")

    run(tmp_path, work)


def test_workspaces_and_modes_do_not_share_keys(tmp_path: Path) -> None:
    """Nobody learns anything from a key that somebody else has used."""

    async def work(db: SqliteDatabase) -> None:
        await claim(db, ONCE, "first")
        for scope in (Scope(workspace="ws", mode="live"), Scope(workspace="other", mode="test")):
            assert await idempotency.find(db, scope, OTHER, NOW) is None
            await claim(db, OTHER, f"of {scope}", scope=scope)

    run(tmp_path, work)


def test_a_key_is_forgotten_after_a_day(tmp_path: Path) -> None:
    """Then it may be used again, whether or not the sweep has been by."""

    async def work(db: SqliteDatabase) -> None:
        await claim(db, ONCE, "first")
        later = NOW + LIFE_MS
        assert await idempotency.find(db, SCOPE, ONCE, later - 1) == "first"
        assert await idempotency.find(db, SCOPE, ONCE, later) is None
        await claim(db, OTHER, "second", at=later)
        assert await db.write(lambda unit: idempotency.sweep(unit, later)) == 0
        assert await db.write(lambda unit: idempotency.sweep(unit, later + LIFE_MS)) == 1

    run(tmp_path, work)


def test_the_order_of_keys_does_not_matter() -> None:
    """Two JSON libraries write one request in two ways."""
    assert fingerprint_of({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint_of({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint_of({"a": [1, 2]}) != fingerprint_of({"a": [2, 1]})
