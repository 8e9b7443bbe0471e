"""What requests and the dispatcher's looks cost, by how many jobs are stored: 10² to 10⁵."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bench import cluster, gateway, load, processes, seeding, side_by_side, ticks
from bench.cluster import Cluster
from bench.figures import Figure, Plan
from bench.gateway import HEADERS, SUBMIT, Gateway
from bench.load import Load
from bench.series import Series
from reelrouter.db.opening import file_url
from reelrouter.testing.instant_engine import Behaviour

_POINTS, _QUICK_POINTS = (100, 1_000, 10_000, 100_000), (100, 10_000)
_POLLS, _LISTS, _SUBMITS = 1000, 200, 100
_LIST = load.get("/api/v1/videos?limit=20", HEADERS)


def measure(plan: Plan) -> list[Figure]:
    points = _QUICK_POINTS if plan.quick else _POINTS
    return [*_on_file(plan, points), *_on_server(plan, points)]


def _on_file(plan: Plan, points: tuple[int, ...]) -> list[Figure]:
    directories = _seeded(plan, points)
    series = _Requests("", "the API")
    idle = Behaviour(output=plan.clip, capacity=0)
    with side_by_side.opened(directories, idle, {}) as gateways:
        for _ in range(plan.few_rounds):
            for name in gateways:
                with side_by_side.alone(gateways, name) as ours:
                    series.add(name, ours.address, {"api": ours.api}, _some_ids(ours))
        for name in gateways:
            with side_by_side.alone(gateways, name) as ours:
                ours.place(ticks.ENOUGH)
    looks, starts = Series(what=_LOOK.format(""), unit="ms"), Series(what=_START.format(""), unit="ms")
    for name, directory in directories.items():
        look, start = ticks.of(file_url(directory / "app.db"))
        looks.add(name, look)
        starts.add(name, start)
    return [*series.figures(), looks.figure(_LOOK_NOTE), starts.figure()]


_LOOK = "a look of the dispatcher{} that finds no place, by stored jobs: CPU"
_START = "a look of the dispatcher{} that starts 24 jobs, by stored jobs: CPU"
_LOOK_NOTE = "some hundred jobs wait at every point"


class _Requests:
    """CPU of each request, by stored jobs."""

    def __init__(self, where: str, whose: str) -> None:
        """`where` is put behind the names; `whose` CPU it is."""
        self._kinds = {
            verb: Series(what=f"{verb}{where}, by stored jobs: CPU of {whose}", unit="ms")
            for verb in ("poll", "list of 20", "submit")
        }

    def add(self, point: str, address: str, pids: Mapping[str, int], jobs: list[str]) -> None:
        """One round. What it submits stays, and is little beside what is stored."""
        wanted = {
            "poll": (gateway.status_requests(jobs), _POLLS, 200),
            "list of 20": ([_LIST], _LISTS, 200),
            "submit": ([SUBMIT], _SUBMITS, 202),
        }
        for verb, (requests, count, expect) in wanted.items():
            asked = Load(address=address, requests=requests, connections=16, count=count)
            spent = processes.Spent(**pids)
            load.apply(asked, expect)
            self._kinds[verb].add(point, sum(spent.each(count).values()))

    def figures(self) -> list[Figure]:
        return [one.figure() for one in self._kinds.values()]


def _seeded(plan: Plan, points: tuple[int, ...]) -> Mapping[str, Path]:
    """A data directory for each point."""
    first = plan.directory / "one"
    with gateway.running(first, Behaviour(output=plan.clip)) as ours:
        job = ours.submit()
        processes.until(lambda: ours.show(job)["status"] == "completed", "the job to copy", every=0.1)
    directories: dict[str, Path] = {}
    for count in points:
        directory = plan.directory / f"stored-{count}"
        shutil.copytree(first, directory, ignore=shutil.ignore_patterns("*.sock"))
        seeding.seed_file(directory / "app.db", job, count)
        directories[f"{count:,}"] = directory
    return directories


def _some_ids(ours: Gateway) -> list[str]:
    """A hundred of those that are stored, from all ages."""
    return [row[0] for row in ours.rows(_SOME)]


_SOME = "SELECT id FROM jobs WHERE id LIKE '%-copy%' ORDER BY abs((created_at * 7919) % 10007) LIMIT 100"


def _on_server(plan: Plan, points: tuple[int, ...]) -> list[Figure]:
    """The same on PostgreSQL, on one server that is given more and more: four would take the machine's memory."""
    series = _Requests(" on PostgreSQL", "API and server")
    looks, starts = (Series(what=one.format(" on PostgreSQL"), unit="ms") for one in (_LOOK, _START))
    with cluster.opened(plan.directory / "server", [Behaviour(output=plan.clip)]) as ours:
        job, there = _one_ended(ours), 0
        pids = {"api": ours.api, "postgres": ours.postgres}
        for count in points:
            seeding.seed_server(ours.url, job, range(there, count))
            there, name = count, f"{count:,}"
            jobs = [row[0] for row in ours.rows(_SOME)]
            for _ in range(plan.few_rounds):
                series.add(name, ours.address, pids, jobs)
            ours.place(ticks.ENOUGH)
            look, start = ticks.of(ours.url, ours.postgres)
            looks.add(name, look)
            starts.add(name, start)
    return [*series.figures(), looks.figure(f"{_LOOK_NOTE}; with the server's own"), starts.figure()]


def _one_ended(ours: Cluster) -> str:
    """The job to copy. Then no engine is left, so that what is placed from here on waits."""
    (job,) = ours.place(1)
    processes.until(lambda: ours.count_jobs("status = 'completed'") == 1, "the job to copy")
    processes.stop(ours.engines[0].process)
    return job
