"""Marks endpoints whose answers nobody here understands any more, so that new jobs go elsewhere for a while."""

import asyncio

from sqlalchemy import bindparam, insert, select, update

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import endpoint_marks
from reelrouter.observe.events import Emit, EndpointDrifted

MARK_SECONDS = 15 * 60
"""How long after its last drift an endpoint is left alone, while there is another."""
_QUIET_SECONDS = 60.0
"""An endpoint that drifts does so at every poll of every job: once in this time is told and written."""
_KEPT_REASON = 500
"""Characters."""

_MARK = (
    update(endpoint_marks)
    .where(endpoint_marks.c.endpoint == bindparam("of_endpoint"))
    .values(drifted_at=bindparam("at"), reason=bindparam("why"))
)
_FIRST_MARK = insert(endpoint_marks)
_MARKED = select(endpoint_marks.c.endpoint).where(endpoint_marks.c.drifted_at > bindparam("after"))


async def list_drifting(db: Database, now_ms: int) -> frozenset[str]:
    """The endpoints that are marked still."""
    return frozenset(row["endpoint"] for row in await db.rows(_MARKED, after=now_ms - MARK_SECONDS * 1000))


def mark(unit: Unit, endpoint: str, reason: str, now_ms: int) -> None:
    """Says that an endpoint answers in words that nobody here knows; the newest hour and reason count."""
    if unit.execute(_MARK, of_endpoint=endpoint, at=now_ms, why=reason) == 0:
        unit.execute(_FIRST_MARK, endpoint=endpoint, drifted_at=now_ms, reason=reason)


class Drifts:
    """One per process."""

    def __init__(self, db: Database, clock: Clock, emit: Emit) -> None:
        self._db = db
        self._clock = clock
        self._emit = emit
        self._told_at: dict[str, float] = {}
        self._under_way: set[asyncio.Future[None]] = set()

    def note(self, endpoint: str, reason: str) -> None:
        """Returns at once: whoever met the drift has a job to look after."""
        now = self._clock.now()
        told_at = self._told_at.get(endpoint)
        if told_at is not None and now - told_at < _QUIET_SECONDS:
            return
        self._told_at[endpoint] = now
        reason = reason[:_KEPT_REASON]
        self._emit(EndpointDrifted(endpoint=endpoint, reason=reason))
        write = self._db.write(lambda unit: mark(unit, endpoint, reason, milliseconds(now)))
        task = asyncio.ensure_future(write)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
