"""One run from its beginning to its evidence: vendors, receivers and a gateway, load and faults, then calm."""

import asyncio
import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tests.acceptance.receivers import Answer, Receivers, receivers
from tests.acceptance.serving import LIVE_KEY, MANAGEMENT_KEY
from tests.acceptance.waiting import until
from tests.torture import vendors
from tests.torture.evidence import Evidence, Told
from tests.torture.fleet import Fleet, FleetOf
from tests.torture.gather import Seen, evidence_of, is_calm
from tests.torture.load import Load, Progress, Team, World
from tests.torture.plan import STARTS, Fault, Plan, faults
from tests.torture.teams import made_teams, support_of
from tests.torture.vendors import Vendors

_PACE = {"poll_every": 0.8, "concurrency": 60}
_RETRIES = ["0"] + ["0.2"] * 5 + ["1"] * 20 + ["3"] * 60
SETTINGS: Mapping[str, str] = {
    "live_key": LIVE_KEY,
    "management_key": MANAGEMENT_KEY,
    "log_format": "json",
    "allow_private_addresses": "true",
    "providers": json.dumps(dict.fromkeys(vendors.NAMES, _PACE)),
    "max_download": "2097152",
    "max_job_age": "1800",
    "retention": "21600",
    "webhook_schedule": ",".join(_RETRIES),
    "webhook_timeout": "1",
}
"""A clock that jumps by an hour ends jobs that are under way, and no video's time to be kept."""
_MOST_REFUSALS = 6
_SILENT_SHARE = 0.03
_DAY = 25 * 3600.0
"""Longer than anything is kept."""
_FORWARD = (700.0, 1400.0)
"""Seconds: more than a file that never comes is tried for, twice, and less than a job may take."""
_SWEPT_SECONDS = 60.0
_TARGET_SECONDS = 60.0


@dataclass(slots=True)
class Watching:
    """How a run is getting on."""

    progress: Progress = field(default_factory=Progress)
    faults: Counter[str] = field(default_factory=Counter)
    """Those that really befell somebody."""
    missed: Counter[str] = field(default_factory=Counter)
    """Those that found nobody there."""
    stage: str = "starting"
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    evidence: Evidence
    watching: Watching
    impatient: bool
    """Whether something had not come to its end when patience did."""


def run(plan: Plan, folder: Path, fleet_of: FleetOf, watching: Watching) -> Outcome:
    """Everything is made in `folder`, logs included, and stays there."""
    moods = Moods()
    with (
        vendors.running(plan) as made,
        receivers(moods.answer) as listening,
        fleet_of(folder, SETTINGS, made.environment) as fleet,
    ):
        fleet.start()
        teams = made_teams(fleet.addresses[0])
        world = World(
            addresses=fleet.addresses, teams=teams, callback=f"{listening.url}/hook", support=support_of(teams)
        )
        loading = Loading(Load(plan, world, watching.progress))
        watching.stage = "faults"
        latest = _do_faults(plan, fleet, moods, watching)
        loading.place_no_more()
        watching.stage = "calm"
        calm, latest = _calm_down(plan, fleet, loading, latest)
        seen = _seen(loading.finish(), made, listening, teams)
        watching.stage = "evidence"
        if not plan.brisk:
            _start_anew(fleet)
        evidence = evidence_of(fleet.rows, seen, _outputs(fleet), (time.time() + latest) * 1000)
        watching.stage = "a day later"
        return Outcome(
            evidence=replace(evidence, leftovers=tuple(_a_day_later(plan, fleet, latest))),
            watching=watching,
            impatient=not calm,
        )


class Moods:
    """How receivers take what they are told: half of it not at the first time, and at times none of it."""

    def __init__(self) -> None:
        self.refuse = threading.Event()

    def answer(self, _path: str, key: str, seen: int) -> Answer | None:
        dice = random.Random(f"{key} {seen}")
        if self.refuse.is_set():
            return Answer(status=503)
        if seen >= _refusals(key):
            return Answer()
        return None if dice.random() < _SILENT_SHARE else Answer(status=dice.choice((500, 503, 404)))


def _refusals(key: str) -> int:
    """How often an event is refused before it is taken: one half not at all, a quarter once, and so on."""
    number = hashlib.sha256(key.encode()).digest()[0] | 1 << _MOST_REFUSALS
    return (number & -number).bit_length() - 1


class Loading:
    """The load, in a thread of its own."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._loop = asyncio.new_event_loop()
        self._told: list[Told] = []
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def place_no_more(self) -> None:
        self._loop.call_soon_threadsafe(self._load.enough.set)

    def finish(self) -> list[Told]:
        """What the clients were told; those that still wait do not wait any longer."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._load.over.set)
        self._thread.join()
        return self._told

    def _run(self) -> None:
        self._told = self._loop.run_until_complete(self._load.run())
        self._loop.close()


