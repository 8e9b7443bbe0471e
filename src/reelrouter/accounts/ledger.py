"""Money that moves: hold at the submit, then exactly one of settle and release.

The invariant, true after every commit: a budget's `held` is the sum of its open holds, its `settled` the sum of
its charges, and its `amount` that of its credits. So what is left is `amount - settled - held`, and concurrent
submits cannot overspend it. A charge above its hold is booked in full: what is left may then be less than nothing,
and until there are more credits only what costs nothing is taken. A key's `spending` of a day is the sum of that
day's charges for its jobs: kept, since a sum over all charges of a busy key would hold everybody else up.
"""

import json
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, insert, or_, select, update

from reelrouter.accounts import limits
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.limits import LIMITED_MODE, Against
from reelrouter.accounts.periods import day_of
from reelrouter.accounts.refusals import Shortage, refused
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import budgets, holds, jobs, ledger, spending
from reelrouter.ids import JobId, WorkspaceId
from reelrouter.money import Nanos

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
_INSERT_HOLD = insert_of(holds, "job_id", "workspace", "mode", "amount", "limits", "state")
_HOLD = select(holds).where(holds.c.job_id == bindparam("held_for"))
_OPEN_HOLD = select(holds).where(holds.c.job_id == bindparam("held_for"), holds.c.state == "open")
_CLOSE_HOLD = (
    update(holds)
    .where(holds.c.job_id == bindparam("held_for"), holds.c.state == "open")
    .values(state=bindparam("closed_as"))
)
_INSERT_ENTRY = insert_of(ledger, "key", "workspace", "mode", "job_id", "kind", "amount", "created_at")
_KEY_OF_JOB = select(jobs.c.key_id).where(jobs.c.id == bindparam("charged_job"))
_ON_DAY, *_COUNTED = (bindparam(name, type_=BigInteger) for name in ("on_day", "charged", "in_fees", "at_list"))
_SUMS = dict(zip(("amount", "fees", "byok"), _COUNTED, strict=True))
_ADD_TO_DAY = (
    update(spending)
    .where(spending.c.key_id == _KEY_OF_JOB.scalar_subquery(), spending.c.day == _ON_DAY)
    .values({name: spending.c[name] + more for name, more in _SUMS.items()})
)
_FIRST_OF_DAY = insert(spending).from_select(
    ["key_id", "day", *_SUMS], _KEY_OF_JOB.add_columns(_ON_DAY, *_COUNTED)
)


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
    against: Against | None = None
    """The spending limits that it is taken from as well, if there are any."""


def hold(unit: Unit, wanted: Hold) -> None:
    """Raises `PaymentRequired`, and writes nothing, if the credits or any limit have not that much left.

    What costs nothing is covered by every budget, also by one that was overdrawn.
    """
    taken = unit.execute(_TAKE, of_workspace=wanted.workspace, of_mode=wanted.mode, taken=wanted.amount)
    if taken != 1 and wanted.amount:
        raise refused(_shortage(unit, wanted))
    against = wanted.against
    limited = limits.take(unit, wanted.workspace, wanted.amount, against) if against else None
    unit.execute(
        _INSERT_HOLD,
        job_id=wanted.job_id,
        workspace=wanted.workspace,
        mode=wanted.mode,
        amount=wanted.amount,
        limits=json.dumps(limited) if limited else None,
        state="open",
    )


def settle(unit: Unit, job_id: JobId, charge: Charge, now: float) -> Nanos:
    """Turns the job's hold into a charge; how much of it was not held.

    A second call finds no open hold and changes nothing.
    """
    held = _close(unit, job_id, "settled", charge.price)
    if held is None:
        return Nanos(0)
    _enter(unit, f"{job_id}:charge", held, charge.price, now)
    if charge.price or charge.with_byok:
        _count(unit, job_id, charge, now)
        if held["mode"] == LIMITED_MODE:
            limits.count(unit, held["workspace"], job_id, charge, now)
    return Nanos(max(0, charge.price - held["amount"]))


def release(unit: Unit, job_id: JobId) -> None:
    """Gives the job's hold back. A second call finds no open hold and changes nothing."""
    _close(unit, job_id, "released", Nanos(0))


def note_vendor_cost(unit: Unit, job_id: JobId, attempt: int | None, cost: Nanos, now: float) -> None:
    """What a vendor billed: the operator's, and nobody else's.

    `attempt` is one that its job had no use for, of which its vendor told later; None for the job's own end.
    """
    held = unit.row(_HOLD, held_for=job_id)
    if held is not None:
        of = job_id if attempt is None else f"{job_id}:{attempt}"
        _enter(unit, f"{of}:vendor_cost", held, cost, now)


async def balance(db: Database, workspace: WorkspaceId, mode: str) -> Balance:
    row = await db.row(_BUDGET, of_workspace=workspace, of_mode=mode)
    if row is None:
        raise LookupError(f"workspace {workspace} has no {mode} budget")
    return Balance(amount=row["amount"], held=row["held"], settled=row["settled"])


def _shortage(unit: Unit, wanted: Hold) -> Shortage:
    row = unit.row(_BUDGET, of_workspace=wanted.workspace, of_mode=wanted.mode)
    if row is None:
        raise LookupError(f"workspace {wanted.workspace} has no {wanted.mode} budget")
    return Shortage(
        scope="credits",
        period="total",
        needed=wanted.amount,
        amount=row["amount"],
        settled=row["settled"],
        held=row["held"],
        resets_at=None,
    )


def _close(unit: Unit, job_id: JobId, closed_as: str, charged: Nanos) -> Row | None:
    """The hold as it was; None if none was open."""
    held = unit.row(_OPEN_HOLD, held_for=job_id)
    if held is None:
        return None
    unit.execute(_CLOSE_HOLD, held_for=job_id, closed_as=closed_as)
    unit.execute(
        _GIVE_BACK, of_workspace=held["workspace"], of_mode=held["mode"], taken=held["amount"], charged=charged
    )
    if held["limits"] is not None:
        limits.give_back(unit, json.loads(held["limits"]))
    return held


def _enter(unit: Unit, key: str, held: Row, amount: Nanos, now: float) -> None:
    """An entry of the ledger; the last word of its key is its kind."""
    unit.execute(
        _INSERT_ENTRY,
        key=key,
        workspace=held["workspace"],
        mode=held["mode"],
        job_id=held["job_id"],
        kind=key.rpartition(":")[2],
        amount=amount,
        created_at=milliseconds(now),
    )


def _count(unit: Unit, job_id: JobId, charge: Charge, now: float) -> None:
    """Adds a charge to what the job's key has spent that day."""
    own = charge.is_byok
    values = {
        "charged_job": job_id,
        "on_day": day_of(now),
        "charged": charge.price,
        "in_fees": charge.price if own else 0,
        "at_list": charge.list_price if own else 0,
    }
    if unit.execute(_ADD_TO_DAY, **values) == 0:
        unit.execute(_FIRST_OF_DAY, **values)
