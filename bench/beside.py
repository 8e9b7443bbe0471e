"""How long status polls take while four readers download without end, against the same on the bare app."""

from dataclasses import replace

from bench import gateway, load, readers
from bench.clip import make
from bench.download import completed
from bench.figures import Figure, Pairs, Plan, at_most
from bench.gateway import HEADERS
from bench.load import Load
from bench.readers import Reading
from reelrouter.testing.instant_engine import Behaviour

_SIZE = 200_000_000
_CONNECTIONS = 4
_READERS = 4


def measure(plan: Plan) -> list[Figure]:
    film = make(plan.directory / "film.mp4", _SIZE)
    p99, rates = Pairs(), Pairs()
    with (
        gateway.running(plan.directory / "beside", Behaviour(output=film)) as ours,
        gateway.floor(plan.directory, film) as floor,
    ):
        path = completed(ours)
        ours.until_calm()
        polls = Load(
            address=ours.address,
            requests=gateway.status_requests([ours.submit()]),
            connections=_CONNECTIONS,
            seconds=plan.seconds,
        )
        us = Reading(address=ours.address, path=path, headers=HEADERS, readers=_READERS, until_told=True)
        bare = Reading(
            address=floor.address, path="/api/v1/videos/any/content", headers={}, readers=_READERS, until_told=True
        )
        for _ in range(plan.rounds):
            mine = _beside(us, polls)
            its = _beside(bare, replace(polls, address=floor.address))
            p99.add(mine[0].p99_ms, its[0].p99_ms)
            rates.add(mine[1].mb_per_second, its[1].mb_per_second)
    return [
        p99.figure("poll p99 while 4 readers download 200 MB, c=4", "ms", at_most(10)),
        rates.figure("download while polled, 4 readers", "MB/s"),
    ]


def _beside(reading: Reading, polls: Load) -> tuple[load.Answered, readers.Read]:
    reader = readers.begin(reading)
    answered = load.apply(polls, 200)
    return answered, readers.finish(reader)
