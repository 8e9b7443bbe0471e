"""Governing workspaces: make, look up, change, delete. For managers alone; the door sees to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from reelrouter import net
from reelrouter.accounts import key_records, limits, vendor_keys, workspaces
from reelrouter.accounts.keys import Manager
from reelrouter.accounts.workspaces import ProviderSort, Workspace
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.errors import Conflict, InvalidRequest, NotFound, Problem
from reelrouter.gateway.management import Bounds, Office
from reelrouter.jobs import concurrency
from reelrouter.observe.events import Governed


class WorkspaceWish(TypedDict, total=False):
    """What is to be: what is absent stays as it is, and None is no rule."""

    slug: str
    name: str
    description: str | None
    callback_url: str | None
    zdr: bool
    strict: bool
    retention: int | None
    allowed_models: tuple[str, ...] | None
    allowed_providers: tuple[str, ...] | None
    provider_sort: ProviderSort | None
    concurrency: int | None
    rate: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernedWorkspace:
    """A workspace as a manager sees it."""

    workspace: Workspace
    include_byok: bool
    """Whether a limit on its spending counts jobs on its own vendor keys, too."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePage:
    workspaces: tuple[GovernedWorkspace, ...]
    total: int


class WorkspaceAdmin:
    def __init__(self, office: Office) -> None:
        self._at = office

    async def create(self, by: Manager, slug: str, wish: WorkspaceWish) -> GovernedWorkspace:
        """`wish` has a name. Raises `InvalidRequest` for a slug that is taken, or rules that cannot be kept."""
        rules = _checked(wish, self._at)
        now = self._at.clock.now()

        def make(unit: Unit) -> Workspace:
            _refuse_taken(unit, slug)
            workspaces.create(unit, slug, wish["name"], now)
            made = replace(_read(unit, slug), **rules)
            workspaces.save(unit, made)
            return made

        made = await self._at.db.write(make)
        self._at.emit(Governed(by=by.key_id, action="created", subject=made.id))
        return await self._governed(made, _warnings(wish, self._at.bounds))

    async def get(self, ref: str) -> GovernedWorkspace:
        """By id or slug. Raises `NotFound`, for a deleted one too."""
        found = await workspaces.find(self._at.db, ref)
        if found is None:
            raise _unknown(ref)
        return await self._governed(found)

    async def list_page(self, offset: int, limit: int) -> WorkspacePage:
        """The oldest first."""
        found = await workspaces.list_page(self._at.db, offset, limit)
        counting = await self._counting_byok([one.id for one in found])
        return WorkspacePage(
            workspaces=tuple(GovernedWorkspace(workspace=one, include_byok=one.id in counting) for one in found),
            total=await workspaces.count(self._at.db),
        )

    async def update(self, by: Manager, ref: str, wish: WorkspaceWish) -> GovernedWorkspace:
        """Jobs that were placed before keep the rules that they were placed under."""
        rules = _checked(wish, self._at)
        now_ms = milliseconds(self._at.clock.now())

        def change(unit: Unit) -> Workspace:
            before = _read(unit, ref)
            changed = replace(before, **rules, updated_at=now_ms)
            if changed.slug != before.slug:
                _refuse_moving_default(before)
                _refuse_taken(unit, changed.slug)
            workspaces.save(unit, changed)
            return changed

        changed = await self._at.db.write(change)
        self._at.emit(Governed(by=by.key_id, action="updated", subject=changed.id))
        return await self._governed(changed, _warnings(wish, self._at.bounds))

    async def rotate_links(self, by: Manager, ref: str) -> GovernedWorkspace:
        """Every signed link to the workspace's videos stops working within a second; polls give new ones."""
        now = self._at.clock.now()

        def rotate(unit: Unit) -> Workspace:
            found = _read(unit, ref)
            workspaces.rotate_links(unit, found.id, now)
            return _read(unit, found.id)

        rotated = await self._at.db.write(rotate)
        self._at.emit(Governed(by=by.key_id, action="links rotated", subject=rotated.id))
        return await self._governed(rotated)

    async def delete(self, by: Manager, ref: str) -> None:
        """Its keys and links stop working within a second, and the vendor keys that it brought are erased.

        Its files go when their retention ends, and webhooks that wait are still sent.

        Raises `Conflict` while a live job of it is unfinished, and for the default workspace.
        """
        now = self._at.clock.now()

        def remove(unit: Unit) -> Workspace:
            found = _read(unit, ref)
            _refuse_in_use(unit, found)
            workspaces.delete(unit, found.id, now)
            key_records.delete_of_workspace(unit, found.id, now)
            vendor_keys.remove_of_workspace(unit, found.id)
            return found

        removed = await self._at.db.write(remove)
        self._at.emit(Governed(by=by.key_id, action="deleted", subject=removed.id))

    async def _governed(self, workspace: Workspace, warnings: tuple[str, ...] = ()) -> GovernedWorkspace:
        counting = await self._counting_byok([workspace.id])
        return GovernedWorkspace(workspace=workspace, include_byok=bool(counting), warnings=warnings)

    async def _counting_byok(self, ids: Sequence[str]) -> frozenset[str]:
        found = await limits.list_limits(self._at.db, ids, self._at.clock.now())
        return frozenset(limit.subject for limit in found if limit.include_byok)


