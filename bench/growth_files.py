"""What a file costs by its size, 1 MB to 500 MB, or to 2 GB with `--large`: to take in, to send, and in memory."""

import statistics
import time

from bench import gateway, processes, readers
from bench.clip import make
from bench.download import completed
from bench.figures import Figure, Plan, at_most
from bench.gateway import HEADERS, Gateway
from bench.readers import Reading
from bench.series import Series
from reelrouter.testing.instant_engine import Behaviour

_POINTS = {"1 MB": 1, "10 MB": 10, "100 MB": 100, "500 MB": 500}
_LARGE_POINTS = {"1 MB": 1, "10 MB": 10, "200 MB": 200, "2 GB": 2000}
_QUICK_POINTS = {"1 MB": 1, "20 MB": 20}
_READERS = 4
_STORED, _STORED_LARGE = 5, 1
_LARGE = 400
"""MB from which on one job is enough to tell what its file costs."""


class _Files:
    """Costs by the size of a file."""

    def __init__(self) -> None:
        self._stored = Series(what="an output taken in, by its size: time of a MB", unit="ms")
        self._sent = Series(what=f"downloads by {_READERS} readers, by size: time of a MB", unit="ms")
        self._cpu = Series(what=f"downloads by {_READERS} readers, by size: CPU of a MB", unit="ms")
        self._ratios: dict[str, list[float]] = {}
        self._growth: dict[str, float] = {}

    def measure(self, plan: Plan, name: str, mb: int) -> None:
        film = make(plan.directory / "film.mp4", mb * 1_000_000)
        directory = plan.directory / f"files-{mb}"
        with (
            gateway.running(directory, Behaviour(output=film)) as ours,
            gateway.floor(plan.directory, film) as floor,
        ):
            for _ in range(1 if plan.quick or mb >= _LARGE else _STORED):
                path = completed(ours)
            for seconds in _taken_in(ours):
                self._stored.add(name, seconds * 1000 / mb)
            ours.until_calm()
            mine = Reading(address=ours.address, path=path, headers=HEADERS, readers=_READERS, until_told=True)
            bare = Reading(
                address=floor.address,
                path="/api/v1/videos/any/content",
                headers={},
                readers=_READERS,
                until_told=True,
            )
            for one in (mine, bare):
                _read(one, 0.0)  # so that both find the file in the page cache, and have served one
            for _ in range(plan.few_rounds):
                self._round(plan, name, ours, (mine, bare))
        film.unlink()

    def _round(self, plan: Plan, name: str, ours: Gateway, both: tuple[Reading, Reading]) -> None:
        spent = processes.Spent(api=ours.api)
        with processes.PeakMemory(ours.api) as memory:
            us = _read(both[0], plan.seconds)
        self._cpu.add(name, spent.each(1)["api"] / (us.bytes / 1e6))
        bare = _read(both[1], plan.seconds)
        self._sent.add(name, 1000 / us.mb_per_second)
        self._ratios.setdefault(name, []).append(us.mb_per_second / bare.mb_per_second)
        self._growth[name] = max(self._growth.get(name, 0.0), memory.growth)

    def figures(self) -> list[Figure]:
        ratios = {name: statistics.median(values) for name, values in self._ratios.items()}
        beside = " · ".join(f"{name}: {ratio:.2f}" for name, ratio in ratios.items())
        grown = " · ".join(f"{name}: {mb:.1f}" for name, mb in self._growth.items())
        return [
            self._stored.figure("from its start to its end, with the job's own steps"),
            self._sent.figure(f"rate beside the floor's, {beside}"),
            self._cpu.figure(),
            Figure(
                what=f"downloads by {_READERS} readers, by size: most growth of the API's memory",
                unit="MB",
                ours=max(self._growth.values()),
                target=at_most(20),
                note=grown,
            ),
        ]


def measure(plan: Plan) -> list[Figure]:
    points = _QUICK_POINTS if plan.quick else _LARGE_POINTS if plan.large else _POINTS
    files = _Files()
    for name, mb in points.items():
        files.measure(plan, name, mb)
    return files.figures()


def _taken_in(ours: Gateway) -> list[float]:
    """Seconds from the start of each job to its end. Without the first, which starts the child that probes."""
    rows = ours.rows("SELECT finished_at - started_at FROM jobs ORDER BY created_at")
    seconds = [row[0] / 1000 for row in rows]
    return seconds[1:] or seconds


def _read(reading: Reading, seconds: float) -> readers.Read:
    """Again and again for about so long, and once at least."""
    process = readers.begin(reading)
    time.sleep(seconds)
    return readers.finish(process)
