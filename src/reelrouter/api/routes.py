"""The table of routes: read this first. Each row is a method, an address, a handler and what it may answer."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from reelrouter import errors
from reelrouter.api import (
    byok_routes,
    headers,
    model_responses,
    money_routes,
    problems,
    queries,
    record_responses,
    responses,
)
from reelrouter.api.content import Content
from reelrouter.api.cors import Cors
from reelrouter.api.events import EVENT_STREAM, Events
from reelrouter.api.health import Health
from reelrouter.api.hooks import Hooks
from reelrouter.api.management_routes import management
from reelrouter.api.metrics import Metrics
from reelrouter.api.models import Models
from reelrouter.api.providers import Providers
from reelrouter.api.records import Records
from reelrouter.api.requests import Requests, Traced
from reelrouter.api.row import Handler, Row
from reelrouter.api.schemas import VideoBody
from reelrouter.api.videos import Edge, Videos
from reelrouter.api.webhook_routes import webhooks
from reelrouter.db.engine import DatabaseGone
from reelrouter.gateway.readiness import Check
from reelrouter.jobs import hooks

BASE = "/api/v1"


def table(edge: Edge, checks: Mapping[str, Check]) -> Sequence[Row]:
    """In the order of matching: what is asked most comes first, and `/videos/models` before `/videos/{job_id}`."""
    models = Models(edge)
    return (
        *_video_models(models),
        *_jobs(edge),
        *_contents(edge),
        *_models(models, Providers(edge)),
        *_records(edge),
        *management(edge, BASE),
        *money_routes.rows(edge, BASE),
        *byok_routes.rows(edge, BASE),
        *webhooks(edge, BASE),
        *_hooks(edge),
        *_health(checks),
        *_metrics(edge),
    )


def _jobs(edge: Edge) -> Sequence[Row]:
    videos, events = Videos(edge), Events(edge)
    one = f"{BASE}/videos/{{job_id}}"
    return (
        Row(
            method="POST", path=f"{BASE}/videos", handler=videos.create, operation="createVideos",
            summary="Submit a video job", status=202, answer=responses.SubmittedJob, body=VideoBody,
            errors=(400, 401, 402, 403, 404, 409, 413, 429, 499, 500, 503),
            headers=(*headers.TWINS, *headers.ONCE, *headers.attribution(edge.brand)),
            answer_headers=headers.PLACED, is_traced=True,
        ),
        Row(
            method="POST", path=f"{BASE}/videos/estimate", handler=videos.estimate, operation="estimateVideos",
            summary="Ask what a job would cost, and who would make it", status=200, answer=responses.Estimate,
            body=VideoBody, errors=(400, 401, 403, 404, 413, 429, 500, 503), headers=headers.TWINS,
            answer_headers=(headers.MODE,),
        ),
        Row(
            method="GET", path=f"{BASE}/videos", handler=videos.list_all, operation="listVideos",
            summary="List jobs, newest first", status=200, answer=responses.JobList,
            errors=(400, 401, 500), query=queries.JobsQuery, answer_headers=(headers.MODE,),
        ),
        Row(
            method="GET", path=one, handler=videos.show, operation="getVideos",
            summary="Ask how a job is doing", status=200, answer=responses.VideoJob, errors=(401, 404, 500),
            answer_headers=headers.JOB,
        ),
        Row(
            method="DELETE", path=one, handler=videos.delete, operation="deleteVideos",
            summary="Delete an ended job and its files", status=204, answer=None, errors=(401, 404, 409, 500),
            answer_headers=(headers.MODE,),
        ),
        Row(
            method="GET", path=f"{one}/events", handler=events.stream, operation="streamVideos",
            summary="Follow a job: an event for each change, until its end", status=200, answer=None,
            errors=(401, 404, 500), media=(EVENT_STREAM,), headers=(headers.LAST_EVENT_ID,),
            answer_headers=headers.CACHED,
        ),
        Row(
            method="POST", path=f"{one}/cancel", handler=videos.cancel, operation="cancelVideos",
            summary="Cancel a job", status=200, answer=responses.CancelledJob, errors=(401, 404, 409, 500),
            answer_headers=headers.JOB,
        ),
    )  # fmt: skip


def _contents(edge: Edge) -> Sequence[Row]:
    content = Content(edge)
    path = f"{BASE}/videos/{{job_id}}/content"
    errors_of = (400, 401, 403, 404, 409, 410, 416, 500, 502, 503)
    return (
        Row(
            method="HEAD", path=path, handler=content.download, operation="headVideosContent",
            summary="Ask for the size and the type of a video", status=200, answer=None, errors=errors_of,
            query=queries.ContentQuery, answer_headers=(*headers.FILE, *headers.CACHED),
        ),
        Row(
            method="GET", path=path, handler=content.download, operation="listVideosContent",
            summary="Download a video, whole or in parts", status=200, answer=None, errors=errors_of,
            media=("video/mp4", "image/jpeg"),
            query=queries.ContentQuery, answer_headers=(*headers.FILE, *headers.CACHED),
        ),
    )  # fmt: skip


def _video_models(models: Models) -> Sequence[Row]:
    return (
        Row(
            method="GET", path=f"{BASE}/videos/models", handler=models.list_video_models,
            operation="listVideosModels", summary="List the models and what they can do", status=200,
            answer=model_responses.VideoModelList, errors=(400, 429, 500), query=queries.VideoModelsQuery,
            answer_headers=headers.VARIED, key=False,
        ),
    )  # fmt: skip


def _models(models: Models, providers: Providers) -> Sequence[Row]:
    return (
        Row(
            method="GET", path=f"{BASE}/models", handler=models.list_all, operation="getModels",
            summary="Search the models, in the form that clients of text models know", status=200,
            answer=model_responses.ModelList, errors=(400, 500), query=queries.ModelsQuery,
            answer_headers=headers.CACHED, key=False,
        ),
        Row(
            method="GET", path=f"{BASE}/models/count", handler=models.count, operation="listModelsCount",
            summary="Count the models", status=200, answer=model_responses.ModelCount, errors=(400, 500),
            query=queries.OutputQuery, answer_headers=headers.CACHED, key=False,
        ),
        Row(
            method="GET", path=f"{BASE}/models/user", handler=models.list_usable, operation="listModelsUser",
            summary="List the models that this key can use here and now", status=200,
            answer=model_responses.ModelList, errors=(400, 401, 500), query=queries.PagedQuery,
            answer_headers=headers.OWN,
        ),
        Row(
            method="GET", path=f"{BASE}/model/{{author}}/{{slug}}", handler=models.show, operation="getModel",
            summary="Look a model up", status=200, answer=model_responses.SingleModel, errors=(404, 500),
            answer_headers=headers.CACHED, key=False,
        ),
        Row(
            method="GET", path=f"{BASE}/models/{{author}}/{{slug}}/endpoints", handler=models.list_endpoints,
            operation="listEndpoints", summary="List the places where a model's videos can be made", status=200,
            answer=model_responses.EndpointList, errors=(404, 500), answer_headers=headers.CACHED, key=False,
        ),
        Row(
            method="GET", path=f"{BASE}/providers", handler=providers.list_all, operation="listProviders",
            summary="List the providers, configured or not", status=200, answer=model_responses.ProviderList,
            errors=(500,), answer_headers=headers.CACHED, key=False,
        ),
    )  # fmt: skip


def _records(edge: Edge) -> Sequence[Row]:
    records = Records(edge)
    return (
        Row(
            method="GET", path=f"{BASE}/generation", handler=records.generation, operation="getGeneration",
            summary="Look up what became of a job, and what it cost", status=200,
            answer=record_responses.GenerationRecord, errors=(400, 401, 404, 500), query=queries.GenerationQuery,
            answer_headers=headers.OWN,
        ),
        Row(
            method="GET", path=f"{BASE}/key", handler=records.key, operation="getCurrentKey",
            summary="Look up your key, and what it has spent", status=200, answer=record_responses.CurrentKey,
            errors=(401, 500), answer_headers=headers.OWN,
        ),
    )  # fmt: skip


def _hooks(edge: Edge) -> Sequence[Row]:
    return (
        Row(
            method="POST", path=hooks.PATH, handler=Hooks(edge).receive, operation="receiveHook",
            summary="For vendors alone: tell that there is news of a job", status=204, answer=None,
            errors=(400, 401, 404, 413, 500), key=False,
        ),
    )  # fmt: skip


def _health(checks: Mapping[str, Check]) -> Sequence[Row]:
    health = Health(checks)
    return (
        Row(
            method="GET", path="/healthz", handler=health.live, operation="healthz",
            summary="Whether the process lives", status=200, answer=responses.Health, errors=(), key=False,
        ),
        Row(
            method="GET", path="/readyz", handler=health.ready, operation="readyz",
            summary="Whether jobs can be taken and made", status=200, answer=responses.Health, errors=(),
            key=False,
        ),
    )  # fmt: skip


def _metrics(edge: Edge) -> Sequence[Row]:
    return (
        Row(
            method="GET", path="/metrics", handler=Metrics(edge.exposition).show, operation="metrics",
            summary="For Prometheus: the figures of this gateway", status=200, answer=None,
            errors=(401, 403, 500), media=("text/plain",), answer_headers=headers.CACHED, key=False,
        ),
    )  # fmt: skip


def build_app(edge: Edge, checks: Mapping[str, Check], version: str) -> ASGIApp:
    """The ASGI application. What its handlers use is opened and closed by whoever builds it."""
    rows = table(edge, checks)
    app = Starlette(
        routes=[
            *_routes(rows),
            Route("/openapi.json", Document(rows, version).show, methods=["GET"]),
        ],
        middleware=[Middleware(Cors)],
        exception_handlers={
            errors.ReelRouterError: problems.on_known_error(edge.brand),
            DatabaseGone: problems.on_database_gone,
            HTTPException: problems.on_http_error,
            Exception: problems.on_unknown_error,
        },
    )
    app.router.redirect_slashes = False  # a redirect would repeat whatever Host the caller claims
    traced = frozenset((row.method, row.path) for row in rows if row.is_traced)
    return Requests(app, edge.count_request, edge.emit, Traced(edge.traces, traced))


def _routes(rows: Sequence[Row]) -> list[Route]:
    """One for each path, so that a wrong method is told of all the right ones."""
    handlers: dict[str, dict[str, Handler]] = {}
    for row in rows:
        handlers.setdefault(row.path, {})[row.method] = row.handler
    return [Route(path, _by_method(methods), methods=list(methods)) for path, methods in handlers.items()]


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    if len(handlers) == 1:
        return next(iter(handlers.values()))

    async def handle(request: Request) -> Response:
        method = request.method if request.method in handlers else "GET"  # HEAD, which goes with every GET
        return await handlers[method](request)

    return handle


class Document:
    """The OpenAPI document, made when it is first asked for."""

    def __init__(self, rows: Sequence[Row], version: str) -> None:
        self._rows = rows
        self._version = version
        self._made: dict[str, Any] | None = None

    async def show(self, request: Request) -> Response:
        if self._made is None:
            # Loaded by name: it brings FastAPI, which every start would otherwise pay for.
            openapi = importlib.import_module("reelrouter.api.openapi")
            self._made = openapi.document(self._rows, self._version)
        return JSONResponse(self._made)
