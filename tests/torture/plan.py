"""What happens when, to whom: pure functions of a seed, so that a run can be repeated."""

import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from math import inf
from typing import Literal

from reelrouter.emulators.script import Script
from tests.fates import MODELS, briskly, fate

Database = Literal["sqlite", "postgres"]
Act = Literal[
    "kill_api", "kill_engine", "restart_api", "stop_engine", "continue_engine", "fill_disk", "free_disk",
    "set_clock", "refuse_webhooks", "take_webhooks", "kill_database", "start_database",
    "fill_disk_long", "free_disk_long", "lose_storage", "return_storage",
]  # fmt: skip
"""What is done to the gateway. Those that begin something are undone by the one that follows them here."""

_DECK: Sequence[Act] = (
    "kill_engine", "kill_api", "stop_engine", "fill_disk", "set_clock", "refuse_webhooks", "restart_api",
    "kill_engine", "set_clock", "fill_disk", "kill_api", "lose_storage", "fill_disk_long",
)  # fmt: skip
_DATABASE_DECK: Sequence[Act] = (*_DECK, "kill_database", "kill_database")
STARTS = frozenset(_DATABASE_DECK)
"""Those that are not only the end of another."""
_ENDS: Mapping[Act, Act] = {
    "stop_engine": "continue_engine",
    "fill_disk": "free_disk",
    "fill_disk_long": "free_disk_long",
    "lose_storage": "return_storage",
    "refuse_webhooks": "take_webhooks",
    "kill_database": "start_database",
}
_LASTS: Mapping[Act, tuple[float, float]] = {
    "stop_engine": (0.5, 4.0),
    "fill_disk": (0.3, 3.0),
    "refuse_webhooks": (0.5, 3.0),
    "kill_database": (0.1, 4.0),
    "fill_disk_long": (15.0, 45.0),
    "lose_storage": (20.0, 90.0),
}
"""Seconds, at least and at most."""
_BRISK_LASTS: Mapping[Act, tuple[float, float]] = {"fill_disk_long": (4.0, 6.0), "lose_storage": (5.0, 8.0)}
"""The same in a short run."""
_RESTS: Mapping[Act, float] = {"fill_disk_long": 60.0, "lose_storage": 150.0}
"""Seconds after what lasts long in which it does not begin again: a gateway would else be hardly ever whole."""
SHIFTS = (3600.0, -3600.0, 0.0, 600.0, -600.0)
"""Seconds by which clocks are wrong."""
_FATES = (42, 12, 8, 10, 8, 20)
"""Kinder than it could be, so that enough jobs come to their end."""
_PATIENT_SHARE = 0.75
_SLOW_SHARE, _SLOW_SECONDS = 0.1, 1.5
_SUBMITS_SCRIPTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    database: Database
    seconds: float
    """How long jobs are placed, and faults done."""
    seed: int
    rate: float = 3.0
    """Jobs placed in a second."""
    most_under_way: int = 250
    """Clients at one time: where jobs do not come to their end, no more are placed."""
    pause: float = 5.0
    """Seconds between two faults, on average."""
    patience: float = 300.0
    """Seconds after the last fault within which everything is to have come to its end."""
    brisk: bool = False
    """For short runs: no pauses of minutes, and the gateway is started anew as soon as the faults are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    act: Act
    at: float
    """Seconds after the beginning."""
    whom: int = 0
    """A random number: which of several processes it befalls."""
    shift: float = 0.0
    """Of a clock."""
    patient: bool = False
    """Whether it waits until the gateway answers: on a slow machine it would else be killed at every start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What one client wants."""

    mark: int
    model: str
    team: int
    """A random number: which workspace asks."""
    keyed: bool
    """Whether it sends an idempotency key, and sends again what was not answered, as SDKs do."""
    callback: bool
    cancel_after: float | None
    """Seconds after the acceptance."""
    download: bool
    delete: bool
    """Once it has ended."""


def faults(plan: Plan) -> Iterator[Fault]:
    """In the order in which they are done. What begins also ends before the run does."""
    dice = random.Random(f"faults {plan.seed}")
    due: list[tuple[float, int, Fault]] = []
    at, over = 0.0, dict[Act, float]()
    for number, act in enumerate(_dealt(plan, dice)):
        if act in _RESTS and at < over.get(act, -inf) + _RESTS[act]:
            continue
        at = max(at + dice.uniform(0.4, 1.6) * plan.pause, over.get(act, 0.0))  # none begins again before its end
        if at >= plan.seconds:
            break
        whom, shift = dice.randrange(1000), dice.choice(SHIFTS) if act == "set_clock" else 0.0
        fault = Fault(act=act, at=at, whom=whom, shift=shift, patient=dice.random() < _PATIENT_SHARE)
        heapq.heappush(due, (at, 2 * number, fault))
        if act in _ENDS:
            lasts = _BRISK_LASTS if plan.brisk and act in _BRISK_LASTS else _LASTS
            over[act] = at + dice.uniform(*lasts[act])
            heapq.heappush(due, (over[act], 2 * number + 1, Fault(act=_ENDS[act], at=over[act], whom=whom)))
    yield from (heapq.heappop(due)[2] for _ in range(len(due)))


def begins(plan: Plan) -> frozenset[Act]:
    """Every fault that a run on this database knows, ends aside."""
    return frozenset(_deck(plan))


def errand(plan: Plan, mark: int) -> Errand:
    dice = random.Random(f"errand {plan.seed} {mark}")
    return Errand(
        mark=mark,
        model=dice.choice(list(MODELS)),
        team=dice.randrange(1000),
        keyed=dice.random() < 0.6,
        callback=dice.random() < 0.6,
        cancel_after=dice.uniform(0.0, 3.0) if dice.random() < 0.12 else None,
        download=dice.random() < 0.5,
        delete=dice.random() < 0.1,
    )


def fates(plan: Plan, mark: int) -> list[Script]:
    """What befalls the first submit of that mark at a vendor, the second, and so on; afterwards all goes well."""
    dice = random.Random(f"fates {plan.seed} {mark}")
    scripts = [_perhaps_slow(fate(dice, _FATES), dice) for _ in range(_SUBMITS_SCRIPTED)]
    return [_brisk(script) for script in scripts] if plan.brisk else scripts


def _brisk(script: Script) -> Script:
    """A vendor that has no place says when it will have one, and that is soon."""
    soon = briskly(script)
    return replace(soon, refuse="rate_after") if soon.refuse in ("rate", "concurrency") else soon


def _perhaps_slow(script: Script, dice: random.Random) -> Script:
    if dice.random() >= _SLOW_SHARE:
        return script
    return replace(script, latency=dice.uniform(0.1, _SLOW_SECONDS))


def _dealt(plan: Plan, dice: random.Random) -> Iterator[Act]:
    """Card by card, so that each kind has come once before any comes often; in a short run none comes again."""
    first = list(dict.fromkeys(_deck(plan)))
    dice.shuffle(first)
    if plan.brisk:
        return iter(first)
    return chain(first, chain.from_iterable(dice.sample(deck, len(deck)) for deck in repeat(_deck(plan))))


def _deck(plan: Plan) -> Sequence[Act]:
    return _DECK if plan.database == "sqlite" else _DATABASE_DECK
