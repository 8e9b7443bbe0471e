"""The SQLite database: grouped writes that commit or fail each on its own."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, insert, select, text

from reelrouter.db.engine import DatabaseGone, Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.schema import HEAD
from reelrouter.db.sqlite import SqliteDatabase, _named
from reelrouter.db.tables import inputs, metadata
from reelrouter.errors import OutageCause

INSERT = insert(inputs)
COUNT = select(func.count().label("n")).select_from(inputs)
OF_JOB = select(inputs).where(inputs.c.job_id == bindparam("job"))


def fill(number: int, unit: Unit) -> None:
    unit.execute(INSERT, job_id=str(number), key="k" * 9000)


@asynccontextmanager
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    migrate(path)
    db = SqliteDatabase(path)
    try:
        yield db
    finally:
        await db.close()


def run(path: Path, work: Callable[[SqliteDatabase], Awaitable[None]]) -> None:
    async def within() -> None:
        async with database(path) as db:
            await work(db)

    asyncio.run(within())


def test_a_write_is_seen_by_readers_once_it_returns(tmp_path: Path) -> None:
    """What a write returned from is there for everybody."""

    async def work(db: SqliteDatabase) -> None:
        changed = await db.write(lambda unit: unit.execute(INSERT, job_id="a", key="k"))
        row = await db.row(OF_JOB, job="a")
        assert changed == 1
        assert row is not None
        assert row["key"] == "k"

    run(tmp_path / "app.db", work)


def test_one_failing_write_fails_alone(tmp_path: Path) -> None:
    """Of many writes that share a commit, the ones that raise leave nothing, and the others all stay."""

    def place(number: int) -> Callable[[Unit], None]:
        def write(unit: Unit) -> None:
            unit.execute(INSERT, job_id=str(number), key="k")
            if number % 3 == 0:
                raise ValueError(number)

        return write

    async def work(db: SqliteDatabase) -> None:
        results = await asyncio.gather(*(db.write(place(n)) for n in range(30)), return_exceptions=True)
        assert [n for n, result in enumerate(results) if isinstance(result, ValueError)] == list(range(0, 30, 3))
        row = await db.row(COUNT)
        assert row is not None
        assert row["n"] == 20

    run(tmp_path / "app.db", work)


def test_a_full_disk_fails_the_writes_and_not_the_database(tmp_path: Path) -> None:
    """Whoever wrote is told, nothing of it stays, and writing goes on once there is room again."""

    async def work(db: SqliteDatabase) -> None:
        await db.write(lambda unit: unit.execute(text("PRAGMA max_page_count=1")))
        fillers = [db.write(partial(fill, n)) for n in range(40)]
        results = await asyncio.gather(*fillers, return_exceptions=True)
        assert all(isinstance(result, DatabaseGone) for result in results)
        await db.write(lambda unit: unit.execute(text("PRAGMA max_page_count=100000")))
        await db.write(lambda unit: unit.execute(INSERT, job_id="after", key="k"))
        row = await db.row(COUNT)
        assert row is not None
        assert row["n"] == 1

    run(tmp_path / "app.db", work)


def test_the_change_counter_moves_with_other_connections_commits(tmp_path: Path) -> None:
    """A reader can tell that something changed without reading it, whichever process wrote."""

    async def work(db: SqliteDatabase) -> None:
        before = db.change_counter()
        assert db.change_counter() == before
        await db.write(lambda unit: unit.execute(INSERT, job_id="a", key="k"))
        after = db.change_counter()
        assert after != before
        async with database(tmp_path / "app.db") as other:
            await other.write(lambda unit: unit.execute(INSERT, job_id="b", key="k"))
        assert db.change_counter() != after

    run(tmp_path / "app.db", work)


def test_readers_cannot_write(tmp_path: Path) -> None:
    """Every change goes through the writer; the reading connection refuses one."""

    async def work(db: SqliteDatabase) -> None:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await db.row(INSERT, job_id="a", key="k")

    run(tmp_path / "app.db", work)


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    """Revisions and `tables.py` describe one schema, and `HEAD` names the newest revision."""
    migrate(tmp_path / "migrated.db")
    migrate(tmp_path / "migrated.db")
    connection = sqlite3.connect(tmp_path / "migrated.db")
    found = {
        name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    assert version == HEAD
    assert {name: columns for name, columns in found.items() if name != "alembic_version"} == {
        table.name: {column.name for column in table.columns} for table in metadata.sorted_tables
    }


def test_indexes_are_those_that_the_code_declares(tmp_path: Path) -> None:
    """A partial index that a migration forgot would turn the dispatcher's look into a scan."""
    migrate(tmp_path / "migrated.db")
    connection = sqlite3.connect(tmp_path / "migrated.db")
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    connection.close()
    declared = {str(index.name) for table in metadata.sorted_tables for index in table.indexes}
    assert declared <= found


def test_a_look_through_many_rows_holds_nobody_up(tmp_path: Path) -> None:
    """It is made elsewhere: the loop goes on meanwhile, and what is committed is seen."""

    async def scenario() -> None:
        db = SqliteDatabase(tmp_path / "app.db")
        await db.write(lambda unit: unit.execute(text("CREATE TABLE things (n INTEGER)")))
        await db.write(lambda unit: unit.execute(text("INSERT INTO things VALUES (1), (2)")))
        many = text(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
            " SELECT sum(i) AS total, (SELECT count(*) FROM things) AS things FROM n"
        )
        turns = 0
        scanning = asyncio.ensure_future(db.scan(many))
        while not scanning.done():
            turns += 1
            await asyncio.sleep(0)
        (row,) = await scanning
        assert (row["total"], row["things"]) == (300_000 * 300_001 // 2, 2)
        assert turns > 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await db.scan(text("INSERT INTO things VALUES (3)"))
        await db.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("number", "cause"),
    [(errno.ENOSPC, OutageCause.FULL), (errno.EROFS, OutageCause.NOT_WRITABLE), (errno.EIO, OutageCause.OTHER)],
)
def test_a_disk_that_takes_nothing_is_noticed_without_a_write(
    number: int, cause: OutageCause, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does the look leave anything behind, nor does it change the database."""

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    async def work(db: SqliteDatabase) -> None:
        changes = db.change_counter()
        await db.check_writable()
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(DatabaseGone) as raised:
                await db.check_writable()
        assert raised.value.cause is cause
        assert db.change_counter() == changes
        assert [path for path in tmp_path.iterdir() if not path.name.startswith("app.db")] == []

    run(tmp_path / "app.db", work)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (sqlite3.SQLITE_FULL, OutageCause.FULL),
        (sqlite3.SQLITE_READONLY, OutageCause.NOT_WRITABLE),
        (sqlite3.SQLITE_READONLY_DBMOVED, OutageCause.NOT_WRITABLE),
        (sqlite3.SQLITE_CANTOPEN, OutageCause.NOT_WRITABLE),
    ],
)
def test_a_disk_that_takes_nothing_is_a_database_that_is_gone(code: int, cause: OutageCause) -> None:
    """Whoever wrote may come again."""
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    named = _named(error)
    assert isinstance(named, DatabaseGone)
    assert named.cause is cause


def test_a_mistake_in_a_statement_is_no_trouble_of_the_disk() -> None:
    """It is told as it is."""
    error = sqlite3.OperationalError("no such column")
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR
    assert _named(error) is error
