"""Keys for vendors that workspaces bring: their rows, and what routing knows of them.

What opens the vendor is kept sealed (see `vault`), and opened again by whoever asks the vendor and by nobody else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, func, or_, select, update

from reelrouter.accounts.vault import SealBroken, Vault
from reelrouter.clock import Clock
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import vendor_keys
from reelrouter.ids import KeyId, WorkspaceId

_CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000

_PLAIN = tuple(column for column in vendor_keys.c if column.name != "sealed")
_WRITTEN = (
    "name",
    "label",
    "allowed_models",
    "allowed_keys",
    "position",
    "is_fallback",
    "is_required",
    "is_byok_only",
    "disabled_at",
    "updated_at",
)
_ORDER = (vendor_keys.c.provider, vendor_keys.c.position, vendor_keys.c.created_at, vendor_keys.c.id)
_IS = vendor_keys.c.id == bindparam("key_id")
_IN_WORKSPACE = vendor_keys.c.workspace == bindparam("of_workspace")
_BY_ID = select(*_PLAIN).where(_IS)
_ENABLED = select(*_PLAIN).where(_IN_WORKSPACE, vendor_keys.c.disabled_at.is_(None)).order_by(*_ORDER)
_LAST = select(func.max(vendor_keys.c.position).label("position")).where(
    _IN_WORKSPACE, vendor_keys.c.provider == bindparam("of_provider")
)
_INSERT = insert_of(vendor_keys, "id", "workspace", "provider", "sealed", "created_at", *_WRITTEN)
_UPDATE = update(vendor_keys).where(_IS).values({name: bindparam(f"new_{name}") for name in _WRITTEN})
_SEAL = update(vendor_keys).where(_IS).values(sealed=bindparam("sealed_as"))
_DELETE = delete(vendor_keys).where(_IS)
_DELETE_ALL = delete(vendor_keys).where(vendor_keys.c.workspace == bindparam("of_workspace"))
_SEALED = select(vendor_keys.c.id, vendor_keys.c.provider, vendor_keys.c.sealed, vendor_keys.c.disabled_at)
_SEALED_ONE = _SEALED.where(_IS)


def _wanted() -> ColumnElement[bool]:
    """A filter whose bound value is null lets everything pass."""
    of_workspace: BindParameter[str] = bindparam("of_workspace")
    of_provider: BindParameter[str] = bindparam("of_provider")
    return or_(of_workspace.is_(None), vendor_keys.c.workspace == of_workspace) & or_(
        of_provider.is_(None), vendor_keys.c.provider == of_provider
    )


_LISTED = select(*_PLAIN).where(_wanted()).order_by(*_ORDER).limit(bindparam("most")).offset(bindparam("left_out"))
_COUNTED = select(func.count().label("keys")).select_from(vendor_keys).where(_wanted())


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorKey:
    """One row, without what it opens. Times are Unix milliseconds."""

    id: str
    workspace: WorkspaceId
    provider: str
    name: str
    """What people call it; may be empty."""
    label: str
    """The first and the last characters of it, so that people can tell several apart."""
    models: tuple[str, ...] | None = None
    """The ids of the models that it is for; None is all."""
    keys: tuple[KeyId, ...] | None = None
    """The API keys of its workspace that may use it; None is all."""
    position: int = 0
    """The lower, the earlier it is tried among its workspace's keys for the provider."""
    is_fallback: bool = False
    """Whether it is tried after the operator's accounts, and not before them."""
    is_required: bool = False
    """Whether the operator's accounts with the provider are left alone for the models that it is for."""
    is_byok_only: bool = False
    """Whether they are left alone for every model."""
    disabled_at: int | None = None
    created_at: int
    updated_at: int | None = None

    def is_for(self, key_id: KeyId, model: str) -> bool:
        """Whether a request with that API key for that model may use it."""
        return (self.models is None or model in self.models) and (self.keys is None or key_id in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """What is needed to ask a vendor with it."""

    id: str
    provider: str
    sealed: str
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which keys to list; None is all."""

    workspace: WorkspaceId | None = None
    provider: str | None = None


def add(unit: Unit, key: VendorKey, sealed: str) -> None:
    unit.execute(
        _INSERT,
        id=key.id,
        workspace=key.workspace,
        provider=key.provider,
        sealed=sealed,
        created_at=key.created_at,
        **_values(key),
    )


def change(unit: Unit, key: VendorKey, sealed: str | None) -> None:
    """Writes all of it that can change; what it opens stays as it is where `sealed` is None."""
    unit.execute(_UPDATE, key_id=key.id, **{f"new_{name}": value for name, value in _values(key).items()})
    if sealed is not None:
        unit.execute(_SEAL, key_id=key.id, sealed_as=sealed)


def remove(unit: Unit, key_id: str) -> None:
    """For good: what it opened is gone with the row."""
    unit.execute(_DELETE, key_id=key_id)


def remove_of_workspace(unit: Unit, workspace: WorkspaceId) -> None:
    """All of them, for good."""
    unit.execute(_DELETE_ALL, of_workspace=workspace)


def read(unit: Unit, key_id: str) -> VendorKey | None:
    row = unit.row(_BY_ID, key_id=key_id)
    return _key(row) if row else None


def next_position(unit: Unit, workspace: WorkspaceId, provider: str) -> int:
    """After all that the workspace has for the provider."""
    row = unit.row(_LAST, of_workspace=workspace, of_provider=provider)
    return 0 if row is None or row["position"] is None else row["position"] + 1


async def get(db: Database, key_id: str) -> VendorKey | None:
    row = await db.row(_BY_ID, key_id=key_id)
    return _key(row) if row else None


async def list_keys(db: Database, wanted: Filter, most: int, left_out: int = 0) -> tuple[list[VendorKey], int]:
    """A page of those that are wanted, and how many there are in all."""
    bound = {"of_workspace": wanted.workspace, "of_provider": wanted.provider}
    rows = await db.rows(_LISTED, **bound, most=most, left_out=left_out)
    counted = await db.row(_COUNTED, **bound)
    return [_key(row) for row in rows], counted["keys"] if counted else 0


async def sealed_key(db: Database, key_id: str) -> SealedKey | None:
    row = await db.row(_SEALED_ONE, key_id=key_id)
    if row is None:
        return None
    return SealedKey(
        id=row["id"], provider=row["provider"], sealed=row["sealed"], is_enabled=row["disabled_at"] is None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """What came of sealing everything under the present root secret."""

    count: int
    """How many were sealed under another one."""
    broken: Mapping[str, str]
    """Why those that stay as they are cannot be opened, by id."""


def reseal(unit: Unit, vault: Vault) -> Resealed:
    """Seals under the present root secret what is sealed under an earlier one."""
    count, broken = 0, {}
    for row in unit.rows(_SEALED):
        if vault.is_present(row["sealed"]):
            continue
        try:
            unit.execute(
                _SEAL, key_id=row["id"], sealed_as=vault.seal(vault.open(row["sealed"], row["id"]), row["id"])
            )
            count += 1
        except SealBroken as error:
            broken[row["id"]] = str(error)
    return Resealed(count=count, broken=broken)


class VendorKeys:
    """What each workspace has brought, for those who route: a second old at most, in every process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[WorkspaceId, tuple[float, tuple[VendorKey, ...]]] = {}

    async def of(self, workspace: WorkspaceId) -> tuple[VendorKey, ...]:
        """Those that are enabled, by provider, in the order in which they are tried."""
        known, now = self._known.get(workspace), self._clock.now()
        if known is not None and 0 <= now - known[0] < _CACHE_SECONDS:
            return known[1]
        found = tuple(_key(row) for row in await self._db.rows(_ENABLED, of_workspace=workspace))
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[workspace] = (now, found)
        return found

    def forget(self, workspace: WorkspaceId) -> None:
        """One of them has changed."""
        self._known.pop(workspace, None)


def _values(key: VendorKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "label": key.label,
        "allowed_models": None if key.models is None else json.dumps(key.models),
        "allowed_keys": None if key.keys is None else json.dumps(key.keys),
        "position": key.position,
        "is_fallback": int(key.is_fallback),
        "is_required": int(key.is_required),
        "is_byok_only": int(key.is_byok_only),
        "disabled_at": key.disabled_at,
        "updated_at": key.updated_at,
    }


def _key(row: Row) -> VendorKey:
    return VendorKey(
        id=row["id"],
        workspace=row["workspace"],
        provider=row["provider"],
        name=row["name"],
        label=row["label"],
        models=_listed(row["allowed_models"]),
        keys=_listed(row["allowed_keys"]),
        position=row["position"],
        is_fallback=bool(row["is_fallback"]),
        is_required=bool(row["is_required"]),
        is_byok_only=bool(row["is_byok_only"]),
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _listed(text: str | None) -> tuple[Any, ...] | None:
    return None if text is None else tuple(json.loads(text))
