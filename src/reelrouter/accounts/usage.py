"""What jobs have cost, summed up by whatever is asked for: by the database, from the jobs that were charged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, case, func, literal_column, or_, select

from reelrouter.accounts.periods import DAY_MS
from reelrouter.db.engine import Database
from reelrouter.db.tables import jobs
from reelrouter.ids import WorkspaceId
from reelrouter.money import Nanos

Dimension = Literal["day", "model", "provider", "key", "workspace", "user", "session"]
DIMENSIONS: Sequence[Dimension] = get_args(Dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which jobs count: those that ended on these days of UTC and were charged. None is any."""

    first_day: int
    """Since 1970."""
    last_day: int
    """Inclusive."""
    mode: Literal["live", "test"] = "live"
    workspace: WorkspaceId | None = None
    key: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the jobs have cost that are alike in every dimension that was asked for."""

    of: Mapping[Dimension, Any]
    """The day since 1970, or text; None for jobs of which nothing was said."""
    jobs: int
    cost: Nanos
    """What their workspaces paid."""
    byok_jobs: int
    """How many of them were made on their workspace's own vendor keys."""
    byok_list_price: Nanos
    """What the catalogue asks for those."""
    vendor_cost: Nanos
    """What the operator paid, as far as vendors told."""


_COLUMNS: Mapping[Dimension, ColumnElement[Any]] = {
    # The number stands in the text, so that the database sees that what is shown is what is grouped by.
    "day": jobs.c.finished_at // literal_column(str(DAY_MS), BigInteger),
    "model": jobs.c.model,
    "provider": jobs.c.provider,
    "key": jobs.c.key_id,
    "workspace": jobs.c.workspace,
    "user": jobs.c.external_user,
    "session": jobs.c.session_id,
}
_IS_BYOK = jobs.c.is_byok == literal_column("1")


async def sums(db: Database, by: Sequence[Dimension], of: Selection, most: int) -> list[Sum]:
    """At most so many, in the order of the dimensions."""
    rows = await db.scan(
        _summed(tuple(by)),
        begin=of.first_day * DAY_MS,
        end=(of.last_day + 1) * DAY_MS,
        of_mode=of.mode,
        of_workspace=of.workspace,
        of_key=of.key,
        of_user=of.user,
        most=most,
    )
    return [
        Sum(
            of={name: row[f"by_{name}"] for name in by},
            jobs=row["jobs"],
            cost=Nanos(int(row["cost"])),
            byok_jobs=int(row["byok_jobs"]),
            byok_list_price=Nanos(int(row["byok_list_price"])),
            vendor_cost=Nanos(int(row["paid_to_vendors"])),
        )
        for row in rows
    ]


@lru_cache(maxsize=256)
def _summed(by: tuple[Dimension, ...]) -> Select[Any]:
    """Kept, since the database keeps what it makes of a statement by the statement's identity."""
    columns = [_COLUMNS[name].label(f"by_{name}") for name in by]
    return (
        select(
            *columns,
            func.count().label("jobs"),
            _total(jobs.c.price).label("cost"),
            _total(case((_IS_BYOK, 1), else_=0)).label("byok_jobs"),
            _total(case((_IS_BYOK, jobs.c.list_price), else_=0)).label("byok_list_price"),
            _total(case((_IS_BYOK, 0), else_=jobs.c.vendor_cost)).label("paid_to_vendors"),
        )
        .where(
            jobs.c.price.is_not(None),
            jobs.c.finished_at >= bindparam("begin"),
            jobs.c.finished_at < bindparam("end"),
            jobs.c.mode == bindparam("of_mode"),
            _if_given("of_workspace", jobs.c.workspace),
            _if_given("of_key", jobs.c.key_id),
            _if_given("of_user", jobs.c.external_user),
        )
        .group_by(*columns)
        .order_by(*columns)
        .limit(bindparam("most"))
    )


def _total(summed: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(func.sum(summed), 0)


def _if_given(name: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    given = bindparam(name, type_=Text)
    return or_(given.is_(None), column == given)
