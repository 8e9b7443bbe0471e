"""A gateway to measure: the real API process with a scripted engine, in a directory that is thrown away."""

import json
import secrets
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import load, processes
from reelrouter.testing.instant_engine import Behaviour, command

KEY = "rr-test-" + secrets.token_urlsafe(24)
LIVE_KEY = "rr-live-" + secrets.token_urlsafe(24)
HEADERS = {"Authorization": f"Bearer {KEY}"}
BODY = {
    "model": "google/veo-3.1-lite",
    "prompt": "A red kite climbs over a green hill while the wind turns the grass to silver.",
    "duration": 4,
    "resolution": "720p",
    "aspect_ratio": "16:9",
}
SUBMIT = load.post("/api/v1/videos", HEADERS, BODY)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that answers."""

    process: subprocess.Popen[str]
    address: str
    directory: Path

    @property
    def api(self) -> int:
        """The API's process id."""
        return self.process.pid

    def engine(self) -> int:
        """The engine's process id. Raises `NotReady` while there is none."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = [child for child in processes.children(self.api) if _is_engine(child)]
            return bool(found)

        processes.until(is_there, "the engine's process")
        return found[0]

    def until_calm(self) -> None:
        """Returns once both processes have started and have nothing to do."""
        processes.until_calm([self.api, self.engine()])

    def submit(self) -> str:
        """The id of a job just placed."""
        return str(ask(self.address, KEY, "/api/v1/videos", BODY)["id"])

    def show(self, job_id: str) -> dict[str, Any]:
        """The job as its owner sees it."""
        return ask(self.address, KEY, f"/api/v1/videos/{job_id}")

    def place(self, count: int, submit: str = SUBMIT, connections: int = 16) -> list[str]:
        """The ids of so many jobs, placed as fast as they are taken."""
        return load.placed(self.address, count, submit, connections)

    def count_jobs(self, condition: str) -> int:
        """How many rows of `jobs` meet a condition in SQL. Reads the file, and so asks nothing of the gateway."""
        return int(self.value(f"SELECT count(*) FROM jobs WHERE {condition}"))  # noqa: S608 - our own constants

    def value(self, query: str) -> Any:
        """The first column of the query's only row."""
        return self.rows(query)[0][0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.directory / 'app.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def running(directory: Path, behaviour: Behaviour, port: int = 0) -> Iterator[Gateway]:
    """A gateway on `directory`, which may hold an earlier one's data."""
    with served(directory, command(behaviour), {}, port) as gateway:
        yield gateway


@contextmanager
def served(
    directory: Path, engine: Sequence[str], settings: Mapping[str, str], port: int = 0
) -> Iterator[Gateway]:
    """A gateway with that engine, and with further names in its environment."""
    words = (sys.executable, "-m", "bench.serve", *engine)
    log = directory.parent / "gateway.log"
    known = {**environment(directory, port), **settings}
    with processes.started(words, known, log) as process, complaints_shown(log):
        address = processes.first_line(process)
        gateway = Gateway(process, address, directory)
        processes.until(lambda: answers(address), "an answer from the gateway")
        yield gateway


def ask(address: str, key: str, path: str, body: object = None) -> dict[str, Any]:
    """What a gateway answers to one request: a POST if there is a body, else a GET."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}{path}", data, headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        told: dict[str, Any] = json.load(answer)
        return told


def until_answers(process: subprocess.Popen[str], address: str, every: float = 0.01) -> None:
    """Raises `NotReady` at once if the process ends."""

    def is_there() -> bool:
        if process.poll() is not None:
            raise processes.NotReady(f"{process.args!r} ended with status {process.returncode}")
        return answers(address)

    processes.until(is_there, f"an answer at {address}", every=every)


def answers(address: str) -> bool:
    """Whether a gateway answers there."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def complaints_shown(log: Path) -> Iterator[None]:
    """If what was waited for did not come, the reason is most likely in the log, which is thrown away."""
    try:
        yield
    except processes.NotReady:
        lines = [line for line in log.read_text().splitlines() if '"level": "info"' not in line]
        print("\n".join(lines[-20:]), file=sys.stderr)
        raise


def environment(directory: Path, port: int) -> dict[str, str]:
    """The settings of a gateway that benchmarks know the key of."""
    return {
        "REELROUTER_DATA_DIR": str(directory),
        "REELROUTER_PORT": str(port),
        "REELROUTER_TEST_KEY": KEY,
        "REELROUTER_LOG_FORMAT": "json",
        "REELROUTER_MAX_DOWNLOAD": str(4 * 1024**3),
    }


@contextmanager
def floor(directory: Path, file: Path | None = None) -> Iterator["Floor"]:
    """The bare app; `file` is what it sends as content."""
    words = (sys.executable, "-m", "bench.floor", *([str(file)] if file else []))
    with processes.started(words, {}, directory / "floor.log") as process:
        yield Floor(process.pid, processes.first_line(process))


@dataclass(frozen=True, slots=True)
class Floor:
    pid: int
    address: str


def live_submit(body: Mapping[str, Any]) -> str:
    """A submit with the live key."""
    return load.post("/api/v1/videos", {"Authorization": f"Bearer {LIVE_KEY}"}, body)


def status_requests(job_ids: Sequence[str]) -> list[str]:
    """Polls of these jobs."""
    return [load.get(f"/api/v1/videos/{job_id}", HEADERS) for job_id in job_ids]


def _is_engine(pid: int) -> bool:
    try:
        return b"engine" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
