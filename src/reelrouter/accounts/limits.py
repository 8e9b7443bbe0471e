"""Limits on what a workspace or a key may spend in a period: kept, and told of."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import limits
from reelrouter.ids import new_id
from reelrouter.money import Nanos

PERIODS = ("total", "daily", "weekly", "monthly")

_OF = (limits.c.subject == bindparam("of_subject"), limits.c.period == bindparam("of_period"))
_FIND = select(limits.c.id).where(*_OF)
_INSERT = insert_of(limits, "id", "subject", "period", "amount", "include_byok", "created_at")
_CHANGE = (
    update(limits)
    .where(*_OF)
    .values(amount=bindparam("new_amount"), include_byok=bindparam("new_byok"), updated_at=bindparam("at"))
)
_REMOVE = delete(limits).where(*_OF)
_LIST = select(limits).where(limits.c.subject == bindparam("of_subject")).order_by(limits.c.period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    id: str
    subject: str
    period: str
    amount: Nanos
    held: Nanos
    settled: Nanos
    include_byok: bool
    resets_at: float | None
    """Unix seconds; None if it never starts anew."""


def set_limit(unit: Unit, *, subject: str, period: str, amount: Nanos, include_byok: bool, now: float) -> str:
    """The id of the subject's limit for that period, new or changed."""
    row = unit.row(_FIND, of_subject=subject, of_period=period)
    if row is not None:
        unit.execute(
            _CHANGE,
            of_subject=subject,
            of_period=period,
            new_amount=amount,
            new_byok=int(include_byok),
            at=milliseconds(now),
        )
        return str(row["id"])
    made = new_id("limit")
    unit.execute(
        _INSERT,
        id=made,
        subject=subject,
        period=period,
        amount=amount,
        include_byok=int(include_byok),
        created_at=milliseconds(now),
    )
    return made


def remove_limit(unit: Unit, subject: str, period: str) -> bool:
    """False if there is none."""
    return unit.execute(_REMOVE, of_subject=subject, of_period=period) == 1


async def list_limits(db: Database, subjects: Sequence[str], now: float) -> list[Limit]:
    return [_limit(row) for subject in subjects for row in await db.rows(_LIST, of_subject=subject)]


def _limit(row: Row) -> Limit:
    return Limit(
        id=row["id"],
        subject=row["subject"],
        period=row["period"],
        amount=row["amount"],
        held=row["held"],
        settled=row["settled"],
        include_byok=bool(row["include_byok"]),
        resets_at=None,
    )
