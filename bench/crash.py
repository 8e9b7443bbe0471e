"""`kill -9` at several instants: what is lost, sent twice, billed twice or unknown, and how soon work resumes."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from bench import gateway, load, processes
from bench.cluster import job_of
from bench.figures import Figure, Plan, at_most
from bench.gateway import SUBMIT, Gateway
from bench.load import Load
from reelrouter.testing.instant_engine import Behaviour, read_journal

_JOBS, _QUICK_JOBS = 1000, 200
_INSTANTS, _QUICK_INSTANTS = (0.2, 1.5, 4.0, 8.0), (1.0,)
"""Seconds after the first submit."""
_CONNECTIONS = 16
_LATENCY, _DURATION, _POLL_EVERY = 0.1, 3.0, 1.0
_WINDOW = 8
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What one kill left behind, once everything that could end had ended."""

    acknowledged: int
    lost: int
    """Acknowledged with a 202 and gone, or without an end."""
    sent_twice: int
    billed_twice: int
    unknown: int
    held: int
    """Nano-dollars that no open job holds: they should be none."""
    misbooked: int
    """Nano-dollars between what was settled and what the ledger says."""
    up: float
    """Seconds from the restart to the first answer."""
    resumed: float
    """Seconds from the restart to the first submit or poll that reached the backend."""


def measure(plan: Plan) -> list[Figure]:
    count = _QUICK_JOBS if plan.quick else _JOBS
    instants = _QUICK_INSTANTS if plan.quick else _INSTANTS
    found = [_kill_at(plan, instant, count) for instant in instants]
    name = f"kill -9, {count} jobs at {', '.join(map(str, instants))} s"
    total = sum(one.acknowledged for one in found)
    return [
        _worst(f"{name}: lost", "jobs", [one.lost for one in found], 0, f"of {total} acknowledged"),
        _worst(f"{name}: submitted twice", "jobs", [one.sent_twice for one in found], 0),
        _worst(f"{name}: billed twice", "jobs", [one.billed_twice for one in found], 0),
        _worst(f"{name}: outcome unknown", "jobs", [one.unknown for one in found], _WINDOW),
        _worst(f"{name}: held for no job", "n$", [one.held for one in found], 0),
        _worst(f"{name}: settled off the ledger", "n$", [one.misbooked for one in found], 0),
        _worst(f"{name}: first answer", "s", [one.up for one in found], None),
        _worst(f"{name}: work resumes", "s", [one.resumed for one in found], 3),
    ]


def _worst(what: str, unit: str, values: list[int] | list[float], most: float | None, note: str = "") -> Figure:
    target = None if most is None else at_most(most)
    return Figure(what=what, unit=unit, ours=float(max(values)), target=target, note=note, samples=tuple(values))


def _kill_at(plan: Plan, instant: float, count: int) -> Aftermath:
    place = plan.directory / f"at-{instant}"
    place.mkdir()
    directory, journal = place / "data", place / "journal"
    behaviour = Behaviour(
        output=plan.clip, latency=_LATENCY, duration=_DURATION, poll_every=_POLL_EVERY, journal=journal
    )
    with gateway.running(directory, behaviour) as first:
        first.until_calm()
        acknowledged = _placed_until_kill(first, instant, count)
    killed_at = time.time()
    with gateway.running(directory, behaviour) as second:
        up = time.time() - killed_at
        processes.until(lambda: _first_after(journal, killed_at) is not None, "work after the restart", _PATIENCE)
        processes.until(lambda: _is_over(second), "the end of every job", _PATIENCE, every=0.2)
        resumed = _first_after(journal, killed_at) or 0.0
        return _aftermath(second, acknowledged, journal, (up, resumed))


def _placed_until_kill(ours: Gateway, instant: float, count: int) -> list[str]:
    """The ids of the jobs that the gateway acknowledged before it was killed, the engine with it."""
    engine = ours.engine()
    generator = load.begin(
        Load(address=ours.address, requests=[SUBMIT], connections=_CONNECTIONS, count=count, keep_bodies=True)
    )
    processes.until(lambda: ours.count_jobs("TRUE") > 0, "the first job")
    time.sleep(instant)
    processes.kill(ours.process)
    answered = load.finish(generator)
    if set(answered.statuses) != {"202"}:
        raise load.WrongAnswers(f"expected 202 alone, and got {answered.statuses}")
    processes.until(lambda: not processes.is_alive(engine), "the engine's end with its parent")
    return [str(json.loads(body)["id"]) for body in answered.bodies]


def _first_after(journal: Path, killed_at: float) -> float | None:
    """Seconds from the kill to the first line that came after it."""
    return next((noted.at - killed_at for noted in read_journal(journal) if noted.at > killed_at), None)


def _is_over(ours: Gateway) -> bool:
    return ours.count_jobs("finished_at IS NULL") == 0


def _aftermath(ours: Gateway, acknowledged: list[str], journal: Path, times: tuple[float, float]) -> Aftermath:
    ended = {row[0] for row in ours.rows("SELECT id FROM jobs WHERE finished_at IS NOT NULL")}
    charges = [row[0] for row in ours.rows("SELECT job_id FROM ledger WHERE kind = 'charge'")]
    return Aftermath(
        acknowledged=len(acknowledged),
        lost=len(set(acknowledged) - ended),
        sent_twice=_repeated([job_of(noted) for noted in read_journal(journal) if noted.verb == "submit"]),
        billed_twice=_repeated(charges),
        unknown=ours.count_jobs("failure LIKE '%unknown_submit%'"),
        held=ours.value("SELECT sum(held) FROM budgets"),
        misbooked=ours.value("SELECT (SELECT sum(settled) FROM budgets) - (SELECT sum(amount) FROM ledger)"),
        up=times[0],
        resumed=times[1],
    )


def _repeated(names: list[str]) -> int:
    return len(names) - len(set(names))
