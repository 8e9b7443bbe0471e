"""Workspaces: whose jobs, files and links are whose."""

import base64
import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, or_, select

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import budgets, workspaces
from reelrouter.ids import WorkspaceId, new_id

DEFAULT_SLUG = "default"
_CACHE_SECONDS = 1.0

_BY_SLUG = select(workspaces).where(workspaces.c.slug == bindparam("slug"))
_BY_ID = select(workspaces).where(workspaces.c.id == bindparam("workspace"))
_FOUND = select(workspaces).where(
    or_(workspaces.c.id == bindparam("ref"), workspaces.c.slug == bindparam("ref")),
    workspaces.c.deleted_at.is_(None),
)
_INSERT = insert_of(workspaces, "id", "slug", "name", "link_secret", "created_at")
_INSERT_BUDGET = insert(budgets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    id: WorkspaceId
    slug: str
    name: str
    link_secret: bytes
    """Signs the workspace's download links."""


def ensure_default(unit: Unit, now: float) -> tuple[WorkspaceId, bool]:
    """The default workspace's id, and whether it was made just now: the sign of a first start."""
    row = unit.row(_BY_SLUG, slug=DEFAULT_SLUG)
    if row is not None:
        return row["id"], False
    return create(unit, DEFAULT_SLUG, "Default workspace", now), True


def create(unit: Unit, slug: str, name: str, now: float) -> WorkspaceId:
    """A workspace with a budget of its own for each mode, without a limit."""
    workspace = WorkspaceId(new_id("ws"))
    link_secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    unit.execute(
        _INSERT, id=workspace, slug=slug, name=name, link_secret=link_secret, created_at=milliseconds(now)
    )
    for mode in ("live", "test"):
        unit.execute(_INSERT_BUDGET, workspace=workspace, mode=mode, amount=None, held=0, settled=0)
    return workspace


async def get(db: Database, workspace: WorkspaceId) -> Workspace:
    row = await db.row(_BY_ID, workspace=workspace)
    if row is None:
        raise LookupError(f"no workspace {workspace}")
    return _workspace_of(row)


async def find(db: Database, ref: str) -> Workspace | None:
    """By id or slug; None for one that there is not, or not any more."""
    row = await db.row(_FOUND, ref=ref)
    return _workspace_of(row) if row else None


class Workspaces:
    """Looks workspaces up, and remembers them for a second: a rotated link secret bites that soon everywhere."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, tuple[float, Workspace]] = {}

    async def get(self, workspace: WorkspaceId) -> Workspace:
        cached = self._known.get(workspace)
        now = self._clock.now()
        if cached and 0 <= now - cached[0] < _CACHE_SECONDS:
            return cached[1]
        found = await get(self._db, workspace)
        self._known[workspace] = (now, found)
        return found


def _workspace_of(row: Row) -> Workspace:
    return Workspace(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        link_secret=base64.urlsafe_b64decode(row["link_secret"]),
    )
