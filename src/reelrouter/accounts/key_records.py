"""API keys as those who govern them see and change them; who a key is for is looked up in `keys`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, or_, select, update

from reelrouter.accounts.keys import KeyRecord, key_record
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import api_keys
from reelrouter.ids import WorkspaceId

_IS = api_keys.c.id == bindparam("key_id")
_LIVING = api_keys.c.deleted_at.is_(None)
_BY_ID = select(api_keys).where(_IS, _LIVING)
_CHANGEABLE = ("workspace", "name", "strict", "concurrency", "rate", "expires_at", "disabled_at", "updated_at")
_SAVE = update(api_keys).where(_IS, _LIVING).values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
_DELETE = update(api_keys).where(_IS, _LIVING).values(deleted_at=bindparam("at"))
_DELETE_ALL = (
    update(api_keys)
    .where(api_keys.c.workspace == bindparam("of_workspace"), _LIVING)
    .values(deleted_at=bindparam("at"))
)
_MEANT = (
    _LIVING,
    or_(bindparam("with_disabled", type_=Integer) == 1, api_keys.c.disabled_at.is_(None)),
    or_(
        bindparam("with_expired", type_=Integer) == 1,
        api_keys.c.expires_at.is_(None),
        api_keys.c.expires_at > bindparam("at"),
    ),
)
_IN_WORKSPACE = (*_MEANT, api_keys.c.workspace == bindparam("of_workspace"))


def _page(*where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(api_keys)
        .where(*where)
        .order_by(api_keys.c.created_at, api_keys.c.id)
        .limit(bindparam("most"))
        .offset(bindparam("skipped"))
    )


def _count(*where: ColumnElement[bool]) -> Select[Any]:
    return select(func.count().label("total")).select_from(api_keys).where(*where)


_PAGE, _PAGE_OF_WORKSPACE = _page(*_MEANT), _page(*_IN_WORKSPACE)
_COUNT, _COUNT_OF_WORKSPACE = _count(*_MEANT), _count(*_IN_WORKSPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """Which keys are meant, and which of those are to be shown."""

    workspace: WorkspaceId | None = None
    """None is every workspace."""
    include_disabled: bool = True
    include_expired: bool = True
    offset: int = 0
    limit: int


def read(unit: Unit, key_id: str) -> KeyRecord | None:
    """None for one that is deleted, too."""
    row = unit.row(_BY_ID, key_id=key_id)
    return None if row is None else key_record(row)


def save(unit: Unit, key: KeyRecord) -> None:
    """Writes all that can change of a key; in every process it bites within a second."""
    unit.execute(
        _SAVE,
        key_id=key.id,
        new_workspace=key.workspace,
        new_name=key.name,
        new_strict=int(key.strict),
        new_concurrency=key.concurrency,
        new_rate=key.rate,
        new_expires_at=key.expires_at,
        new_disabled_at=key.disabled_at,
        new_updated_at=key.updated_at,
    )


def delete(unit: Unit, key_id: str, now: float) -> bool:
    """False if there is no such key. What it has spent stays in the books."""
    return unit.execute(_DELETE, key_id=key_id, at=milliseconds(now)) == 1


def delete_of_workspace(unit: Unit, workspace: WorkspaceId, now: float) -> None:
    unit.execute(_DELETE_ALL, of_workspace=workspace, at=milliseconds(now))


async def find(db: Database, key_id: str) -> KeyRecord | None:
    """None for one that is deleted, too."""
    row = await db.row(_BY_ID, key_id=key_id)
    return None if row is None else key_record(row)


async def list_page(db: Database, page: KeyPage, now: float) -> list[KeyRecord]:
    """The oldest first, so that pages stay what they were while others are made."""
    statement = _PAGE if page.workspace is None else _PAGE_OF_WORKSPACE
    return [
        key_record(row)
        for row in await db.rows(statement, **_values(page, now), most=page.limit, skipped=page.offset)
    ]


async def count(db: Database, page: KeyPage, now: float) -> int:
    """How many are meant, on this page and the others."""
    row = await db.row(_COUNT if page.workspace is None else _COUNT_OF_WORKSPACE, **_values(page, now))
    return 0 if row is None else int(row["total"])


def _values(page: KeyPage, now: float) -> dict[str, object]:
    of_workspace = {} if page.workspace is None else {"of_workspace": page.workspace}
    return {
        "with_disabled": int(page.include_disabled),
        "with_expired": int(page.include_expired),
        "at": milliseconds(now),
        **of_workspace,
    }
