"""Migrations that carry rows over: what stood in a database of an older version is still told by the newest."""

import importlib
import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from reelrouter.db.migrate import migrate


def at_revision(path: Path, revision: str) -> sqlite3.Connection:
    command.upgrade(config_of(path), revision)
    return sqlite3.connect(path)


def config_of(path: Path) -> Config:
    config = Config()
    migrations = Path(importlib.import_module("reelrouter.db.migrations").__file__ or "").parent
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    return config


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


def test_jobs_that_wait_or_run_are_found_in_their_queues(tmp_path: Path) -> None:
    """What an older version had accepted goes on after the upgrade; nothing counts as lost or held back."""
    connection = at_revision(tmp_path / "app.db", "0003")
    insert(connection, "jobs", id="waits", endpoint="test", status="pending", started_at=None, finished_at=None)
    insert(connection, "jobs", id="runs", endpoint="renderer", status="in_progress", run=2, started_at=5)
    connection.commit()
    connection.close()
    migrate(tmp_path / "app.db")
    connection = sqlite3.connect(tmp_path / "app.db")
    rows = connection.execute("SELECT id, queue, run, lost_runs, not_before FROM jobs ORDER BY id").fetchall()
    assert rows == [("runs", "renderer/local", 2, 0, 0), ("waits", "test/test", 0, 0, 0)]
    assert connection.execute("SELECT count(*) FROM endpoint_marks").fetchone() == (0,)
    connection.close()


def test_an_older_version_finds_its_jobs_again(tmp_path: Path) -> None:
    """A step back keeps every row; what waited for a second place is left as a run that broke off."""
    path = tmp_path / "app.db"
    connection = at_revision(path, "0004")
    insert(connection, "jobs", id="new", queue="test/test", status="pending", started_at=None, finished_at=None)
    again = {"status": "in_progress", "run": 3, "lost_runs": 1, "not_before": 9, "updated_at": 7}
    insert(connection, "jobs", id="again", queue="vendor/second", started_at=None, finished_at=None, **again)
    insert(connection, "attempts", job_id="again", n=0, endpoint="vendor", credential="second", ended_at=4)
    insert(connection, "endpoint_marks", endpoint="vendor", drifted_at=3, reason="odd")
    connection.commit()
    connection.close()
    command.downgrade(config_of(path), "0003")
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, endpoint, run, started_at FROM jobs ORDER BY id").fetchall()
    assert rows == [("again", "vendor", 3, 7), ("new", "test", 0, None)]
    assert connection.execute("SELECT job_id, ended_at FROM attempts").fetchall() == [("again", 4)]
    connection.close()
    migrate(path)
    connection = sqlite3.connect(path)
    queues = connection.execute("SELECT id, queue FROM jobs ORDER BY id").fetchall()
    connection.close()
    assert queues == [("again", "vendor"), ("new", "test/test")]


def test_what_was_charged_so_far_was_the_catalogues_price(tmp_path: Path) -> None:
    """Of jobs that came to nothing there is none; a step back and forth loses no charge."""
    path = tmp_path / "app.db"
    connection = at_revision(path, "0005")
    insert(connection, "jobs", id="made", version=1, price=7)
    insert(connection, "jobs", id="failed", version=2, price=None)
    insert(connection, "spending", key_id="k", day=1, amount=7)
    insert(connection, "ledger", key="made:charge", job_id="made", kind="charge", amount=7)
    connection.commit()
    connection.close()
    for _ in range(2):
        migrate(path)
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT id, price, list_price, is_byok FROM jobs ORDER BY id").fetchall()
        assert rows == [("failed", None, None, 0), ("made", 7, 7, 0)]
        assert connection.execute("SELECT amount, fees, byok FROM spending").fetchall() == [(7, 0, 0)]
        assert connection.execute("SELECT amount, note FROM ledger").fetchall() == [(7, None)]
        connection.close()
        command.downgrade(config_of(path), "0005")
