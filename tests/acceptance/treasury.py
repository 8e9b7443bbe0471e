"""Teams with keys and money of their own on a running server, and the key that governs them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import httpx

from reelrouter.accounts import keys, limits, workspaces
from reelrouter.accounts.keys import KeyKind, NewKey
from reelrouter.accounts.secrets import load_secrets
from reelrouter.clock import SystemClock
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.money import nanos
from tests.acceptance.serving import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: WorkspaceId
    slug: str
    key: str
    """A live one."""
    key_id: KeyId
    test_key: str


class Treasury:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.key = keys.new_key(cast("Any", "management"))
        self._pepper = load_secrets(None, server.data_dir).derive("api-keys")
        self._write(lambda unit: self._add(unit, WorkspaceId(""), "management", self.key))

    def team(self, slug: str) -> Team:
        """A new one, without any limit."""
        secrets = {mode: keys.new_key(mode) for mode in ("live", "test")}

        def add(unit: Unit) -> Team:
            workspace = workspaces.create(unit, slug, slug, 0.0)
            ids = {mode: self._add(unit, workspace, cast("Any", mode), key) for mode, key in secrets.items()}
            return Team(id=workspace, slug=slug, key=secrets["live"], key_id=ids["live"], test_key=secrets["test"])

        made: Team = self._write(add)
        return made

    def limit_key(self, team: Team, period: str, dollars: float) -> None:
        """A spending limit on its live key."""
        amount = nanos(Decimal(str(dollars)))
        now = SystemClock().now()
        self._write(
            lambda unit: limits.set_limit(
                unit, subject=team.key_id, period=period, amount=amount, include_byok=False, now=now
            )
        )

    @contextmanager
    def manager(self) -> Iterator[httpx.Client]:
        with self.server.client(self.key) as client:
            yield client

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """With the management key."""
        with self.manager() as client:
            return client.request(method, f"/api/v1{path}", json=body, headers=headers)

    def _add(self, unit: Unit, workspace: WorkspaceId, mode: KeyKind, secret: str) -> KeyId:
        key = NewKey(workspace=workspace, mode=cast("Any", mode), name=mode, secret=secret)
        return keys.add_key(unit, key, self._pepper, 0.0)

    def _write(self, work: Any) -> Any:
        async def within() -> Any:
            db = SqliteDatabase(self.server.data_dir / "app.db")
            try:
                return await db.write(work)
            finally:
                await db.close()

        return asyncio.run(within())
