"""Money that moves: hold at the submit, then exactly one of settle and release.

The invariant, true after every commit: a budget's `held` is the sum of its open holds, and its `settled` the
sum of its charges. So what is left is `amount - settled - held`, and concurrent submits cannot overspend it.
A key's `spending` of a day is the sum of that day's charges for its jobs: kept, since a sum over all charges of a
busy key would hold everybody else up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, func, insert, or_, select, update

from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import budgets, holds, jobs, ledger, spending
from reelrouter.errors import PaymentRequired
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.money import Nanos, usd

_OF = (budgets.c.workspace == bindparam("of_workspace"), budgets.c.mode == bindparam("of_mode"))
# The room is checked by the very statement that takes it: a budget that is only read can be read twice.
_TAKE = (
    update(budgets)
    .where(
        *_OF,
        or_(
            budgets.c.amount.is_(None),
            budgets.c.amount - budgets.c.settled - budgets.c.held >= bindparam("taken"),
        ),
    )
    .values(held=budgets.c.held + bindparam("taken"))
)
_GIVE_BACK = (
    update(budgets)
    .where(*_OF)
    .values(held=budgets.c.held - bindparam("taken"), settled=budgets.c.settled + bindparam("charged"))
)
_BUDGET = select(budgets).where(*_OF)
_INSERT_HOLD = insert_of(holds, "job_id", "workspace", "mode", "amount", "state")
_HOLD = select(holds).where(holds.c.job_id == bindparam("held_for"))
_OPEN_HOLD = select(holds).where(holds.c.job_id == bindparam("held_for"), holds.c.state == "open")
_CLOSE_HOLD = (
    update(holds)
    .where(holds.c.job_id == bindparam("held_for"), holds.c.state == "open")
    .values(state=bindparam("closed_as"))
)
_INSERT_ENTRY = insert_of(ledger, "key", "workspace", "mode", "job_id", "kind", "amount", "created_at")
_KEY_OF_JOB = select(jobs.c.key_id).where(jobs.c.id == bindparam("charged_job"))
_ON_DAY, _CHARGED = bindparam("on_day", type_=BigInteger), bindparam("charged", type_=BigInteger)
_ADD_TO_DAY = (
    update(spending)
    .where(spending.c.key_id == _KEY_OF_JOB.scalar_subquery(), spending.c.day == _ON_DAY)
    .values(amount=spending.c.amount + _CHARGED)
)
_FIRST_OF_DAY = insert(spending).from_select(
    ["key_id", "day", "amount"], _KEY_OF_JOB.add_columns(_ON_DAY, _CHARGED)
)


def _since(first_day: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((spending.c.day >= bindparam(first_day), spending.c.amount))), 0)


_SPENT = select(
    func.coalesce(func.sum(spending.c.amount), 0).label("total"),
    _since("today").label("this_day"),
    _since("monday").label("this_week"),
    _since("first").label("this_month"),
).where(spending.c.key_id == bindparam("of_key"))
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a workspace may still spend: `amount` is None without a limit."""

    amount: Nanos | None
    held: Nanos
    settled: Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money set aside for a job until its end."""

    job_id: JobId
    workspace: WorkspaceId
    mode: str
    amount: Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the jobs of a key have cost: ever, and in the present day, week (from Monday) and month, all of UTC."""

    total: Nanos
    day: Nanos
    week: Nanos
    month: Nanos


def hold(unit: Unit, wanted: Hold) -> None:
    """Raises `PaymentRequired`, and writes nothing, if the budget has not that much left.

    What costs nothing is covered by every budget, also by one that was overdrawn.
    """
    taken = unit.execute(_TAKE, of_workspace=wanted.workspace, of_mode=wanted.mode, taken=wanted.amount)
    if taken != 1 and wanted.amount:
        raise PaymentRequired(
            f"This job needs ${usd(wanted.amount):f} and the budget has less than that left. "
            "Wait for running jobs to end, or ask the operator for a larger budget.",
            limit="credits",
        )
    unit.execute(
        _INSERT_HOLD,
        job_id=wanted.job_id,
        workspace=wanted.workspace,
        mode=wanted.mode,
        amount=wanted.amount,
        state="open",
    )


def settle(unit: Unit, job_id: JobId, price: Nanos, now: float) -> None:
    """Turns the job's hold into a charge. A second call finds no open hold and changes nothing."""
    _close(unit, job_id, price, now)


def release(unit: Unit, job_id: JobId, now: float) -> None:
    """Gives the job's hold back. A second call finds no open hold and changes nothing."""
    _close(unit, job_id, None, now)


def note_vendor_cost(unit: Unit, job_id: JobId, attempt: int, cost: Nanos, now: float) -> None:
    """What a vendor billed for an attempt that its job had no use for: the operator's, and nobody else's."""
    held = unit.row(_HOLD, held_for=job_id)
    if held is None:
        return
    unit.execute(
        _INSERT_ENTRY,
        key=f"{job_id}:{attempt}:vendor_cost",
        workspace=held["workspace"],
        mode=held["mode"],
        job_id=job_id,
        kind="vendor_cost",
        amount=cost,
        created_at=milliseconds(now),
    )


async def balance(db: Database, workspace: WorkspaceId, mode: str) -> Balance:
    row = await db.row(_BUDGET, of_workspace=workspace, of_mode=mode)
    if row is None:
        raise LookupError(f"workspace {workspace} has no {mode} budget")
    return Balance(amount=row["amount"], held=row["held"], settled=row["settled"])


async def spent(db: Database, key_id: KeyId, now: float) -> Spent:
    today = datetime.fromtimestamp(now, UTC)
    row = await db.row(
        _SPENT,
        of_key=key_id,
        today=_day(now),
        monday=_day((today - timedelta(days=today.weekday())).timestamp()),
        first=_day(today.replace(day=1).timestamp()),
    )
    if row is None:
        raise LookupError("a sum has a row, whatever it is of")
    return Spent(total=row["total"], day=row["this_day"], week=row["this_week"], month=row["this_month"])


def _close(unit: Unit, job_id: JobId, price: Nanos | None, now: float) -> None:
    held = unit.row(_OPEN_HOLD, held_for=job_id)
    if held is None:
        return
    unit.execute(_CLOSE_HOLD, held_for=job_id, closed_as="released" if price is None else "settled")
    unit.execute(
        _GIVE_BACK,
        of_workspace=held["workspace"],
        of_mode=held["mode"],
        taken=held["amount"],
        charged=price or 0,
    )
    if price is not None:
        unit.execute(
            _INSERT_ENTRY,
            key=f"{job_id}:charge",
            workspace=held["workspace"],
            mode=held["mode"],
            job_id=job_id,
            kind="charge",
            amount=price,
            created_at=milliseconds(now),
        )
    if price:
        _count(unit, job_id, price, now)


def _count(unit: Unit, job_id: JobId, price: Nanos, now: float) -> None:
    """Adds a charge to what the job's key has spent that day."""
    values = {"charged_job": job_id, "on_day": _day(now), "charged": price}
    if unit.execute(_ADD_TO_DAY, **values) == 0:
        unit.execute(_FIRST_OF_DAY, **values)


def _day(at: float) -> int:
    return int(at // _DAY)
