"""Jobs that wait for a place: who waits where, and the taking of those that are started now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reelrouter.db.engine import Database, Row, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import sql
from reelrouter.jobs.turns import Party, share_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    job: JobId
    run: int
    """Which of its runs this is, from 1."""
    workspace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The free places of a queue."""

    queue: str
    room: int
    limit: int | None = None
    """Jobs that may be under way there, whichever engine has started them; None where there is none to keep to."""
    turn_of: Callable[[str], int] = lambda _workspace: 0
    """When a workspace had its last turn there; 0 for never."""


def start_waiting(unit: Unit, places: Places, now_ms: int) -> list[Started]:
    """Gives the places to those who wait: to the workspaces by turn, within one to the oldest job.

    In the order in which they are to be started. Each job is given to one caller only.
    """
    order = share_out(_parties(unit, places, now_ms), _room(unit, places))
    oldest = {
        workspace: iter(unit.rows(sql.WAITING_OF, of_workspace=workspace, most=count, **_values(places, now_ms)))
        for workspace, count in Counter(order).items()
    }
    chosen = [next(oldest[workspace], None) for workspace in order]
    return _start(unit, [row for row in chosen if row is not None], now_ms)


def start_overdue(unit: Unit, most: int, now_ms: int) -> list[Started]:
    """Takes jobs whose deadline or cancel came while they waited: their run will end them."""
    return _start(unit, unit.rows(sql.OVERDUE, at=now_ms, most=most), now_ms)


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


def _room(unit: Unit, places: Places) -> int:
    """Counted while no other engine starts anything there: two of them must not both give the last place."""
    if places.limit is None:
        return places.room
    unit.row(sql.TURN, in_queue=places.queue)
    row = unit.row(sql.UNDER_WAY, in_queue=places.queue)
    return max(0, min(places.room, places.limit - (row["jobs"] if row else 0)))


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


def _start(unit: Unit, rows: Sequence[Row], now_ms: int) -> list[Started]:
    return [
        Started(job=row["id"], run=row["run"] + 1, workspace=row["workspace"])
        for row in rows
        if unit.execute(sql.START, job=row["id"], at=now_ms, next_run=row["run"] + 1) == 1
    ]
