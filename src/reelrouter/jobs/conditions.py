"""How queues and endpoints have done of late, as routing wants to know it: read at most once a second."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Row
from reelrouter.db.tables import attempts
from reelrouter.jobs.drifts import list_drifting
from reelrouter.routing.health import MEMORY_SECONDS, MOST_ENDS, Condition, End, Health, Place, condition, health
from reelrouter.work import FailureClass

_CACHE_SECONDS = 1.0

_ENDED = (
    select(attempts.c.intent_at, attempts.c.ended_at, attempts.c.outcome)
    .where(
        attempts.c.endpoint == bindparam("at_endpoint"),
        attempts.c.credential == bindparam("under_credential"),
        attempts.c.ended_at > bindparam("after"),
    )
    .order_by(attempts.c.ended_at.desc())
    .limit(bindparam("most"))
)


@dataclass(slots=True)
class _Known:
    """What was read in one second."""

    at: float
    drifting: frozenset[str]
    healths: dict[Place, Health] = field(default_factory=dict)
    conditions: dict[tuple[Place, ...], Condition] = field(default_factory=dict)


class Conditions:
    """One per process. What it says is a second old at most; nothing is read while nobody asks."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known = _Known(at=float("-inf"), drifting=frozenset())

    async def healths(self, places: Iterable[Place]) -> Mapping[Place, Health]:
        """Of at least those places."""
        known = await self._fresh()
        for place in places:
            if place not in known.healths:
                known.healths[place] = await self._health(place, known.at)
        return known.healths

    async def of(self, places: tuple[Place, ...]) -> Condition:
        """What choosing between those places needs to know."""
        known = await self._fresh()
        found = known.conditions.get(places)
        if found is None:
            healths = await self.healths(places)
            found = condition({place: healths[place] for place in places}, known.drifting)
            known.conditions[places] = found
        return found

    async def _fresh(self) -> _Known:
        now = self._clock.now()
        if not 0 <= now - self._known.at < _CACHE_SECONDS:
            self._known = _Known(at=now, drifting=await list_drifting(self._db, milliseconds(now)))
        return self._known

    async def _health(self, place: Place, now: float) -> Health:
        endpoint, credential = place
        rows = await self._db.rows(
            _ENDED,
            at_endpoint=endpoint,
            under_credential=credential,
            after=milliseconds(now - MEMORY_SECONDS),
            most=MOST_ENDS,
        )
        return health([_end_of(row) for row in reversed(rows)], milliseconds(now))


def _end_of(row: Row) -> End:
    outcome = json.loads(row["outcome"])
    return End(
        began_at=row["intent_at"],
        ended_at=row["ended_at"],
        finished=outcome["kind"] == "finished",
        failure=_failure_of(outcome),
    )


def _failure_of(outcome: Mapping[str, object]) -> FailureClass | None:
    if outcome["kind"] == "unknown_submit":
        return FailureClass.UNKNOWN_SUBMIT
    failed = outcome.get("failed")
    return FailureClass(failed["failure"]) if isinstance(failed, dict) else None
