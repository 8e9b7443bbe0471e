"""What many keys have spent, in few statements; `ledger.spent` tells it of one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, case, func, select

from reelrouter.accounts.ledger import Spent
from reelrouter.db.engine import Database
from reelrouter.db.tables import spending
from reelrouter.ids import KeyId
from reelrouter.money import Nanos

_AT_ONCE = 100
"""Keys of one statement: its text is fixed, and places that are not needed stay empty."""
_DAY = 24 * 3600
NOTHING = Spent(total=Nanos(0), day=Nanos(0), week=Nanos(0), month=Nanos(0))


def _since(first_day: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((spending.c.day >= bindparam(first_day), spending.c.amount))), 0)


_SPENT = (
    select(
        spending.c.key_id,
        func.sum(spending.c.amount).label("total"),
        _since("today").label("this_day"),
        _since("monday").label("this_week"),
        _since("first").label("this_month"),
    )
    .where(spending.c.key_id.in_([bindparam(f"key_{place}") for place in range(_AT_ONCE)]))
    .group_by(spending.c.key_id)
)


async def spent_by(db: Database, keys: Sequence[KeyId], now: float) -> dict[KeyId, Spent]:
    """By key; those without charges are not in it: they have spent `NOTHING`."""
    found: dict[KeyId, Spent] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        places = {f"key_{place}": some[place] if place < len(some) else None for place in range(_AT_ONCE)}
        for row in await db.rows(_SPENT, **places, **_first_days(now)):
            found[row["key_id"]] = Spent(
                total=row["total"], day=row["this_day"], week=row["this_week"], month=row["this_month"]
            )
    return found


def _first_days(now: float) -> dict[str, int]:
    """Of the present day, week and month, of UTC."""
    today = datetime.fromtimestamp(now, UTC)
    day = int(now // _DAY)
    return {
        "today": day,
        "monday": day - today.weekday(),
        "first": int((today - timedelta(days=today.day - 1)).timestamp() // _DAY),
    }
