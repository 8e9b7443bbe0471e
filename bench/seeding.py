"""Many jobs that have ended, put into a database at once: copies of one that really did, with all its rows."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg

_EVERY_MS = 1000
_COPY_ID = "substr(one.{column}, 1, 8) || (1700000000 + n.i) || '-copy' || substr('0000000000000000' || n.i, -16)"
"""As long as a real one, and in the order of time as they are."""
_COPIED: Mapping[str, Mapping[str, str]] = {
    "jobs": {
        "id": "{copy}",
        "version": "(SELECT max(version) FROM jobs) + n.i",
        "created_at": "one.created_at - n.i * {every}",
        "updated_at": "one.updated_at - n.i * {every}",
        "finished_at": "one.finished_at - n.i * {every}",
    },
    "holds": {"job_id": "{copy}"},
    "attempts": {"job_id": "{copy}", "key": "{copy} || '-1'"},
    "ledger": {
        "job_id": "{copy}",
        "key": "{copy} || ':' || one.kind",
        "created_at": "one.created_at - n.i * {every}",
    },
}
"""By table: the columns in which a copy differs."""


def seed_file(path: Path, job: str, count: int) -> None:
    """Copies a job of an SQLite file that no gateway has open."""
    with closing(sqlite3.connect(path)) as connection:
        for table in _COPIED:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            connection.execute(_copying(table, columns, range(count)), {"job": job})
        connection.commit()
        connection.execute("ANALYZE")


def seed_server(url: str, job: str, numbers: range) -> None:
    """The same in a PostgreSQL database, with these numbers for the copies."""
    named = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
    with psycopg.connect(url) as connection:
        for table in _COPIED:
            columns = [row[0] for row in connection.execute(named, (table,))]
            statement = _copying(table, columns, numbers).replace(":job", "%(job)s")
            connection.execute(statement.encode(), {"job": job})
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")


def _copying(table: str, columns: Sequence[str], numbers: range) -> str:
    """One statement that both databases understand."""
    changed = _COPIED[table]
    key = "id" if table == "jobs" else "job_id"
    copy = _COPY_ID.format(column=key)
    values = [changed.get(name, f"one.{name}").format(copy=copy, every=_EVERY_MS) for name in columns]
    return (
        f"WITH RECURSIVE n(i) AS (SELECT {numbers.start} + 1 "  # noqa: S608 - our own names and numbers
        f"UNION ALL SELECT i + 1 FROM n WHERE i < {numbers.stop}) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} AS one, n "
        f"WHERE one.{key} = :job"
    )
