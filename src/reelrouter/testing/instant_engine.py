"""An engine whose backend answers every order with one ready video: for load and crash tests, not for use.

It is the real engine in all else: `serve(engine=command(Behaviour(output=…)))` runs it in place of the real one.
"""

import argparse
import asyncio
import json
import math
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelrouter import engine
from reelrouter.backends import Surroundings
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.pace import PollPlan, ladder
from reelrouter.jobs.served import RENDER_QUEUES
from reelrouter.work import (
    Accepted,
    Blob,
    Cancelled,
    Finished,
    Handle,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    Running,
)

_TICK = 0.01
_TICKS_KEPT = 2000
_GAUGE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the backend does with every order alike."""

    output: Path
    """A playable MP4; every job gets a copy of it."""
    capacity: int = 100_000
    """Jobs that may be under way at one time; with 0 they are placed, and wait."""
    latency: float = 0.0
    """Seconds that a submit takes."""
    duration: float = 0.0
    """Seconds from the acceptance to the end; infinity for jobs that only ever wait."""
    poll_every: float | None = None
    """Seconds that it asks its pollers to wait; None leaves the pace to the poller."""
    journal: Path | None = None
    """Gets a line for every submit and every poll that reached the backend, and outlives a killed engine."""
    gauge: Path | None = None
    """Is rewritten four times a second with what `Gauge` knows."""


def command(behaviour: Behaviour) -> tuple[str, ...]:
    """The command line of an engine that behaves so."""
    words = [sys.executable, "-m", "reelrouter.testing.instant_engine", "--output", str(behaviour.output)]
    words += ["--capacity", str(behaviour.capacity)]
    words += ["--latency", str(behaviour.latency), "--duration", str(behaviour.duration)]
    words += ["--poll-every", str(behaviour.poll_every)] if behaviour.poll_every is not None else []
    words += ["--journal", str(behaviour.journal)] if behaviour.journal else []
    words += ["--gauge", str(behaviour.gauge)] if behaviour.gauge else []
    return tuple(words)


def parse(words: Sequence[str]) -> Behaviour:
    """What `command` wrote, read back; ends the process with a sentence for words that it does not know."""
    parser = argparse.ArgumentParser(prog="python -m reelrouter.testing.instant_engine", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the MP4 that every job gets a copy of")
    parser.add_argument("--capacity", type=int, default=100_000, help="jobs under way at one time; 0 for none")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a submit takes")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds that a job takes; inf is allowed")
    parser.add_argument("--poll-every", type=float, help="seconds between two polls of a job")
    parser.add_argument("--journal", type=Path, help="file that gets a line for every submit and poll")
    parser.add_argument("--gauge", type=Path, help="file that tells of polls and of the loop's lag")
    return Behaviour(**vars(parser.parse_args(words)))


class Journal:
    """What reached the backend, line by line: `<Unix time> <verb> <native id>`. A kill does not lose any of it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, verb: str, native_id: str) -> None:
        os.write(self._file, f"{time.time():.6f} {verb} {native_id}\n".encode())

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A line of a journal."""

    at: float
    """Unix seconds."""
    verb: str
    native_id: str


def read_journal(path: Path) -> list[Noted]:
    """Every whole line; none if the file is not there yet."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    words = [line.split() for line in lines if line.endswith("\n")]
    return [Noted(at=float(at), verb=verb, native_id=native_id) for at, verb, native_id in words]


class Gauge:
    """How an engine fares: polls, how many jobs they were of, and how late its loop runs (the last 20 s)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._polls = 0
        self._polled: set[str] = set()
        self._lags: deque[float] = deque(maxlen=_TICKS_KEPT)

    def count(self, native_id: str) -> None:
        self._polls += 1
        self._polled.add(native_id)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        written_at = loop.time()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            now = loop.time()
            self._lags.append(max(0.0, now - due))
            if now - written_at >= _GAUGE_SECONDS:
                self.write()
                written_at = now

    def write(self) -> None:
        """Replaces the file: `{"pid", "polls", "jobs", "lag_p99_ms"}`."""
        lags = sorted(self._lags)
        lag = lags[min(len(lags) - 1, len(lags) * 99 // 100)] if lags else 0.0
        shown = {"pid": os.getpid(), "polls": self._polls, "jobs": len(self._polled), "lag_p99_ms": lag * 1000}
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(shown))
        draft.replace(self._path)


class Instant:
    """Implements `work.Backend`. What it must know of a job is in the handle, so that a kill loses nothing."""

    def __init__(
        self, behaviour: Behaviour, directory: Path, endpoint: str = "test", gauge: Gauge | None = None
    ) -> None:
        """`directory` takes the copies that jobs are given; `endpoint` is what routes call it."""
        self._as = behaviour
        self._directory = directory
        self._endpoint = endpoint
        self._gauge = gauge
        self._journal = Journal(behaviour.journal) if behaviour.journal else None

    async def submit(self, order: Order) -> Accepted:
        self._note("submit", order.attempt_key)
        await asyncio.sleep(self._as.latency)
        ready_at = time.time() + self._as.duration
        # JSON knows no infinity, and a handle is JSON.
        extra = {"ready_at": ready_at if math.isfinite(ready_at) else None}
        return Accepted(
            handle=Handle(endpoint=self._endpoint, credential="test", native_id=order.attempt_key, extra=extra)
        )

    async def poll(self, handle: Handle) -> Outcome:
        self._note("poll", handle.native_id)
        if self._gauge is not None:
            self._gauge.count(handle.native_id)
        if not _is_ready(handle):
            return Running(poll_after=self._as.poll_every)
        path = self._directory / f"{handle.native_id}.mp4"
        if not path.exists():
            shutil.copyfile(self._as.output, path)
        return Finished(outputs=(Blob(path=path),))

    async def cancel(self, handle: Handle) -> Cancelled:
        return "not_cancellable" if _is_ready(handle) else "cancelled"

    async def find(self, order: Order) -> Handle | None:
        """None: it stands for the vendors that cannot be asked, with which a crash costs most."""
        return None

    async def collect(self, handle: Handle, output: Output) -> Blob:
        if not isinstance(output, Blob):
            raise OutputInvalid(f"{handle.native_id} has no file")
        return output

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _note(self, verb: str, native_id: str) -> None:
        if self._journal is not None:
            self._journal.note(verb, native_id)


def lanes(behaviour: Behaviour, around: Surroundings) -> Mapping[str, Lane]:
    """A backend for each of this machine's own endpoints."""
    directory = around.settings.data_dir / "work" / "instant"
    directory.mkdir(parents=True, exist_ok=True)
    gauge = Gauge(behaviour.gauge) if behaviour.gauge else None
    if gauge is not None:
        around.stack.push_async_callback(_cancelled, asyncio.ensure_future(gauge.run()))
    built: dict[str, Lane] = {}
    for queue in RENDER_QUEUES:
        backend = Instant(behaviour, directory, queue.partition("/")[0], gauge)
        around.stack.callback(backend.close)
        built[queue] = Lane(backend=backend, limit=behaviour.capacity, pace=_pace(behaviour.poll_every))
    return built


def _pace(every: float | None) -> PollPlan:
    return ladder(2.0, 15.0) if every is None else ladder(every, every)


async def _cancelled(task: asyncio.Future[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _is_ready(handle: Handle) -> bool:
    ready_at = handle.extra["ready_at"]
    return ready_at is not None and time.time() >= ready_at


def main(words: Sequence[str]) -> None:
    behaviour = parse(words)
    engine.main(lambda around: lanes(behaviour, around))


if __name__ == "__main__":
    main(sys.argv[1:])
