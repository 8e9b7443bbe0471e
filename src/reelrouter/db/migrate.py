"""Brings a database to this program's schema, if it is older; Alembic is loaded for that alone.

On a server each step has a transaction of its own and waits briefly for its locks, then makes room and tries
again: all requests behind a step that waits would stand still with it. A file is upgraded as a whole,
or not at all.
"""

import importlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from reelrouter.db.schema import HEAD, Found, SchemaRefused, name_for_server, needs_upgrade, too_old
from reelrouter.lock import holder_of

_LOCK = 0x7265656C
"""The advisory lock of whoever migrates a server: several processes may start at one time."""
_PAUSE = 0.2
_PATIENCE = 300.0
"""Seconds for which a busy server is tried again."""
_BUSY = frozenset({"55P03", "40P01"})
"""What the server calls a lock that was not to be had in time, and a deadlock."""
_REVISION = "SELECT version_num FROM alembic_version"
_FLOOR = "SELECT works_with, upgraded_by FROM schema_floor"
_USERS = (
    "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class ServerRefused(Exception):
    """A database server cannot be reached, or does not let us in; the message is the driver's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """The steps of one version of the program."""

    head: str
    folder: Path


OWN = Migrations(head=HEAD, folder=Path(__file__).parent / "migrations")


def migrate(path: Path, to: Migrations = OWN) -> None:
    """Safe to run at each start: a database that needs nothing is left alone. Raises `SchemaRefused`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = look_into_file(path)
    if needs_upgrade(found, to.head):
        if found.revision is not None:
            _check_alone(path, found, to)
        _upgrade(f"sqlite:///{path}", to)


def migrate_server(url: str, to: Migrations = OWN) -> None:
    """The same for a PostgreSQL database. Raises `ServerRefused`, `SchemaRefused`."""
    until = time.monotonic() + _PATIENCE
    while not _is_ready(url, to):
        if time.monotonic() >= until:
            raise SchemaRefused(
                "the database is to be upgraded, but its tables were busy all the time; look in pg_stat_activity "
                "for a transaction that does not end, and start again"
            )
        time.sleep(_PAUSE)


def look_into_file(path: Path) -> Found:
    with closing(sqlite3.connect(path)) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return _found(connection, names)


def look_into_server(connection: Any) -> Found:
    wanted = ("alembic_version", "schema_floor")
    names = {name for name in wanted if connection.execute("SELECT to_regclass(%s)", (name,)).fetchone()[0]}
    return _found(connection, names)


def _found(connection: Any, tables: set[str]) -> Found:
    row = connection.execute(_REVISION).fetchone() if "alembic_version" in tables else None
    floor = connection.execute(_FLOOR).fetchone() if "schema_floor" in tables else None
    works_with, upgraded_by = floor or (None, None)
    return Found(revision=row[0] if row else None, works_with=works_with, upgraded_by=upgraded_by)


def _is_ready(url: str, to: Migrations) -> bool:
    """False if it has to be tried again: somebody else is at it, or the tables were busy."""
    with connected(url) as connection:
        if not needs_upgrade(look_into_server(connection), to.head):
            return True
        # Not waited for: whoever waits for this lock is in a statement that an index built beside it waits for.
        if not connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()[0]:
            return False
        found = look_into_server(connection)
        if not needs_upgrade(found, to.head):
            return True
        if found.revision is not None:
            _refuse(too_old((row[0] for row in connection.execute(_USERS)), _works_with(to)))
        return _upgrade_unless_busy(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url), to)


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A connection that no pool has. Raises `ServerRefused`."""
    psycopg = importlib.import_module("psycopg")  # by name: whoever runs on SQLite does without
    try:
        with psycopg.connect(url, autocommit=True, application_name=name_for_server("upgrade")) as connection:
            yield connection
    except psycopg.Error as error:
        raise ServerRefused(str(error).splitlines()[0]) from error


def _upgrade_unless_busy(url: str, to: Migrations) -> bool:
    try:
        _upgrade(url, to)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) not in _BUSY:
            raise
        return False
    return True


def _check_alone(path: Path, found: Found, to: Migrations) -> None:
    """An older gateway may run on the file while a command upgrades it, unless the upgrade does not bear it."""
    holder = holder_of(path.parent / "serve.lock")
    if holder is not None and holder != str(os.getpid()) and (found.revision or "") < _works_with(to):
        _refuse([f"process {holder}"])


def _refuse(users: list[str]) -> None:
    if users:
        raise SchemaRefused(
            "the database is to be upgraded in a way that older versions do not bear, and some still use it "
            f"({', '.join(users)}); stop them first, or upgrade them to the version in between"
        )


def _works_with(to: Migrations) -> str:
    scripts = importlib.import_module("alembic.script").ScriptDirectory(str(to.folder))
    declared: str = scripts.get_revision(to.head).module.works_with
    return declared


def _upgrade(url: str, to: Migrations) -> None:
    # Loaded by name: 0.2 s of import that only a first start or an upgrade should pay.
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(to.folder))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, to.head)
