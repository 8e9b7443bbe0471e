"""PostgreSQL: a pool of connections, writes that share transactions, and one connection that hears of commits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.util import await_only, greenlet_spawn

from reelrouter.db.engine import DatabaseGone, Row, Statement, Unit
from reelrouter.db.schema import name_for_server
from reelrouter.errors import OutageCause
from reelrouter.waiting import wait_at_most

T = TypeVar("T")

CHANNEL = "reelrouter_changes"
_DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]
_STATEMENTS = 512
"""Prepared statements that each connection keeps: more than the program has."""
_PATIENCE = 10.0
"""Seconds that a read or a write waits for a database that restarts."""
_PAUSE = 0.1
_TELL_SECONDS = 0.02
"""How often others are told of commits at most: a NOTIFY in each transaction has all commits wait for one lock."""
_LOOK_SECONDS = 1.0
"""How often a change is assumed though nobody told of one: whoever commits may die before it tells."""
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
"""Somebody else was faster; what was read before is not so any more, and the work is done anew."""
_MOST_TRIES = 5
_IS_READ_ONLY = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
_WRITERS = 2
"""Transactions that one process writes in at one time."""
_BATCH = 64
"""Writes that share a transaction at most."""
_GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # what the driver says of a connection that died in the middle of an answer
)
_TAKES_NOTHING = (
    asyncpg.InsufficientResourcesError,  # its disk is full, above all
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresIOError,
)
"""What a server says that is there and cannot write: the transaction is undone; whoever wrote may come again."""


class _Closed(ConnectionError):
    """What the driver says of a connection that it has found closed, apart from its other complaints."""


class PostgresDatabase:
    """A `Database` that many processes share. What a write returned from is on disk there."""

    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self._url = url
        self._pool = pool
        self._changes = 0
        self._waiting: list[_Task] = []
        self._writing: set[asyncio.Task[None]] = set()
        self._is_to_tell = asyncio.Event()
        self._is_closing = False
        self._listening = asyncio.create_task(self._listen())
        self._telling = asyncio.create_task(self._tell())

    @classmethod
    async def open(cls, url: str, connections: int) -> "PostgresDatabase":
        """Raises what the driver raises if the server cannot be reached, or refuses us."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            init=_prepare,
            server_settings={"application_name": name_for_server()},
            reset=_keep,
        )
        return cls(url, pool)

    async def write(self, work: Callable[[Unit], T], *, about: str = "") -> T:
        task = _Task(work, about, asyncio.get_running_loop().create_future())
        self._waiting.append(task)
        if len(self._writing) < _WRITERS:
            self._writing.add(asyncio.create_task(self._write_all()))
        result: T = await asyncio.shield(task.future)
        return result

    async def row(self, statement: Statement, **values: Any) -> Row | None:
        query = _compiled(statement)
        return await _patiently(lambda: self._pool.fetchrow(query.sql, *query.arguments(values)))

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        query = _compiled(statement)
        return await _patiently(lambda: self._pool.fetch(query.sql, *query.arguments(values)))

    async def scan(self, statement: Statement, **values: Any) -> Sequence[Row]:
        return await self.rows(statement, **values)  # the server does the work, and nobody here waits

    async def check_writable(self) -> None:
        # A full disk is not seen here: only a write would show it, and each one costs a flush.
        if await _patiently(lambda: self._pool.fetchval(_IS_READ_ONLY)):
            raise DatabaseGone("the server is a standby, or takes no writes", OutageCause.NOT_WRITABLE)

    def change_counter(self) -> int:
        return self._changes

    async def close(self) -> None:
        while self._writing:
            await asyncio.gather(*self._writing, return_exceptions=True)
        self._is_closing = True
        self._is_to_tell.set()
        self._listening.cancel()  # the other one may be in a statement, which is better ended than cancelled
        await asyncio.gather(self._listening, self._telling, return_exceptions=True)
        await self._pool.close()

    # Writing -----------------------------------------------------------------------------------------------------

    async def _write_all(self) -> None:
        """Until nothing waits: what came during one commit goes into the next together."""
        try:
            await asyncio.sleep(0)  # who asks in the same turn of the loop shares the first one
            while self._waiting:
                # Everybody locks in one order, so that no two wait for each other.
                batch = sorted(self._waiting[:_BATCH], key=lambda task: task.about)
                del self._waiting[:_BATCH]
                await self._write_batch(batch)
        finally:
            # At once, and not by a callback: whoever writes next must not count on a writer that has looked.
            self._writing.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _write_batch(self, batch: Sequence["_Task"]) -> None:
        try:
            results = await _patiently(partial(self._transact, partial(_do_all, batch)))
        except DatabaseGone as gone:  # whether it was committed may be unknown: nothing is done again
            for one in batch:
                one.fail(gone)
        except Exception:  # noqa: BLE001 - whose failure it is comes out when each has a transaction of its own
            await asyncio.gather(*(self._write_alone(one) for one in batch))
        else:
            for one, result in zip(batch, results, strict=True):
                one.resolve(result)
        self._changes += 1
        self._is_to_tell.set()

    async def _write_alone(self, task: "_Task") -> None:
        for left in reversed(range(_MOST_TRIES)):
            try:
                task.resolve(await _patiently(partial(self._transact, task.work)))
            except _AGAIN as error:
                if left == 0:
                    task.fail(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
                task.fail(error)
            if task.future.done():
                return

    async def _transact(self, work: Callable[[Unit], T]) -> T:
        number: str | None = None
        """Set once there is something to commit."""
        try:
            with _closed_is_gone():
                async with self._pool.acquire() as connection:
                    number, result = await _execute(connection, work)
                    await connection.execute("COMMIT")
        except _GONE:
            # Also where a connection could not be given back: that is no word on what was done with it.
            if number is None or not await self._is_committed(number):
                raise
        return result

    async def _is_committed(self, number: str) -> bool:
        """What became of a transaction whose commit was not answered: it is not done twice for want of that."""
        ask = partial(self._pool.fetchval, "SELECT pg_xact_status($1::text::xid8)", number)
        while True:
            status = await _patiently(ask)
            if status != "in progress":
                return bool(status == "committed")
            await asyncio.sleep(_PAUSE)

    # Changes -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            with suppress(*_GONE), _closed_is_gone():
                await self._hear()
            await asyncio.sleep(_PAUSE)

    async def _hear(self) -> None:
        """Until the connection is lost."""
        named = {"application_name": name_for_server("listener")}
        connection = await asyncpg.connect(self._url, server_settings=named)
        try:
            await connection.add_listener(CHANNEL, self._note)
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection: lost.set())
            while not lost.is_set():
                self._changes += 1
                await wait_at_most(lost, _LOOK_SECONDS)
        finally:
            connection.terminate()

    def _note(self, *_told: object) -> None:
        self._changes += 1

    async def _tell(self) -> None:
        while not self._is_closing:
            await self._is_to_tell.wait()
            self._is_to_tell.clear()
            with suppress(*_GONE), _closed_is_gone():
                await self._pool.execute(f"NOTIFY {CHANNEL}")
            await asyncio.sleep(_TELL_SECONDS)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """One write that waits, and the future of whoever asked for it: it is ended even if nobody is left to hear."""

    work: Callable[[Unit], Any]
    about: str
    future: asyncio.Future[Any]

    def resolve(self, result: Any) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


