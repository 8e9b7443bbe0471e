"""This installation's own data, for operators' commands: they work beside a running gateway, or without one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from reelrouter.accounts import workspaces
from reelrouter.accounts.secrets import SecretRefused
from reelrouter.catalogue.load import CatalogueError
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import Exit, fail
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.db.migrate import ServerRefused
from reelrouter.db.opening import DriverMissing, is_server, open_clock, open_database, prepare
from reelrouter.db.schema import SchemaRefused
from reelrouter.errors import InvalidRequest, NotFound, ReelRouterError
from reelrouter.installation import database_url
from reelrouter.settings import Settings

T = TypeVar("T")

_CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Own:
    settings: Settings
    db: Database
    clock: Clock


def on_own(work: Callable[[Own], Awaitable[T]], *, lists: str | None = None, begins: bool = True) -> T:
    """What `work` gives; a refusal ends the command with one line that names every problem.

    `lists` is the command that shows what there is, for whoever names what there is not. With `begins` an
    installation that is not there is begun.
    """
    settings = settings_or_fail()
    url = database_url(settings)
    if not begins and not is_server(url) and not (settings.data_dir / "app.db").exists():
        fail(
            f"there is no installation in {settings.data_dir} yet",
            next_step="name another with REELROUTER_DATA_DIR, or begin one with: reelrouter serve",
        )
    try:
        return asyncio.run(_within(settings, work))
    except InvalidRequest as refused:
        fail("; ".join(problem.message for problem in refused.problems), Exit.USAGE)
    except NotFound as missing:
        fail(missing.message, next_step=f"see: {lists}" if lists else None)
    except ReelRouterError as refused:
        fail(refused.message)
    except CatalogueError as wrong:
        fail(f"the catalogue cannot be used: {wrong}")
    except (SecretRefused, DriverMissing, SchemaRefused) as refused:
        fail(str(refused))
    except ServerRefused as refused:
        fail(f"the database of REELROUTER_DATABASE_URL cannot be used: {refused}")


async def _within(settings: Settings, work: Callable[[Own], Awaitable[T]]) -> T:
    url = database_url(settings)
    prepare(url)
    db = await open_database(url, _CONNECTIONS)
    try:
        clock = await open_clock(url, db)
        await db.write(lambda unit: workspaces.ensure_default(unit, clock.now()))
        return await work(Own(settings, db, clock))
    finally:
        await db.close()
