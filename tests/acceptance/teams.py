"""Workspaces with rules, written as an operator would have set them, while the server runs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, update

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import KeyMode, NewKey
from reelrouter.accounts.secrets import load_secrets
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import api_keys
from reelrouter.db.tables import workspaces as workspace_rows
from tests.acceptance.serving import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace in which nothing has happened yet, with its keys."""

    workspace: str
    keys: tuple[str, ...]
    """What is sent as a bearer."""
    key_ids: tuple[str, ...]


def team(
    server: Server,
    *,
    mode: KeyMode = "test",
    rules: Mapping[str, Any] | None = None,
    of_each_key: Mapping[str, Any] | None = None,
    size: int = 1,
) -> Team:
    """`rules` and `of_each_key` are columns of the workspace's row and of its keys'; `size` is how many keys."""
    pepper = load_secrets(None, server.data_dir).derive("api-keys")
    secrets = tuple(keys.new_key(mode) for _ in range(size))

    def add(unit: Unit) -> Team:
        workspace = workspaces.create(unit, secrets[0][-12:].lower(), "A team", 0.0)
        _set(unit, workspace_rows, workspace, rules or {})
        key_ids = tuple(
            keys.add_key(unit, NewKey(workspace=workspace, mode=mode, name="key", secret=secret), pepper, 0.0)
            for secret in secrets
        )
        for key_id in key_ids:
            _set(unit, api_keys, key_id, of_each_key or {})
        return Team(workspace=workspace, keys=secrets, key_ids=key_ids)

    return asyncio.run(_written(server, add))


async def _written(server: Server, add: Any) -> Team:
    db = SqliteDatabase(server.data_dir / "app.db")
    try:
        made: Team = await db.write(add)
    finally:
        await db.close()
    return made


def _set(unit: Unit, table: Any, row: str, values: Mapping[str, Any]) -> None:
    if values:
        changed = update(table).where(table.c.id == bindparam("row")).values(dict(values))
        assert unit.execute(changed, row=row) == 1
