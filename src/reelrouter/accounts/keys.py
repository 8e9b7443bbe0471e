"""API keys: made once, shown once, kept as a keyed hash; a look-up's answer is a second old at most."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import bindparam, or_, select, update

from reelrouter.accounts.policy import Policy, read_policy
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import api_keys, limits, workspaces
from reelrouter.errors import Forbidden, Unauthorized
from reelrouter.ids import KeyId, WorkspaceId, new_id

KeyMode = Literal["live", "test"]
KeyKind = Literal["live", "test", "management"]

PREFIXES: dict[KeyKind, str] = {"live": "rr-live-", "test": "rr-test-", "management": "rr-mgmt-"}
_CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000

_EVER = select(api_keys.c.id).where(api_keys.c.hash == bindparam("hash"))
_BY_HASH = select(api_keys).where(api_keys.c.hash == bindparam("hash"), api_keys.c.deleted_at.is_(None))
_WORKSPACE = select(workspaces).where(workspaces.c.id == bindparam("workspace"), workspaces.c.deleted_at.is_(None))
_LIMITS = (
    select(limits.c.id)
    .where(or_(limits.c.subject == bindparam("key_id"), limits.c.subject == bindparam("workspace")))
    .order_by(limits.c.id)
)
_BY_ID = select(api_keys).where(api_keys.c.id == bindparam("key_id"))
_HASH_ANEW = update(api_keys).where(api_keys.c.id == bindparam("key_id")).values(hash=bindparam("new_hash"))
_INSERT = insert_of(
    api_keys,
    "id",
    "workspace",
    "mode",
    "hash",
    "label",
    "name",
    "strict",
    "concurrency",
    "rate",
    "expires_at",
    "created_at",
)
_DISABLE = (
    update(api_keys)
    .where(api_keys.c.id == bindparam("key_id"), api_keys.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: everything a request may see or spend follows from these."""

    workspace: WorkspaceId
    key_id: KeyId
    mode: KeyMode
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Who asks with a management key: it governs every workspace, and makes no videos."""

    key_id: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key as it is kept: without the key. Times are Unix milliseconds."""

    id: KeyId
    workspace: WorkspaceId
    mode: KeyKind
    label: str
    """Its beginning, by which people tell keys apart."""
    name: str
    strict: bool = False
    concurrency: int | None = None
    """Unfinished jobs at one time; None is no limit."""
    rate: int | None = None
    """Requests a minute; None is no limit."""
    expires_at: int | None = None
    created_at: int
    updated_at: int | None = None
    disabled_at: int | None


@dataclass(frozen=True, slots=True)
class Peppers:
    """What hashes of keys are made with."""

    present: bytes = field(repr=False)
    earlier: bytes | None = field(default=None, repr=False)
    """The one before it: a key that comes is kept under the present one then."""


