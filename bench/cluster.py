"""A gateway of many processes to measure: an API, engines with a scripted backend, and their own PostgreSQL."""

import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from tests.postgres import own_server

from bench import gateway, processes, teams
from bench.gateway import SUBMIT
from bench.load import placed
from reelrouter.testing.instant_engine import Behaviour, Noted, command, read_journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One that was started; it may have ended since."""

    process: subprocess.Popen[str]
    directory: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def journal(self) -> Path:
        """What reached its backend."""
        return self.directory / "journal"

    @property
    def gauge(self) -> Path:
        return self.directory / "gauge.json"

    def noted(self) -> list[Noted]:
        return read_journal(self.journal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One that answers."""

    api: int
    """The API's process id."""
    address: str
    postgres: int
    """The process id of the database's first process, whose children are the others."""
    url: str
    directory: Path
    environment: dict[str, str]
    stack: ExitStack = field(repr=False)
    engines: list[Engine] = field(default_factory=list)

    def start_engine(self, behaviour: Behaviour) -> Engine:
        """It writes a journal and a gauge, whatever `behaviour` says of them."""
        directory = self.directory / f"engine-{len(self.engines)}"
        directory.mkdir()
        behaviour = replace(behaviour, journal=directory / "journal", gauge=directory / "gauge.json")
        environment = {**self.environment, "REELROUTER_DATA_DIR": str(directory)}
        process = self.stack.enter_context(
            processes.started(command(behaviour), environment, self.directory / "engines.log", quiet=True)
        )
        engine = Engine(process=process, directory=directory)
        self.engines.append(engine)
        processes.until(engine.gauge.exists, "the engine's first sign of life")
        return engine

    def alive(self) -> list[Engine]:
        return [one for one in self.engines if one.process.poll() is None]

    def until_calm(self) -> None:
        """Returns once nobody has anything to do."""
        processes.until_calm([self.api, *(one.pid for one in self.alive())])

    def place(self, count: int, submit: str = SUBMIT, connections: int = 16) -> list[str]:
        return placed(self.address, count, submit, connections)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        """The first column of the query's only row."""
        return self.rows(query)[0][0]

    def count_jobs(self, condition: str) -> int:
        return int(self.value(f"SELECT count(*) FROM jobs WHERE {condition}"))  # noqa: S608 - our own constants


def job_of(noted: Noted) -> str:
    """An attempt's id is the job's, with its number behind a dash."""
    return noted.native_id.rpartition("-")[0]


@contextmanager
def opened(directory: Path, engines: Sequence[Behaviour]) -> Iterator[Cluster]:
    """`directory` is made. With flushes as the server has them by default: every commit waits for one."""
    directory.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(own_server(directory / "postgres"))
        port = processes.free_port()
        address = f"http://127.0.0.1:{port}"
        environment = _environment(directory, server.get_uri(), port)
        words = (str(Path(sys.executable).with_name("reelrouter")), "api")
        log = directory / "api.log"
        api = stack.enter_context(processes.started(words, environment, log, quiet=True))
        stack.enter_context(gateway.complaints_shown(log))
        gateway.until_answers(api, address)
        cluster = Cluster(
            api=api.pid,
            address=address,
            postgres=server.get_pid(),
            url=server.get_uri(),
            directory=directory,
            environment=environment,
            stack=stack,
        )
        for behaviour in engines:
            cluster.start_engine(behaviour)
        yield cluster


def _environment(directory: Path, url: str, port: int) -> dict[str, str]:
    return {
        **gateway.environment(directory / "api", port),
        **teams.settings(directory),
        "REELROUTER_DATABASE_URL": url,
        "REELROUTER_STORAGE_URL": (directory / "objects").as_uri(),
        "REELROUTER_SECRET_KEY": secrets.token_urlsafe(32),
    }
