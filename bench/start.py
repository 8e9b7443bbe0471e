"""From the command to the first answer, and what a gateway with nothing to do keeps in memory."""

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import gateway, processes
from bench.figures import Figure, Plan, at_most

_ROUNDS, _QUICK_ROUNDS = 5, 2
_IMPORTS = "import aiohttp, dbos, fastapi, obstore, sqlalchemy, uvicorn"
_MEMORY_OF_IMPORTS = f"{_IMPORTS}\nfrom bench.processes import rss_mb\nimport os\nprint(rss_mb(os.getpid()))"


def measure(plan: Plan) -> list[Figure]:
    rounds = _QUICK_ROUNDS if plan.quick else _ROUNDS
    directory = plan.directory / "start"
    # The very first start of all writes bytecode, and is nobody's every day.
    first = [_started(plan.directory / f"first-{number}") for number in range(rounds + 1)][1:]
    again = [_started(directory) for _ in range(rounds + 1)][1:]
    imports = [_imports() for _ in range(rounds)]
    seconds, memory = (statistics.median(values) for values in zip(*imports, strict=True))
    return [
        Figure(
            what="start to first answer", unit="s", ours=statistics.median(again), floor=seconds,
            target=at_most(1.5), note="floor: the imports of both processes alone", samples=again,
        ),
        Figure(
            what="first start to first answer", unit="s", ours=statistics.median(first), floor=seconds,
            note="makes the database", samples=first,
        ),
        *_idle_memory(directory, memory),
    ]  # fmt: skip


def _started(directory: Path) -> float:
    port = _free_port()
    began = time.perf_counter()
    with _real_gateway(directory, port) as process:
        _until_answered(process, port)
        return time.perf_counter() - began


def _idle_memory(directory: Path, imports: float) -> list[Figure]:
    port = _free_port()
    with _real_gateway(directory, port) as process:
        _until_answered(process, port)
        engines = processes.children(process.pid)
        processes.until(lambda: bool(processes.children(process.pid)), "the engine")
        engines = processes.children(process.pid)
        processes.until_calm([process.pid, *engines])
        api, engine = processes.rss_mb(process.pid), sum(map(processes.rss_mb, engines))
        warm = [child for parent in engines for child in processes.children(parent)]
        children = sum(map(processes.rss_mb, warm))
    note = f"API {api:.0f}, engine {engine:.0f}; beside them {len(warm)} warm children with {children:.0f}"
    return [
        Figure(
            what="idle memory of API and engine", unit="MB", ours=api + engine, floor=imports,
            target=at_most(200), note=f"{note}; floor: one process with the imports of both",
        )
    ]  # fmt: skip


def _imports() -> tuple[float, float]:
    """Seconds and MB of one process that only imports what ours are built on."""
    began = time.perf_counter()
    output = subprocess.run(
        (sys.executable, "-c", _MEMORY_OF_IMPORTS), capture_output=True, text=True, check=True, env=_environment()
    )
    return time.perf_counter() - began, float(output.stdout)
