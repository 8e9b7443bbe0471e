"""What ten thousand waiting jobs cost an engine that polls each every 10 s, and how soon it finds them again."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from bench import gateway, processes
from bench.figures import Figure, Plan, at_most
from bench.gateway import Gateway
from reelrouter.testing.instant_engine import Behaviour

_JOBS, _QUICK_JOBS = 10_000, 1000
_POLL_EVERY = 10.0
_WATCHED_SECONDS = 20.0
"""As much as the gauge's lag looks back on."""
_PATIENCE = 600.0


def measure(plan: Plan) -> list[Figure]:
    count = _QUICK_JOBS if plan.quick else _JOBS
    gauge = plan.directory / "gauge.json"
    behaviour = Behaviour(output=plan.clip, duration=float("inf"), poll_every=_POLL_EVERY, gauge=gauge)
    with gateway.running(plan.directory / "waiting", behaviour) as ours:
        ours.until_calm()
        engine = ours.engine()
        before = processes.rss_mb(engine)
        ours.place(count)
        filled = processes.until(
            lambda: _seen(gauge, engine) >= count, "a first poll of every job", _PATIENCE, 0.2
        )
        figures = _waiting(count, before, engine, gauge)
        figures.append(_restart(count, ours, engine, gauge))
    note = f"{count} jobs were taken up at {count / filled:,.0f}/s"
    return [figures[0].with_note(note), *figures[1:]]


def _waiting(count: int, before: float, engine: int, gauge: Path) -> list[Figure]:
    time.sleep(_POLL_EVERY)  # the first polls came in a rush; by now they are spread as they stay
    used, polls, began = processes.cpu_seconds(engine), _read(gauge)["polls"], time.perf_counter()
    time.sleep(_WATCHED_SECONDS)
    seconds = time.perf_counter() - began
    share = (processes.cpu_seconds(engine) - used) / seconds
    told = _read(gauge)
    rate = (told["polls"] - polls) / seconds
    each = (processes.rss_mb(engine) - before) * 1000 / count
    name = f"{count} jobs waiting"
    return [
        Figure(
            what=f"{name}: CPU of the engine",
            unit="% of a core",
            ours=share * 100,
            target=at_most(30),
            note=f"{rate:,.0f} polls/s, scripted without HTTP",
        ),
        Figure(what=f"{name}: memory each", unit="kB", ours=each, target=at_most(30)),
        Figure(
            what=f"{name}: lag of the engine's loop, p99", unit="ms", ours=told["lag_p99_ms"], target=at_most(20)
        ),
    ]


def _restart(count: int, ours: Gateway, engine: int, gauge: Path) -> Figure:
    began = time.perf_counter()
    os.kill(engine, signal.SIGKILL)
    processes.until(lambda: not processes.is_alive(engine), "the engine's end")
    successor = ours.engine()
    processes.until(lambda: _seen(gauge, successor) > 0, "the first poll after a restart", _PATIENCE)
    first = time.perf_counter() - began
    processes.until(lambda: _seen(gauge, successor) >= count, "a poll of every job", _PATIENCE, 0.1)
    return Figure(
        what=f"{count} jobs waiting: all polled again after the engine was killed",
        unit="s",
        ours=time.perf_counter() - began,
        target=at_most(30),
        note=f"the first after {first:.1f} s",
    )


def _seen(gauge: Path, engine: int) -> int:
    """How many jobs this engine has polled since its start."""
    told = _read(gauge)
    return int(told["jobs"]) if told["pid"] == engine else 0


def _read(gauge: Path) -> dict[str, Any]:
    if not gauge.exists():
        return {"pid": 0, "jobs": 0, "polls": 0, "lag_p99_ms": 0.0}
    told: dict[str, Any] = json.loads(gauge.read_text())
    return told
