"""Workspaces: found by id and by slug while they live, and remembered for a second."""

from dataclasses import replace
from pathlib import Path

from reelrouter.accounts import workspaces
from reelrouter.accounts.workspaces import Workspace, Workspaces
from reelrouter.clock import FrozenClock
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.ids import WorkspaceId
from tests.accounts.offices import run


async def made(db: SqliteDatabase, slug: str, at: float = 1.0) -> Workspace:
    await db.write(lambda unit: workspaces.create(unit, slug, slug.title(), at))
    found = await workspaces.find(db, slug)
    assert found is not None
    return found


def test_a_workspace_is_found_by_its_id_and_by_its_slug(tmp_path: Path) -> None:
    """And by nothing else."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        acme = await made(db, "acme")
        assert await workspaces.find(db, acme.id) == acme
        assert (acme.name, acme.created_at, acme.updated_at, acme.is_default) == ("Acme", 1000, None, False)
        assert await workspaces.find(db, "Acme") is None
        found = await workspaces.find(db, "default")
        assert found is not None
        assert (found.id, found.is_default) == (default, True)

    run(tmp_path, work)


def test_every_rule_is_kept_as_it_was_said(tmp_path: Path) -> None:
    """What is saved is what is read, and only one workspace changes."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        acme = replace(
            await made(db, "acme"),
            slug="acme-inc",
            name="Acme Inc.",
            description="films",
            callback_url="https://app.example/hook",
            zdr=True,
            strict=True,
            retention=60,
            allowed_models=("a/b", "c/d"),
            allowed_providers=("renderer",),
            provider_sort="latency",
            concurrency=3,
            rate=60,
            updated_at=2000,
        )
        before = await workspaces.find(db, default)
        await db.write(lambda unit: workspaces.save(unit, acme))
        assert await workspaces.find(db, "acme-inc") == acme
        assert await workspaces.find(db, "acme") is None
        assert await workspaces.find(db, default) == before

    run(tmp_path, work)


def test_a_deleted_workspace_leaves_its_slug_and_its_jobs_a_row(tmp_path: Path) -> None:
    """It is not found or listed any more, its links are dead, and another one may be called so."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        old = await made(db, "acme")
        await db.write(lambda unit: workspaces.delete(unit, old.id, 2.0))
        assert await workspaces.find(db, "acme") is None
        assert await workspaces.find(db, old.id) is None
        kept = await workspaces.get(db, old.id)
        assert (kept.name, kept.slug) == (old.name, old.id)
        assert kept.link_secret != old.link_secret
        new = await made(db, "acme")
        assert new.id != old.id
        assert [one.id for one in await workspaces.list_page(db, 0, 10)] == [default, new.id]
        assert await workspaces.count(db) == 2

    run(tmp_path, work)


def test_pages_stay_what_they_were_while_others_are_made(tmp_path: Path) -> None:
    """The oldest come first."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        for at, slug in enumerate(("a", "b", "c"), start=1):
            await made(db, slug, at)
        first = [one.slug for one in await workspaces.list_page(db, 0, 2)]
        await made(db, "d", 9.0)
        assert [one.slug for one in await workspaces.list_page(db, 0, 2)] == first == ["default", "a"]
        assert [one.slug for one in await workspaces.list_page(db, 2, 10)] == ["b", "c", "d"]

    run(tmp_path, work)


def test_a_rotated_secret_is_known_within_a_second(tmp_path: Path) -> None:
    """In every process: what is remembered is a second old at most."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        clock = FrozenClock()
        known = Workspaces(db, clock)
        before = (await known.get(default)).link_secret
        await db.write(lambda unit: workspaces.rotate_links(unit, default, clock.now()))
        clock.advance(1.01)
        assert (await known.get(default)).link_secret != before

    run(tmp_path, work)


def test_a_workspace_does_not_show_its_secret(tmp_path: Path) -> None:
    """Where one is printed by mistake."""

    async def work(db: SqliteDatabase, default: WorkspaceId) -> None:
        shown = repr(await workspaces.get(db, default))
        assert "link_secret" not in shown

    run(tmp_path, work)
