"""Spending limits of workspaces and keys, over a day, a week, a month or all time. They limit live money alone.

The invariant, true after every commit: a limit's `held` is the sum of what open holds have taken from it, and its
`settled` the sum of its subject's charges since the first day of the period that `since` stands for. A period that
is over counts as nothing spent; the statement that next takes from the limit, or adds to it, writes that down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, and_, bindparam, case, delete, func, literal_column, or_, select, update

from reelrouter.accounts.charge import Charge
from reelrouter.accounts.periods import DAY_MS, PERIODS, FirstDays, Period, first_days, resets_at
from reelrouter.accounts.refusals import Shortage, refused
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import api_keys, jobs, limits, spending
from reelrouter.ids import JobId, WorkspaceId, new_id
from reelrouter.money import Nanos

LIMITED_MODE = "live"
"""Test jobs have a ledger of their own, which nothing limits."""
_AT_ONCE = 20
"""Subjects of one look-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What may be spent in a period, and what was."""

    id: str
    subject: str
    """The id of a workspace or a key."""
    period: Period
    amount: Nanos
    held: Nanos
    """Set aside for running jobs."""
    settled: Nanos
    """Charged in the present period."""
    include_byok: bool
    """Whether jobs on the workspace's own vendor keys count at their list price, in place of our fee."""
    resets_at: int | None
    """When the present period is over, in Unix seconds; None for `total`."""
    created_at: int = 0
    """Unix milliseconds."""
    updated_at: int | None = None

    @property
    def left(self) -> Nanos:
        return Nanos(self.amount - self.settled - self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Which limits a hold is taken from, beside the workspace's credits."""

    limits: tuple[str, ...]
    """Their ids, in order."""
    at: float
    """Unix seconds: which periods it falls in."""
    with_byok: Nanos | None = None
    """What it takes where jobs on the workspace's own vendor keys count at their list price; None: no more."""


_OF_SUBJECT = and_(limits.c.subject == bindparam("of_subject"), limits.c.period == bindparam("of_period"))
_FIRST_DAY = case(
    (limits.c.period == "daily", bindparam("today", type_=BigInteger)),
    (limits.c.period == "weekly", bindparam("monday", type_=BigInteger)),
    (limits.c.period == "monthly", bindparam("first", type_=BigInteger)),
    else_=0,
)
# No earlier than what is written: a clock that is set back must not give a period's money out twice.
_SINCE = case((limits.c.since < _FIRST_DAY, _FIRST_DAY), else_=limits.c.since)
_SETTLED = case((limits.c.since < _FIRST_DAY, 0), else_=limits.c.settled)
_TAKEN = bindparam("taken", type_=BigInteger)
# The room is checked by the very statement that takes it: a limit that is only read can be read twice.
_TAKE = (
    update(limits)
    .where(limits.c.id == bindparam("limit_id"), limits.c.amount - _SETTLED - limits.c.held >= _TAKEN)
    .values(held=limits.c.held + _TAKEN, settled=_SETTLED, since=_SINCE)
)
_GIVE_BACK = update(limits).where(limits.c.id == bindparam("limit_id")).values(held=limits.c.held - _TAKEN)
_KEY_OF_JOB = select(jobs.c.key_id).where(jobs.c.id == bindparam("charged_job"))
_ADD = (
    update(limits)
    .where(
        or_(
            limits.c.subject == bindparam("of_workspace"),
            limits.c.subject == _KEY_OF_JOB.scalar_subquery(),
        )
    )
    .values(
        settled=_SETTLED
        + case(
            (limits.c.include_byok == 1, bindparam("with_byok", type_=BigInteger)),
            else_=bindparam("charged", type_=BigInteger),
        ),
        since=_SINCE,
    )
)
_BY_ID = select(limits).where(limits.c.id == bindparam("limit_id"))
_BY_SUBJECT = select(limits).where(_OF_SUBJECT)
_IS_KEY = select(api_keys.c.id).where(api_keys.c.id == bindparam("of_subject"))
_SPENT_BY_KEY = select(
    func.coalesce(func.sum(spending.c.amount), 0).label("charged"),
    func.coalesce(func.sum(spending.c.amount - spending.c.fees + spending.c.byok), 0).label("with_byok"),
).where(spending.c.key_id == bindparam("of_subject"), spending.c.day >= bindparam("since_day", type_=BigInteger))
# Not the sum of its keys: a key may move, and its jobs stay.
_SPENT_BY_WORKSPACE = select(
    func.coalesce(func.sum(jobs.c.price), 0).label("charged"),
    func.coalesce(
        func.sum(case((jobs.c.is_byok == literal_column("1"), jobs.c.list_price), else_=jobs.c.price)), 0
    ).label("with_byok"),
).where(
    jobs.c.price.is_not(None),
    jobs.c.finished_at >= bindparam("since_ms", type_=BigInteger),
    jobs.c.workspace == bindparam("of_subject"),
    jobs.c.mode == LIMITED_MODE,
)
_INSERT = insert_of(limits, "id", "subject", "period", "amount", "settled", "since", "include_byok", "created_at")
_UPDATE = (
    update(limits)
    .where(_OF_SUBJECT)
    .values(
        amount=bindparam("to_amount", type_=BigInteger),
        settled=bindparam("to_settled", type_=BigInteger),
        since=bindparam("to_since", type_=BigInteger),
        include_byok=bindparam("to_include_byok", type_=BigInteger),
        updated_at=bindparam("at", type_=BigInteger),
    )
)
_DELETE = delete(limits).where(_OF_SUBJECT)
_SUBJECTS = tuple(f"subject_{n}" for n in range(_AT_ONCE))
_LISTED = (
    select(limits)
    .where(or_(*(limits.c.subject == bindparam(name) for name in _SUBJECTS)))
    .order_by(limits.c.created_at, limits.c.id)
)


def set_limit(unit: Unit, *, subject: str, period: str, amount: Nanos, include_byok: bool, now: float) -> str:
    """Makes the subject's limit for a period, or changes it; its id. It knows what the present period has cost."""
    known = _period(period)
    since = first_days(now).of(known)
    values = {
        "amount": amount,
        "settled": _spent(unit, subject, since, include_byok=include_byok),
        "since": since,
        "include_byok": int(include_byok),
    }
    found = unit.row(_BY_SUBJECT, of_subject=subject, of_period=known)
    if found is not None:
        changed = {f"to_{name}": value for name, value in values.items()}
        unit.execute(_UPDATE, of_subject=subject, of_period=known, at=milliseconds(now), **changed)
        return str(found["id"])
    limit_id = new_id("limit")
    unit.execute(_INSERT, id=limit_id, subject=subject, period=known, created_at=milliseconds(now), **values)
    return limit_id


def remove_limit(unit: Unit, subject: str, period: str) -> bool:
    """False if there was none. Holds that name it are given back to what is left of it: nothing."""
    return unit.execute(_DELETE, of_subject=subject, of_period=_period(period)) == 1


async def list_limits(db: Database, subjects: Sequence[str], now: float) -> list[Limit]:
    """Those of all the subjects, the oldest first; a few look-ups, however many subjects there are."""
    found: list[Row] = []
    for at in range(0, len(subjects), _AT_ONCE):
        some = subjects[at : at + _AT_ONCE]
        named = dict(zip(_SUBJECTS, (*some, *[some[-1]] * _AT_ONCE), strict=False))
        found += await db.rows(_LISTED, **named)
    return [_limit_of(row, now) for row in found]


def take(unit: Unit, workspace: WorkspaceId, amount: Nanos, against: Against) -> Mapping[str, Nanos]:
    """What was taken from which limit. Raises `PaymentRequired` if any of them has not that much left.

    A limit that was removed a moment ago limits nothing any more, and what costs nothing fits into any.
    """
    days = _bound(first_days(against.at))
    taken: dict[str, Nanos] = {}
    for limit_id in against.limits:
        wanted = amount if against.with_byok is None else _wanted(unit, limit_id, amount, against.with_byok)
        if not wanted:
            continue
        if unit.execute(_TAKE, limit_id=limit_id, taken=wanted, **days) == 1:
            taken[limit_id] = wanted
            continue
        row = unit.row(_BY_ID, limit_id=limit_id)
        if row is not None:
            raise refused(_shortage(_limit_of(row, against.at), workspace, wanted))
    return taken


def give_back(unit: Unit, taken: Mapping[str, int]) -> None:
    for limit_id, amount in taken.items():
        unit.execute(_GIVE_BACK, limit_id=limit_id, taken=amount)


def count(unit: Unit, workspace: WorkspaceId, job_id: JobId, charge: Charge, now: float) -> None:
    """Adds a charge to every limit that its workspace and its key have by now."""
    if not charge.price and not charge.with_byok:
        return
    unit.execute(
        _ADD,
        of_workspace=workspace,
        charged_job=job_id,
        charged=charge.price,
        with_byok=charge.with_byok,
        **_bound(first_days(now)),
    )


def _period(word: str) -> Period:
    for period in PERIODS:
        if word == period:
            return period
    raise ValueError(f"{word} is no period; there are {', '.join(PERIODS)}")


def _spent(unit: Unit, subject: str, since: int, *, include_byok: bool) -> int:
    if unit.row(_IS_KEY, of_subject=subject) is not None:
        row = unit.row(_SPENT_BY_KEY, of_subject=subject, since_day=since)
    else:
        row = unit.row(_SPENT_BY_WORKSPACE, of_subject=subject, since_ms=since * DAY_MS)
    if row is None:
        raise LookupError("a sum has a row, whatever it is of")
    return int(row["with_byok" if include_byok else "charged"])


def _wanted(unit: Unit, limit_id: str, amount: Nanos, with_byok: Nanos) -> Nanos:
    row = unit.row(_BY_ID, limit_id=limit_id)
    return with_byok if row is not None and row["include_byok"] else amount


def _shortage(limit: Limit, workspace: WorkspaceId, wanted: Nanos) -> Shortage:
    return Shortage(
        scope="workspace_budget" if limit.subject == workspace else "key_limit",
        period=limit.period,
        needed=wanted,
        amount=limit.amount,
        settled=limit.settled,
        held=limit.held,
        resets_at=limit.resets_at,
    )


def _bound(days: FirstDays) -> dict[str, int]:
    return {"today": days.today, "monday": days.monday, "first": days.first}


def _limit_of(row: Row, now: float) -> Limit:
    is_over = row["since"] < first_days(now).of(row["period"])
    return Limit(
        id=row["id"],
        subject=row["subject"],
        period=row["period"],
        amount=row["amount"],
        held=row["held"],
        settled=Nanos(0) if is_over else row["settled"],
        include_byok=bool(row["include_byok"]),
        resets_at=resets_at(row["period"], now),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
