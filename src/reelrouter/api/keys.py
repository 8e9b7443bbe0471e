"""API keys, for management keys. Parse, one call, render."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import Manager
from reelrouter.accounts.workspaces import DEFAULT_SLUG
from reelrouter.api.auth import manager_of
from reelrouter.api.body import read_json
from reelrouter.api.management_schemas import CreateKeyBody, UpdateKeyBody, key_wish, read_body
from reelrouter.api.management_views import key_view
from reelrouter.api.models import PRIVATE
from reelrouter.api.queries import KeysQuery, read_query
from reelrouter.api.rendering import Json, warning_headers
from reelrouter.api.videos import Edge
from reelrouter.gateway.keys import GovernedKey, KeyAdmin


class Keys:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def list_all(self, request: Request) -> Response:
        """As upstream has it: of one workspace, and without those that do not work any more."""
        await self._manager(request)
        query = read_query(KeysQuery, request)
        page = KeyPage(
            include_disabled=query.include_disabled,
            include_expired=query.include_expired,
            offset=query.offset,
            limit=query.limit,
        )
        found = await self._admin.list_page(query.workspace_id or DEFAULT_SLUG, page)
        return Json({"data": [key_view(one) for one in found.keys], "total_count": found.total}, headers=PRIVATE)

    async def create(self, request: Request) -> Response:
        manager = await self._manager(request)
        shape, warnings = read_body(CreateKeyBody, await read_json(request, self._edge.max_body))
        made = await self._admin.create(manager, shape.mode, key_wish(shape))
        return _answer(made.key, warnings, 201, key=made.secret)

    async def show(self, request: Request) -> Response:
        await self._manager(request)
        return _answer(await self._admin.get(request.path_params["hash"]))

    async def update(self, request: Request) -> Response:
        manager = await self._manager(request)
        shape, warnings = read_body(UpdateKeyBody, await read_json(request, self._edge.max_body))
        return _answer(await self._admin.update(manager, request.path_params["hash"], key_wish(shape)), warnings)

    async def delete(self, request: Request) -> Response:
        manager = await self._manager(request)
        await self._admin.delete(manager, request.path_params["hash"])
        return Json({"deleted": True}, headers=PRIVATE)

    @property
    def _admin(self) -> KeyAdmin:
        return self._edge.gateway.keys

    async def _manager(self, request: Request) -> Manager:
        return await manager_of(request, self._edge.keys)


def _answer(governed: GovernedKey, warnings: Sequence[str] = (), status: int = 200, **more: str) -> Response:
    """`more` stands beside the data."""
    shown: dict[str, Any] = {"data": key_view(governed), **more}
    if warnings:
        shown["warnings"] = list(warnings)
    return Json(shown, status, {**PRIVATE, **warning_headers(warnings)})
