"""One, two and three engines on one PostgreSQL: whole jobs a second, what each costs whom, and who has which jobs.

On two cores it shows that work is shared, done once, and at what cost; a peak it shows only on more.
"""

import json
import os
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from bench import cluster, processes
from bench.cluster import Cluster, job_of
from bench.figures import Figure, Plan, at_least, at_least_of_floor, at_most
from reelrouter.testing.instant_engine import Behaviour

_FLEETS, _QUICK_FLEETS = (1, 2, 3), (1, 2)
_JOBS, _QUICK_JOBS = 300, 60
_WARM_UP = 20
_WAITING, _QUICK_WAITING = 600, 100
_POLL_EVERY = 5.0
_WATCHED_SECONDS, _QUICK_WATCHED_SECONDS = 10.0, 5.0
_PATIENCE = 300.0
_FEWEST = 0.5
"""Of an even share: what each engine has to have of the jobs that wait."""


def measure(plan: Plan) -> list[Figure]:
    fleets = _QUICK_FLEETS if plan.quick else _FLEETS
    whole = [_whole(plan, engines) for engines in fleets]
    waiting = [_waiting(plan, engines) for engines in fleets]
    return [
        *(_rate(engines, one, whole[0]) for engines, one in zip(fleets, whole, strict=True)),
        _twice(fleets, [one.twice for one in whole]),
        *(_spread(engines, one) for engines, one in zip(fleets, waiting, strict=True)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What so many engines did with jobs that are done at once."""

    per_second: float
    samples: tuple[float, ...]
    cost: str
    cpu_ms: float
    """Of all processes, for each job."""
    share: Counter[int]
    """Jobs by engine."""
    twice: int
    """Submits and charges beyond one a job."""


def _whole(plan: Plan, engines: int) -> _Whole:
    count = _QUICK_JOBS if plan.quick else _JOBS
    rounds = plan.few_rounds
    with cluster.opened(plan.directory / f"whole-{engines}", [Behaviour(output=plan.clip)] * engines) as ours:
        # Each engine starts its child with its first job, which is nobody's every day.
        ours.place(_WARM_UP * engines)
        _until_ended(ours)
        ours.until_calm()
        names = {f"engine-{number}": one.pid for number, one in enumerate(ours.engines)}
        spent = processes.Spent(api=ours.api, postgres=ours.postgres, **names)
        rates = [_jobs_a_second(ours, count) for _ in range(rounds)]
        each = spent.each(count * rounds)
        return _Whole(
            per_second=statistics.median(rates),
            samples=tuple(rates),
            cost=_told(each),
            cpu_ms=sum(each.values()),
            share=Counter(_owners(ours, "submit").values()),
            twice=_repeated(ours),
        )


def _jobs_a_second(ours: Cluster, count: int) -> float:
    placed = ours.place(count)
    _until_ended(ours)
    if failed := ours.count_jobs("status <> 'completed'"):
        raise processes.NotReady(f"{failed} jobs did not complete, so that their rate means nothing")
    named = ", ".join(f"'{job}'" for job in placed)
    began, ended = ours.rows(f"SELECT min(created_at), max(finished_at) FROM jobs WHERE id IN ({named})")[0]  # noqa: S608
    return count * 1000 / float(ended - began)


def _until_ended(ours: Cluster) -> None:
    processes.until(
        lambda: ours.count_jobs("finished_at IS NULL") == 0, "the end of all jobs", _PATIENCE, every=0.1
    )


def _told(each: dict[str, float]) -> str:
    engines = sum(cost for name, cost in each.items() if name.startswith("engine"))
    return f"engines {engines:.1f}, API {each['api']:.1f}, PostgreSQL {each['postgres']:.1f}"


def _owners(ours: Cluster, verb: str) -> dict[str, int]:
    """Which engine's backend last heard of each job so."""
    return {
        job_of(noted): number
        for number, engine in enumerate(ours.engines)
        for noted in engine.noted()
        if noted.verb == verb
    }


def _repeated(ours: Cluster) -> int:
    sent = Counter(one.native_id for engine in ours.engines for one in engine.noted() if one.verb == "submit")
    charges = ours.value("SELECT count(*) - count(DISTINCT job_id) FROM ledger WHERE kind = 'charge'")
    return sum(sent.values()) - len(sent) + int(charges)


def _rate(engines: int, whole: _Whole, alone: _Whole) -> Figure:
    shares = ", ".join(str(whole.share[number]) for number in range(engines))
    target = at_least_of_floor(1.0) if engines == 2 and (os.cpu_count() or 1) > 2 else None
    return Figure(
        what=f"whole jobs on PostgreSQL, {engines} engines",
        unit="/s",
        ours=whole.per_second,
        floor=alone.per_second if engines > 1 else None,
        beside="one engine",
        target=target,
        note=f"{whole.cpu_ms:.1f} ms of CPU each: {whole.cost}; jobs of each engine: {shares}; "
        f"{os.cpu_count()} cores for all",
        samples=whole.samples,
    )


def _twice(fleets: tuple[int, ...], counts: list[int]) -> Figure:
    return Figure(
        what=f"whole jobs on PostgreSQL, {', '.join(map(str, fleets))} engines: submitted or billed twice",
        unit="jobs",
        ours=sum(counts),
        target=at_most(0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    count: int
    shares: tuple[int, ...]
    engines: float
    """Cores of all of them."""
    postgres: float
    polls: float
    """A second, of all."""


def _waiting(plan: Plan, engines: int) -> _Waiting:
    """Jobs that a vendor never ends, once each has been looked at."""
    count = _QUICK_WAITING if plan.quick else _WAITING
    behaviour = Behaviour(output=plan.clip, duration=float("inf"), poll_every=_POLL_EVERY)
    with cluster.opened(plan.directory / f"waiting-{engines}", [behaviour] * engines) as ours:
        ours.until_calm()
        ours.place(count)
        processes.until(lambda: _looked_at(ours) >= count, "a first poll of every job", _PATIENCE, every=0.2)
        time.sleep(_POLL_EVERY)  # the first polls came in a rush; by now they are spread as they stay
        names = {f"engine-{number}": one.pid for number, one in enumerate(ours.engines)}
        polls, began = _gauged(ours, "polls"), time.perf_counter()
        spent = processes.Spent(postgres=ours.postgres, **names)
        time.sleep(_QUICK_WATCHED_SECONDS if plan.quick else _WATCHED_SECONDS)
        seconds = time.perf_counter() - began
        used = spent.each(1)
        return _Waiting(
            count=count,
            shares=tuple(json.loads(one.gauge.read_text())["jobs"] for one in ours.engines),
            engines=sum(cpu for name, cpu in used.items() if name != "postgres") / 1000 / seconds,
            postgres=used["postgres"] / 1000 / seconds,
            polls=(_gauged(ours, "polls") - polls) / seconds,
        )


def _looked_at(ours: Cluster) -> int:
    return _gauged(ours, "jobs")


def _gauged(ours: Cluster, name: str) -> int:
    return sum(int(json.loads(one.gauge.read_text())[name]) for one in ours.engines)


def _spread(engines: int, waiting: _Waiting) -> Figure:
    even = waiting.count / engines
    return Figure(
        what=f"{waiting.count} jobs waiting on PostgreSQL, {engines} engines: the smallest share",
        unit="of an even one",
        ours=min(waiting.shares) / even,
        target=at_least(_FEWEST),
        note=f"jobs: {', '.join(map(str, waiting.shares))}; {waiting.polls:,.0f} polls/s; "
        f"engines {waiting.engines * 100:.0f} % of a core, PostgreSQL {waiting.postgres * 100:.0f} %",
    )