async def _execute(connection: Any, work: Callable[[Unit], T]) -> tuple[str | None, T]:
    """All of a transaction but its end: its number, None if it wrote nothing, and what the work gave."""
    await connection.execute("BEGIN")
    try:
        result = await greenlet_spawn(work, _PostgresUnit(connection))
        return await connection.fetchval("SELECT pg_current_xact_id_if_assigned()::text"), result
    except BaseException:
        with suppress(*_GONE), _closed_is_gone():
            await connection.execute("ROLLBACK")
        raise


def _do_all(batch: Sequence[_Task], unit: Unit) -> list[Any]:
    return [one.work(unit) for one in batch]


class _PostgresUnit:
    """Synchronous on an asynchronous connection: each call gives the loop away until its answer is there."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: Statement, **values: Any) -> int:
        query = _compiled(statement)
        tag: str = await_only(self._connection.execute(query.sql, *query.arguments(values)))
        return int(tag.rpartition(" ")[2])

    def row(self, statement: Statement, **values: Any) -> Row | None:
        query = _compiled(statement)
        row: Row | None = await_only(self._connection.fetchrow(query.sql, *query.arguments(values)))
        return row

    def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        query = _compiled(statement)
        rows: Sequence[Row] = await_only(self._connection.fetch(query.sql, *query.arguments(values)))
        return rows


async def _prepare(connection: Any) -> None:
    """Sums of whole numbers are whole numbers, as on SQLite: the server makes decimals of them."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=int, format="text")


async def _keep(connection: Any) -> None:
    """Nothing of a session is changed here, and the pool itself ends an open transaction.

    What it would ask to undo the rest, after each use, is as many questions again as there are reads.
    """


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Again while the database is not there, for a while. Raises `DatabaseGone`."""
    until = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        try:
            with _closed_is_gone():
                return await ask()
        except _GONE as error:
            if asyncio.get_running_loop().time() >= until:
                raise DatabaseGone(
                    f"the database cannot be reached: {error!r}", OutageCause.UNREACHABLE
                ) from error
            await asyncio.sleep(_PAUSE)
        except _TAKES_NOTHING as error:
            raise DatabaseGone(f"the database takes nothing: {error!r}", _cause_of(error)) from error


def _cause_of(error: Exception) -> OutageCause:
    match error:
        case asyncpg.DiskFullError():
            return OutageCause.FULL
        case asyncpg.ReadOnlySQLTransactionError():
            return OutageCause.NOT_WRITABLE
        case _:
            return OutageCause.OTHER


@contextmanager
def _closed_is_gone() -> Iterator[None]:
    try:
        yield
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError) or "closed" not in str(error):
            raise  # a mistake of ours in a statement or its values
        raise _Closed(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Query:
    sql: str
    names: tuple[str, ...]
    """Of what is bound to `$1`, `$2`, …"""
    defaults: Mapping[str, Any]

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        known = {**self.defaults, **values} if self.defaults else values
        return [known[name] for name in self.names]


@lru_cache(maxsize=1024)
def _compiled(statement: Statement) -> _Query:
    # Statements are module constants, so that identity is the right key and the cache stays small.
    compiled = statement.compile(dialect=_DIALECT)
    binds = getattr(compiled, "binds", {})
    defaults = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
    return _Query(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()), defaults)
