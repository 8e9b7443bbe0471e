"""What becomes of unfinished jobs in a database that was restored: it is older than the world.

What it knows nothing of may have happened since: a job that waits in it may have been sent, made and billed. So
nothing is ever sent to a vendor for a job of before. What a vendor is known to have is asked for and finished;
what would have to be sent ends as a submit does of which nobody knows whether it arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from sqlalchemy import bindparam, select, update

from reelrouter.accounts import ledger
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.functions import next_version, settled_below
from reelrouter.db.tables import jobs
from reelrouter.ids import JobId
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.announce import announce
from reelrouter.jobs.model import Attempt, Job
from reelrouter.routing.choose import TEST
from reelrouter.webhooks.store import enqueue

_UNFINISHED = select(jobs.c.id).where(jobs.c.finished_at.is_(None)).order_by(jobs.c.created_at)
_LIMIT_ATTEMPTS = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"), jobs.c.finished_at.is_(None))
    .values(attempt_limit=bindparam("most"))
)
# A server numbers changes by its transactions, and a new one begins to count anew: what has a later number would
# be news to every reader for as long as it takes this one to catch up.
_RENUMBER = update(jobs).where(jobs.c.version >= settled_below()).values(version=next_version(jobs.c.version))
_OURS = frozenset({TEST, "renderer"})
"""Who makes it on this machine: to begin anew costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndIt:
    ending: decide.Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepIt:
    """It goes on with the attempts that it has, and ends with the last of them."""

    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveIt:
    """It goes on as if nothing had been."""


Fate = EndIt | KeepIt | LeaveIt


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How many jobs met with what."""

    ended: int = 0
    kept: int = 0
    """At a vendor that has them, or may have."""
    going_on: int = 0


def fate_of(job: Job, attempts: Sequence[Attempt], now_ms: int) -> Fate:
    """Of an unfinished job."""
    if all(route.provider in _OURS for route in job.routes):
        return LeaveIt()
    match decide.next_step(job, attempts, now_ms):
        case decide.Start():
            return EndIt(ending=decide.UNKNOWN_SUBMIT)
        case decide.Resolve() | decide.Await() | decide.Finish():
            return KeepIt(attempts=len(attempts))
        case decide.Over():
            return LeaveIt()


async def close(db: Database, clock: Clock) -> Closed:
    """Settles every unfinished job, before any engine starts. It may be done again after it broke off."""
    await db.write(lambda unit: unit.execute(_RENUMBER))
    unfinished = [row["id"] for row in await db.rows(_UNFINISHED)]
    fates = [await db.write(partial(_close, job=job, now=clock.now())) for job in unfinished]
    return Closed(
        ended=sum(isinstance(fate, EndIt) for fate in fates),
        kept=sum(isinstance(fate, KeepIt) for fate in fates),
        going_on=sum(isinstance(fate, LeaveIt) for fate in fates),
    )


def _close(unit: Unit, job: JobId, now: float) -> Fate:
    read, attempts = store.read_whole(unit, job)
    fate = fate_of(read, attempts, milliseconds(now))
    match fate:
        case EndIt():
            _end(unit, read, fate.ending, milliseconds(now))
        case KeepIt():
            unit.execute(_LIMIT_ATTEMPTS, job=job, most=fate.attempts)
        case LeaveIt():
            pass
        case _:
            assert_never(fate)
    return fate


def _end(unit: Unit, job: Job, ending: decide.Ending, now_ms: int) -> None:
    """With its hold and its webhook. Inputs that nobody uses now are found by the hourly sweep."""
    last = store.End(event=ending.event, at=now_ms, failure=ending.failure)
    if not store.end(unit, job, last):
        return
    ledger.release(unit, job.id)
    delivery = announce(job, last)
    if delivery is not None:
        enqueue(unit, delivery, now_ms)
    erasure.erase(unit, job.id)
