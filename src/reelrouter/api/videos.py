"""The videos resource: submit, look, list, cancel, delete. Parse, one call, render."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reelrouter.accounts.keys import Caller, KeyRing
from reelrouter.api import views
from reelrouter.api.addresses import Addresses
from reelrouter.api.auth import caller_of
from reelrouter.api.body import read_json
from reelrouter.api.schemas import parse
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway import ClientGone, Gateway, Visit

_MOST_LISTED, _LISTED = 100, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What every handler needs beside the request."""

    gateway: Gateway
    keys: KeyRing
    addresses: Addresses
    max_body: int


class Videos:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def create(self, request: Request) -> Response:
        caller = await self._caller(request)
        wish = parse(await read_json(request, self._edge.max_body), request.headers)
        visit = Visit(base_url=self._edge.addresses.base(request), is_gone=request.is_disconnected)
        try:
            placed = await self._edge.gateway.submit(caller, wish, visit)
        except ClientGone:
            return Response(status_code=499)
        return _answer(caller, views.placed_view(placed), 202)

    async def show(self, request: Request) -> Response:
        caller = await self._caller(request)
        job = await self._edge.gateway.get(caller, request.path_params["job_id"])
        return _answer(caller, views.job_view(job))

    async def list_all(self, request: Request) -> Response:
        caller = await self._caller(request)
        query = request.query_params
        page = await self._edge.gateway.list_jobs(caller, _limit(query.get("limit")), query.get("cursor"))
        shown = {"data": [views.job_view(job) for job in page.jobs], "has_more": page.next_cursor is not None}
        if page.next_cursor is not None:
            shown["next_cursor"] = page.next_cursor
        return _answer(caller, shown)

    async def cancel(self, request: Request) -> Response:
        caller = await self._caller(request)
        job, outcome = await self._edge.gateway.cancel(caller, request.path_params["job_id"])
        return _answer(caller, {**views.job_view(job), "cancel": outcome})

    async def delete(self, request: Request) -> Response:
        caller = await self._caller(request)
        await self._edge.gateway.delete(caller, request.path_params["job_id"])
        return Response(status_code=204)

    async def _caller(self, request: Request) -> Caller:
        return await caller_of(request, self._edge.keys)


def _answer(caller: Caller, shown: object, status: int = 200) -> JSONResponse:
    headers = {"X-ReelRouter-Mode": "test"} if caller.mode == "test" else None
    return JSONResponse(shown, status, headers)


def _limit(text: str | None) -> int:
    if text is None:
        return _LISTED
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_LISTED:
        raise InvalidRequest([Problem("limit", f"limit must be an integer from 1 to {_MOST_LISTED}")])
    return int(text)
