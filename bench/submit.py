"""Submits a second: authorised, checked, priced, held and on the disk before the 202, against a bare POST."""

from bench import gateway, turns
from bench.figures import Figure, Plan, Target, at_least_of_floor, at_most
from bench.gateway import SUBMIT
from bench.load import Load
from reelrouter.testing.instant_engine import Behaviour

_CONNECTIONS = 16


def measure(plan: Plan) -> list[Figure]:
    idle = Behaviour(output=plan.clip, capacity=0)
    busy = Behaviour(output=plan.clip)
    return [
        *_beside(plan, "idle", idle, at_least_of_floor(0.35)),
        *_beside(plan, "while jobs run", busy, at_least_of_floor(0.3)),
    ]


def _beside(plan: Plan, when: str, behaviour: Behaviour, target: Target) -> list[Figure]:
    directory = plan.directory / f"submit-{when.replace(' ', '-')}"
    with gateway.running(directory, behaviour) as ours, gateway.floor(plan.directory) as floor:
        ours.until_calm()
        wanted = Load(address=ours.address, requests=[SUBMIT], connections=_CONNECTIONS, seconds=plan.seconds)
        measured = turns.take(plan, wanted, floor.address, 202)
        ended = ours.count_jobs("finished_at IS NOT NULL")
    name = f"submit, {when}, c={_CONNECTIONS}"
    rate = measured.rate(name, target)
    return [rate.with_note(f"{ended} jobs done meanwhile"), measured.latency(f"{name}: p99", at_most(25))]
