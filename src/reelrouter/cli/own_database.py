"""This installation's own database, for operators' commands: they work with the server running or not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from reelrouter.accounts import workspaces
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import Exit, fail
from reelrouter.clock import Clock, SystemClock
from reelrouter.db.engine import Database
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import InvalidRequest, ReelRouterError

T = TypeVar("T")


def on_database(work: Callable[[Database, Clock], Awaitable[T]]) -> T:
    """What `work` gives. Ends the command with one line for whatever a use case refuses."""
    try:
        return asyncio.run(_within(work))
    except InvalidRequest as refused:
        fail("; ".join(problem.message for problem in refused.problems), Exit.USAGE)
    except ReelRouterError as refused:
        fail(refused.message)


async def _within(work: Callable[[Database, Clock], Awaitable[T]]) -> T:
    path = settings_or_fail().data_dir / "app.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    migrate(path)
    db, clock = SqliteDatabase(path), SystemClock()
    try:
        await db.write(lambda unit: workspaces.ensure_default(unit, clock.now()))
        return await work(db, clock)
    finally:
        await db.close()
