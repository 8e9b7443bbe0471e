"""Workspaces: whose jobs, files and links are whose, and by which rules they are made."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import bindparam, func, insert, or_, select, update

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import budgets, workspaces
from reelrouter.ids import WorkspaceId, new_id

DEFAULT_SLUG = "default"
ProviderSort = Literal["price", "latency"]
_CACHE_SECONDS = 1.0

_IS = workspaces.c.id == bindparam("workspace")
_LIVING = workspaces.c.deleted_at.is_(None)
_BY_SLUG = select(workspaces).where(workspaces.c.slug == bindparam("slug"))
_BY_ID = select(workspaces).where(_IS)
_BY_REF = select(workspaces).where(
    or_(workspaces.c.id == bindparam("ref"), workspaces.c.slug == bindparam("ref")), _LIVING
)
_PAGE = (
    select(workspaces)
    .where(_LIVING)
    .order_by(workspaces.c.created_at, workspaces.c.id)
    .limit(bindparam("most"))
    .offset(bindparam("skipped"))
)
_COUNT = select(func.count().label("total")).select_from(workspaces).where(_LIVING)
_INSERT = insert_of(workspaces, "id", "slug", "name", "link_secret", "created_at")
_INSERT_BUDGET = insert(budgets)
_RULES = (
    "slug",
    "name",
    "description",
    "callback_url",
    "zdr",
    "strict",
    "retention",
    "allowed_models",
    "allowed_providers",
    "provider_sort",
    "concurrency",
    "rate",
    "updated_at",
)
_SAVE = update(workspaces).where(_IS, _LIVING).values({name: bindparam(f"new_{name}") for name in _RULES})
_ROTATE = (
    update(workspaces).where(_IS, _LIVING).values(link_secret=bindparam("new_secret"), updated_at=bindparam("at"))
)
# Its slug becomes free: nothing but an id looks like an id.
_DELETE = (
    update(workspaces)
    .where(_IS, _LIVING)
    .values(slug=workspaces.c.id, link_secret=bindparam("new_secret"), deleted_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """None in a rule is no rule, or the gateway's own."""

    id: WorkspaceId
    slug: str
    name: str
    link_secret: bytes = field(repr=False)
    """Signs the workspace's download links."""
    description: str | None = None
    callback_url: str | None = None
    """Who is told of a job's end where a request does not say."""
    zdr: bool = False
    strict: bool = False
    retention: int | None = None
    """Seconds."""
    allowed_models: tuple[str, ...] | None = None
    allowed_providers: tuple[str, ...] | None = None
    provider_sort: ProviderSort | None = None
    concurrency: int | None = None
    """Unfinished jobs at one time."""
    rate: int | None = None
    """Requests a minute."""
    created_at: int
    """Unix milliseconds, as all times here."""
    updated_at: int | None = None

    @property
    def is_default(self) -> bool:
        """Where requests land that name no workspace. It cannot go, and keeps its slug."""
        return self.slug == DEFAULT_SLUG


def ensure_default(unit: Unit, now: float) -> tuple[WorkspaceId, bool]:
    """The default workspace's id, and whether it was made just now: the sign of a first start."""
    row = unit.row(_BY_SLUG, slug=DEFAULT_SLUG)
    if row is not None:
        return row["id"], False
    return create(unit, DEFAULT_SLUG, "Default workspace", now), True


def create(unit: Unit, slug: str, name: str, now: float) -> WorkspaceId:
    """A workspace without rules, with a budget of its own for each mode, without a limit."""
    workspace = WorkspaceId(new_id("ws"))
    unit.execute(
        _INSERT, id=workspace, slug=slug, name=name, link_secret=_new_secret(), created_at=milliseconds(now)
    )
    for mode in ("live", "test"):
        unit.execute(_INSERT_BUDGET, workspace=workspace, mode=mode, amount=None, held=0, settled=0)
    return workspace


def read(unit: Unit, ref: str) -> Workspace | None:
    """By id or slug; None for one that is deleted, too."""
    row = unit.row(_BY_REF, ref=ref)
    return None if row is None else _workspace(row)


def save(unit: Unit, workspace: Workspace) -> None:
    """Writes every rule, and the slug: no other workspace may have it."""
    unit.execute(
        _SAVE,
        workspace=workspace.id,
        new_slug=workspace.slug,
        new_name=workspace.name,
        new_description=workspace.description,
        new_callback_url=workspace.callback_url,
        new_zdr=int(workspace.zdr),
        new_strict=int(workspace.strict),
        new_retention=workspace.retention,
        new_allowed_models=_text(workspace.allowed_models),
        new_allowed_providers=_text(workspace.allowed_providers),
        new_provider_sort=workspace.provider_sort,
        new_concurrency=workspace.concurrency,
        new_rate=workspace.rate,
        new_updated_at=workspace.updated_at,
    )


def rotate_links(unit: Unit, workspace: WorkspaceId, now: float) -> None:
    """Every signed link that was handed out so far stops working within a second."""
    unit.execute(_ROTATE, workspace=workspace, new_secret=_new_secret(), at=milliseconds(now))


def delete(unit: Unit, workspace: WorkspaceId, now: float) -> None:
    """Keys and links stop working within a second; jobs, files and the ledger keep their rows."""
    unit.execute(_DELETE, workspace=workspace, new_secret=_new_secret(), at=milliseconds(now))


async def find(db: Database, ref: str) -> Workspace | None:
    """By id or slug; None for one that is deleted, too."""
    row = await db.row(_BY_REF, ref=ref)
    return None if row is None else _workspace(row)


async def list_page(db: Database, offset: int, limit: int) -> list[Workspace]:
    """The oldest first, so that pages stay what they were while others are made."""
    return [_workspace(row) for row in await db.rows(_PAGE, skipped=offset, most=limit)]


async def count(db: Database) -> int:
    row = await db.row(_COUNT)
    return 0 if row is None else int(row["total"])


async def get(db: Database, workspace: WorkspaceId) -> Workspace:
    """Deleted or not: its jobs are still there. Raises `LookupError`."""
    row = await db.row(_BY_ID, workspace=workspace)
    if row is None:
        raise LookupError(f"no workspace {workspace}")
    return _workspace(row)


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


def _workspace(row: Row) -> Workspace:
    return Workspace(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        link_secret=base64.urlsafe_b64decode(row["link_secret"]),
        description=row["description"],
        callback_url=row["callback_url"],
        zdr=bool(row["zdr"]),
        strict=bool(row["strict"]),
        retention=row["retention"],
        allowed_models=_names(row["allowed_models"]),
        allowed_providers=_names(row["allowed_providers"]),
        provider_sort=row["provider_sort"],
        concurrency=row["concurrency"],
        rate=row["rate"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def _text(names: Sequence[str] | None) -> str | None:
    return None if names is None else json.dumps(names)


def _new_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
