"""Workspaces, for management keys. Parse, one call, render."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.keys import Manager
from reelrouter.api.auth import manager_of
from reelrouter.api.body import read_json
from reelrouter.api.management_schemas import (
    CreateWorkspaceBody,
    UpdateWorkspaceBody,
    read_body,
    workspace_wish,
)
from reelrouter.api.management_views import workspace_view
from reelrouter.api.models import PRIVATE
from reelrouter.api.queries import WorkspacesQuery, read_query
from reelrouter.api.rendering import Json, warning_headers
from reelrouter.api.videos import Edge
from reelrouter.gateway.workspaces import GovernedWorkspace, WorkspaceAdmin


class Workspaces:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def list_all(self, request: Request) -> Response:
        await self._manager(request)
        query = read_query(WorkspacesQuery, request)
        page = await self._admin.list_page(query.offset, query.limit)
        rows = [workspace_view(one) for one in page.workspaces]
        return Json({"data": rows, "total_count": page.total}, headers=PRIVATE)

    async def create(self, request: Request) -> Response:
        manager = await self._manager(request)
        shape, warnings = read_body(CreateWorkspaceBody, await read_json(request, self._edge.max_body))
        return _answer(await self._admin.create(manager, shape.slug, workspace_wish(shape)), warnings, 201)

    async def show(self, request: Request) -> Response:
        await self._manager(request)
        return _answer(await self._admin.get(request.path_params["ref"]))

    async def update(self, request: Request) -> Response:
        manager = await self._manager(request)
        shape, warnings = read_body(UpdateWorkspaceBody, await read_json(request, self._edge.max_body))
        updated = await self._admin.update(manager, request.path_params["ref"], workspace_wish(shape))
        return _answer(updated, warnings)

    async def rotate_links(self, request: Request) -> Response:
        manager = await self._manager(request)
        return _answer(await self._admin.rotate_links(manager, request.path_params["ref"]))

    async def delete(self, request: Request) -> Response:
        manager = await self._manager(request)
        await self._admin.delete(manager, request.path_params["ref"])
        return Json({"deleted": True}, headers=PRIVATE)

    @property
    def _admin(self) -> WorkspaceAdmin:
        return self._edge.gateway.workspaces

    async def _manager(self, request: Request) -> Manager:
        return await manager_of(request, self._edge.keys)


def _answer(governed: GovernedWorkspace, warnings: Sequence[str] = (), status: int = 200) -> Response:
    warnings = [*warnings, *governed.warnings]
    shown: dict[str, Any] = {"data": workspace_view(governed)}
    if warnings:
        shown["warnings"] = list(warnings)
    return Json(shown, status, {**PRIVATE, **warning_headers(warnings)})
