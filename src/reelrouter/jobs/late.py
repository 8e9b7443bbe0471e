"""Asks vendors what became of attempts that outlived their jobs: a deadline does not end what is made for it.

All that can follow is an entry of what the vendor billed, and an event for the operator. The job stays as it is.
"""

import asyncio
from collections.abc import Mapping

from sqlalchemy import bindparam, select, update

from reelrouter.accounts import ledger
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import attempts
from reelrouter.jobs import decide, store
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.model import Attempt, Job
from reelrouter.money import Nanos
from reelrouter.observe.events import Emit, LateOutcome
from reelrouter.work import Finished, JobLost, Outcome, Running

FIRST_LOOK = 60.0
"""Seconds after the attempt's end."""
_LONGEST_PAUSE = 600.0
_PATIENCE = 24 * 3600.0
_INTERVAL = 15.0
_AT_ONCE = 50
_POLL_SECONDS = 60.0

_DUE = (
    select(attempts.c.job_id, attempts.c.n, attempts.c.ended_at)
    .where(attempts.c.look_at <= bindparam("now"))
    .order_by(attempts.c.look_at)
    .limit(bindparam("most"))
)
_LOOK_AGAIN = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"))
    .values(look_at=bindparam("then"))
)


def look_later(unit: Unit, attempt: Attempt, then: int | None) -> None:
    """At `then`, in Unix milliseconds; None is never again."""
    unit.execute(_LOOK_AGAIN, job=attempt.job_id, number=attempt.n, then=then)


class Latecomers:
    def __init__(self, db: Database, lanes: Mapping[str, Lane], clock: Clock, emit: Emit) -> None:
        self._db = db
        self._lanes = lanes
        self._clock = clock
        self._emit = emit

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(_INTERVAL)

    async def sweep(self) -> int:
        """Asks for each that is due now; how many there were."""
        now_ms = milliseconds(self._clock.now())
        due = await self._db.rows(_DUE, now=now_ms, most=_AT_ONCE)
        for row in due:
            made = await store.list_attempts(self._db, row["job_id"])
            job = await store.get_even_deleted(self._db, row["job_id"])
            await self._look(job, made[row["n"]], row["ended_at"] / 1000)
        return len(due)

    async def _look(self, job: Job, attempt: Attempt, ended_at: float) -> None:
        lane = self._lanes.get(decide.route_of(attempt, job).queue)
        outcome, told = await _asked(lane, attempt)
        now = self._clock.now()
        if outcome is None and told != "lost" and now - ended_at < _PATIENCE:
            pause = min(max(FIRST_LOOK, (now - ended_at) / 2), _LONGEST_PAUSE)
            await self._db.write(lambda unit: look_later(unit, attempt, milliseconds(now + pause)))
            return
        cost = None if outcome is None or isinstance(outcome, Running) else outcome.vendor_cost

        def together(unit: Unit) -> None:
            look_later(unit, attempt, None)
            if cost and not attempt.is_byok:  # else the vendor bills the workspace, and not the operator
                ledger.note_vendor_cost(unit, job.id, attempt.n, Nanos(cost), now)

        await self._db.write(together)
        self._emit(
            LateOutcome(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, outcome=told, vendor_cost=cost)
        )


async def _asked(lane: Lane | None, attempt: Attempt) -> tuple[Outcome | None, str]:
    """How it ended, and in one word; without an outcome while it is not known."""
    if lane is None or attempt.handle is None:
        return None, "unknown"
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            outcome = await lane.backend.poll(attempt.handle)
    except JobLost:
        return None, "lost"
    except Exception:  # noqa: BLE001 - whatever kept it from answering, it is asked again
        return None, "unknown"
    if isinstance(outcome, Running):
        return None, "unknown"
    return outcome, "finished" if isinstance(outcome, Finished) else outcome.failure.value
