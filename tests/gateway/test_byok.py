"""Keeping vendor keys: by which names providers are known, and that every fault is told at once."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reelrouter.accounts import workspaces
from reelrouter.accounts.vendor_keys import VendorKeys
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import FrozenClock
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import InvalidRequest, NotFound
from reelrouter.gateway.byok import Byok, Desk, NewVendorKey, Terms, aliases
from reelrouter.installation import own_brought, own_catalogue, own_vault
from reelrouter.settings import Settings


def within(path: Path, work: Any) -> None:
    async def run() -> None:
        settings, clock = Settings(data_dir=path), FrozenClock()
        migrate(path / "app.db")
        db = SqliteDatabase(path / "app.db")
        try:
            await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
            desk = Desk(
                db=db,
                vault=own_vault(settings),
                brought=own_brought(settings),
                catalogue=own_catalogue(settings),
                clock=clock,
                known=VendorKeys(db, clock),
            )
            await work(Byok(desk), desk)
        finally:
            await db.close()

    asyncio.run(run())


def test_providers_go_by_the_names_of_official_clients_too() -> None:
    """Unless they only resell: then the name is the vendor's."""
    known: Catalogue = own_catalogue(Settings())
    names = ("alibaba", "byteplus", "openrouter", "volcengine")
    assert aliases(known, names) == {"seed": "byteplus", "atlas-cloud": "alibaba"}


def test_every_fault_of_a_new_key_is_told_at_once(tmp_path: Path) -> None:
    """By the names of its fields."""

    async def work(byok: Byok, _desk: Desk) -> None:
        terms = Terms(given={"models": ["a/b"], "keys": ["key_x"], "name": "n" * 101})
        with pytest.raises(InvalidRequest) as refused:
            await byok.add(NewVendorKey(provider="byteplus", key="a b", terms=terms))
        fields = [problem.field for problem in refused.value.problems]
        assert fields == ["key", "name", "allowed_models[0]", "allowed_api_key_hashes[0]"]
        for empty in ("models", "keys"):
            with pytest.raises(InvalidRequest, match="or be null"):
                await byok.add(NewVendorKey(provider="byteplus", key="a-key", terms=Terms(given={empty: []})))
        assert (await byok.list_keys(workspace=None, most=9)).total == 0

    within(tmp_path, work)


def test_a_change_leaves_what_it_does_not_name(tmp_path: Path) -> None:
    """And what it changes is known to routing at once."""

    async def work(byok: Byok, desk: Desk) -> None:
        terms = Terms(given={"name": "team", "is_required": True, "models": ["google/veo-3.1"]})
        made = await byok.add(NewVendorKey(provider="byteplus", key="the-key-itself", terms=terms))
        assert await desk.known.of(made.workspace) == (made,)
        changed = await byok.update(made.id, Terms(given={"name": ""}, disabled=True))
        now = changed.updated_at
        assert changed == replace(made, name="", disabled_at=now, updated_at=now)
        assert await desk.known.of(made.workspace) == ()
        again = await byok.update(made.id, Terms(disabled=False), key="another-key-itself")
        assert (again.disabled_at, again.label) == (None, "an…lf")
        with pytest.raises(InvalidRequest, match="is_fallback"):
            await byok.update(made.id, Terms(given={"is_fallback": True, "is_byok_only": True}))
        await byok.remove(made.id)
        assert await desk.known.of(made.workspace) == ()
        for gone in (byok.get(made.id), byok.update(made.id, Terms()), byok.remove(made.id)):
            with pytest.raises(NotFound):
                await gone

    within(tmp_path, work)


def test_a_key_before_it_is_kept_shows_nothing_of_itself() -> None:
    """Whatever prints it."""
    assert "canary" not in repr(NewVendorKey(provider="byteplus", key="canary"))
