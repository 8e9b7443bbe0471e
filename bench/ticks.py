"""What one look of the dispatcher costs on a database that nobody else uses.

`python -m bench.ticks <database address> [process id of its server]` prints two numbers of milliseconds of CPU:
of a look that finds no free place, and of one that gives all places away. The second starts jobs, which then seem
to be under way.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, cast

import uvloop

from bench import processes
from reelrouter.clock import SystemClock
from reelrouter.db.opening import open_database
from reelrouter.jobs import engines
from reelrouter.jobs.dispatch import Dispatcher, Drivers
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.served import RENDERER_QUEUE, TEST_QUEUE
from reelrouter.jobs.starting import Starter

_LOOKS, _STARTS = 30, 10
_PLACES = 32
"""As many as an engine with its defaults gives away in one look, and one lane gets three quarters of them."""
ENOUGH = 300
"""Jobs that have to wait for it to be measured."""


def of(url: str, server: int | None = None) -> tuple[float, float]:
    """Both numbers, measured in a process of its own; with those of the database's server, where there is one."""
    words = (sys.executable, "-m", "bench.ticks", url, *([str(server)] if server else []))
    with processes.started(words, {}, Path(os.devnull)) as process:
        idle, starting = json.loads(processes.first_line(process))
    return idle, starting


class _Runs:
    """Stands for the durable engine: takes every job and does nothing with it."""

    starting: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.taken = 0

    async def start(self, *_: object) -> None:
        self.taken += 1


async def _measure(url: str, servers: Mapping[str, int]) -> tuple[float, float]:
    db, runs = await open_database(url, 4), _Runs()
    try:
        idle = await _cost(_LOOKS, _dispatcher(db, runs, 0).tick, servers)
        starting = await _cost(_STARTS, _dispatcher(db, runs, 10**9).tick, servers)
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
        starter=Starter(name="bench"),
        living=engines.alone("bench"),
    )
    return Dispatcher(db, drivers, clock, _silent)


async def _cost(count: int, tick: Callable[[], Awaitable[bool]], servers: Mapping[str, int]) -> float:
    """The median of our own, and the mean of the server's, whose clock is too coarse for one look."""
    costs: list[float] = []
    spent = processes.Spent(**servers)
    for _ in range(count):
        before = time.process_time()
        await tick()
        costs.append((time.process_time() - before) * 1000)
    return statistics.median(costs) + sum(spent.each(count).values())


def _silent(_event: object) -> None:
    pass


if __name__ == "__main__":
    address, *server = sys.argv[1:]
    servers = {"server": int(server[0])} if server else {}
    print(json.dumps(uvloop.run(_measure(address, servers))), flush=True)
