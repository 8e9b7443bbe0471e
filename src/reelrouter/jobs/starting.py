"""Jobs that wait for a place: who waits where, and the taking of those that are started now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reelrouter.db.engine import Database, Row, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import sql
from reelrouter.jobs.served import Served
from reelrouter.jobs.turns import Party, share_out
from reelrouter.turnstile import Turnstile

AT_ONCE = -1
"""The hour of a job that is to be started whatever room there is."""
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    job: JobId
    run: int
    """Which of its runs this is, from 1."""
    workspace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """The engine that takes jobs up."""

    name: str
    """This start of it, as `jobs.driver` names it."""
    served: Served = field(default_factory=Served)
    """What it works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The free places of a queue."""

    queue: str
    room: int
    limit: int | None = None
    """Jobs that may be under way there, whichever engine has started them; None where there is none to keep to."""
    rate: float | None = None
    """Jobs that may be started there in a minute, likewise."""
    turn_of: Callable[[str], int] = lambda _workspace: 0
    """When a workspace had its last turn there; 0 for never."""


def start_waiting(unit: Unit, places: Places, now_ms: int, driver: str) -> list[Started]:
    """Gives the places to those who wait: to the workspaces by turn, within one to the oldest job.

    In the order in which they are to be started. Each job is given to one caller only.
    """
    if places.limit is not None:
        # No other engine starts anything there meanwhile: two of them must not both give the last place.
        unit.row(sql.TURN, in_queue=places.queue)
    turnstile = _turnstile_of(unit, places)
    order = share_out(_parties(unit, places, now_ms), _room(unit, places, turnstile, now_ms))
    oldest = {
        workspace: iter(unit.rows(sql.WAITING_OF, of_workspace=workspace, most=count, **_values(places, now_ms)))
        for workspace, count in Counter(order).items()
    }
    chosen = [next(oldest[workspace], None) for workspace in order]
    started = _start(unit, [row for row in chosen if row is not None], now_ms, driver)
    if turnstile is not None and started:
        turnstile.pass_through(len(started), now_ms / 1000)
        _keep(unit, places.queue, turnstile)
    return started


def start_overdue(unit: Unit, most: int, now_ms: int, by: Starter) -> list[Started]:
    """Takes jobs whose deadline or cancel came while they waited: their run will end them.

    One that a backend may have is left to an engine that can ask it.
    """
    return _start(unit, unit.rows(sql.OVERDUE, at=now_ms, most=most, **_kinds(by.served)), now_ms, by.name)


async def are_left(db: Database, served: Served) -> bool:
    """Whether there is anything for `start_left`."""
    return await db.row(sql.LEFT, most=1, **_kinds(served)) is not None


def start_left(unit: Unit, most: int, now_ms: int, by: Starter) -> list[Started]:
    """Takes jobs that a backend may have, and that one engine left to another: they need no new place there."""
    return _start(unit, unit.rows(sql.LEFT, most=most, **_kinds(by.served)), now_ms, by.name)


async def count_waiting(db: Database, queue: str, now_ms: int, most: int) -> int:
    """Jobs that may be started now, up to `most`."""
    row = await db.row(sql.WAITING, in_queue=queue, at=now_ms, most=most)
    return row["jobs"] if row else 0


async def held_back_until(db: Database, now_ms: int) -> int | None:
    """When the next of the jobs that may not be started yet may be; None if there is none."""
    row = await db.row(sql.HELD_BACK, at=now_ms)
    return row["until"] if row else None


async def list_queues(db: Database) -> list[str]:
    """Those in which any job waits."""
    return [row["queue"] for row in await db.rows(sql.QUEUES)]


async def count_under_way(db: Database, queue: str) -> int:
    """Jobs that were started for a queue and have neither ended nor been put back."""
    row = await db.row(sql.UNDER_WAY, in_queue=queue)
    return row["jobs"] if row else 0


def _kinds(served: Served) -> dict[str, object]:
    return {"renders": int("render" in served.kinds), "sends": int("remote" in served.kinds)}


async def rate_room(db: Database, queue: str, rate: float, now_ms: int) -> int:
    """How many jobs a rate lets start now.

    Writes only where the clock was set back, so that time counts from there for whoever asks next.
    """
    row = await db.row(sql.TURNSTILE, in_queue=queue)
    turnstile = _turnstile(row, rate)
    room = turnstile.room(now_ms / 1000)
    if row is not None and _micros(turnstile) < row["full_at"]:
        await db.write(lambda unit: _keep(unit, queue, turnstile))
    return room


def _turnstile_of(unit: Unit, places: Places) -> Turnstile | None:
    if places.rate is None:
        return None
    return _turnstile(unit.row(sql.TURNSTILE, in_queue=places.queue), places.rate)


def _room(unit: Unit, places: Places, turnstile: Turnstile | None, now_ms: int) -> int:
    room = places.room
    if places.limit is not None:
        row = unit.row(sql.UNDER_WAY, in_queue=places.queue)
        room = min(room, places.limit - (row["jobs"] if row else 0))
    if turnstile is not None:
        room = min(room, turnstile.room(now_ms / 1000))
    return max(0, room)


def _keep(unit: Unit, queue: str, turnstile: Turnstile) -> None:
    values = {"in_queue": queue, "micros": _micros(turnstile)}
    if unit.execute(sql.SET_TURNSTILE, **values) == 0:
        unit.execute(sql.NEW_TURNSTILE, **values)


def _micros(turnstile: Turnstile) -> int:
    return round(turnstile.full_at * _MICROS)


def _turnstile(row: Row | None, rate: float) -> Turnstile:
    """As whichever engine was last has left it."""
    return Turnstile(rate, full_at=row["full_at"] / _MICROS if row else 0.0)


def _parties(unit: Unit, places: Places, now_ms: int) -> list[Party]:
    rows = unit.rows(sql.TEAMS, most=places.room, **_values(places, now_ms))
    return [
        Party(
            name=row["workspace"],
            has=row["under_way"],
            wants=row["waiting"],
            turn=places.turn_of(row["workspace"]),
        )
        for row in rows
    ]


def _values(places: Places, now_ms: int) -> dict[str, object]:
    return {"in_queue": places.queue, "at": now_ms}


def _start(unit: Unit, rows: Sequence[Row], now_ms: int, driver: str) -> list[Started]:
    return [
        Started(job=row["id"], run=row["run"] + 1, workspace=row["workspace"])
        for row in rows
        if unit.execute(sql.START, job=row["id"], at=now_ms, next_run=row["run"] + 1, by=driver) == 1
    ]
