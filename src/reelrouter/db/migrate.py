"""Brings a database to the newest schema; a start that finds it there does not even import Alembic."""

import importlib
import re
import sqlite3
from pathlib import Path
from typing import Any

HEAD = "0008"
"""The newest revision in `migrations/versions`; a test holds the two together."""
_LOCK = 0x7265656C
"""The advisory lock of whoever migrates a server: several processes may start at one time."""


class ServerRefused(Exception):
    """A database server cannot be reached, or does not let us in; the message is the driver's."""


def migrate(path: Path) -> None:
    """Safe to run at each start: a database at `HEAD` is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _revision(path) != HEAD:
        _upgrade(f"sqlite:///{path}")


def migrate_server(url: str) -> None:
    """The same for a PostgreSQL database. Raises `ServerRefused`."""
    psycopg = importlib.import_module("psycopg")  # by name: whoever runs on SQLite does without
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            if _revision_of_server(connection) != HEAD:
                _upgrade(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    except psycopg.Error as error:
        raise ServerRefused(str(error).splitlines()[0]) from error


def _revision(path: Path) -> str | None:
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # no such table: a new file
        return None
    finally:
        connection.close()
    return row[0] if row else None


def _revision_of_server(connection: Any) -> str | None:
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row: tuple[str] | None = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _upgrade(url: str) -> None:
    # Loaded by name: 0.2 s of import that only a first start or an upgrade should pay.
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
