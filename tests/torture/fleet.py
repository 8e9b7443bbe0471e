"""The gateway in its two forms, and what is done to it: one machine on SQLite, many processes on PostgreSQL."""

import os
import signal
import socket
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import obstore
import psycopg
from obstore.store import S3Store
from psycopg.rows import dict_row

from tests import postgres
from tests.acceptance.serving import PROGRAM
from tests.acceptance.waiting import until
from tests.buckets import Gate, s3_server
from tests.torture.plan import Fault
from tests.torture.processes import Command, Supervised, tell

APIS, ENGINES = 2, 3
_ENGINE = b"reelrouter.engine"
_KEPT = ("app.db", "dbos.db", "secret", "clock", "log")
"""How the names of files begin that belong to an installation as such."""
_START_SECONDS = 180.0
OWN_CLOCK = b"""
CREATE SCHEMA torture;
CREATE TABLE torture.clock (ahead double precision NOT NULL);
INSERT INTO torture.clock VALUES (0);
CREATE FUNCTION torture.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT ahead FROM torture.clock))';
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = public, torture, pg_catalog', current_database());
END $$;
"""
"""A server's clock that can be put forward: whoever asks for the time finds this function before the real one."""


class Fleet(ABC):
    """Every process of one gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.apis: list[Supervised] = []
        self.engines: list[Supervised] = []
        """Those that run apart from an API."""
        self.addresses: list[str] = []
        self._stopped: list[int] = []

    @property
    def processes(self) -> Sequence[Supervised]:
        return [*self.apis, *self.engines]

    def start(self) -> None:
        """Returns when all answer."""
        for one in self.processes:
            one.start()
        until(self.is_ready, "every API to be ready", _START_SECONDS)

    def rest(self) -> None:
        """Ends every process in an orderly way."""
        for one in self.processes:
            one.rest()

    def close(self) -> None:
        for one in self.processes:
            one.close()

    def is_ready(self) -> bool:
        try:
            answers = [httpx.get(f"{one}/readyz", trust_env=False, timeout=5.0) for one in self.addresses]
        except httpx.TransportError:
            return False
        return all(answer.status_code == 200 for answer in answers)

    def set_clocks(self, seconds: float, of_server: float = 0.0) -> None:
        """By how much every machine's clock is ahead of the true one, and the database's, where it has its own."""
        for one in self.processes:
            one.set_clock(seconds)

    def do(self, fault: Fault) -> bool:
        """Whether it really befell somebody: what is just being started cannot be killed."""
        api, machine = self.apis[fault.whom % len(self.apis)], self.processes[fault.whom % len(self.processes)]
        match fault.act:
            case "kill_api":
                return api.tell(signal.SIGKILL)
            case "restart_api":
                return api.tell(signal.SIGTERM)
            case "kill_engine":
                return self._tell_engine(fault.whom, signal.SIGKILL)
            case "stop_engine":
                return self._tell_engine(fault.whom, signal.SIGSTOP)
            case "continue_engine":
                return self._continue_all()
            case "fill_disk" | "fill_disk_long":
                return machine.fill_disk()
            case "free_disk" | "free_disk_long":
                return machine.free_disk()
            case "set_clock":
                machine.set_clock(fault.shift)
                return machine.pid is not None
            case _:
                raise ValueError(f"{fault.act} befalls no process of the gateway")

    def _tell_engine(self, whom: int, number: signal.Signals) -> bool:
        """Whether there was one."""
        pid = self.engine_pid(whom)
        if pid is None or not tell(pid, number):
            return False
        if number is signal.SIGSTOP:
            self._stopped.append(pid)
        return True

    def _continue_all(self) -> bool:
        """The very ones that were stopped, also where another one has taken their place since."""
        continued = [tell(pid, signal.SIGCONT) for pid in self._stopped]
        self._stopped.clear()
        return any(continued)

    @abstractmethod
    def engine_pid(self, whom: int) -> int | None:
        """None while it is not running."""

    @abstractmethod
    def kill_database(self) -> bool: ...

    @abstractmethod
    def start_database(self) -> bool: ...

    @abstractmethod
    def lose_storage(self, whom: int) -> bool: ...

    @abstractmethod
    def return_storage(self) -> bool: ...

    @property
    @abstractmethod
    def is_crippled(self) -> bool:
        """Whether something is away without which no API says that it is ready."""

    @abstractmethod
    def rows(self, statement: str) -> Sequence[Mapping[str, Any]]:
        """What it finds in the database."""

    @abstractmethod
    def files(self) -> frozenset[str]:
        """The keys of everything in storage."""

    def leftovers(self) -> list[str]:
        """Every file of the gateway's that belongs to a job, a download or a write."""
        found = [path for path in files_below(self.folder) if not _belongs(path)]
        return sorted({str(path.relative_to(self.folder)) for path in found} | self.files())


