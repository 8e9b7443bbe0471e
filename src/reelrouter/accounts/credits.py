"""Credits: what a workspace may spend in all, as a sum of entries in the ledger. Without any there is no limit.

A workspace's first credits begin its limit, and what it was charged before, while nothing limited it, is not held
against it: an entry of its own covers that.
"""

from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, update

from reelrouter.accounts.limits import LIMITED_MODE
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import budgets, holds, ledger, workspaces
from reelrouter.errors import Conflict
from reelrouter.ids import JobId, WorkspaceId
from reelrouter.money import Nanos

_OF = and_(budgets.c.workspace == bindparam("of_workspace"), budgets.c.mode == LIMITED_MODE)
_BUDGET = select(budgets).where(_OF)
_TO_AMOUNT = update(budgets).where(_OF).values(amount=bindparam("to_amount", type_=BigInteger))
_ADD = update(budgets).where(_OF).values(amount=budgets.c.amount + bindparam("more", type_=BigInteger))
_GRANTED = select(func.coalesce(func.sum(ledger.c.amount), 0).label("total")).where(
    ledger.c.workspace == bindparam("of_workspace"), ledger.c.mode == LIMITED_MODE, ledger.c.kind == "credit"
)
_ENTRY = select(ledger).where(ledger.c.key == bindparam("entry"))
_INSERT = insert_of(ledger, "key", "workspace", "mode", "kind", "amount", "note", "created_at")
_ENTRIES = (
    select(ledger, holds.c.amount.label("held"))
    .outerjoin(holds, and_(holds.c.job_id == ledger.c.job_id, ledger.c.kind == "charge"))
    .where(
        ledger.c.workspace == bindparam("of_workspace"),
        ledger.c.mode == bindparam("of_mode"),
        ledger.c.created_at <= bindparam("before"),  # so that a late page does not read the ones before it
        or_(
            ledger.c.created_at < bindparam("before"),
            and_(ledger.c.created_at == bindparam("before"), ledger.c.key < bindparam("before_key")),
        ),
    )
    .order_by(ledger.c.created_at.desc(), ledger.c.key.desc())
    .limit(bindparam("most"))
)
_TOTALS = select(
    func.coalesce(func.sum(budgets.c.amount), 0).label("amount"),
    func.coalesce(func.sum(budgets.c.held), 0).label("held"),
    func.coalesce(func.sum(budgets.c.settled), 0).label("settled"),
    func.count().label("budgets"),
    func.count(budgets.c.amount).label("limited"),
).where(
    budgets.c.mode == LIMITED_MODE,
    budgets.c.workspace.in_(select(workspaces.c.id).where(workspaces.c.deleted_at.is_(None))),
)
_NOTHING = Nanos(0)
_OPENING = "covers what was charged while there was no credit limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credits for a workspace; less than nothing takes some back."""

    workspace: WorkspaceId
    amount: Nanos
    note: str
    key: str
    """Whoever grants under the same key again has granted once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger."""

    key: str
    kind: str
    """credit, charge or vendor_cost."""
    amount: Nanos
    job_id: JobId | None
    note: str | None
    created_at: int
    """Unix milliseconds."""
    overrun: Nanos
    """How much of a charge was not set aside for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The live money of all workspaces together."""

    amount: Nanos
    """The credits of those that have a limit."""
    held: Nanos
    settled: Nanos
    is_limited: bool
    """Whether each of them has a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Which entries to list: the newest `most` before an entry."""

    workspace: WorkspaceId
    mode: str
    most: int
    before: int
    before_key: str


def grant(unit: Unit, wanted: Grant, now: float) -> Entry:
    """The entry, also where it had been made before. Raises `Conflict` if the key was used for another grant."""
    key = f"{wanted.workspace}:credit:{wanted.key}"
    found = unit.row(_ENTRY, entry=key)
    if found is None:
        _add(unit, wanted, key, now)
        found = unit.row(_ENTRY, entry=key)
    if found is None or (found["amount"], found["note"]) != (wanted.amount, wanted.note):
        raise Conflict(f"The key {wanted.key} was used for another grant. Use another key for another grant.")
    return _entry_of(found, held=None)


def unlimit(unit: Unit, workspace: WorkspaceId) -> None:
    """From now on nothing but its spending limits limits it. Its entries stay."""
    unit.execute(_TO_AMOUNT, of_workspace=workspace, to_amount=None)


async def list_entries(db: Database, page: EntryPage) -> list[Entry]:
    """The newest first."""
    rows = await db.rows(
        _ENTRIES,
        of_workspace=page.workspace,
        of_mode=page.mode,
        before=page.before,
        before_key=page.before_key,
        most=page.most,
    )
    return [_entry_of(row, held=row["held"]) for row in rows]


async def totals(db: Database) -> Totals:
    row = await db.row(_TOTALS)
    if row is None:
        raise LookupError("a sum has a row, whatever it is of")
    return Totals(
        amount=Nanos(int(row["amount"])),
        held=Nanos(int(row["held"])),
        settled=Nanos(int(row["settled"])),
        is_limited=row["limited"] == row["budgets"],
    )


def _add(unit: Unit, wanted: Grant, key: str, now: float) -> None:
    # First of all the row is written, so that nobody else's grant comes in between; nothing added to none is none.
    unit.execute(_ADD, of_workspace=wanted.workspace, more=wanted.amount)
    budget = unit.row(_BUDGET, of_workspace=wanted.workspace)
    if budget is None:
        raise LookupError(f"workspace {wanted.workspace} has no {LIMITED_MODE} budget")
    if budget["amount"] is None:
        _begin_limit(unit, wanted, budget, now)
    _enter(unit, wanted, key, now)


def _begin_limit(unit: Unit, wanted: Grant, budget: Row, now: float) -> None:
    """With the credits of before, and with as much more as was charged beyond them."""
    row = unit.row(_GRANTED, of_workspace=wanted.workspace)
    granted = int(row["total"]) if row else 0
    lacking = Nanos(max(0, budget["settled"] - granted))
    if lacking:
        opening = replace(wanted, amount=lacking, note=_OPENING)
        _enter(unit, opening, f"{wanted.workspace}:opening:{wanted.key}", now)
    unit.execute(_TO_AMOUNT, of_workspace=wanted.workspace, to_amount=granted + lacking + wanted.amount)


def _enter(unit: Unit, wanted: Grant, key: str, now: float) -> None:
    unit.execute(
        _INSERT,
        key=key,
        workspace=wanted.workspace,
        mode=LIMITED_MODE,
        kind="credit",
        amount=wanted.amount,
        note=wanted.note,
        created_at=milliseconds(now),
    )


def _entry_of(row: Row, *, held: int | None) -> Entry:
    return Entry(
        key=row["key"],
        kind=row["kind"],
        amount=row["amount"],
        job_id=row["job_id"],
        note=row["note"],
        created_at=row["created_at"],
        overrun=_NOTHING if held is None else Nanos(max(0, row["amount"] - held)),
    )
