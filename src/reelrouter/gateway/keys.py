"""Governing API keys: make, look up, change, delete. For managers alone; the door sees to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypedDict

from reelrouter.accounts import key_records, keys, limits, spending, workspaces
from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import KeyKind, KeyRecord, Manager, NewKey
from reelrouter.accounts.limits import Limit
from reelrouter.accounts.periods import PERIODS
from reelrouter.accounts.spending import Spent
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.errors import InvalidRequest, NotFound, Problem
from reelrouter.gateway.management import Office
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.money import Nanos
from reelrouter.observe.events import Governed

Period = Literal["total", "daily", "weekly", "monthly"]
"""When a limit starts anew, by UTC; `total` never does."""


class KeyWish(TypedDict, total=False):
    """What is to be: what is absent stays as it is, and None is no rule."""

    name: str
    workspace: str
    """By id or slug."""
    mode: KeyKind
    limit: Nanos | None
    limit_reset: Period
    include_byok: bool
    expires_at: int | None
    """Unix milliseconds."""
    disabled: bool
    strict: bool
    concurrency: int | None
    rate: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernedKey:
    """A key as a manager sees it."""

    record: KeyRecord
    spent: Spent = spending.NOTHING
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    key: GovernedKey
    secret: str = field(repr=False)
    """The key itself; it is known now, and never again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListing:
    keys: tuple[GovernedKey, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerms:
    """A limit on a key's spending, as it is wished for."""

    amount: Nanos
    period: str = "total"
    include_byok: bool = False


class KeyAdmin:
    def __init__(self, office: Office) -> None:
        self._at = office

    async def create(self, by: Manager, mode: KeyKind, wish: KeyWish) -> MadeKey:
        """`wish` has a name. Raises `InvalidRequest` with every rule that such a key cannot have."""
        now = self._at.clock.now()
        workspace = await self._workspace(wish.get("workspace", workspaces.DEFAULT_SLUG))
        _refuse([*_problems(wish, mode, now), *_misplaced(mode, workspace)])
        terms = limit_after(None, wish)
        made = NewKey(
            workspace=workspace.id,
            mode=mode,
            name=wish["name"],
            secret=keys.new_key(mode),
            strict=wish.get("strict", False),
            concurrency=wish.get("concurrency"),
            rate=wish.get("rate"),
            expires_at=wish.get("expires_at"),
        )

        def add(unit: Unit) -> KeyId:
            key_id = keys.add_key(unit, made, self._at.pepper, now)
            _set_limit(unit, key_id, terms, now)
            return key_id

        key_id = await self._at.db.write(add)
        self._at.emit(Governed(by=by.key_id, action="created", subject=key_id))
        return MadeKey(key=await self.get(key_id), secret=made.secret)

    async def get(self, key_id: str) -> GovernedKey:
        """Raises `NotFound`, for a deleted one too."""
        found = await key_records.find(self._at.db, key_id)
        if found is None:
            raise _unknown(key_id)
        (governed,) = await self._governed([found])
        return governed

    async def list_page(self, workspace: str | None, page: KeyPage) -> KeyListing:
        """The oldest first; of one workspace, by id or slug, or of all. Raises `NotFound` for an unknown one."""
        if workspace is not None:
            found = await workspaces.find(self._at.db, workspace)
            if found is None:
                raise NotFound(f"Workspace {workspace} not found")
            page = replace(page, workspace=found.id)
        now = self._at.clock.now()
        return KeyListing(
            keys=tuple(await self._governed(await key_records.list_page(self._at.db, page, now))),
            total=await key_records.count(self._at.db, page, now),
        )

    async def update(self, by: Manager, key_id: str, wish: KeyWish) -> GovernedKey:
        """In every process it bites within a second. Jobs of a key that moves stay where they were placed."""
        now = self._at.clock.now()
        before = await self.get(key_id)
        mode = before.record.mode
        target = await self._workspace(wish["workspace"]) if "workspace" in wish else None
        _refuse([*_problems(wish, mode, now), *_misplaced(mode, target), *_other_mode(wish, mode)])
        terms = limit_after(before.limit, wish)

        def change(unit: Unit) -> None:
            record = key_records.read(unit, key_id)
            if record is None:
                raise _unknown(key_id)
            key_records.save(unit, _changed(record, wish, target.id if target else record.workspace, now))
            if wish.keys() & _OF_LIMIT:
                _set_limit(unit, record.id, terms, now)

        await self._at.db.write(change)
        self._at.emit(Governed(by=by.key_id, action="updated", subject=key_id))
        return await self.get(key_id)

    async def delete(self, by: Manager, key_id: str) -> None:
        """It stops working within a second, for good. Raises `NotFound`."""
        now = self._at.clock.now()
        if not await self._at.db.write(lambda unit: key_records.delete(unit, key_id, now)):
            raise _unknown(key_id)
        self._at.emit(Governed(by=by.key_id, action="deleted", subject=key_id))

    async def _governed(self, records: list[KeyRecord]) -> list[GovernedKey]:
        ids = [record.id for record in records]
        now = self._at.clock.now()
        spent = await spending.spent_by(self._at.db, ids, now)
        limited: dict[str, Limit] = {}
        for limit in await limits.list_limits(self._at.db, ids, now):
            tightest = limited.get(limit.subject)
            if tightest is None or left_of(limit) < left_of(tightest):
                limited[limit.subject] = limit
        return [
            GovernedKey(record=record, spent=spent.get(record.id, spending.NOTHING), limit=limited.get(record.id))
            for record in records
        ]

    async def _workspace(self, ref: str) -> workspaces.Workspace:
        found = await workspaces.find(self._at.db, ref)
        if found is None:
            raise InvalidRequest([Problem("workspace_id", f"workspace_id: there is no workspace {ref}")])
        return found


def left_of(limit: Limit) -> Nanos:
    """What may still be spent; less than nothing where a job came to more than was set aside for it."""
    return Nanos(limit.amount - limit.settled - limit.held)


_OF_LIMIT = frozenset({"limit", "limit_reset", "include_byok"})


def limit_after(before: Limit | None, wish: KeyWish) -> LimitTerms | None:
    """The limit that a key is to have; None for none. Raises `InvalidRequest` for terms without an amount."""
    amount = wish.get("limit", None if before is None else before.amount)
    if amount is None:
        needless = {
            "limit_reset": wish.get("limit_reset", "total") != "total",
            "include_byok_in_limit": wish.get("include_byok", False),
        }
        _refuse([Problem(name, f"{name} needs a limit") for name, given in needless.items() if given])
        return None
    return LimitTerms(
        amount=amount,
        period=wish.get("limit_reset", "total" if before is None else before.period),
        include_byok=wish.get("include_byok", before is not None and before.include_byok),
    )


def _set_limit(unit: Unit, key_id: KeyId, terms: LimitTerms | None, now: float) -> None:
    """A key has one limit: that of any other period goes."""
    for period in PERIODS:
        if terms is None or period != terms.period:
            limits.remove_limit(unit, key_id, period)
    if terms is not None:
        limits.set_limit(
            unit,
            subject=key_id,
            period=terms.period,
            amount=terms.amount,
            include_byok=terms.include_byok,
            now=now,
        )


def _changed(record: KeyRecord, wish: KeyWish, workspace: WorkspaceId, now: float) -> KeyRecord:
    disabled_at = record.disabled_at
    if "disabled" in wish:
        disabled_at = (disabled_at or milliseconds(now)) if wish["disabled"] else None
    return replace(
        record,
        workspace=workspace,
        name=wish.get("name", record.name),
        strict=wish.get("strict", record.strict),
        concurrency=wish.get("concurrency", record.concurrency),
        rate=wish.get("rate", record.rate),
        expires_at=wish.get("expires_at", record.expires_at),
        disabled_at=disabled_at,
        updated_at=milliseconds(now),
    )


def _unknown(key_id: str) -> NotFound:
    return NotFound(f"Key {key_id} not found")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidRequest(problems)


_OF_JOBS = {
    "limit": "limit",
    "concurrency": "concurrency",
    "rate": "requests_per_minute",
    "strict": "strict_parameters",
}
"""Rules about jobs, and what requests call them."""


def _problems(wish: KeyWish, mode: KeyKind, now: float) -> Iterator[Problem]:
    """Rules that a key of this kind cannot have."""
    expires_at = wish.get("expires_at")
    if expires_at is not None and expires_at <= milliseconds(now):
        yield Problem("expires_at", "expires_at is in the past; to end a key now, disable or delete it")
    if mode == "test" and wish.get("limit") is not None:
        yield Problem("limit", "limit: test keys spend no money; only live keys can have a limit")
    if mode == "management":
        needless = (field for name, field in _OF_JOBS.items() if wish.get(name))
        yield from (
            Problem(one, f"{one}: a management key makes no videos, and has no such rule") for one in needless
        )


def _misplaced(mode: KeyKind, workspace: workspaces.Workspace | None) -> Iterator[Problem]:
    if mode == "management" and workspace is not None and not workspace.is_default:
        yield Problem("workspace_id", "workspace_id: a management key governs every workspace, and is in none")


def _other_mode(wish: KeyWish, mode: KeyKind) -> Iterator[Problem]:
    if wish.get("mode", mode) != mode:
        yield Problem("mode", f"mode: a {mode} key stays one; make another key", (mode,))
