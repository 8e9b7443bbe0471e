"""What workspaces may spend: their credits, their budgets for a day, a week, a month or in all, and their ledger.

For those who govern, by API and on the machine itself. It needs nothing but the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reelrouter.accounts import credits as credit
from reelrouter.accounts import ledger, limits, workspaces
from reelrouter.accounts.credits import Entry, EntryPage, Grant
from reelrouter.accounts.ledger import Balance
from reelrouter.accounts.limits import LIMITED_MODE, Limit
from reelrouter.accounts.periods import PERIODS, Period
from reelrouter.accounts.workspaces import Workspace
from reelrouter.clock import Clock
from reelrouter.db.engine import Database, Unit
from reelrouter.errors import InvalidRequest, NotFound, Problem
from reelrouter.gateway import cursors
from reelrouter.money import Nanos, usd

_WIDENING: Sequence[Period] = ("daily", "weekly", "monthly", "total")
_FAR_FUTURE_MS = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceBudgets:
    workspace: Workspace
    budgets: tuple[Limit, ...]
    """From the day to all time."""

    @property
    def include_byok(self) -> bool:
        """Whether jobs on the workspace's own vendor keys count at their list price. One word holds for all."""
        return any(one.include_byok for one in self.budgets)

    def of(self, period: Period) -> Limit | None:
        return next((one for one in self.budgets if one.period == period), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is wanted of one."""

    period: Period
    amount: Nanos
    include_byok: bool | None = None
    """For all budgets of the workspace; None leaves it as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    workspace: Workspace
    balance: Balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    entry: Entry
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    workspace: Workspace
    entries: tuple[Entry, ...]
    next_cursor: str | None


class Budgets:
    """Every `ref` is a workspace's id or slug; raises `NotFound` for one that there is not."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list_budgets(self, ref: str) -> WorkspaceBudgets:
        return await self._budgets(await self._workspace(ref))

    async def get_budget(self, ref: str, period: Period) -> tuple[Limit, WorkspaceBudgets]:
        """Raises `NotFound` where the workspace has none for that period."""
        found = await self.list_budgets(ref)
        budget = found.of(period)
        if budget is None:
            raise NotFound(f"Workspace {ref} has no {_CONTRACT_NAMES[period]} budget")
        return budget, found

    async def set_budget(self, ref: str, wanted: Budget) -> tuple[Limit, WorkspaceBudgets]:
        """Makes or changes one. Raises `InvalidRequest` for an amount that a budget beside it makes senseless."""
        workspace = await self._workspace(ref)
        before = await self._budgets(workspace)
        _refuse_disorder(wanted, before)
        include_byok = before.include_byok if wanted.include_byok is None else wanted.include_byok
        now = self._clock.now()
        amounts = {one.period: one.amount for one in before.budgets if one.include_byok != include_byok}

        def write(unit: Unit) -> None:
            for period, amount in {**amounts, wanted.period: wanted.amount}.items():
                limits.set_limit(
                    unit, subject=workspace.id, period=period, amount=amount, include_byok=include_byok, now=now
                )

        await self._db.write(write)
        return await self.get_budget(workspace.id, wanted.period)

    async def remove_budget(self, ref: str, period: Period) -> bool:
        """False if there was none."""
        workspace = await self._workspace(ref)
        return await self._db.write(lambda unit: limits.remove_limit(unit, workspace.id, period))

    async def account(self, ref: str) -> Account:
        """Credits, and what was made of them."""
        workspace = await self._workspace(ref)
        return Account(workspace=workspace, balance=await ledger.balance(self._db, workspace.id, LIMITED_MODE))

    async def grant(self, ref: str, amount: Nanos, note: str, key: str) -> Granted:
        """Adds credits, once under a key; less than nothing takes some back.

        Raises `Conflict` where the key was used for another grant.
        """
        workspace = await self._workspace(ref)
        wanted = Grant(workspace=workspace.id, amount=amount, note=note, key=key)
        now = self._clock.now()
        entry = await self._db.write(lambda unit: credit.grant(unit, wanted, now))
        return Granted(entry=entry, account=await self.account(workspace.id))

    async def unlimit(self, ref: str) -> Account:
        """Ends the credit limit. What was granted and charged stays in the ledger."""
        workspace = await self._workspace(ref)
        await self._db.write(lambda unit: credit.unlimit(unit, workspace.id))
        return await self.account(workspace.id)

    async def ledger(self, ref: str, mode: str, limit: int, cursor: str | None) -> LedgerPage:
        """The newest first. `cursor` is a former page's; raises `InvalidRequest` for any other text."""
        workspace = await self._workspace(ref)
        before, before_key = cursors.read(cursor) if cursor else (_FAR_FUTURE_MS, "")
        page = EntryPage(workspace=workspace.id, mode=mode, most=limit + 1, before=before, before_key=before_key)
        entries = await credit.list_entries(self._db, page)
        return LedgerPage(
            workspace=workspace,
            entries=tuple(entries[:limit]),
            next_cursor=cursors.after(entries, limit, lambda one: (one.created_at, one.key)),
        )

    async def _workspace(self, ref: str) -> Workspace:
        found = await workspaces.find(self._db, ref)
        if found is None:
            raise NotFound(f"Workspace {ref} not found")
        return found

    async def _budgets(self, workspace: Workspace) -> WorkspaceBudgets:
        found = await limits.list_limits(self._db, [workspace.id], self._clock.now())
        return WorkspaceBudgets(
            workspace=workspace, budgets=tuple(sorted(found, key=lambda one: _WIDENING.index(one.period)))
        )


def _refuse_disorder(wanted: Budget, beside: WorkspaceBudgets) -> None:
    """A budget that a narrower one already keeps, or that a wider one never lets be spent, is a mistake."""
    at = _WIDENING.index(wanted.period)
    problems = [
        Problem("limit_usd", _disorder(wanted, one, "less" if _WIDENING.index(one.period) > at else "more"))
        for one in beside.budgets
        if (_WIDENING.index(one.period) - at) * (one.amount - wanted.amount) <= 0 and one.period != wanted.period
    ]
    if problems:
        raise InvalidRequest(problems)


def _disorder(wanted: Budget, beside: Limit, word: str) -> str:
    return (
        f"limit_usd of the {_CONTRACT_NAMES[wanted.period]} budget must be {word} than ${usd(beside.amount):f}, "
        f"the {_CONTRACT_NAMES[beside.period]} budget"
    )


def period_of(word: str) -> Period:
    """A period by its name, where `lifetime` means `total`. Raises `InvalidRequest`."""
    for period in PERIODS:
        if word in (period, _CONTRACT_NAMES[period]):
            return period
    names = [_CONTRACT_NAMES[period] for period in PERIODS]
    raise InvalidRequest([Problem("interval", f"interval must be one of: {', '.join(names)}", names)])


_CONTRACT_NAMES = {period: "lifetime" if period == "total" else period for period in PERIODS}
