"""From the command to the first answer, and what a gateway with nothing to do keeps in memory."""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import gateway, load, processes
from bench.figures import Figure, Plan, at_most

_ROUNDS, _QUICK_ROUNDS = 5, 2
_IMPORTS = """
import os
import aiohttp, dbos, fastapi, obstore, sqlalchemy, uvicorn
from bench.processes import rss_mb
print(rss_mb(os.getpid()), flush=True)
"""


def measure(plan: Plan) -> list[Figure]:
    rounds = _QUICK_ROUNDS if plan.quick else _ROUNDS
    directory = plan.directory / "start"
    # The very first start of all writes bytecode, and is nobody's every day.
    first = [started(plan.directory / f"first-{number}") for number in range(rounds + 1)][1:]
    again = [started(directory) for _ in range(rounds + 1)][1:]
    imports = [_imports() for _ in range(rounds)]
    seconds, memory = (statistics.median(values) for values in zip(*imports, strict=True))
    return [
        _start("start to first answer", again, seconds),
        _start("first start to first answer, with a new database", first, seconds),
        _idle_memory(directory, memory),
    ]


def _start(what: str, samples: list[float], imports: float) -> Figure:
    return Figure(
        what=what,
        unit="s",
        ours=statistics.median(samples),
        floor=imports,
        target=at_most(1.5),
        note="floor: a process that only imports",
        samples=samples,
    )


def started(directory: Path) -> float:
    """Seconds from the command to the first answer."""
    address, began = f"http://127.0.0.1:{processes.free_port()}", time.perf_counter()
    with command_running(directory, address):
        return time.perf_counter() - began


def idle_memory(directory: Path) -> tuple[float, float, float]:
    """MB of the API, of the engine, and of children that it keeps warm, once they have nothing to do."""
    with command_running(directory, f"http://127.0.0.1:{processes.free_port()}") as api:
        processes.until(lambda: bool(processes.children(api)), "the engine")
        (engine,) = processes.children(api)
        processes.until_calm([api, engine])
        warm = sum(map(processes.rss_mb, processes.children(engine)))
        return processes.rss_mb(api), processes.rss_mb(engine), warm


def _idle_memory(directory: Path, imports: float) -> Figure:
    memory, its, warm = idle_memory(directory)
    return Figure(
        what="idle memory of API and engine",
        unit="MB",
        ours=memory + its,
        floor=imports,
        target=at_most(200),
        note=f"API {memory:.0f}, engine {its:.0f}, and warm children with {warm:.0f}; "
        "floor: one process with the imports of both",
    )


@contextmanager
def command_running(directory: Path, address: str) -> Iterator[int]:
    """What an operator starts, from its first answer on; its process id."""
    words = (str(Path(sys.executable).with_name("reelrouter")), "serve")
    environment = gateway.environment(directory, load.place(address)[1])
    with processes.started(words, environment, directory.parent / "gateway.log") as process:
        processes.until(lambda: gateway.answers(address), "an answer", every=0.002)
        yield process.pid


def _imports() -> tuple[float, float]:
    """Seconds and MB of one process that only imports what ours are built on."""
    began = time.perf_counter()
    with processes.started((sys.executable, "-c", _IMPORTS), {}, Path(os.devnull)) as process:
        memory = float(processes.first_line(process))
    return time.perf_counter() - began, memory