def _read(unit: Unit, ref: str) -> Workspace:
    found = workspaces.read(unit, ref)
    if found is None:
        raise _unknown(ref)
    return found


def _unknown(ref: str) -> NotFound:
    return NotFound(f"Workspace {ref} not found")


def _refuse_taken(unit: Unit, slug: str) -> None:
    if workspaces.read(unit, slug) is not None:
        raise InvalidRequest([Problem("slug", f"slug: another workspace is called {slug}")])


def _refuse_moving_default(workspace: Workspace) -> None:
    if workspace.is_default:
        message = f"slug: the default workspace keeps the slug {workspace.slug}; its name may be changed"
        raise InvalidRequest([Problem("slug", message, (workspace.slug,))])


def _refuse_in_use(unit: Unit, workspace: Workspace) -> None:
    if workspace.is_default:
        raise Conflict("The default workspace cannot be deleted: keys that name no workspace are made in it.")
    count = concurrency.count_live(unit, workspace.id)
    if count:
        jobs = "1 unfinished live job" if count == 1 else f"{count} unfinished live jobs"
        raise Conflict(
            f"Workspace {workspace.slug} has {jobs}. Cancel them, or wait for their end, and delete it then. "
            "Disable its keys, and no more will come."
        )


def _checked(wish: WorkspaceWish, at: Office) -> WorkspaceWish:
    """The wish with models by their ids. Raises `InvalidRequest` with every rule that cannot be kept."""
    problems = list(_problems(wish, at))
    if problems:
        raise InvalidRequest(problems)
    named = wish.get("allowed_models")
    if named is None:
        return wish
    found = (at.catalogue.find(name) for name in named)
    return {**wish, "allowed_models": tuple(dict.fromkeys(model.id for model in found if model is not None))}


def _problems(wish: WorkspaceWish, at: Office) -> Iterator[Problem]:
    url = wish.get("callback_url")
    wrong = None if url is None else _callback_problem(url, at.bounds)
    if wrong is not None:
        yield Problem("callback_url", f"callback_url: {wrong}")
    retention, longest = wish.get("retention"), at.bounds.longest_retention
    if retention is not None and retention > longest:
        message = (
            f"retention must be at most {longest}: this gateway keeps videos no longer (REELROUTER_RETENTION)"
        )
        yield Problem("retention", message)
    known = _providers(at.catalogue)
    for place, name in enumerate(wish.get("allowed_models") or ()):
        if at.catalogue.find(name) is None:
            yield Problem(f"allowed_models[{place}]", f"{name} is not a valid model ID")
    for place, name in enumerate(wish.get("allowed_providers") or ()):
        if name not in known:
            message = f"allowed_providers[{place}]: there is no provider {name}; there are {', '.join(known)}"
            yield Problem(f"allowed_providers[{place}]", message, known)


def _providers(catalogue: Catalogue) -> tuple[str, ...]:
    """Every name by which a request may mean an endpoint."""
    endpoints = [endpoint for model in catalogue for endpoint in model.endpoints]
    return tuple(sorted({name for endpoint in endpoints for name in (endpoint.name, endpoint.provider)}))


def _callback_problem(url: str, bounds: Bounds) -> str | None:
    return net.callback_problem(url, bounds.callbacks, allow_loopback=bounds.loopback_callbacks)


def _warnings(wish: WorkspaceWish, bounds: Bounds) -> tuple[str, ...]:
    url = wish.get("callback_url")
    if url is None or net.callback_problem(url, bounds.callbacks) is None:
        return ()
    return ("callback_url: this address is told of test jobs alone; live jobs need a public HTTPS address",)
