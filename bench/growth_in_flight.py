"""What a job in flight costs its engine, by how many there are: 10² to 10⁴ with `--large`, else to 3,000."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import gateway, processes
from bench.figures import Figure, Plan
from bench.series import Series
from reelrouter.testing.instant_engine import Behaviour

_POINTS = (100, 300, 1000, 3000)
_LARGE_POINTS = (100, 500, 2000, 10_000)
_QUICK_POINTS = (100, 400)
_POLL_EVERY = 5.0
_WATCHED_SECONDS, _QUICK_WATCHED_SECONDS = 10.0, 5.0
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    cores: float
    polls: float
    """A second."""
    lag_ms: float


def measure(plan: Plan) -> list[Figure]:
    points = _QUICK_POINTS if plan.quick else _LARGE_POINTS if plan.large else _POINTS
    gauge = plan.directory / "gauge.json"
    behaviour = Behaviour(output=plan.clip, duration=float("inf"), poll_every=_POLL_EVERY, gauge=gauge)
    cpu = Series(what="a poll of a vendor, by jobs in flight: CPU of the engine", unit="ms")
    memory = Series(what="a job in flight, by how many there are: memory of the engine", unit="kB")
    lag = Series(what="lag of the engine's loop, by jobs in flight: p99", unit="ms")
    with gateway.running(plan.directory / "data", behaviour) as ours:
        ours.until_calm()
        engine, there = ours.engine(), 0
        rest, before = _watched(plan, engine, gauge).cores, processes.rss_mb(engine)
        for count in points:
            ours.place(count - there)
            there = count
            _until_polled(gauge, count)
            time.sleep(_POLL_EVERY)  # the first polls came in a rush; by now they are spread as they stay
            now = _watched(plan, engine, gauge)
            cpu.add(f"{count:,}", max(0.0, now.cores - rest) * 1000 / now.polls)
            memory.add(f"{count:,}", (processes.rss_mb(engine) - before) * 1000 / count)
            lag.add(f"{count:,}", now.lag_ms)
    note = f"polled every {_POLL_EVERY:g} s, scripted without HTTP; what an engine uses at rest is taken off"
    return [cpu.figure(note), memory.figure(), lag.figure(most=None)]


def _until_polled(gauge: Path, count: int) -> None:
    processes.until(lambda: _read(gauge)["jobs"] >= count, "a first poll of every job", _PATIENCE, every=0.2)


def _watched(plan: Plan, engine: int, gauge: Path) -> _Watched:
    polls, began, spent = _read(gauge)["polls"], time.perf_counter(), processes.Spent(engine=engine)
    time.sleep(_QUICK_WATCHED_SECONDS if plan.quick else _WATCHED_SECONDS)
    seconds = time.perf_counter() - began
    told = _read(gauge)
    return _Watched(
        cores=spent.each(1)["engine"] / 1000 / seconds,
        polls=(told["polls"] - polls) / seconds,
        lag_ms=told["lag_p99_ms"],
    )


def _read(gauge: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(gauge.read_text())
    return told
