"""Status polls a second, of jobs that wait and while others run, against a bare GET."""

from bench import gateway, turns
from bench.figures import Figure, Plan, Target, at_least_of_floor
from bench.gateway import Gateway
from bench.load import Load
from reelrouter.testing.instant_engine import Behaviour

_CONNECTIONS = (16, 64)
_POLLED = 100
_BACKLOG = 6000
"""More jobs than an engine finishes while it is measured."""


def measure(plan: Plan) -> list[Figure]:
    idle = Behaviour(output=plan.clip, capacity=0)
    busy = Behaviour(output=plan.clip)
    return [
        *_beside(plan, "idle", idle, at_least_of_floor(0.85)),
        *_beside(plan, "while jobs run", busy, at_least_of_floor(0.6)),
    ]


def _beside(plan: Plan, when: str, behaviour: Behaviour, target: Target) -> list[Figure]:
    directory = plan.directory / f"poll-{when.replace(' ', '-')}"
    figures: list[Figure] = []
    with gateway.running(directory, behaviour) as ours, gateway.floor(plan.directory) as floor:
        ours.until_calm()
        for connections in _CONNECTIONS:
            polled = _prepare(ours, busy=behaviour.capacity > 0)
            wanted = Load(
                address=ours.address,
                requests=gateway.status_requests(polled),
                connections=connections,
                seconds=plan.seconds,
            )
            before = ours.count_jobs("finished_at IS NOT NULL")
            measured = turns.take(plan, wanted, floor.address, 200)
            ended = ours.count_jobs("finished_at IS NOT NULL") - before
            name = f"poll, {when}, c={connections}"
            rate = measured.rate(name, target).with_note(f"{ended} jobs done meanwhile")
            figures += [rate, measured.latency(f"{name}: p99")]
    return figures


def _prepare(ours: Gateway, *, busy: bool) -> list[str]:
    """Jobs to ask about: the last ones placed, which wait the longest."""
    if not busy:
        return ours.place(_POLLED)
    missing = _BACKLOG - ours.count_jobs("started_at IS NULL AND finished_at IS NULL")
    return ours.place(max(missing, _POLLED))[-_POLLED:]
