"""API keys: made once, shown once, kept as a keyed hash; a look-up's answer is a second old at most."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, insert, select, update

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.tables import api_keys
from reelrouter.errors import Unauthorized
from reelrouter.ids import KeyId, WorkspaceId, new_id

KeyMode = Literal["live", "test"]

PREFIXES: dict[KeyMode, str] = {"live": "rr-live-", "test": "rr-test-"}
_CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000

_BY_HASH = select(api_keys).where(api_keys.c.hash == bindparam("hash"))
_OF_WORKSPACE = (
    select(api_keys)
    .where(api_keys.c.workspace == bindparam("workspace"))
    .order_by(api_keys.c.created_at, api_keys.c.id)
)
_BY_ID = select(api_keys).where(api_keys.c.id == bindparam("key_id"))
_INSERT = insert(api_keys)
_DISABLE = (
    update(api_keys)
    .where(api_keys.c.id == bindparam("key_id"), api_keys.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: everything a request may see or spend follows from these three."""

    workspace: WorkspaceId
    key_id: KeyId
    mode: KeyMode


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    id: KeyId
    mode: KeyMode
    label: str
    name: str
    created_at: int
    disabled_at: int | None


class KeyRing:
    """Turns a bearer token into a `Caller`. A revoked key stops working within a second, in every process."""

    def __init__(self, db: Database, pepper: bytes, clock: Clock) -> None:
        self._db = db
        self._pepper = pepper
        self._clock = clock
        self._known: dict[str, tuple[float, Caller]] = {}

    async def authenticate(self, token: str) -> Caller:
        """Raises `Unauthorized` for a token that is unknown or disabled."""
        cached = self._known.get(token)
        now = self._clock.now()
        if cached and 0 <= now - cached[0] < _CACHE_SECONDS:
            return cached[1]
        self._known.pop(token, None)
        row = await self._db.row(_BY_HASH, hash=hash_key(self._pepper, token))
        if row is None or row["disabled_at"] is not None:
            raise Unauthorized("User not found.")
        caller = Caller(workspace=row["workspace"], key_id=row["id"], mode=row["mode"])
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[token] = (now, caller)
        return caller


def new_key(mode: KeyMode) -> str:
    """A key with 256 bits of randomness."""
    return PREFIXES[mode] + secrets.token_urlsafe(32)


def hash_key(pepper: bytes, key: str) -> str:
    """What is stored of a key. The key is random, so that a fast keyed hash is enough."""
    return hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key about to be stored; `secret` is what its owner is shown, once."""

    workspace: WorkspaceId
    mode: KeyMode
    name: str
    secret: str


def add_key(unit: Unit, key: NewKey, pepper: bytes, now: float) -> KeyId:
    key_id = KeyId(new_id("key"))
    unit.execute(_INSERT, **_values(key, key_id, pepper, now))
    return key_id


def ensure_key(unit: Unit, key: NewKey, pepper: bytes, now: float) -> None:
    """Adds a key that the operator chose, unless it is there already."""
    if unit.row(_BY_HASH, hash=hash_key(pepper, key.secret)) is None:
        add_key(unit, key, pepper, now)


def disable_key(unit: Unit, key_id: str, now: float) -> bool:
    """False if there is no such key, or it is disabled already."""
    return unit.execute(_DISABLE, key_id=key_id, at=milliseconds(now)) == 1


async def get_key(db: Database, key_id: KeyId) -> KeyRecord:
    """Raises `LookupError`: a key that has authenticated somebody has a row, disabled or not."""
    row = await db.row(_BY_ID, key_id=key_id)
    if row is None:
        raise LookupError(f"no key {key_id}")
    return _record(row)


async def list_keys(db: Database, workspace: WorkspaceId) -> list[KeyRecord]:
    return [_record(row) for row in await db.rows(_OF_WORKSPACE, workspace=workspace)]


def _values(key: NewKey, key_id: KeyId, pepper: bytes, now: float) -> dict[str, object]:
    return {
        "id": key_id,
        "workspace": key.workspace,
        "mode": key.mode,
        "hash": hash_key(pepper, key.secret),
        "label": key.secret[: len(PREFIXES[key.mode]) + 4] + "…",
        "name": key.name,
        "created_at": milliseconds(now),
        "disabled_at": None,
    }


def _record(row: Row) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        mode=row["mode"],
        label=row["label"],
        name=row["name"],
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )
