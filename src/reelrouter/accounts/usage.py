"""What jobs have cost and what vendors billed, summed up by whatever is asked for: by the database.

A job's price is written by the transaction that enters its charge in the ledger, with the same time. So prices are
summed in place of charges: one index has all that can be asked of them. Vendors' bills are summed from the ledger
itself, because they also come for jobs that were not charged, and after a job's end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SelectBase,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from reelrouter.accounts.periods import DAY_MS
from reelrouter.db.engine import Database
from reelrouter.db.tables import attempts, jobs, ledger
from reelrouter.ids import WorkspaceId
from reelrouter.money import Nanos

Dimension = Literal["day", "model", "provider", "key", "workspace", "user", "session"]
DIMENSIONS: Sequence[Dimension] = get_args(Dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What counts: jobs that ended on these days of UTC and were charged, and bills of these days. None is any."""

    first_day: int
    """Since 1970."""
    last_day: int
    """Inclusive."""
    mode: Literal["live", "test"] = "live"
    workspace: WorkspaceId | None = None
    key: str | None = None
    user: str | None = None
    with_bills: bool = True
    """Whether vendors' bills are summed up too. Without them there is a line only where a job was charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the jobs have cost that are alike in every dimension that was asked for."""

    of: Mapping[Dimension, Any]
    """The day since 1970, or text; None for jobs of which nothing was said."""
    jobs: int
    """How many were charged; none where vendors billed only for jobs that were not."""
    cost: Nanos
    """What their workspaces paid."""
    byok_jobs: int
    """How many of them were made on their workspace's own vendor keys."""
    byok_list_price: Nanos
    """What the catalogue asks for those."""
    vendor_cost: Nanos
    """What vendors billed the operator, as far as they told: on the day of the bill, for charged jobs or not."""


_Columns = Mapping[Dimension, ColumnElement[Any]]
_COLUMNS: _Columns = {
    "model": jobs.c.model,
    "provider": jobs.c.provider,
    "key": jobs.c.key_id,
    "workspace": jobs.c.workspace,
    "user": jobs.c.external_user,
    "session": jobs.c.session_id,
}
_FILTERS: Sequence[Literal["workspace", "key", "user"]] = ("workspace", "key", "user")
_SUMMED = ("jobs", "cost", "byok_jobs", "byok_list_price", "vendor_cost")
_NONE, _ONE = literal_column("0", BigInteger), literal_column("1", BigInteger)
_IS_BYOK = jobs.c.is_byok == literal_column("1")


async def sums(db: Database, by: Sequence[Dimension], of: Selection, most: int) -> list[Sum]:
    """At most so many, in the order of the dimensions."""
    given = {name: value for name in _FILTERS if (value := getattr(of, name)) is not None}
    rows = await db.scan(
        _summed(tuple(by), tuple(given), with_bills=of.with_bills),
        begin=of.first_day * DAY_MS,
        end=(of.last_day + 1) * DAY_MS,
        of_mode=of.mode,
        most=most,
        **{f"of_{name}": value for name, value in given.items()},
    )
    return [
        Sum(
            of={name: row[f"by_{name}"] for name in by},
            jobs=int(row["jobs"]),
            cost=Nanos(int(row["cost"])),
            byok_jobs=int(row["byok_jobs"]),
            byok_list_price=Nanos(int(row["byok_list_price"])),
            vendor_cost=Nanos(int(row["vendor_cost"])),
        )
        for row in rows
    ]


@lru_cache(maxsize=256)
def _summed(by: tuple[Dimension, ...], filters: tuple[Dimension, ...], *, with_bills: bool) -> Select[Any]:
    """Kept, since the database keeps what it makes of a statement by the statement's identity."""
    summed = _added_up(by, _charged(by, filters))
    if with_bills:
        # Each half by itself first: of both together a server knows too little to choose a good way.
        summed = _added_up(by, union_all(summed, _added_up(by, _billed(by, filters))))
    return summed.order_by(*summed.selected_columns[: len(by)]).limit(bindparam("most"))


def _added_up(by: tuple[Dimension, ...], lines: SelectBase) -> Select[Any]:
    named = lines.subquery()
    columns = [named.c[f"by_{name}"] for name in by]
    return select(*columns, *(func.sum(named.c[name]).label(name) for name in _SUMMED)).group_by(*columns)


def _charged(by: tuple[Dimension, ...], filters: tuple[Dimension, ...]) -> Select[Any]:
    """A line for each job that was charged."""
    shown: _Columns = {"day": _day_of(jobs.c.finished_at), **_COLUMNS}
    figures = (
        _ONE,
        jobs.c.price,
        case((_IS_BYOK, _ONE), else_=_NONE),
        case((_IS_BYOK, func.coalesce(jobs.c.list_price, _NONE)), else_=_NONE),
        _NONE,
    )
    return select(*_named(by, shown, figures)).where(
        jobs.c.price.is_not(None),
        *_within(jobs.c.finished_at, jobs.c.mode),
        *(shown[name] == bindparam(f"of_{name}", type_=Text) for name in filters),
    )


def _billed(by: tuple[Dimension, ...], filters: tuple[Dimension, ...]) -> Select[Any]:
    """A line for each bill. Jobs are looked up only for what the ledger does not say: their rows are long."""
    own: _Columns = {"day": _day_of(ledger.c.created_at), "workspace": ledger.c.workspace}
    shown: _Columns = {**_COLUMNS, "provider": _BILLED_BY, **own}
    lines = select(*_named(by, shown, (_NONE, _NONE, _NONE, _NONE, ledger.c.amount)))
    if not own.keys() >= {*by, *filters}:
        lines = lines.join_from(ledger, jobs, jobs.c.id == ledger.c.job_id)
    return lines.where(
        ledger.c.kind == literal_column("'vendor_cost'"),
        *_within(ledger.c.created_at, ledger.c.mode),
        *(shown[name] == bindparam(f"of_{name}", type_=Text) for name in filters),
    )


_ENDING = literal_column("':vendor_cost'", Text)
_OF_JOB = ledger.c.job_id + _ENDING
_OF_ATTEMPT = ledger.c.job_id + literal_column("':'") + cast(attempts.c.n, Text) + _ENDING
_BILLED_BY = case(
    (ledger.c.key == _OF_JOB, jobs.c.provider),
    else_=select(attempts.c.endpoint)
    .where(attempts.c.job_id == ledger.c.job_id, ledger.c.key == _OF_ATTEMPT)
    .correlate(ledger)
    .scalar_subquery(),
)
"""Whose bill it is: the key of a late one names its attempt, and another attempt may have taken the job since."""


def _named(
    by: tuple[Dimension, ...], shown: _Columns, figures: Sequence[ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    named = [shown[name].label(f"by_{name}") for name in by]
    return [*named, *(figure.label(name) for figure, name in zip(figures, _SUMMED, strict=True))]


def _day_of(at: ColumnElement[int]) -> ColumnElement[int]:
    return at // literal_column(str(DAY_MS), BigInteger)


def _within(at: ColumnElement[int], mode: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    return at >= bindparam("begin"), at < bindparam("end"), mode == bindparam("of_mode")
