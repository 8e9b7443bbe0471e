"""Which database an address means: a file of SQLite for one machine, or a PostgreSQL server for many."""

import importlib
import time
from pathlib import Path

from sqlalchemy import Double, cast, extract, func, select

from reelrouter.clock import Clock, DatabaseClock, SystemClock
from reelrouter.db.engine import Database
from reelrouter.db.migrate import connected, migrate, migrate_server
from reelrouter.db.sqlite import SqliteDatabase

_FILE = "sqlite:///"
_TIME = select(cast(extract("epoch", func.clock_timestamp()), Double).label("seconds"))


class DriverMissing(Exception):
    """The database needs a package that is not installed; the message says which."""


def file_url(path: Path) -> str:
    return f"{_FILE}{path}"


def is_server(url: str) -> bool:
    """Whether several processes may share it."""
    return not url.startswith(_FILE)


def prepare(url: str) -> None:
    """Creates or upgrades the tables. Safe to run at each start, and in several processes at one time."""
    if is_server(url):
        migrate_server(url)
    else:
        migrate(Path(url.removeprefix(_FILE)))


async def open_database(url: str, connections: int) -> Database:
    """`connections` is how many a server is asked for at most. Raises `DriverMissing`."""
    if not is_server(url):
        return SqliteDatabase(Path(url.removeprefix(_FILE)))
    try:
        # Loaded by name: whoever runs on SQLite needs no driver of a server.
        postgres = importlib.import_module("reelrouter.db.postgres")
    except ModuleNotFoundError as error:
        raise DriverMissing(
            "PostgreSQL needs a driver; install it with: pip install 'reelrouter[postgres]'"
        ) from error
    database: Database = await postgres.PostgresDatabase.open(url, connections)
    return database


async def open_clock(url: str, db: Database) -> Clock:
    """The clock that deadlines and due times are judged by: the server's; on SQLite this machine's."""
    if not is_server(url):
        return SystemClock()

    async def ask() -> float:
        row = await db.row(_TIME)
        if row is None:
            raise LookupError("the time is one row")
        return float(row["seconds"])

    return await DatabaseClock.open(ask)


def skew_from(url: str) -> float:
    """Seconds by which this machine's clock is ahead of the server's. Raises `ServerRefused`."""
    ask = "SELECT extract(epoch FROM clock_timestamp())::double precision"
    with connected(url) as connection:
        before = time.time()
        seconds: float = connection.execute(ask).fetchone()[0]
        return (before + time.time()) / 2 - seconds
