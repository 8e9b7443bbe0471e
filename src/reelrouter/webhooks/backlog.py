"""How many deliveries are not over, for operators."""

from sqlalchemy import func, select

from reelrouter.db.engine import Database
from reelrouter.db.tables import deliveries
from reelrouter.observe.gauges import Backlog

_BACKLOG = select(func.count().label("waiting"), func.min(deliveries.c.due_at).label("oldest")).where(
    deliveries.c.due_at.is_not(None)
)


async def measure(db: Database) -> Backlog:
    (row,) = await db.scan(_BACKLOG)
    return Backlog(waiting=row["waiting"], oldest_due=row["oldest"])
