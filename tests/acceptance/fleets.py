"""Processes that share a PostgreSQL database and a folder of files."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.acceptance.serving import Engine, Server


class Fleet:
    def __init__(
        self, stack: ExitStack, folder: Path, database: str, settings: Mapping[str, str] | None = None
    ) -> None:
        self._stack = stack
        self._folder = folder
        self._numbers = count()
        self._own = dict(settings or {})
        self.database = database

    def api(self, environment: Mapping[str, str], **own: str) -> Server:
        folder = self._folder / f"process-{next(self._numbers)}"
        folder.mkdir()
        server = Server(folder, self.settings() | own, environment, command="api")
        self._stack.callback(server.close)
        server.start()
        return server

    def engine(self, environment: Mapping[str, str], **own: str) -> Engine:
        folder = self._folder / f"process-{next(self._numbers)}"
        folder.mkdir()
        place = {"data_dir": str(folder / "data"), "log_format": "json"}
        engine = Engine(folder / "serve.log", self.settings() | place | own, environment)
        self._stack.callback(engine.close)
        return engine

    def revision(self) -> str:
        ((revision,),) = self.rows("SELECT version_num FROM alembic_version")
        return str(revision)

    def is_balanced(self, placed: Sequence[str], made: Sequence[str]) -> None:
        """Each job was handed over once, those that were made were charged once, and nothing is set aside."""
        assert dict(self.rows("SELECT job_id, count(*) FROM attempts GROUP BY 1")) == dict.fromkeys(placed, 1)
        charges = self.rows("SELECT job_id FROM ledger WHERE kind = 'charge'")
        assert sorted(job for (job,) in charges) == sorted(made)
        assert self.rows("SELECT count(*) FROM holds WHERE state = 'open'") == [(0,)]
        assert self.rows("SELECT sum(held) FROM budgets") == [(0,)]

    def settings(self) -> dict[str, str]:
        return {
            "storage_url": (self._folder / "objects").as_uri(),
            **self._own,
            "database_url": self.database,
            "secret_key": "a secret that nobody else has, 0123456789",
        }

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(statement.encode()).fetchall()
