"""Deliveries as rows: written within a `Unit`, read from the `Database`. The statements are in `sql`.

A delivery that is not over has an hour at which it is due. Whoever sends it moves that hour to the end of a claim,
so that a first attempt, a later one, a replay, and what a crash broke off are all found in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yarl import URL

from reelrouter.db.engine import Database, Row, Unit
from reelrouter.ids import new_id
from reelrouter.webhooks import sql
from reelrouter.webhooks.schedule import Again, Delivered, Next, Result

Mode = Literal["live", "test"]
State = Literal["waiting", "delivered", "failed"]

_LOST = "The gateway stopped before the answer was written down."


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event, and whom to tell of it."""

    workspace: str
    mode: Mode
    job_id: str | None
    """None for a test of the receiver."""
    event: str
    """Its type, as in the body."""
    key: str
    """What receivers know the event by: the same however often it is sent."""
    url: str
    body: str
    """JSON, sent as it stands on every attempt."""
    pretend: int = 0
    """How many attempts are to fail without being sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An attempt that is ours to make until the claim ends."""

    id: str
    delivery: Delivery
    host: str
    n: int
    """The attempt's number, from 1. One whose end nobody knows has a number too."""
    tries: int
    """Attempts that have ended before this one."""
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A delivery as people look at it. Times are Unix milliseconds."""

    id: str
    delivery: Delivery
    state: State
    tries: int
    created_at: int
    due_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One attempt; without status and error it is under way."""

    n: int
    sent_at: int
    latency: int | None
    status: int | None
    response: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which deliveries to list: the newest `most` older than the cursor."""

    workspace: str
    mode: str
    most: int
    before: int
    before_id: str
    job_id: str | None = None
    state: State | None = None


def enqueue(unit: Unit, delivery: Delivery, now_ms: int) -> str:
    """Due at once; its id. Two deliveries cannot have one key: the database refuses the second."""
    delivery_id = new_id("dlv")
    unit.execute(
        sql.INSERT,
        id=delivery_id,
        workspace=delivery.workspace,
        mode=delivery.mode,
        job_id=delivery.job_id,
        event=delivery.event,
        key=delivery.key,
        url=delivery.url,
        host=_host_of(delivery.url),
        body=delivery.body,
        pretend=delivery.pretend,
        created_at=now_ms,
        state="waiting",
        due_at=now_ms,
    )
    return delivery_id


def claim(unit: Unit, rooms: Sequence[tuple[str, int]], now_ms: int, until: int) -> list[Claimed]:
    """Takes what is due, of each host as many as it has room for; each goes to one caller only."""
    rows = [row for host, most in rooms for row in unit.rows(sql.DUE, at_host=host, now=now_ms, most=most)]
    return [_begin(unit, row, now_ms, until) for row in rows if _is_ours(unit, row, until)]


def settle(unit: Unit, one: Claimed, result: Result, then: Next, now_ms: int) -> bool:
    """Writes down how an attempt ended, and what follows. False if the claim had run out and was taken over."""
    unit.execute(
        sql.ANSWER,
        delivery=one.id,
        number=one.n,
        took=result.latency,
        code=result.status,
        begins=result.response,
        why=result.error,
    )
    is_over = not isinstance(then, Again)
    return (
        unit.execute(
            sql.SETTLE,
            delivery=one.id,
            claimed_until=one.until,
            becomes=state_after(then),
            next_at=int(then.at * 1000) if isinstance(then, Again) else None,
            over_at=now_ms if is_over else None,
        )
        == 1
    )


def state_after(then: Next) -> State:
    if isinstance(then, Again):
        return "waiting"
    return "delivered" if isinstance(then, Delivered) else "failed"


def replay(unit: Unit, delivery_id: str, now_ms: int) -> bool:
    """Makes it due now, whatever became of it. False while an attempt is under way."""
    return unit.execute(sql.REPLAY, delivery=delivery_id, now=now_ms) == 1


def forget_before(unit: Unit, before: int, most: int) -> int:
    """Removes deliveries that were over by then; how many."""
    old = [row["id"] for row in unit.rows(sql.OLD, before=before, most=most)]
    for delivery_id in old:
        unit.execute(sql.FORGET_ATTEMPTS, delivery=delivery_id)
        unit.execute(sql.FORGET, delivery=delivery_id)
    return len(old)


async def list_hosts(db: Database) -> list[tuple[str, int]]:
    """Those that anything waits for, each with the hour at which the first of it is due."""
    return [(row["host"], row["due_at"]) for row in await db.rows(sql.HOSTS)]


async def get(db: Database, delivery_id: str, workspace: str, mode: str) -> DeliveryRecord | None:
    row = await db.row(sql.GET, delivery=delivery_id, of_workspace=workspace, of_mode=mode)
    return _record_of(row) if row else None


async def owner_of(db: Database, delivery_id: str) -> tuple[str, Mode] | None:
    """Workspace and mode; None if there is no such delivery."""
    row = await db.row(sql.OWNER, delivery=delivery_id)
    return (row["workspace"], row["mode"]) if row else None


async def list_attempts(db: Database, delivery_id: str) -> list[AttemptRecord]:
    """In their order."""
    rows = await db.rows(sql.ATTEMPTS, delivery=delivery_id)
    return [
        AttemptRecord(**{name: row[name] for name in ("n", "sent_at", "latency", "status", "response", "error")})
        for row in rows
    ]


async def list_deliveries(db: Database, page: Page) -> list[DeliveryRecord]:
    asked = {"of_job": page.job_id, "in_state": page.state}
    rows = await db.rows(
        sql.LISTED[page.job_id is not None, page.state is not None],
        of_workspace=page.workspace,
        of_mode=page.mode,
        before=page.before,
        before_id=page.before_id,
        most=page.most,
        **{name: value for name, value in asked.items() if value is not None},
    )
    return [_record_of(row) for row in rows]


def _is_ours(unit: Unit, row: Row, until: int) -> bool:
    return unit.execute(sql.CLAIM, delivery=row["id"], was=row["due_at"], until=until) == 1


def _begin(unit: Unit, row: Row, now_ms: int, until: int) -> Claimed:
    unit.execute(sql.LOSE, delivery=row["id"], why=_LOST)
    last = unit.row(sql.LAST_ATTEMPT, delivery=row["id"])
    n = 1 + (last["n"] if last else 0)
    unit.execute(sql.INSERT_ATTEMPT, delivery_id=row["id"], n=n, sent_at=now_ms)
    return Claimed(
        id=row["id"], delivery=_delivery_of(row), host=row["host"], n=n, tries=row["tries"], until=until
    )


def _record_of(row: Row) -> DeliveryRecord:
    return DeliveryRecord(
        id=row["id"],
        delivery=_delivery_of(row),
        state=row["state"],
        tries=row["tries"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        ended_at=row["ended_at"],
    )


def _delivery_of(row: Row) -> Delivery:
    names = ("workspace", "mode", "job_id", "event", "key", "url", "body", "pretend")
    return Delivery(**{name: row[name] for name in names})


def _host_of(url: str) -> str:
    """With its port, as the address spells it: receivers on one machine are not each other's business."""
    try:
        parsed = URL(url)
    except ValueError:  # it was checked when it was given; whatever it is now, the job's end must be written
        return ""
    return f"{parsed.raw_host}:{parsed.port}"
