"""The use cases of managers, for commands: over this installation's own data, beside a running gateway or not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from reelrouter.accounts import workspaces
from reelrouter.accounts.keys import Manager
from reelrouter.accounts.secrets import SecretRefused, load_secrets
from reelrouter.catalogue.load import CatalogueError
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import fail
from reelrouter.clock import SystemClock
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import InvalidRequest, NotFound, ReelRouterError
from reelrouter.gateway.keys import KeyAdmin
from reelrouter.gateway.management import Office
from reelrouter.gateway.workspaces import WorkspaceAdmin
from reelrouter.ids import KeyId
from reelrouter.installation import own_bounds, own_catalogue
from reelrouter.observe.events import Event
from reelrouter.settings import Settings

T = TypeVar("T")

OPERATOR = Manager(key_id=KeyId("command line"))
"""Whoever may read the data folder governs it."""


@dataclass(frozen=True, slots=True)
class Administration:
    workspaces: WorkspaceAdmin
    keys: KeyAdmin


def administer(work: Callable[[Administration], Awaitable[T]]) -> T:
    """What `work` answers; a refusal ends the command with one line that names every problem."""
    settings = settings_or_fail()
    try:
        return asyncio.run(_within(settings, work))
    except InvalidRequest as refused:
        fail("; ".join(problem.message for problem in refused.problems))
    except NotFound as missing:
        fail(missing.message, next_step="see: reelrouter workspaces list, or reelrouter keys list")
    except ReelRouterError as refused:
        fail(refused.message)
    except CatalogueError as wrong:
        fail(f"the catalogue cannot be used: {wrong}")
    except SecretRefused as refused:
        fail(str(refused))


async def _within(settings: Settings, work: Callable[[Administration], Awaitable[T]]) -> T:
    clock = SystemClock()
    secret = settings.secret_key
    secrets = load_secrets(secret.get_secret_value() if secret else None, settings.data_dir)
    catalogue = own_catalogue(settings)
    migrate(settings.data_dir / "app.db")
    db = SqliteDatabase(settings.data_dir / "app.db")
    try:
        await db.write(lambda unit: workspaces.ensure_default(unit, clock.now()))
        office = Office(
            db=db,
            catalogue=catalogue,
            pepper=secrets.derive("api-keys"),
            clock=clock,
            emit=_untold,
            bounds=own_bounds(settings),
        )
        return await work(Administration(WorkspaceAdmin(office), KeyAdmin(office)))
    finally:
        await db.close()


def _untold(_event: Event) -> None:
    """A command says itself what it has done."""
