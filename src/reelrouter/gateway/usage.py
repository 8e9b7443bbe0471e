"""What was spent: credits, sums over jobs, and the contract's activity of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reelrouter.accounts import credits as credit
from reelrouter.accounts import ledger, usage, workspaces
from reelrouter.accounts.keys import Caller, Manager
from reelrouter.accounts.periods import day_of
from reelrouter.accounts.usage import Dimension, Selection, Sum
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.errors import InvalidRequest, NotFound, Problem
from reelrouter.ids import WorkspaceId
from reelrouter.money import Nanos

MOST_SUMS = 10_000
"""Lines of one answer."""
ACTIVITY_DAYS = 30
_ACTIVITY: Sequence[Dimension] = ("day", "model", "provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Live money, or that of a test key's own ledger."""

    amount: Nanos
    """What was granted, where that is a limit."""
    held: Nanos
    settled: Nanos
    is_limited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be summed up. None is the default: the last thirty days, all workspaces, live money."""

    by: tuple[Dimension, ...]
    first_day: int | None = None
    """Since 1970, by UTC."""
    last_day: int | None = None
    workspace: str | None = None
    """An id or a slug."""
    mode: Literal["live", "test"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    by: tuple[Dimension, ...]
    selection: Selection
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityQuestion:
    day: int | None = None
    """One of the last thirty that are over, since 1970; None is all of them."""
    key: str | None = None
    user: str | None = None
    workspace: str | None = None
    by_workspace: bool = False


class Usage:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def credits(self, who: Caller | Manager) -> Credits:
        """An ordinary key's workspace in its mode; with a management key all workspaces together."""
        if isinstance(who, Caller):
            own = await ledger.balance(self._db, who.workspace, who.mode)
            return Credits(
                amount=own.amount or Nanos(0),
                held=own.held,
                settled=own.settled,
                is_limited=own.amount is not None,
            )
        found = await credit.totals(self._db)
        return Credits(amount=found.amount, held=found.held, settled=found.settled, is_limited=found.is_limited)

    async def report(self, who: Caller | Manager, asked: Question) -> Report:
        """An ordinary key's own workspace and mode, in which others are as unknown as any that there is not."""
        today = day_of(self._clock.now())
        last = today if asked.last_day is None else asked.last_day
        first = last - ACTIVITY_DAYS + 1 if asked.first_day is None else asked.first_day
        if first > last:
            raise InvalidRequest([Problem("from", "from must not be after to")])
        selection = Selection(
            first_day=first,
            last_day=last,
            mode=_mode(who, asked),
            workspace=await self._scope(who, asked.workspace),
            with_bills=isinstance(who, Manager),  # what vendors bill is the operator's alone
        )
        return Report(by=asked.by, selection=selection, sums=await self._sums(asked.by, selection))

    async def activity(self, asked: ActivityQuestion) -> tuple[Sum, ...]:
        """For a management key: the last thirty days that are over, the newest first; live money."""
        today = day_of(self._clock.now())
        first, last = today - ACTIVITY_DAYS, today - 1
        if asked.day is not None and not first <= asked.day <= last:
            message = f"date must be one of the last {ACTIVITY_DAYS} days that are over, by UTC"
            raise InvalidRequest([Problem("date", message)])
        selection = Selection(
            first_day=first if asked.day is None else asked.day,
            last_day=last if asked.day is None else asked.day,
            key=asked.key,
            user=asked.user,
            workspace=None if asked.workspace is None else await self._workspace(asked.workspace),
            with_bills=False,
        )
        by = (*_ACTIVITY, "workspace") if asked.by_workspace else _ACTIVITY
        found = await self._sums(by, selection)
        return tuple(sorted(found, key=lambda one: -one.of["day"]))

    async def _sums(self, by: Sequence[Dimension], selection: Selection) -> tuple[Sum, ...]:
        found = await usage.sums(self._db, by, selection, MOST_SUMS + 1)
        if len(found) > MOST_SUMS:
            message = f"there are more than {MOST_SUMS} lines; ask for fewer days, or group by less"
            raise InvalidRequest([Problem("group_by", message)])
        return tuple(found)

    async def _scope(self, who: Caller | Manager, ref: str | None) -> WorkspaceId | None:
        if isinstance(who, Manager):
            return None if ref is None else await self._workspace(ref)
        if ref is not None and await self._workspace(ref) != who.workspace:
            raise _unknown(ref)
        return who.workspace

    async def _workspace(self, ref: str) -> WorkspaceId:
        found = await workspaces.find(self._db, ref)
        if found is None:
            raise _unknown(ref)
        return found.id


def _mode(who: Caller | Manager, asked: Question) -> Literal["live", "test"]:
    if isinstance(who, Manager):
        return asked.mode or "live"
    if asked.mode not in (None, who.mode):
        raise InvalidRequest([Problem("mode", f"mode must be {who.mode}: this is a {who.mode} key", (who.mode,))])
    return who.mode


def _unknown(ref: str) -> NotFound:
    return NotFound(f"Workspace {ref} not found")
