"""What keys have spent, by the sums that the ledger keeps for each day."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, func, select

from reelrouter.accounts.periods import first_days
from reelrouter.db.engine import Database, Row
from reelrouter.db.tables import spending
from reelrouter.ids import KeyId
from reelrouter.money import Nanos

_AT_ONCE = 100
"""Keys of one statement: its text is fixed, and places that are not needed stay empty."""
_NOTHING = Nanos(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the jobs of a key have cost: ever, and in the present day, week (from Monday) and month, all of UTC."""

    total: Nanos
    day: Nanos
    week: Nanos
    month: Nanos
    byok_total: Nanos = _NOTHING
    """The list prices of those that were made on the workspace's own vendor keys; likewise below."""
    byok_day: Nanos = _NOTHING
    byok_week: Nanos = _NOTHING
    byok_month: Nanos = _NOTHING


NOTHING = Spent(total=_NOTHING, day=_NOTHING, week=_NOTHING, month=_NOTHING)


def _since(first_day: str, summed: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((spending.c.day >= bindparam(first_day, type_=BigInteger), summed))), 0)


def _sums(summed: ColumnElement[int], prefix: str = "") -> list[ColumnElement[int]]:
    return [
        func.coalesce(func.sum(summed), 0).label(f"{prefix}total"),
        _since("today", summed).label(f"{prefix}day"),
        _since("monday", summed).label(f"{prefix}week"),
        _since("first", summed).label(f"{prefix}month"),
    ]


_SPENT = (
    select(spending.c.key_id, *_sums(spending.c.amount), *_sums(spending.c.byok, "byok_"))
    .where(spending.c.key_id.in_([bindparam(f"key_{place}") for place in range(_AT_ONCE)]))
    .group_by(spending.c.key_id)
)


async def spent(db: Database, key: KeyId, now: float) -> Spent:
    return (await spent_by(db, [key], now)).get(key, NOTHING)


async def spent_by(db: Database, keys: Sequence[KeyId], now: float) -> dict[KeyId, Spent]:
    """By key; those without charges are not in it: they have spent `NOTHING`."""
    days = first_days(now)
    found: dict[KeyId, Spent] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        places = {f"key_{place}": some[place] if place < len(some) else None for place in range(_AT_ONCE)}
        rows = await db.rows(_SPENT, **places, today=days.today, monday=days.monday, first=days.first)
        found |= {row["key_id"]: _spent_of(row) for row in rows}
    return found


def _spent_of(row: Row) -> Spent:
    return Spent(**{one.name: Nanos(int(row[one.name])) for one in fields(Spent)})
