"""Migrations that carry rows over: what stood in a database of an older version is still told by the newest."""

import importlib
import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from reelrouter.db.migrate import migrate


def at_revision(path: Path, revision: str) -> sqlite3.Connection:
    config = Config()
    migrations = Path(importlib.import_module("reelrouter.db.migrations").__file__ or "").parent
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    command.upgrade(config, revision)
    return sqlite3.connect(path)


def insert(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    """A row with something in every column that must have something."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[3] or row[5]]
    row = dict.fromkeys(columns, 0) | values
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def test_what_keys_have_spent_is_counted_from_the_ledger(tmp_path: Path) -> None:
    """Charges by key and day; what the operator pays is no charge."""
    connection = at_revision(tmp_path / "app.db", "0002")
    day = 24 * 3600 * 1000
    for job, key in (("a", "k"), ("b", "k"), ("c", "other")):
        insert(connection, "jobs", id=job, key_id=key)
    for job, kind, amount, at in (
        ("a", "charge", 5, day),
        ("b", "charge", 7, 2 * day - 1),
        ("b", "vendor_cost", 100, day),
        ("c", "charge", 9, 2 * day),
    ):
        insert(connection, "ledger", key=f"{job}:{kind}", job_id=job, kind=kind, amount=amount, created_at=at)
    connection.commit()
    connection.close()
    migrate(tmp_path / "app.db")
    connection = sqlite3.connect(tmp_path / "app.db")
    rows = connection.execute("SELECT key_id, day, amount FROM spending ORDER BY key_id").fetchall()
    connection.close()
    assert rows == [("k", 1, 12), ("other", 2, 9)]
