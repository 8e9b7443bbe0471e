"""The videos resource: submit, estimate, look, list, cancel, delete. Parse, one call, render."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.keys import Caller, KeyRing
from reelrouter.api import queries, twins, views
from reelrouter.api.addresses import Addresses
from reelrouter.api.auth import caller_of
from reelrouter.api.body import read_json
from reelrouter.api.metrics import Exposition
from reelrouter.api.queries import read_query
from reelrouter.api.rendering import Json, job_headers, mode_headers
from reelrouter.api.requests import Count
from reelrouter.api.schemas import parse
from reelrouter.brand import Brand
from reelrouter.catalogue.request import VideoRequest
from reelrouter.gateway.answers import JobAnswer
from reelrouter.gateway.door import Gateway
from reelrouter.gateway.stations import ClientGone, Visit
from reelrouter.jobs.idempotency import Once, fingerprint_of
from reelrouter.observe.events import Emit
from reelrouter.observe.traces import NoTraces, Traces, present


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What every handler needs beside the request."""

    gateway: Gateway
    keys: KeyRing
    addresses: Addresses
    brand: Brand
    max_body: int
    exposition: Exposition = field(default_factory=Exposition)
    count_request: Count = lambda _route, _method, _status, _seconds: None
    emit: Emit = lambda _event: None
    traces: Traces = field(default_factory=NoTraces)


class Videos:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def create(self, request: Request) -> Response:
        caller = await self._caller(request)
        seconds = twins.wait_seconds(request.headers)
        body = await read_json(request, self._edge.max_body)
        try:
            with twins.named_as_sent(body, request.headers):
                wish, visit = await self._wish(request, body)
                placed = await self._edge.gateway.submissions.submit(caller, wish, visit)
        except ClientGone:
            return Response(status_code=499)
        more = {"Idempotent_Replayed": "true"} if placed.replayed else {}
        if seconds is None:
            return _answer(caller, placed.job, views.placed_view(placed.job), 202, **more)
        waited = await self._edge.gateway.jobs.wait(caller, placed.job.view.id, seconds, request.is_disconnected)
        return _answer(caller, waited, views.job_view(waited), 202, Preference_Applied=f"wait={seconds}", **more)

    async def estimate(self, request: Request) -> Response:
        caller = await self._caller(request)
        body = await read_json(request, self._edge.max_body)
        with twins.named_as_sent(body, request.headers):
            wish, visit = await self._wish(request, body)
            estimate = await self._edge.gateway.submissions.estimate(caller, wish, visit)
        return Json(views.estimate_view(estimate), headers=mode_headers(caller))

    async def show(self, request: Request) -> Response:
        caller = await self._caller(request)
        job = await self._edge.gateway.jobs.get(caller, request.path_params["job_id"])
        return _answer(caller, job, views.job_view(job))

    async def list_all(self, request: Request) -> Response:
        caller = await self._caller(request)
        query = read_query(queries.JobsQuery, request)
        page = await self._edge.gateway.jobs.list_jobs(
            caller, queries.job_filter(query), query.limit, query.cursor
        )
        shown: dict[str, Any] = {
            "data": [views.job_view(job) for job in page.jobs],
            "has_more": page.next_cursor is not None,
        }
        if page.next_cursor is not None:
            shown["next_cursor"] = page.next_cursor
        return Json(shown, headers=mode_headers(caller))

    async def cancel(self, request: Request) -> Response:
        caller = await self._caller(request)
        job, outcome = await self._edge.gateway.jobs.cancel(caller, request.path_params["job_id"])
        return _answer(caller, job, {**views.job_view(job), "cancel": outcome})

    async def delete(self, request: Request) -> Response:
        caller = await self._caller(request)
        await self._edge.gateway.jobs.delete(caller, request.path_params["job_id"])
        return Response(status_code=204, headers=mode_headers(caller))

    async def _caller(self, request: Request) -> Caller:
        return await caller_of(request, self._edge.keys)

    async def _wish(self, request: Request, body: object) -> tuple[VideoRequest, Visit]:
        """What is asked for, and how it came in: of the body and the headers that stand for parts of it."""
        key = twins.idempotency_key(request.headers)
        body = twins.with_twins(body, request.headers)
        wish = parse(body, request.headers, self._edge.brand)
        visit = Visit(
            base_url=self._edge.addresses.base(request),
            via=request.headers.get("X-ReelRouter-Via"),
            is_gone=request.is_disconnected,
            traceparent=place.traceparent if (place := present.get()) else None,
            once=Once(key=key, fingerprint=await asyncio.to_thread(fingerprint_of, body)) if key else None,
        )
        return wish, visit


def _answer(caller: Caller, job: JobAnswer, shown: Mapping[str, Any], status: int = 200, **more: str) -> Json:
    """`more` are further headers, with underscores for hyphens."""
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    return Json(shown, status, job_headers(caller, job.view) | extra)
