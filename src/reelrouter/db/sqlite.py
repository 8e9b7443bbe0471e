"""SQLite: one reader on the event loop, one writing thread that groups what waits into one commit."""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

from sqlalchemy.dialects import sqlite

from reelrouter.db.engine import DatabaseGone, Row, Statement, Unit
from reelrouter.errors import OutageCause, cause_of_os_error

T = TypeVar("T")

_BATCH = 256
"""Writes that share a commit at most: bounds how long the first of them waits for the last."""
_PROBE_BYTES = 64 * 1024
"""What the disk of a database must have room for: some pages of a transaction."""
_DIALECT = sqlite.dialect(paramstyle="named")


class SqliteDatabase:
    """A `Database` in one file, for one machine. Money and accepted jobs survive power loss (FULL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = _connect(path)
        self._reader.execute("PRAGMA query_only=ON")
        self._writer = _Writer(path)

    async def write(self, work: Callable[[Unit], T], *, about: str = "") -> T:
        result: T = await self._writer.put(work)
        return result

    async def row(self, statement: Statement, **values: Any) -> Row | None:
        # In line on purpose: a read by key takes microseconds, a thread would cost ten times that.
        row: Row | None = _run(self._reader, statement, values).fetchone()
        return row

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        return _run(self._reader, statement, values).fetchall()

    async def scan(self, statement: Statement, **values: Any) -> Sequence[Row]:
        return await asyncio.to_thread(self._scan, statement, values)

    def _scan(self, statement: Statement, values: dict[str, Any]) -> Sequence[Row]:
        with closing(_connect(self._path)) as connection:
            connection.execute("PRAGMA query_only=ON")
            return _run(connection, statement, values).fetchall()

    async def check_writable(self) -> None:
        await asyncio.to_thread(_check_writable, self._path)

    def change_counter(self) -> int:
        counter: int = self._reader.execute("PRAGMA data_version").fetchone()[0]
        return counter

    async def close(self) -> None:
        # In line: the thread only ends what it has begun, and at this hour the loop's executor may be gone.
        self._writer.close()
        self._reader.close()


class _SqliteUnit:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: Statement, **values: Any) -> int:
        return _run(self._connection, statement, values).rowcount

    def row(self, statement: Statement, **values: Any) -> Row | None:
        row: Row | None = _run(self._connection, statement, values).fetchone()
        return row

    def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        return _run(self._connection, statement, values).fetchall()


class _Task:
    """One write that waits, and the future of whoever asked for it."""

    __slots__ = ("_future", "_loop", "_result", "work")

    def __init__(self, work: Callable[[Unit], Any]) -> None:
        self.work = work
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Any] = self._loop.create_future()
        self._result: Any = None

    @property
    def future(self) -> asyncio.Future[Any]:
        return self._future

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def keep(self, result: Any) -> None:
        self._result = result

    def resolve(self) -> None:
        if self._future.cancelled():
            return
        if isinstance(self._result, BaseException):
            self._future.set_exception(self._result)
        else:
            self._future.set_result(self._result)


_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
"""Neither leaves anything behind. A flush that fails is not among them: of that nobody knows."""
_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""Likewise, and in every more exact form: SQLite says such a thing before it has changed anything."""


