"""Whole jobs a second, from the submit to the stored file, against DBOS alone with three empty steps."""

import sys

from bench import gateway, processes
from bench.figures import Figure, Pairs, Plan, at_least_of_floor
from reelrouter.testing.instant_engine import Behaviour

_JOBS, _QUICK_JOBS = 800, 200
_WARM_UP = 20
"""Jobs before those that count: the first ones start the child that looks at files."""


def measure(plan: Plan) -> list[Figure]:
    count = _QUICK_JOBS if plan.quick else _JOBS
    rounds = 1 if plan.quick else 3
    pairs, cpu = Pairs(), []
    for number in range(rounds):
        ours, milliseconds = _ours(plan, count, number)
        pairs.add(ours, _floor(plan, count, number))
        cpu.append(milliseconds)
    note = f"{count} jobs; {min(cpu):.1f} ms of CPU each, children included"
    return [pairs.figure("whole jobs, instant backend", "/s", at_least_of_floor(0.6), note)]


def _ours(plan: Plan, count: int, number: int) -> tuple[float, float]:
    """Jobs a second, and milliseconds of CPU a job."""
    directory = plan.directory / f"whole-{number}"
    with gateway.running(directory, Behaviour(output=plan.clip)) as ours:
        ours.until_calm()
        ours.place(_WARM_UP)
        processes.until(lambda: ours.count_jobs("finished_at IS NOT NULL") == _WARM_UP, "the first jobs' end")
        pids = [ours.api, ours.engine(), *processes.children(ours.engine())]
        used = sum(map(processes.cpu_seconds, pids))
        ours.place(count)
        processes.until(lambda: ours.count_jobs("finished_at IS NULL") == 0, "the end of all jobs", 300, every=0.1)
        used = sum(map(processes.cpu_seconds, pids)) - used
        failed = ours.count_jobs("status <> 'completed'")
        if failed:
            raise processes.NotReady(f"{failed} jobs did not complete, so that their rate means nothing")
        counted = f"SELECT created_at, finished_at FROM jobs ORDER BY created_at DESC LIMIT {count}"  # noqa: S608
        began, ended = zip(*ours.rows(counted), strict=True)
    return count * 1000 / (max(ended) - min(began)), used / count * 1000


def _floor(plan: Plan, count: int, number: int) -> float:
    database = plan.directory / f"floor-{number}.db"
    words = (sys.executable, "-m", "bench.floor_dbos", str(database), str(count))
    with processes.started(words, {}, plan.directory / "floor.log") as process:
        return float(processes.first_line(process))