class OneMachine(Fleet):
    """`reelrouter serve` on a file."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        environment: Mapping[str, str],
        words: Sequence[str] = (PROGRAM, "serve"),
    ) -> None:
        super().__init__(folder)
        self._data = folder / "data"
        port = free_port()
        told = {**settings, "data_dir": str(self._data), "port": str(port)}
        self.addresses = [f"http://127.0.0.1:{port}"]
        self.apis = [
            Supervised(Command(name="serve", words=words, folder=folder, settings=told, environment=environment))
        ]

    def engine_pid(self, whom: int) -> int | None:
        return self.apis[0].child(_ENGINE)

    def kill_database(self) -> bool:
        raise ValueError("the database is a file, and dies with whoever has it open")

    start_database = kill_database

    def lose_storage(self, whom: int) -> bool:
        """As a disk that is not there any more: the folder is gone, and none can be made in its place."""
        root = self._data / "objects"
        if not root.is_dir():
            return False
        root.rename(self._away)
        root.touch()
        return True

    def return_storage(self) -> bool:
        root = self._data / "objects"
        if not self._away.is_dir():
            return False
        root.unlink()
        self._away.rename(root)
        return True

    @property
    def is_crippled(self) -> bool:
        return self._away.is_dir()

    @property
    def _away(self) -> Path:
        return self._data / "objects-away"

    def rows(self, statement: str) -> Sequence[Mapping[str, Any]]:
        with closing(sqlite3.connect(self._data / "app.db", timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]

    def files(self) -> frozenset[str]:
        root = self._data / "objects"
        return frozenset(str(path.relative_to(root)) for path in files_below(root))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What many processes share."""

    server: Any
    """Of PostgreSQL."""
    gate: Gate
    """Before the bucket."""


class Many(Fleet):
    """APIs and engines, each as if on a machine of its own, on a PostgreSQL server and a bucket."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], environment: Mapping[str, str], world: World
    ) -> None:
        super().__init__(folder)
        server, gate = world.server, world.gate
        self._server = server
        self._address = server.get_uri()
        self._environment = environment
        self._is_down = False
        self._gate = gate
        shared = {
            **settings,
            "database_url": self._address,
            "storage_url": "s3://videos",
            "secret_key": "a secret that nobody else has, 0123456789",
        }

        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(OWN_CLOCK)

        def process(name: str, words: Sequence[str], **own: str) -> Supervised:
            told = {**shared, **own, "data_dir": str(folder / name / "data")}
            return Supervised(
                Command(name=name, words=words, folder=folder / name, settings=told, environment=environment)
            )

        ports = [free_port() for _ in range(APIS)]
        self.addresses = [f"http://127.0.0.1:{port}" for port in ports]
        self.apis = [process(f"api-{n}", (PROGRAM, "api"), port=str(port)) for n, port in enumerate(ports)]
        self.engines = [process(f"engine-{n}", (PROGRAM, "engine")) for n in range(ENGINES)]

    def set_clocks(self, seconds: float, of_server: float = 0.0) -> None:
        super().set_clocks(seconds)
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("UPDATE torture.clock SET ahead = %s", (of_server,))

    def engine_pid(self, whom: int) -> int | None:
        return self.engines[whom % ENGINES].pid

    def kill_database(self) -> bool:
        postgres.kill(self._server)
        self._is_down = True
        return True

    def start_database(self) -> bool:
        if not self._is_down:
            return False
        postgres.start_again(self._server)
        self._is_down = False
        return True

    def lose_storage(self, whom: int) -> bool:
        """At times it hangs up, at times it does not know the key any more."""
        self._gate.shut(refusing=whom % 2 == 1)
        return True

    def return_storage(self) -> bool:
        self._gate.open()
        return True

    @property
    def is_crippled(self) -> bool:
        return self._is_down or self._gate.is_shut

    def rows(self, statement: str) -> Sequence[Mapping[str, Any]]:
        with psycopg.connect(self._address, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()

    def files(self) -> frozenset[str]:
        store = S3Store(
            "videos",
            endpoint=self._environment["AWS_ENDPOINT_URL"],
            access_key_id=self._environment["AWS_ACCESS_KEY_ID"],
            secret_access_key=self._environment["AWS_SECRET_ACCESS_KEY"],
            region=self._environment["AWS_REGION"],
            client_options={"allow_http": True},
        )
        return frozenset(found["path"] for batch in obstore.list(store) for found in batch)


FleetOf = Callable[[Path, Mapping[str, str], Mapping[str, str]], Any]
"""Makes one, in a folder, with settings and the vendors' environment; to be entered, and closed on leaving."""


@contextmanager
def one_machine(folder: Path, settings: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[Fleet]:
    with closing(OneMachine(folder, settings, environment)) as fleet:
        yield fleet


@contextmanager
def many(folder: Path, settings: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[Fleet]:
    gate = Gate()
    with (
        s3_server(gate) as bucket,
        postgres.own_server(folder / "postgres") as server,
        closing(
            Many(folder / "gateway", settings, {**environment, **bucket}, World(server=server, gate=gate))
        ) as fleet,
    ):
        yield fleet


@contextmanager
def with_words(
    words: Sequence[str], folder: Path, settings: Mapping[str, str], environment: Mapping[str, str]
) -> Iterator[Fleet]:
    """One machine that runs a module of tests in place of the program."""
    with closing(OneMachine(folder, settings, environment, (sys.executable, "-m", *words))) as fleet:
        yield fleet


def files_below(root: Path) -> list[Path]:
    """Every file, also while folders are being removed: looking for those is no error here."""
    return [Path(folder) / name for folder, _, names in os.walk(root) for name in names]


def free_port() -> int:
    """One that nobody listens on now; processes that are started anew keep their address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _belongs(path: Path) -> bool:
    return path.name.startswith(_KEPT) or path.suffix in (".lock", ".sock")
