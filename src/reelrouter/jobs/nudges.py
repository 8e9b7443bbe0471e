"""Nudges as rows: a process that hears of news writes one, and the engine that waits for the job reads it."""

from reelrouter.db.engine import Database, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import sql


def note(unit: Unit, job: JobId, now_ms: int) -> None:
    """For the engine that waits for the job, if it is alive."""
    unit.execute(sql.NUDGE, job=job, at=now_ms)


async def list_after(db: Database, after: int) -> list[tuple[JobId, int]]:
    """Live jobs that were nudged after that, each with the hour of its last nudge, oldest first."""
    return [(row["id"], row["nudged_at"]) for row in await db.rows(sql.NUDGED, after_nudge=after)]


async def place_of(db: Database, job: JobId, n: int) -> tuple[str, str] | None:
    """The endpoint and the account that an attempt was sent to; None if there is no such attempt."""
    row = await db.row(sql.PLACE, job=job, number=n)
    return (row["endpoint"], row["credential"]) if row else None
