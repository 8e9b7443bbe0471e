"""Downloads of large files: throughput, first byte, and what readers fast and slow cost in memory."""

from bench import gateway, processes, readers
from bench.clip import make
from bench.figures import Figure, Pairs, Plan, at_least_of_floor, at_most
from bench.gateway import HEADERS, Floor, Gateway
from bench.readers import Reading
from reelrouter.testing.instant_engine import Behaviour

_SIZES = {"200 MB": 200_000_000, "2 GB": 2_000_000_000}
_QUICK_SIZE = {"50 MB": 50_000_000}
_READERS = 4
_SLOW_READERS = 100
_FLOOR_PATH = "/api/v1/videos/any/content"


def measure(plan: Plan) -> list[Figure]:
    sizes = _QUICK_SIZE if plan.quick else {name: _SIZES[name] for name in ("200 MB", "2 GB")[: 1 + plan.large]}
    figures: list[Figure] = []
    for name, size in sizes.items():
        film = make(plan.directory / "film.mp4", size)
        directory = plan.directory / f"download-{size}"
        with (
            gateway.running(directory, Behaviour(output=film)) as ours,
            gateway.floor(plan.directory, film) as floor,
        ):
            path = completed(ours)
            ours.until_calm()
            figures += _fast(plan, ours, floor, (name, path))
            figures.append(_slow(ours, floor, (name, path)))
    return figures


def completed(ours: Gateway) -> str:
    """The address of a finished job's file, which took the way of every output: probed, hashed, stored."""
    job = ours.submit()
    processes.until(lambda: ours.show(job)["status"] == "completed", "the file in storage", every=0.1)
    return f"/api/v1/videos/{job}/content?index=0"


def _fast(plan: Plan, ours: Gateway, floor: Floor, file: tuple[str, str]) -> list[Figure]:
    name, path = file
    us = Reading(address=ours.address, path=path, headers=HEADERS, readers=_READERS)
    bare = Reading(address=floor.address, path=_FLOOR_PATH, headers={}, readers=_READERS)
    for reading in (us, bare):
        readers.apply(reading)  # so that both find the file in the page cache, and have served one
    rates, first = Pairs(), Pairs()
    growth = 0.0
    for _ in range(plan.rounds):
        with processes.PeakMemory(ours.api) as memory:
            mine = readers.apply(us)
        growth = max(growth, memory.growth)
        its = readers.apply(bare)
        rates.add(mine.mb_per_second, its.mb_per_second)
        first.add(mine.first_byte_ms, its.first_byte_ms)
    title = f"download of {name}, {_READERS} readers"
    return [
        rates.figure(title, "MB/s", at_least_of_floor(0.7)),
        first.figure(f"{title}: first byte of the slowest", "ms", at_most(10)),
        Figure(what=f"{title}: growth of the API's memory", unit="MB", ours=growth, target=at_most(20)),
    ]


def _slow(ours: Gateway, floor: Floor, file: tuple[str, str]) -> Figure:
    name, path = file
    us = Reading(address=ours.address, path=path, headers=HEADERS, readers=_SLOW_READERS, stall=True)
    bare = Reading(address=floor.address, path=_FLOOR_PATH, headers={}, readers=_SLOW_READERS, stall=True)
    return Figure(
        what=f"memory of a stalled reader of {name}",
        unit="kB",
        ours=_memory_each(ours.api, us),
        floor=_memory_each(floor.pid, bare),
        target=at_most(300),
        note=f"{_SLOW_READERS} at once",
    )


def _memory_each(server: int, stalled: Reading) -> float:
    """Kilobytes that the server grew by for each reader."""
    with processes.PeakMemory(server) as memory:
        waiting = readers.begin(stalled)
    readers.finish(waiting)
    return memory.growth * 1000 / stalled.readers
