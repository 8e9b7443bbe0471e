"""A thousand listeners of one process, at rest and when there is news, beside a bare app that knows of none.

Ours learns of a change from the database, where another process has made it; the floor is told by a request, and
counts from the moment at which its handler knows. So ours adds the look every 50 ms, the read and the JSON.
"""

import json
import resource
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil

from bench import gateway, processes
from bench.figures import Figure, Plan, Target, at_most
from bench.gateway import HEADERS, Floor, Gateway
from bench.listeners import Listening, listening
from reelrouter.testing.instant_engine import Behaviour

_LISTENERS, _QUICK_LISTENERS = 1000, 100
_CHANGES_OF_MANY, _CHANGES_OF_ONE = 50, 15
"""Changes of jobs with one listener each, and of one job with all of them."""
_PAUSE_OF_MANY, _PAUSE_OF_ONE = 0.13, 1.5
"""Seconds between two changes; no multiple of the look's own pace."""
_RESTING = 16.0
"""Seconds at rest that are measured: a comment for each listener is among them."""
_FILES = 4096

Change = Callable[[str], tuple[int, float]]
"""Changes a job; the id of the event that follows, and when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two that are compared."""

    pid: int
    address: str
    names: Sequence[str]
    """Of jobs to listen to."""
    change: Change

    def path(self, name: str) -> str:
        return f"/api/v1/videos/{name}/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    alone: float
    """Share of a core at rest, with one listener."""
    resting: float
    """The same with all."""
    kilobytes: float
    """Of memory for each listener."""
    of_many: Sequence[float]
    """Milliseconds from a change to the event, where each job has one listener."""
    of_one: Sequence[float]
    """The same for every listener, where all of them listen to one job."""
    changing: float
    """Milliseconds of CPU for each event of such a change."""


def measure(plan: Plan) -> list[Figure]:
    _allow_many_files()
    count = _QUICK_LISTENERS if plan.quick else _LISTENERS
    waiting = Behaviour(output=plan.clip, capacity=0)
    with gateway.running(plan.directory / "sse", waiting) as ours:
        names = ours.place(count)
        ours.until_calm()
        measured = _measure(plan, Side(pid=ours.api, address=ours.address, names=names, change=_change_of(ours)))
    with gateway.floor(plan.directory) as bare:
        bottom = _measure(
            plan,
            Side(
                pid=bare.pid,
                address=bare.address,
                names=[f"job-{at}" for at in range(count)],
                change=_floor_change_of(bare),
            ),
        )
    return _figures(f"SSE, {count} listeners", measured, bottom)


def _figures(name: str, ours: Measured, floor: Measured) -> list[Figure]:
    def row(
        what: str, unit: str, pair: tuple[float, float], target: Target | None = None, note: str = ""
    ) -> Figure:
        return Figure(what=f"{name}{what}", unit=unit, ours=pair[0], floor=pair[1], target=target, note=note)

    def both(of: Callable[[Measured], float]) -> tuple[float, float]:
        return of(ours), of(floor)

    alone = f"with one listener {ours.alone * 100:.1f} %, floor {floor.alone * 100:.1f} %"
    return [
        row(": CPU at rest", "% of a core", both(lambda one: one.resting * 100), at_most(5), alone),
        row(": memory of one", "kB", both(lambda one: one.kilobytes)),
        row(" of as many jobs: change to event, p50", "ms", both(lambda one: _percentile(one.of_many, 50))),
        row(
            " of as many jobs: change to event, p99",
            "ms",
            both(lambda one: _percentile(one.of_many, 99)),
            at_most(100),
            f"{len(ours.of_many)} changes; changes are looked for every 50 ms",
        ),
        row(" of one job: change to event, p50", "ms", both(lambda one: _percentile(one.of_one, 50))),
        row(" of one job: change to event, p99", "ms", both(lambda one: _percentile(one.of_one, 99))),
        row(" of one job: CPU of an event", "ms", both(lambda one: one.changing)),
    ]


def _measure(plan: Plan, side: Side) -> Measured:
    resting = 3.0 if plan.quick else _RESTING
    with listening(_wanted(side, side.names[:1])):
        alone = _share(side.pid, resting)
    before = processes.rss_mb(side.pid)
    with listening(_wanted(side, side.names)) as many:
        kilobytes = (processes.rss_mb(side.pid) - before) * 1000 / len(side.names)
        at_rest = _share(side.pid, resting)
        changes = _changed(side, side.names[: _CHANGES_OF_MANY // (5 if plan.quick else 1)], _PAUSE_OF_MANY)
    of_many = _delays(changes, many.heard.events, each=1)
    with listening(_wanted(side, [side.names[0]] * len(side.names))) as together:
        used = processes.cpu_seconds(side.pid)
        changes = _changed(side, [side.names[0]] * (_CHANGES_OF_ONE // (5 if plan.quick else 1)), _PAUSE_OF_ONE)
        used = processes.cpu_seconds(side.pid) - used
    of_one = _delays(changes, together.heard.events, each=len(side.names))
    return Measured(
        alone=alone,
        resting=at_rest,
        kilobytes=kilobytes,
        of_many=of_many,
        of_one=of_one,
        changing=used * 1000 / len(of_one),
    )


def _wanted(side: Side, names: Sequence[str]) -> Listening:
    return Listening(address=side.address, paths=[side.path(name) for name in names], headers=dict(HEADERS))


def _share(pid: int, seconds: float) -> float:
    time.sleep(0.5)  # what the connecting left to do
    used, began = processes.cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (processes.cpu_seconds(pid) - used) / (time.monotonic() - began)


def _changed(side: Side, names: Sequence[str], pause: float) -> dict[int, float]:
    """When each event's change was made, by the event's id."""
    made: dict[int, float] = {}
    for name in names:
        number, at = side.change(name)
        made[number] = at
        time.sleep(pause)
    return made


def _delays(changes: dict[int, float], events: Sequence[tuple[int, float]], each: int) -> list[float]:
    delays = [(at - changes[number]) * 1000 for number, at in events if number in changes]
    if len(delays) != len(changes) * each:
        raise processes.NotReady(f"{len(delays)} events came of {len(changes) * each}")
    return delays


def _change_of(ours: Gateway) -> Change:
    """As an engine does it, from another process: a job's progress, and the commit."""

    def change(name: str) -> tuple[int, float]:
        with closing(sqlite3.connect(ours.directory / "app.db", timeout=30)) as connection, connection:
            (number,) = connection.execute(
                "UPDATE jobs SET status = 'in_progress', progress = COALESCE(progress, 0) + 0.01, "
                "version = (SELECT max(version) + 1 FROM jobs) WHERE id = ? RETURNING version",
                (name,),
            ).fetchone()
            connection.commit()
            return int(number), time.monotonic()

    return change


def _floor_change_of(floor: Floor) -> Change:
    def change(name: str) -> tuple[int, float]:
        address = f"{floor.address}/api/v1/videos/{name}/change"
        request = urllib.request.Request(address, b"", method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            told = json.load(answer)
        return int(told["id"]), float(told["at"])

    return change


def _percentile(values: Sequence[float], share: int) -> float:
    return sorted(values)[max(0, ceil(len(values) * share / 100) - 1)]


def _allow_many_files() -> None:
    """For this process and those that it starts: each listener is a file at both ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
