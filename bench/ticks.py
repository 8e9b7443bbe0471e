"""What one look of the dispatcher costs on a database that nobody else uses.

`python -m bench.ticks <database address>` prints two numbers of milliseconds of CPU: of a look that finds no free
place, and of one that gives all places away. The second starts jobs, which then seem to be under way.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import uvloop

from bench import processes
from reelrouter.clock import SystemClock
from reelrouter.db.opening import open_database
from reelrouter.engine import RENDERER_QUEUE, TEST_QUEUE
from reelrouter.jobs.dispatch import Dispatcher, Drivers
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.poller import Poller

_LOOKS, _STARTS = 30, 10
_PLACES = 32
"""As many as an engine with its defaults gives away in one look, and one lane gets three quarters of them."""
ENOUGH = 300
"""Jobs that have to wait for it to be measured."""


def of(url: str) -> tuple[float, float]:
    """Both numbers, measured in a process of its own."""
    with processes.started((sys.executable, "-m", "bench.ticks", url), {}, Path(os.devnull)) as process:
        idle, starting = json.loads(processes.first_line(process))
    return idle, starting


class _Runs:
    """Stands for the durable engine: takes every job and does nothing with it."""

    starting: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.taken = 0

    async def start(self, *_: object) -> None:
        self.taken += 1


async def _measure(url: str) -> tuple[float, float]:
    db, runs = await open_database(url, 4), _Runs()
    try:
        idle = await _median(_LOOKS, _dispatcher(db, runs, 0).tick)
        starting = await _median(_STARTS, _dispatcher(db, runs, 10**9).tick)
        if runs.taken < _STARTS * _PLACES // 2:
            raise ValueError(f"{_STARTS} looks started {runs.taken} jobs: too few waited there")
    finally:
        await db.close()
    return idle, starting


def _dispatcher(db: Any, runs: _Runs, limit: int) -> Dispatcher:
    clock = SystemClock()
    lane = Lane(backend=cast("Any", None), limit=limit)
    drivers = Drivers(
        steps=cast("Any", None),
        workflows=cast("Any", runs),
        poller=Poller(clock, _silent),
        lanes={RENDERER_QUEUE: lane, TEST_QUEUE: lane},
        most_starting=_PLACES,
    )
    return Dispatcher(db, drivers, clock, _silent)


async def _median(count: int, tick: Callable[[], Awaitable[bool]]) -> float:
    costs: list[float] = []
    for _ in range(count):
        before = time.process_time()
        await tick()
        costs.append((time.process_time() - before) * 1000)
    return statistics.median(costs)


def _silent(_event: object) -> None:
    pass


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_measure(sys.argv[1]))), flush=True)
