"""The table of routes: read this first. Each row is a method, an address, a handler and what it may answer."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reelrouter import errors
from reelrouter.api import problems, responses
from reelrouter.api.content import Content
from reelrouter.api.health import Check, Health
from reelrouter.api.models import Models
from reelrouter.api.row import Row
from reelrouter.api.schemas import VideoBody
from reelrouter.api.videos import Edge, Videos

BASE = "/api/v1"


def table(edge: Edge, checks: Mapping[str, Check]) -> Sequence[Row]:
    videos, content, models, health = Videos(edge), Content(edge), Models(edge), Health(checks)
    one = f"{BASE}/videos/{{job_id}}"
    return (
        Row(
            method="POST", path=f"{BASE}/videos", handler=videos.create, operation="createVideos",
            summary="Submit a video job", status=202, answer=responses.PlacedJob, body=VideoBody,
            errors=(400, 401, 402, 403, 404, 413, 429, 500, 503),
        ),
        Row(
            method="GET", path=f"{BASE}/videos", handler=videos.list_all, operation="listVideos",
            summary="List jobs, newest first", status=200, answer=responses.JobList,
            errors=(400, 401, 500), query=("limit", "cursor"),
        ),
        Row(
            method="GET", path=f"{BASE}/videos/models", handler=models.list_all, operation="listVideosModels",
            summary="List the models and what they can do", status=200, answer=responses.ModelList,
            errors=(500,), key=False,
        ),
        Row(
            method="GET", path=one, handler=videos.show, operation="getVideos",
            summary="Ask how a job is doing", status=200, answer=responses.VideoJob, errors=(401, 404, 500),
        ),
        Row(
            method="DELETE", path=one, handler=videos.delete, operation="deleteVideos",
            summary="Delete an ended job and its files", status=204, answer=None, errors=(401, 404, 409, 500),
        ),
        Row(
            method="POST", path=f"{one}/cancel", handler=videos.cancel, operation="cancelVideos",
            summary="Cancel a job", status=200, answer=responses.CancelledJob, errors=(401, 404, 409, 500),
        ),
        Row(
            method="HEAD", path=f"{one}/content", handler=content.download, operation="headVideosContent",
            summary="Ask for the size and the type of a video", status=200, answer=None,
            errors=(400, 401, 403, 404, 409, 410, 416, 500, 502),
            query=("index", "variant", "expires", "signature"),
        ),
        Row(
            method="GET", path=f"{one}/content", handler=content.download,
            operation="listVideosContent", summary="Download a video, whole or in parts", status=200, answer=None,
            errors=(400, 401, 403, 404, 409, 410, 416, 500, 502),
            query=("index", "variant", "expires", "signature"),
        ),
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


def build_app(edge: Edge, checks: Mapping[str, Check], version: str) -> Starlette:
    """The ASGI application. What its handlers use is opened and closed by whoever builds it."""
    rows = table(edge, checks)
    app = Starlette(
        routes=[
            *(Route(row.path, row.handler, methods=[row.method]) for row in rows),
            Route("/openapi.json", Document(rows, version).show, methods=["GET"]),
        ],
        exception_handlers={
            errors.ReelRouterError: problems.on_known_error,
            HTTPException: problems.on_http_error,
            Exception: problems.on_unknown_error,
        },
    )
    app.router.redirect_slashes = False  # a redirect would repeat whatever Host the caller claims
    return app


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
