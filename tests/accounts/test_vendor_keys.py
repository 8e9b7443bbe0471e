"""Vendor keys as rows: what is secret stands there sealed, and what is remembered is a second old at most."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from reelrouter.accounts import vendor_keys
from reelrouter.accounts.secrets import Secrets
from reelrouter.accounts.vault import Vault
from reelrouter.accounts.vendor_keys import Filter, VendorKey, VendorKeys
from reelrouter.clock import FrozenClock
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.ids import KeyId, WorkspaceId

OURS, THEIRS = WorkspaceId("ws_ours"), WorkspaceId("ws_theirs")
OLD, NEW = Secrets(b"old" * 16), Secrets(b"new" * 16)


def key(name: str, **parts: object) -> VendorKey:
    made = VendorKey(id=f"vk_{name}", workspace=OURS, provider="byteplus", name=name, label="a…b", created_at=5)
    return replace(made, **parts)  # type: ignore[arg-type]


def within(path: Path, work: Callable[[SqliteDatabase], Awaitable[None]]) -> None:
    async def run() -> None:
        migrate(path / "app.db")
        db = SqliteDatabase(path / "app.db")
        try:
            await work(db)
        finally:
            await db.close()

    asyncio.run(run())


async def add(db: SqliteDatabase, *added: VendorKey, vault: Vault | None = None) -> None:
    for one in added:
        sealed = (vault or Vault(OLD)).seal("the secret itself", one.id)
        await db.write(partial(vendor_keys.add, key=one, sealed=sealed))


def test_a_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With all that can be said of it, and again after a change; what is secret is not in the file."""

    async def work(db: SqliteDatabase) -> None:
        full = key("full", models=("m",), keys=(KeyId("k"),), position=3, is_required=True, is_byok_only=True)
        await add(db, full, key("plain", is_fallback=True, disabled_at=7))
        assert await vendor_keys.get(db, full.id) == full
        changed = replace(full, name="other", models=None, keys=None, is_required=False, updated_at=9)
        await db.write(lambda unit: vendor_keys.change(unit, changed, None))
        assert await vendor_keys.get(db, full.id) == changed
        sealed = await vendor_keys.sealed_key(db, full.id)
        assert sealed is not None
        assert Vault(OLD).open(sealed.sealed, full.id) == "the secret itself"
        assert not any(b"the secret itself" in file.read_bytes() for file in tmp_path.iterdir())
        await db.write(partial(vendor_keys.remove, key_id=full.id))
        assert (await vendor_keys.get(db, full.id), await vendor_keys.sealed_key(db, full.id)) == (None, None)

    within(tmp_path, work)


def test_keys_are_listed_by_workspace_and_provider(tmp_path: Path) -> None:
    """In pages, with how many there are; a new one stands last."""

    async def work(db: SqliteDatabase) -> None:
        await add(db, key("a", position=1), key("b"), key("c", provider="openrouter"), key("d", workspace=THEIRS))
        page, total = await vendor_keys.list_keys(db, Filter(workspace=OURS), most=2)
        assert ([one.name for one in page], total) == (["b", "a"], 3)
        page, total = await vendor_keys.list_keys(db, Filter(provider="byteplus"), most=9, left_out=2)
        assert (len(page), total) == (1, 3)
        following = partial(vendor_keys.next_position, workspace=OURS)
        assert await db.write(partial(following, provider="byteplus")) == 2
        assert await db.write(partial(following, provider="alibaba")) == 0

    within(tmp_path, work)


def test_routing_hears_of_a_change_within_a_second(tmp_path: Path) -> None:
    """At once in the process that made it; disabled ones and those of others are not there at all."""

    async def work(db: SqliteDatabase) -> None:
        clock = FrozenClock()
        known = VendorKeys(db, clock)
        await add(db, key("a"), key("b", disabled_at=1), key("c", workspace=THEIRS))
        assert [one.name for one in await known.of(OURS)] == ["a"]
        await add(db, key("d", position=-1))
        assert [one.name for one in await known.of(OURS)] == ["a"]
        known.forget(OURS)
        assert [one.name for one in await known.of(OURS)] == ["d", "a"]
        await db.write(partial(vendor_keys.remove, key_id="vk_a"))
        clock.advance(1.01)
        assert [one.name for one in await known.of(OURS)] == ["d"]

    within(tmp_path, work)


def test_an_earlier_root_is_not_needed_once_all_is_sealed_anew(tmp_path: Path) -> None:
    """What nobody can open stays as it is, and is told."""

    async def work(db: SqliteDatabase) -> None:
        await add(db, key("old"))
        await add(db, key("new"), vault=Vault(NEW))
        await add(db, key("lost"), vault=Vault(Secrets(b"lost" * 16)))
        done = await db.write(lambda unit: vendor_keys.reseal(unit, Vault(NEW, [OLD])))
        assert (done.count, list(done.broken)) == (1, ["vk_lost"])
        again = await db.write(lambda unit: vendor_keys.reseal(unit, Vault(NEW)))
        assert (again.count, list(again.broken)) == (0, ["vk_lost"])
        for name in ("old", "new"):
            sealed = await vendor_keys.sealed_key(db, f"vk_{name}")
            assert sealed is not None
            assert Vault(NEW).open(sealed.sealed, sealed.id) == "the secret itself"

    within(tmp_path, work)
