"""The load generator, in a process of its own: connections that ask, wait for the answer, and ask again.

It speaks just enough HTTP/1.1 for servers that send Content-Length, so that it is not what is measured.
`python -m bench.load` reads a `Load` as JSON from its standard input and prints an `Answered`.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

from bench.processes import tell

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to ask of whom, how often at a time, and until when."""

    address: str
    requests: Sequence[str]
    """Whole requests, as `get` and `post` write them; they take turns."""
    connections: int
    seconds: float | None = None
    """How long to ask; None to ask `count` times."""
    count: int | None = None
    warm_up: float = 0.3
    """Seconds of the same load before it counts."""
    keep_bodies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back."""

    statuses: Mapping[str, int]
    seconds: float
    p50_ms: float
    p99_ms: float
    generator_cpu: float
    """Cores that the generator itself used."""
    lost: int
    """Connections that the server dropped."""
    sent: int
    """Requests in all, those before and after what counts included: each of them was answered in the end."""
    bodies: Sequence[str] = field(default=())

    @property
    def total(self) -> int:
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        return self.total / self.seconds


class WrongAnswers(Exception):
    """A server refused what it was asked, so that its speed means nothing."""


def apply(load: Load, expect: int) -> Answered:
    """Runs the generator. Raises `WrongAnswers` if any answer had another status, or none came."""
    process = begin(load)
    answered = finish(process)
    if set(answered.statuses) != {str(expect)} or answered.lost:
        raise WrongAnswers(f"expected {expect} alone, and got {answered.statuses}, {answered.lost} lost")
    return answered


def placed(address: str, count: int, submit: str, connections: int) -> list[str]:
    """The ids of so many jobs, placed as fast as they are taken."""
    wanted = Load(address=address, requests=[submit], connections=connections, count=count, keep_bodies=True)
    return [str(json.loads(body)["id"]) for body in apply(wanted, 202).bodies]


def begin(load: Load) -> subprocess.Popen[str]:
    """Starts a generator beside whatever else is to run."""
    command = (sys.executable, "-m", "bench.load")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stdin = process.stdin
    if stdin is not None:
        stdin.write(json.dumps(asdict(load)))
        stdin.close()
    return process


def finish(process: subprocess.Popen[str]) -> Answered:
    """Waits for it to end by itself."""
    output = process.stdout
    if output is None:
        raise ValueError("not a generator that `begin` started")
    with output:
        text = output.read()
    process.wait()
    return Answered(**json.loads(text))


def place(address: str) -> tuple[str, int]:
    """Host and port of `http://host:port`."""
    split = urlsplit(address)
    return split.hostname or "127.0.0.1", split.port or 80


def get(path: str, headers: Mapping[str, str]) -> str:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_lines(headers)}\r\n"


def post(path: str, headers: Mapping[str, str], body: object) -> str:
    """A POST request with a JSON body."""
    text = json.dumps(body)
    head = {**headers, "Content-Type": "application/json", "Content-Length": str(len(text.encode()))}
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_lines(head)}\r\n{text}"


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class _Run:
    """What all connections share."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.requests = [request.encode() for request in load.requests]
        self.sent = 0
        self.lost = 0
        self.open = 0
        self.over = asyncio.Event()
        self.stopping = False
        self.latencies: list[float] = []
        self.statuses: dict[bytes, int] = {}
        self.bodies: list[bytes] = []

    def next_request(self) -> bytes | None:
        """None once nothing more is to be asked."""
        if self.stopping or (self.load.count is not None and self.sent >= self.load.count):
            return None
        request = self.requests[self.sent % len(self.requests)]
        self.sent += 1
        return request

    def forget(self) -> None:
        """The warm-up is over: from here on it counts."""
        self.latencies.clear()
        self.statuses.clear()

    def left(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.over.set()


class _Connection(asyncio.Protocol):
    __slots__ = ("_asked_at", "_buffer", "_idle", "_run", "_transport")

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._idle = False
        run.open += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        end = data.find(_END_OF_HEAD)
        if end < 0 or len(data) < end + 4 + _length(data, end):
            self._buffer = data
            return
        self._buffer = b""
        run = self._run
        run.latencies.append(time.perf_counter() - self._asked_at)
        status = data[9:12]
        run.statuses[status] = run.statuses.get(status, 0) + 1
        if run.load.keep_bodies:
            run.bodies.append(data[end + 4 :])
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._idle:
            self._run.lost += 1
        self._run.left()

    def _ask(self) -> None:
        request = self._run.next_request()
        if request is None:
            self._idle = True
            self._transport.close()
            return
        self._asked_at = time.perf_counter()
        self._transport.write(request)


def _length(data: bytes, end: int) -> int:
    """The value of Content-Length; 0 without one."""
    at = data.lower().find(_LENGTH, 0, end)
    if at < 0:
        return 0
    return int(data[at + len(_LENGTH) : data.find(b"\r\n", at)])


async def _generate(load: Load) -> Answered:
    run = _Run(load)
    host, port = place(load.address)
    loop = asyncio.get_running_loop()
    for _ in range(load.connections):
        await loop.create_connection(lambda: _Connection(run), host, port)
    if load.seconds is not None:
        await asyncio.sleep(load.warm_up)
        run.forget()
    began, used = time.perf_counter(), _cpu()
    if load.seconds is not None:
        await asyncio.sleep(load.seconds)
        seconds, cpu = time.perf_counter() - began, _cpu() - used
        answered = _answered(run, seconds, cpu)
        run.stopping = True
    await _ended(run)
    if load.seconds is None:
        answered = _answered(run, time.perf_counter() - began, _cpu() - used)
    return answered


async def _ended(run: _Run) -> None:
    async with asyncio.timeout(None if run.load.seconds is None else _PATIENCE):
        await run.over.wait()


def _answered(run: _Run, seconds: float, cpu: float) -> Answered:
    latencies = sorted(run.latencies) or [0.0]
    return Answered(
        statuses={status.decode(): count for status, count in run.statuses.items()},
        seconds=seconds,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
        generator_cpu=cpu / seconds,
        lost=run.lost,
        sent=run.sent,
        bodies=[body.decode() for body in run.bodies],
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    tell(asdict(uvloop.run(_generate(Load(**json.load(sys.stdin))))))