class KeyRing:
    """Turns a bearer token into a `Caller`. A revoked key stops working within a second, in every process."""

    def __init__(
        self,
        db: Database,
        peppers: Peppers,
        clock: Clock,
        count: Callable[[Caller], None] = lambda _caller: None,
    ) -> None:
        """`count` is told of each request that is admitted, and raises what is to be raised for one too many."""
        self._db = db
        self._peppers = peppers
        self._clock = clock
        self._count = count
        self._known: dict[str, _Known] = {}

    async def admit(self, token: str) -> Caller:
        """`authenticate` for a request, which counts as one: raises `TooManyRequests` too."""
        caller = await self.authenticate(token)
        self._count(caller)
        return caller

    async def authenticate(self, token: str) -> Caller:
        """Raises `Unauthorized` for a token that is unknown, disabled or expired, `Forbidden` for a manager's."""
        who = await self._who(token)
        if isinstance(who, Manager):
            raise Forbidden("A management key governs workspaces and keys; use an ordinary key for videos.")
        return who

    async def authenticate_manager(self, token: str) -> Manager:
        """Raises as `authenticate` does, `Forbidden` for an ordinary key."""
        who = await self._who(token)
        if isinstance(who, Caller):
            raise Forbidden(
                "This needs a management key. An operator makes one: reelrouter keys create --management"
            )
        return who

    async def admit_anyone(self, token: str) -> Caller | Manager:
        """As `admit`, and a manager too, whose requests nobody counts."""
        who = await self._who(token)
        if isinstance(who, Caller):
            self._count(who)
        return who

    async def _who(self, token: str) -> Caller | Manager:
        now = self._clock.now()
        known = self._known.get(token)
        if known is None or not 0 <= now - known.at < _CACHE_SECONDS:
            self._known.pop(token, None)
            known = await self._look_up(token, now)
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[token] = known
        if known.expires_at is not None and milliseconds(now) >= known.expires_at:
            raise Unauthorized("This key has expired. Ask the operator for a new one.")
        return known.who

    async def _look_up(self, token: str, now: float) -> "_Known":
        row = await self._find(token)
        if row is None or row["disabled_at"] is not None:
            raise Unauthorized("User not found.")
        if row["mode"] == "management":
            return _Known(at=now, who=Manager(key_id=row["id"]), expires_at=row["expires_at"])
        workspace = await self._db.row(_WORKSPACE, workspace=row["workspace"])
        if workspace is None:
            raise Unauthorized("User not found.")
        on = [one["id"] for one in await self._db.rows(_LIMITS, key_id=row["id"], workspace=row["workspace"])]
        caller = Caller(
            workspace=row["workspace"], key_id=row["id"], mode=row["mode"], policy=read_policy(row, workspace, on)
        )
        return _Known(at=now, who=caller, expires_at=row["expires_at"])

    async def _find(self, token: str) -> Row | None:
        present = hash_key(self._peppers.present, token)
        row = await self._db.row(_BY_HASH, hash=present)
        if row is not None or self._peppers.earlier is None:
            return row
        row = await self._db.row(_BY_HASH, hash=hash_key(self._peppers.earlier, token))
        if row is not None:
            key_id = row["id"]
            await self._db.write(lambda unit: unit.execute(_HASH_ANEW, key_id=key_id, new_hash=present))
        return row


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    """When it was looked up."""
    who: Caller | Manager
    expires_at: int | None


def new_key(mode: KeyKind) -> str:
    """A key with 256 bits of randomness."""
    return PREFIXES[mode] + secrets.token_urlsafe(32)


def hash_key(pepper: bytes, key: str) -> str:
    """What is stored of a key. The key is random, so that a fast keyed hash is enough."""
    return hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key about to be stored; `secret` is what its owner is shown, once."""

    workspace: WorkspaceId
    mode: KeyKind
    name: str
    secret: str = field(repr=False)
    strict: bool = False
    concurrency: int | None = None
    rate: int | None = None
    expires_at: int | None = None
    """Unix milliseconds."""


def add_key(unit: Unit, key: NewKey, pepper: bytes, now: float) -> KeyId:
    key_id = KeyId(new_id("key"))
    unit.execute(_INSERT, **_values(key, key_id, pepper, now))
    return key_id


def ensure_key(unit: Unit, key: NewKey, pepper: bytes, now: float) -> None:
    """Adds a key that the operator chose, unless it is there already, or was and is deleted."""
    if unit.row(_EVER, hash=hash_key(pepper, key.secret)) is None:
        add_key(unit, key, pepper, now)


def disable_key(unit: Unit, key_id: str, now: float) -> bool:
    """False if there is no such key, or it is disabled already."""
    return unit.execute(_DISABLE, key_id=key_id, at=milliseconds(now)) == 1


async def get_key(db: Database, key_id: KeyId) -> KeyRecord:
    """Raises `LookupError`: a key that has authenticated somebody has a row, disabled or not."""
    row = await db.row(_BY_ID, key_id=key_id)
    if row is None:
        raise LookupError(f"no key {key_id}")
    return key_record(row)


def key_record(row: Row) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        workspace=row["workspace"],
        mode=row["mode"],
        label=row["label"],
        name=row["name"],
        strict=bool(row["strict"]),
        concurrency=row["concurrency"],
        rate=row["rate"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        disabled_at=row["disabled_at"],
    )


def _values(key: NewKey, key_id: KeyId, pepper: bytes, now: float) -> dict[str, object]:
    return {
        "id": key_id,
        "workspace": key.workspace,
        "mode": key.mode,
        "hash": hash_key(pepper, key.secret),
        "label": key.secret[: len(PREFIXES[key.mode]) + 4] + "…",
        "name": key.name,
        "strict": int(key.strict),
        "concurrency": key.concurrency,
        "rate": key.rate,
        "expires_at": key.expires_at,
        "created_at": milliseconds(now),
    }
