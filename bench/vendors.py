"""What ten thousand jobs cost an engine that asks a vendor for each every 10 s, over real HTTP."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import gateway, processes
from bench.figures import Figure, Plan, at_most
from bench.gateway import Gateway

_JOBS, _QUICK_JOBS = 10_000, 1000
_POLL_EVERY = 10.0
_WATCHED_SECONDS = 20.0
_PATIENCE = 600.0
_ENGINE = (sys.executable, "-m", "bench.gauged_engine")
_MODEL = {"model": "bytedance/seedance-2.0-fast", "prompt": "a kite", "duration": 4, "resolution": "480p"}


def measure(plan: Plan) -> list[Figure]:
    count = _QUICK_JOBS if plan.quick else _JOBS
    gauge = plan.directory / "gauge.json"
    terms = {"byteplus": {"poll_every": _POLL_EVERY, "concurrency": 2 * count}}
    with _emulator(plan.directory) as environment:
        settings = {
            **environment,
            "REELROUTER_PROVIDERS": json.dumps(terms),
            "REELROUTER_LIVE_KEY": gateway.LIVE_KEY,
            "BENCH_GAUGE": str(gauge),
        }
        with gateway.served(plan.directory / "vendors", _ENGINE, settings) as ours:
            ours.until_calm()
            engine = ours.engine()
            before = processes.rss_mb(engine)
            began = time.perf_counter()
            ours.place(count, gateway.live_submit(_MODEL))
            processes.until(lambda: _accepted(ours) >= count, "every job to be accepted", _PATIENCE, 0.5)
            taken = count / (time.perf_counter() - began)
            return _waiting(count, before, engine, gauge, f"{count} jobs were submitted at {taken:,.0f}/s")


def _waiting(count: int, before: float, engine: int, gauge: Path, note: str) -> list[Figure]:
    time.sleep(_POLL_EVERY)  # the first polls came in a rush; by now they are spread as they stay
    used, began = processes.cpu_seconds(engine), time.perf_counter()
    time.sleep(_WATCHED_SECONDS)
    share = (processes.cpu_seconds(engine) - used) / (time.perf_counter() - began)
    told: Mapping[str, Any] = json.loads(gauge.read_text())
    name = f"{count} jobs at a vendor"
    return [
        Figure(
            what=f"{name}: CPU of the engine",
            unit="% of a core",
            ours=share * 100,
            target=at_most(30),
            note=f"{count / _POLL_EVERY:,.0f} polls/s over HTTP; {note}",
        ),
        Figure(
            what=f"{name}: memory each",
            unit="kB",
            ours=(processes.rss_mb(engine) - before) * 1000 / count,
            target=at_most(30),
        ),
        Figure(
            what=f"{name}: lag of the engine's loop, p99", unit="ms", ours=told["lag_p99_ms"], target=at_most(20)
        ),
    ]


def _accepted(ours: Gateway) -> int:
    return ours.count_jobs("status = 'in_progress'")


@contextmanager
def _emulator(directory: Path) -> Iterator[dict[str, str]]:
    """A fake vendor whose jobs never end, in a process of its own; the environment that leads to it."""
    words = (
        sys.executable,
        "-m",
        "reelrouter",
        "emulate",
        "byteplus",
        "--port",
        "0",
        "--seconds",
        "1e9",
        "--json",
    )
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            environment: dict[str, str] = json.loads(process.stdout.readline())["environment"]
            yield environment
        finally:
            process.terminate()