def _do_faults(plan: Plan, fleet: Fleet, moods: Moods, watching: Watching) -> float:
    """Each at its time; the latest hour that any clock has shown, as seconds from the true one.

    A fault that waits for the gateway moves what follows it. What has no time left then is not done, ends aside; a
    short run takes the time that it needs.
    """
    began, late, latest, nobody = time.monotonic(), 0.0, 0.0, threading.Event()
    for fault in faults(plan):
        if fault.act in STARTS and not plan.brisk and late + fault.at > plan.seconds:
            continue
        late += _wait_for(fleet) if fault.patient and not fleet.is_crippled else 0.0
        nobody.wait(max(0.0, began + late + fault.at - time.monotonic()))
        befell = _befall(fault, fleet, moods)
        (watching.faults if befell else watching.missed)[fault.act] += 1
        latest = max(latest, fault.shift)
    if not plan.brisk:
        nobody.wait(max(0.0, began + plan.seconds - time.monotonic()))
    return latest


def _wait_for(fleet: Fleet) -> float:
    """Until the gateway answers, or it takes too long for that; how many seconds it was."""
    began = time.monotonic()
    with suppress(AssertionError):
        until(fleet.is_ready, "the gateway to answer", _TARGET_SECONDS)
    return time.monotonic() - began


def _befall(fault: Fault, fleet: Fleet, moods: Moods) -> bool:
    """What begins waits for somebody whom it can befall, who may just be starting; what ends does not.

    Nor does what begins while nobody may be able to start: what is away would else come back too late.
    """
    if fault.act not in STARTS or fleet.is_crippled:
        return _do(fault, fleet, moods)
    try:
        return until(lambda: _do(fault, fleet, moods), f"somebody for {fault.act}", _TARGET_SECONDS)
    except AssertionError:
        return False


def _do(fault: Fault, fleet: Fleet, moods: Moods) -> bool:
    match fault.act:
        case "refuse_webhooks":
            moods.refuse.set()
            return True
        case "take_webhooks":
            moods.refuse.clear()
            return True
        case "kill_database":
            return fleet.kill_database()
        case "start_database":
            return fleet.start_database()
        case "lose_storage":
            return fleet.lose_storage(fault.whom)
        case "return_storage":
            return fleet.return_storage()
        case _:
            return fleet.do(fault)


def _calm_down(plan: Plan, fleet: Fleet, loading: Loading, latest: float) -> tuple[bool, float]:
    """Whether everything came to its end in time, once nothing is done to it any more; the newest latest hour.

    Clocks that differ are put to the latest of their hours: what was promised for an hour is due then. What is
    borne for minutes, as a file that never comes, is not waited for: clocks are put forward by them.
    """
    fleet.set_clocks(latest)
    if plan.brisk:
        _start_anew(fleet)
    steps = (0.0,) if plan.brisk else (0.0, *_FORWARD)
    for ahead in steps:
        fleet.set_clocks(latest + ahead, of_server=ahead)
        with suppress(AssertionError):
            until(
                lambda: loading.is_over and is_calm(fleet.rows),
                "everything to come to its end",
                plan.patience / len(steps),
            )
            return True, latest + ahead
    return False, latest + steps[-1]


def _start_anew(fleet: Fleet) -> None:
    fleet.rest()
    fleet.start()


def _a_day_later(plan: Plan, fleet: Fleet, latest: float) -> list[str]:
    """What is left of everything when its time is over, and the gateway has stopped removing any of it."""
    fleet.rest()
    fleet.set_clocks(latest + _DAY, of_server=latest + _DAY)
    fleet.start()
    left, patience = _left(fleet), min(plan.patience, _SWEPT_SECONDS)
    with suppress(AssertionError):
        while left:
            (left,) = until(partial(_fewer_than, len(left), fleet), "less to be left", patience)
    return _left(fleet)


def _fewer_than(count: int, fleet: Fleet) -> tuple[list[str]] | None:
    left = _left(fleet)
    return (left,) if len(left) < count else None


def _left(fleet: Fleet) -> list[str]:
    """Without the videos that came late, some of them on this very day: their time has only begun."""
    rows = fleet.rows(
        "SELECT outputs FROM jobs WHERE price IS NULL AND outputs IS NOT NULL AND dropped_at IS NULL"
    )
    kept = {one["key"] for row in rows for one in json.loads(row["outputs"])}
    return [name for name in fleet.leftovers() if not any(name.endswith(key) for key in kept)]


def _outputs(fleet: Fleet) -> frozenset[str]:
    return frozenset(key for key in fleet.files() if key.startswith("outputs/"))


def _seen(told: list[Told], made: Vendors, listening: Receivers, teams: list[Team]) -> Seen:
    return Seen(
        told=told,
        emulators=made.emulators,
        got=list(listening.got),
        secrets={team.workspace: team.secret for team in teams},
    )
