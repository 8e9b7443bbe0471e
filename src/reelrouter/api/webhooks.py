"""Webhook deliveries, and the secrets that they are signed with. Parse, one call, render."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.api.auth import caller_of, manager_of
from reelrouter.api.models import PRIVATE
from reelrouter.api.queries import DeliveriesQuery, read_query
from reelrouter.api.rendering import Json, mode_headers
from reelrouter.api.videos import Edge
from reelrouter.api.webhook_bodies import WebhookSecretBody, WebhookTestBody, read_body
from reelrouter.api.webhook_views import delivery_view, made_view, secret_view, story_view
from reelrouter.gateway.deliveries import Asked
from reelrouter.gateway.signing import DEFAULT_OVERLAP


class Webhooks:
    """For ordinary keys."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def list_all(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        query = read_query(DeliveriesQuery, request)
        asked = Asked(job_id=query.job_id, state=query.status)
        page = await self._edge.gateway.deliveries.list_all(caller, asked, query.limit, query.cursor)
        shown: dict[str, Any] = {
            "data": [delivery_view(one) for one in page.deliveries],
            "has_more": page.next_cursor is not None,
        }
        if page.next_cursor is not None:
            shown["next_cursor"] = page.next_cursor
        return Json(shown, headers={**PRIVATE, **mode_headers(caller)})

    async def show(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        story = await self._edge.gateway.deliveries.get(caller, request.path_params["delivery_id"])
        shown = story_view(story, self._edge.brand.title)
        return Json(shown, headers={**PRIVATE, **mode_headers(caller)})

    async def replay(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        story = await self._edge.gateway.deliveries.replay(caller, request.path_params["delivery_id"])
        return Json(story_view(story, self._edge.brand.title), 202, mode_headers(caller))

    async def test(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        body = await read_body(WebhookTestBody, request, self._edge.max_body)
        base_url = self._edge.addresses.base(request)
        story = await self._edge.gateway.deliveries.test(caller, body.url, base_url)
        return Json(story_view(story, self._edge.brand.title), 202, mode_headers(caller))


class WebhookSecrets:
    """For management keys."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def rotate(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        body = await read_body(WebhookSecretBody, request, self._edge.max_body)
        keep_for = DEFAULT_OVERLAP if body.keep_for is None else body.keep_for
        made = await self._edge.gateway.signing.rotate(request.path_params["ref"], keep_for)
        return Json(made_view(made), 201, {"Cache-Control": "no-store"})

    async def list_all(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        found = await self._edge.gateway.signing.list_all(request.path_params["ref"])
        return Json({"data": [secret_view(one) for one in found]}, headers=PRIVATE)

    async def revoke(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        await self._edge.gateway.signing.revoke(request.path_params["ref"], request.path_params["secret_id"])
        return Response(status_code=204)
