"""PostgreSQL in trouble: lost answers, a server that restarts, transactions that end in another order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy import func, insert, select, text

from reelrouter.db.engine import Database, DatabaseGone, Unit
from reelrouter.db.functions import settled_below
from reelrouter.db.opening import open_database
from reelrouter.db.tables import inputs
from reelrouter.errors import OutageCause
from tests.postgres import fresh_database, own_server, restart

pytestmark = pytest.mark.postgres

INSERT = insert(inputs)
COUNT = select(func.count().label("n")).select_from(inputs)
SETTLED = select(settled_below().label("settled"))


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        yield address


def place(number: int, unit: Unit) -> None:
    unit.execute(INSERT, job_id=str(number), key="k")


async def count(db: Database) -> int:
    row = await db.row(COUNT)
    assert row is not None
    return int(row["n"])


async def settled(db: Database) -> int:
    row = await db.row(SETTLED)
    assert row is not None
    return int(row["settled"])


class Proxy:
    """Between driver and server; loses the first COMMIT on its way there, or its answer on the way back."""

    def __init__(self, server: str, loses: str) -> None:
        self._server = server
        self._loses = loses
        self.lost = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._server)
        answers = asyncio.ensure_future(self._answer(there, writer))
        try:
            while data := await reader.read(65536):
                is_commit = b"COMMIT" in data and not self.lost
                if is_commit:
                    self.lost += 1
                    if self._loses == "question":
                        break
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                back.write(data)
                await back.drain()
                if is_commit:
                    await there.read(65536)  # the server has answered, so that it is committed
                    break
        finally:
            answers.cancel()
            back.close()
            writer.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def through_proxy(url: str, folder: Path, loses: str) -> AsyncIterator[tuple[Database, Proxy]]:
    (socket,) = parse_qs(urlsplit(url).query)["host"]
    proxy = Proxy(f"{socket}/.s.PGSQL.5432", loses)
    server = await asyncio.start_unix_server(proxy.carry, folder / ".s.PGSQL.5432")
    db = await open_database(url.partition("?")[0] + f"?host={folder}", 2)
    try:
        yield db, proxy
    finally:
        await db.close()
        server.close()


@pytest.mark.parametrize("loses", ["question", "answer"])
def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_done_twice(
    loses: str, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The server is asked what became of it; only what it has not committed is done again."""
    calls = list[int]()

    def work(unit: object) -> str:
        calls.append(1)
        unit.execute(INSERT, job_id=f"try-{len(calls)}", key="k")  # type: ignore[attr-defined]
        return f"try-{len(calls)}"

    async def scenario() -> None:
        async with through_proxy(url, tmp_path_factory.mktemp("s"), loses) as (db, proxy):
            said = await db.write(work)
            assert proxy.lost == 1
            assert await count(db) == 1
            assert said == ("try-1" if loses == "answer" else "try-2")

    asyncio.run(scenario())


def test_a_restarted_server_is_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever writes and reads meanwhile is late, and every write that returned is there once."""

    async def scenario(db: Database) -> None:
        writes = 0

        async def write_on() -> None:
            nonlocal writes
            while writes < 200:
                writes += 1
                await db.write(partial(place, writes))

        writing = [asyncio.ensure_future(write_on()) for _ in range(4)]
        while writes < 20:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(restart, server)
        await asyncio.gather(*writing)
        assert await count(db) == writes

    with own_server(tmp_path_factory.mktemp("s")) as server:
        asyncio.run(opened(server.get_uri(), scenario))


async def opened(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    db = await open_database(url, 4)
    try:
        await work(db)
    finally:
        await db.close()


def test_no_change_appears_below_what_was_called_settled(url: str) -> None:
    """A transaction that began first and commits last still has a number at or above the mark."""

    async def scenario(db: Database) -> None:
        slow = await asyncpg.connect(url)
        await slow.execute("BEGIN")
        early = await slow.fetchval("SELECT pg_current_xact_id()::text::bigint")
        await db.write(partial(place, 1))  # a later transaction, which is over before it
        assert await settled(db) <= early
        await slow.execute("COMMIT")
        await slow.close()
        async with asyncio.timeout(20):  # other tests' transactions count as well
            while (await settled(db)) <= early:
                await asyncio.sleep(0.01)

    asyncio.run(opened(url, scenario))


def test_a_mistake_in_a_statement_is_told_at_once(url: str) -> None:
    """What is wrong with the program is not waited out like a server that is away."""

    async def scenario(db: Database) -> None:
        with pytest.raises(asyncpg.DataError):
            await db.write(lambda unit: unit.execute(INSERT, job_id=7, key="k"))

    asyncio.run(opened(url, scenario))


def test_a_read_asks_the_server_nothing_but_itself(url: str) -> None:
    """What its connection asked last is the read: putting it back to rights after each use would cost as much."""

    async def work(db: Database) -> None:
        await count(db)
        other = await asyncpg.connect(url)
        try:
            asked = await other.fetch(_ASKED)
        finally:
            await other.close()
        assert any("count(*)" in one["query"] and "inputs" in one["query"] for one in asked), asked

    asyncio.run(opened(url, work))


_ASKED = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_a_connection_comes_back_without_an_open_transaction(url: str) -> None:
    """Whatever broke a write off."""

    def broken(unit: Unit) -> None:
        place(1, unit)
        raise ZeroDivisionError

    async def work(db: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            await db.write(broken)
        assert await count(db) == 0
        other = await asyncpg.connect(url)
        try:
            idle = await other.fetchval(_IN_TRANSACTION)
        finally:
            await other.close()
        assert idle == 0

    asyncio.run(opened(url, work))


_IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


def test_a_server_that_takes_no_writes_is_noticed_without_one(url: str) -> None:
    """A standby, or one that an operator has made read-only."""

    async def check(db: Database) -> None:
        await db.check_writable()

    asyncio.run(opened(url, check))
    name = urlsplit(url).path.removeprefix("/")

    async def make_read_only() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await connection.close()

    asyncio.run(make_read_only())
    with pytest.raises(DatabaseGone) as raised:
        asyncio.run(opened(url, check))
    assert raised.value.cause is OutageCause.NOT_WRITABLE


@pytest.mark.parametrize(
    ("code", "cause"),
    [("53100", OutageCause.FULL), ("53200", OutageCause.OTHER), ("25006", OutageCause.NOT_WRITABLE)],
)
def test_a_server_that_cannot_write_is_a_database_that_is_gone(url: str, code: str, cause: OutageCause) -> None:
    """Whoever wrote may come again, and nothing of the attempt is left."""
    refuse = text(f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$")

    def half(unit: Unit) -> None:
        place(1, unit)
        unit.execute(refuse)

    async def work(db: Database) -> None:
        with pytest.raises(DatabaseGone) as gone:
            await db.write(half)
        assert gone.value.cause is cause
        await db.write(partial(place, 2))
        assert await count(db) == 1

    asyncio.run(opened(url, work))
