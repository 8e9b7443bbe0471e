"""What became of a job, and what a key has spent. Parse, one call, render."""

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.keys import Caller
from reelrouter.api import record_views
from reelrouter.api.auth import anyone_of, caller_of
from reelrouter.api.models import PRIVATE
from reelrouter.api.queries import GenerationQuery, read_query
from reelrouter.api.rendering import Json, mode_headers
from reelrouter.api.videos import Edge


class Records:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def generation(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        query = read_query(GenerationQuery, request)
        found = await self._edge.gateway.records.generation(caller, query.id)
        return Json({"data": record_views.generation_view(found)}, headers={**PRIVATE, **mode_headers(caller)})

    async def key(self, request: Request) -> Response:
        who = await anyone_of(request, self._edge.keys)
        account = await self._edge.gateway.records.key(who)
        mode = mode_headers(who) if isinstance(who, Caller) else {}
        return Json({"data": record_views.key_view(account)}, headers={**PRIVATE, **mode})
