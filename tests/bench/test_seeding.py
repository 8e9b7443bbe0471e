"""Copies of a job: as many as asked for, with all that belongs to it, and a gateway that cannot tell."""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bench import seeding
from reelrouter.db.tables import metadata

_JOB = "gen-vid-1795299820-djfyD9EgV4Mjvlp3x6Te"


def test_a_copy_has_all_that_its_original_has(tmp_path: Path) -> None:
    """Other jobs, and credits that belong to no job, are not copied."""
    path = tmp_path / "app.db"
    _make_tables(path)
    with closing(sqlite3.connect(path)) as connection:
        for job in (_JOB, "gen-vid-1795299821-another0000000000000"):
            _insert(connection, "jobs", id=job, version=7, created_at=5_000_000, finished_at=5_001_000)
            _insert(connection, "ledger", key=f"{job}:charge", job_id=job, kind="charge")
            _insert(connection, "holds", job_id=job)
            _insert(connection, "attempts", job_id=job, n=1, key=f"{job}-1")
        _insert(connection, "ledger", key="a-credit", kind="credit")
        connection.commit()
    seeding.seed_file(path, _JOB, 50)
    with closing(sqlite3.connect(path)) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("jobs", "ledger", "holds", "attempts")
        }
        charged = connection.execute(
            "SELECT count(*) FROM jobs JOIN ledger ON ledger.key = id || ':charge'"
        ).fetchone()
        lengths, versions, days = connection.execute(
            "SELECT count(DISTINCT length(id)), count(DISTINCT version), count(DISTINCT created_at) FROM jobs"
        ).fetchone()
    assert counts == {"jobs": 52, "ledger": 53, "holds": 52, "attempts": 52}
    assert charged == (52,)
    assert (lengths, versions, days) == (1, 51, 51)


def _make_tables(path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()


def _insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with what matters here; whatever else it must have is 0."""
    needed = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[3] and row[4] is None]
    row = {**dict.fromkeys(needed, 0), **values}
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
