"""What is set aside in all, for operators: one look through the holds that are open."""

from collections.abc import Mapping

from sqlalchemy import func, literal_column, select

from reelrouter.db.engine import Database
from reelrouter.db.tables import holds
from reelrouter.money import Nanos, usd
from reelrouter.observe.gauges import Holds

_MODES = ("live", "test")
# The literal is what lets the partial index serve: a bound value could be anything when the query is planned.
_OPEN = (
    select(holds.c.mode, func.count().label("holds"), func.sum(holds.c.amount).label("amount"))
    .where(holds.c.state == literal_column("'open'"))
    .group_by(holds.c.mode)
)


async def sum_open(db: Database) -> Mapping[str, Holds]:
    """By mode, each of them named."""
    found = {
        row["mode"]: Holds(count=row["holds"], dollars=float(usd(Nanos(int(row["amount"])))))
        for row in await db.scan(_OPEN)
    }
    return {mode: found.get(mode, Holds()) for mode in _MODES}