class _Writer:
    """One thread, one connection. What is asked for in one turn of the loop, or during a commit, commits together.

    The thread is handed whole batches: waking it for the first of many writes made batches a quarter as long, and
    had the two threads take the interpreter's lock from each other at every statement (measured).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[_Task] = []
        self._is_due = False
        self._is_writing = False
        self._queue: queue.SimpleQueue[list[_Task] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def put(self, work: Callable[[Unit], Any]) -> Any:
        task = _Task(work)
        self._waiting.append(task)
        if not self._is_due and not self._is_writing:
            self._is_due = True
            task.loop.call_soon(self._hand_over)
        return await task.future

    def close(self) -> None:
        if self._waiting:
            self._queue.put(self._waiting)
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        """On the loop: gives the thread what waits, a batch at a time."""
        self._is_due = False
        batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        if batch:
            self._is_writing = True
            self._queue.put(batch)

    def _resolve(self, batch: list[_Task]) -> None:
        """On the loop: the batch is on disk."""
        self._is_writing = False
        for task in batch:
            task.resolve()
        self._hand_over()

    def _run(self) -> None:
        connection = _connect(self._path)
        connection.execute("PRAGMA synchronous=FULL")
        unit = _SqliteUnit(connection)
        while (batch := self._queue.get()) is not None:
            _commit_together(connection, unit, batch)
            with suppress(RuntimeError):  # the loop has ended, and with it everybody who waited
                batch[0].loop.call_soon_threadsafe(self._resolve, batch)
        connection.close()


def _commit_together(connection: sqlite3.Connection, unit: Unit, batch: list[_Task]) -> None:
    """First as if nobody failed, which is nearly always so; else again, each in a savepoint of its own."""
    if _commit_in_one(connection, unit, batch):
        return
    try:
        connection.execute("BEGIN IMMEDIATE")
        for task in batch:
            task.keep(_run_in_savepoint(connection, unit, task.work))
        connection.execute("COMMIT")
    except sqlite3.Error as error:  # the disk is full, or the file is locked: nobody's write happened
        _roll_back(connection)
        for task in batch:
            task.keep(_named(error))


def _commit_in_one(connection: sqlite3.Connection, unit: Unit, batch: list[_Task]) -> bool:
    """False if any task failed; then nothing was written, and all may run again: they only know the database."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for task in batch:
            task.keep(task.work(unit))
        connection.execute("COMMIT")
    except Exception:  # noqa: BLE001 - whose failure it is comes out when each runs in its own savepoint
        _roll_back(connection)
        return False
    return True


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        with suppress(
            sqlite3.Error
        ):  # a disk that takes nothing: nothing is committed, and the next one tries again
            connection.execute("ROLLBACK")


def _run_in_savepoint(connection: sqlite3.Connection, unit: Unit, work: Callable[[Unit], Any]) -> Any:
    connection.execute("SAVEPOINT task")
    try:
        result = work(unit)
    except Exception as error:
        if not connection.in_transaction:  # a full disk ends it for all
            raise
        connection.execute("ROLLBACK TO task")
        result = _named(error)
    connection.execute("RELEASE task")
    return result


def _named(error: Exception) -> Exception:
    """A disk that takes nothing is no fault of the statement's: whoever wrote may come again."""
    code = getattr(error, "sqlite_errorcode", 0) if isinstance(error, sqlite3.Error) else 0
    if code in _NO_ROOM:
        cause = OutageCause.FULL
    elif code & 0xFF in _NOT_WRITABLE:
        cause = OutageCause.NOT_WRITABLE
    else:
        return error
    gone = DatabaseGone(f"the database's disk takes nothing: {error}", cause)
    gone.__cause__ = error
    return gone


def _check_writable(path: Path) -> None:
    """By a file beside the database that has no name, so that a crash leaves nothing of it."""
    try:
        with TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseGone(
            f"nothing can be written to {path.parent}: {error}", cause_of_os_error(error)
        ) from error
    if not os.access(path, os.W_OK):
        raise DatabaseGone(f"{path} is read-only", OutageCause.NOT_WRITABLE)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten, and not only forgotten. Many builds of SQLite have it so anyway.
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def _run(connection: sqlite3.Connection, statement: Statement, values: dict[str, Any]) -> sqlite3.Cursor:
    sql, defaults = _compiled(statement)
    return connection.execute(sql, {**defaults, **values} if defaults else values)


@lru_cache(maxsize=1024)
def _compiled(statement: Statement) -> tuple[str, dict[str, Any]]:
    # Statements are module constants, so that identity is the right key and the cache stays small.
    compiled = statement.compile(dialect=_DIALECT)
    binds = getattr(compiled, "binds", {})
    return str(compiled), {name: bind.effective_value for name, bind in binds.items() if not bind.required}
