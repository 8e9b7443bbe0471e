"""A database of its own for a test, with the default workspace in it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from reelrouter.accounts import workspaces
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.ids import WorkspaceId

PEPPER = b"p" * 32


def run(folder: Path, work: Callable[[SqliteDatabase, WorkspaceId], Awaitable[None]]) -> None:
    """`work` gets the default workspace's id."""

    async def within() -> None:
        db = SqliteDatabase(folder / "app.db")
        try:
            default, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
            await work(db, default)
        finally:
            await db.close()

    migrate(folder / "app.db")
    asyncio.run(within())
