"""Downloads beside LiteLLM's: from our storage against through its memory, and what polls meet meanwhile."""

from dataclasses import dataclass, replace

from bench import litellm, load, processes, readers
from bench.figures import Figure, Pairs, Plan, at_least_of_floor, at_most
from bench.load import Load
from bench.readers import Read, Reading
from bench.sides import Side, Sides

_READERS = 4
_POLLS = {"ours": 500, "peer": 6}
"""Polls while downloads run, one after the other: LiteLLM answers about one in two seconds then."""


def measure(plan: Plan, both: Sides) -> list[Figure]:
    paths = both.finished_films()
    size = "20 MB" if plan.quick else "200 MB"
    figures: list[Figure] = []
    for side, path in zip((both.ours, both.peer), paths, strict=True):
        _fetched(both, side, _reading(side, path, 1))  # a side's first film is nobody's every day
    for count in (1, _READERS):
        figures += _downloads(plan, both, paths, (f"download of {size} beside LiteLLM, {count} readers", count))
    return [*figures, _beside(both, paths, size)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    read: Read
    growth: float
    """MB of memory above what the process that serves had before."""


def _downloads(plan: Plan, both: Sides, paths: tuple[str, str], named: tuple[str, int]) -> list[Figure]:
    title, count = named
    rates, first, growth = (Pairs(beside=litellm.NAME) for _ in range(3))
    for _ in range(plan.few_rounds):
        mine, its = (
            _fetched(both, side, _reading(side, path, count))
            for side, path in zip((both.ours, both.peer), paths, strict=True)
        )
        rates.add(mine.read.mb_per_second, its.read.mb_per_second)
        first.add(mine.read.first_byte_ms, its.read.first_byte_ms)
        growth.add(mine.growth, its.growth)
    note = "ours from its own disk, LiteLLM each time from the vendor"
    return [
        rates.figure(title, "MB/s", at_least_of_floor(15), note),
        first.figure(f"{title}: first byte of the slowest", "ms", at_most(10)),
        growth.figure(f"{title}: growth of memory", "MB", at_most(20)),
    ]


def _reading(side: Side, path: str, count: int) -> Reading:
    return Reading(address=side.address, path=path, headers=side.headers, readers=count)


def _fetched(both: Sides, side: Side, reading: Reading) -> _Fetched:
    with both.turn(side), processes.PeakMemory(side.pid) as memory:
        read = readers.apply(reading)
    return _Fetched(read=read, growth=memory.growth)


def _beside(both: Sides, paths: tuple[str, str], size: str) -> Figure:
    ours, peer = (
        _slowest(both, side, path, _POLLS[name])
        for name, side, path in zip(_POLLS, (both.ours, both.peer), paths, strict=True)
    )
    return Figure(
        what=f"poll while {_READERS} download {size} beside LiteLLM: p99",
        unit="ms",
        ours=ours,
        floor=peer,
        beside=litellm.NAME,
        target=at_most(10),
        note=f"c=1; of {_POLLS['ours']} polls, and of LiteLLM the slowest of {_POLLS['peer']}",
    )


def _slowest(both: Sides, side: Side, path: str, polls: int) -> float:
    """The 99th percentile of as many polls as are asked one after the other."""
    reading = replace(_reading(side, path, _READERS), until_told=True)
    with both.turn(side):
        job = side.place(1)
        reader = readers.begin(reading)
        asked = Load(address=side.address, requests=side.polls(job), connections=1, count=polls)
        answered = load.apply(asked, 200)
        readers.finish(reader)
    return answered.p99_ms
