"""Submits and polls on PostgreSQL, a budget under a rush, and the death of one of two engines."""

import sys
import time

from bench import cluster, gateway, load, processes, teams
from bench.cluster import Cluster, Engine, job_of
from bench.figures import Figure, Pairs, Plan, at_least_of_floor, at_most
from bench.gateway import SUBMIT, Floor
from bench.load import Load
from bench.turns import Turns, take
from reelrouter.testing.instant_engine import Behaviour

_CONNECTIONS = 16
_POLLED = 100
_COUNTED = 500
"""Submits over which CPU is counted, which the kernel does in hundredths of a second."""
_ROOM, _RUSH = 300, 500
_PLENTY = 10**6
_TAKEN_OVER = 40
_POLL_EVERY = 0.2


def measure(plan: Plan) -> list[Figure]:
    idle = Behaviour(output=plan.clip, capacity=0)
    with cluster.opened(plan.directory / "idle", [idle]) as ours, gateway.floor(plan.directory) as floor:
        ours.until_calm()
        figures = [*_polls(plan, ours, floor), *_submits(plan, ours, floor), _overspent(ours)]
    waiting = Behaviour(output=plan.clip, duration=float("inf"), poll_every=_POLL_EVERY)
    with cluster.opened(plan.directory / "takeover", [waiting, waiting]) as ours:
        return [*figures, *_takeovers(plan, ours, waiting)]


def _polls(plan: Plan, ours: Cluster, floor: Floor) -> list[Figure]:
    requests = gateway.status_requests(ours.place(_POLLED))
    figures: list[Figure] = []
    for connections in (16, 64):
        wanted = Load(address=ours.address, requests=requests, connections=connections, seconds=plan.seconds)
        measured = take(plan, wanted, floor.address, 200)
        name = f"poll on PostgreSQL, c={connections}"
        figures += [measured.rate(name, at_least_of_floor(0.5)), measured.latency(f"{name}: p99")]
    return figures


def _submits(plan: Plan, ours: Cluster, floor: Floor) -> list[Figure]:
    team = teams.make(ours.address, _PLENTY)
    figures: list[Figure] = []
    for whose, submit in {"a workspace with credits": team.submit, "a test key": SUBMIT}.items():
        name = f"submit on PostgreSQL, {whose}, c={_CONNECTIONS}"
        wanted = Load(address=ours.address, requests=[submit], connections=_CONNECTIONS, seconds=plan.seconds)
        measured, inserts = Turns(), Pairs(beside="asyncpg")
        for _ in range(plan.few_rounds):
            measured.take_one(wanted, floor.address, 202)
            inserts.add(measured.rates.ours[-1], _inserts(plan, ours))
        note = "asyncpg: an insert of one row and its commit, and no HTTP"
        figures += [
            measured.rate(name, at_least_of_floor(0.18)).with_note(_cost(ours, submit)),
            measured.latency(f"{name}: p99"),
            inserts.figure(f"{name}: beside bare inserts", "/s", note=note),
        ]
    return figures


def _cost(ours: Cluster, submit: str) -> str:
    spent = processes.Spent(api=ours.api, postgres=ours.postgres)
    ours.place(_COUNTED, submit)
    each = spent.each(_COUNTED)
    return f"CPU of each: API {each['api']:.2f} ms, PostgreSQL {each['postgres']:.2f} ms"


def _inserts(plan: Plan, ours: Cluster) -> float:
    """A second, over as many connections as submits come in by."""
    words = (sys.executable, "-m", "bench.floor_postgres", ours.url, str(_CONNECTIONS), str(plan.seconds))
    with processes.started(words, {}, ours.directory / "inserts.log") as process:
        return float(processes.first_line(process))


def _overspent(ours: Cluster) -> Figure:
    """Jobs that a rush got past the end of its workspace's credits."""
    team = teams.make(ours.address, _ROOM)
    rush = Load(address=ours.address, requests=[team.submit], connections=64, count=_RUSH)
    statuses = load.finish(load.begin(rush)).statuses
    if set(statuses) != {"202", "402"}:
        raise load.WrongAnswers(f"expected 202 and 402, and got {statuses}")
    held = ours.value(f"SELECT held FROM budgets WHERE workspace = '{team.id}' AND mode = 'live'")  # noqa: S608
    return Figure(
        what=f"{_RUSH} submits against credits for {_ROOM} on PostgreSQL, c=64: jobs too many",
        unit="jobs",
        ours=statuses["202"] - _ROOM,
        target=at_most(0),
        note=f"{statuses['402']} were refused; held at the end: ${held / 1e9:g} of ${_ROOM * teams.PRICE:g}",
    )


def _takeovers(plan: Plan, ours: Cluster, behaviour: Behaviour) -> list[Figure]:
    seconds: list[float] = []
    for number in range(plan.few_rounds):
        if number:
            ours.start_engine(behaviour)
        seconds.append(_takeover(ours))
    sent = [noted.native_id for engine in ours.engines for noted in engine.noted() if noted.verb == "submit"]
    name = f"{len(seconds)} x kill -9 of one of two engines"
    return [
        Figure(
            what=f"{name}: to the first look at one of its jobs",
            unit="s",
            ours=max(seconds),
            target=at_most(5),
            note=f"the slowest; a job that waits is looked at every {_POLL_EVERY} s",
            samples=tuple(seconds),
        ),
        Figure(
            what=f"{name}: submitted twice",
            unit="jobs",
            ours=len(sent) - len(set(sent)),
            target=at_most(0),
            note=f"of {len(sent)}",
        ),
    ]


def _takeover(ours: Cluster) -> float:
    """Seconds from the kill until the other one has asked for a job of the one that is dead."""
    ours.until_calm()
    jobs = set(ours.place(_TAKEN_OVER))
    first, second = ours.alive()
    processes.until(lambda: all(_polled(one, jobs) for one in (first, second)), "jobs at both engines")
    processes.until(lambda: len(_polled(first, jobs) | _polled(second, jobs)) == len(jobs), "a look at every job")
    theirs = _polled(first, jobs) - _polled(second, jobs)
    killed_at = time.time()
    processes.kill(first.process)
    processes.until(lambda: bool(_polled(second, theirs)), "the takeover", every=0.02)
    return min(_polls_of(second, theirs)) - killed_at


def _polled(engine: Engine, jobs: set[str]) -> set[str]:
    return {job for noted in engine.noted() if noted.verb == "poll" and (job := job_of(noted)) in jobs}


def _polls_of(engine: Engine, jobs: set[str]) -> list[float]:
    """When."""
    return [noted.at for noted in engine.noted() if noted.verb == "poll" and job_of(noted) in jobs]
