"""Brings a database to the newest schema; a start that finds it there does not even import Alembic."""

import importlib
import sqlite3
from pathlib import Path

HEAD = "0006"
"""The newest revision in `migrations/versions`; a test holds the two together."""


def migrate(path: Path) -> None:
    """Safe to run at each start: a database at `HEAD` is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _revision(path) != HEAD:
        _upgrade(f"sqlite:///{path}")


def _revision(path: Path) -> str | None:
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # no such table: a new file
        return None
    finally:
        connection.close()
    return row[0] if row else None


def _upgrade(url: str) -> None:
    # Loaded by name: 0.2 s of import that only a first start or an upgrade should pay.
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "head")
