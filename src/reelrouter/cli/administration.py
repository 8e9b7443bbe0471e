"""The use cases of managers, for commands: over this installation's own data, beside a running gateway or not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from reelrouter.accounts.keys import Manager
from reelrouter.cli.own_installation import Own, on_own
from reelrouter.gateway.keys import KeyAdmin
from reelrouter.gateway.management import Office
from reelrouter.gateway.workspaces import WorkspaceAdmin
from reelrouter.ids import KeyId
from reelrouter.installation import own_bounds, own_catalogue, own_secrets
from reelrouter.observe.events import Event

T = TypeVar("T")

OPERATOR = Manager(key_id=KeyId("command line"))
"""Whoever may read the data folder governs it."""


@dataclass(frozen=True, slots=True)
class Administration:
    workspaces: WorkspaceAdmin
    keys: KeyAdmin


def administer(work: Callable[[Administration], Awaitable[T]]) -> T:
    """What `work` answers; a refusal ends the command."""

    async def within(own: Own) -> T:
        office = Office(
            db=own.db,
            catalogue=own_catalogue(own.settings),
            pepper=own_secrets(own.settings).derive("api-keys"),
            clock=own.clock,
            emit=_untold,
            bounds=own_bounds(own.settings),
        )
        return await work(Administration(WorkspaceAdmin(office), KeyAdmin(office)))

    return on_own(within, lists="reelrouter workspaces list, or reelrouter keys list")


def _untold(_event: Event) -> None:
    """A command says itself what it has done."""
