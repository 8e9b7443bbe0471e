"""The table of routes: read this first. Each row is a method, an address, a handler and what it may answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reelrouter import errors
from reelrouter.api import problems, responses
from reelrouter.api.content import Content
from reelrouter.api.health import Check, Health
from reelrouter.api.models import Models
from reelrouter.api.openapi import body_reference, document
from reelrouter.api.schemas import VideoBody
from reelrouter.api.videos import Edge, Videos
from reelrouter.storage.links import Variant

BASE = "/api/v1"

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    method: str
    path: str
    handler: Handler
    operation: str
    summary: str
    status: int
    answer: type[BaseModel] | None
    errors: tuple[int, ...]
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    key: bool = True


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


def build_app(edge: Edge, checks: Mapping[str, Check], version: str) -> FastAPI:
    """The ASGI application. `lifespan` belongs to whoever opened what the handlers use."""
    app = FastAPI(
        title="ReelRouter",
        version=version,
        summary="One asynchronous API in front of every video model.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever Host the caller claims
        exception_handlers={
            errors.ReelRouterError: problems.on_known_error,
            HTTPException: problems.on_http_error,
            Exception: problems.on_unknown_error,
        },
    )
    rows = table(edge, checks)
    for row in rows:
        _add(app, row)
    app.openapi = partial(document, app, [row.body for row in rows if row.body])  # type: ignore[method-assign]
    return app


def _add(app: FastAPI, row: Row) -> None:
    success: dict[str, Any] = {"model": row.answer} if row.answer else _plain_success(row)
    app.add_api_route(
        row.path,
        row.handler,
        methods=[row.method],
        operation_id=row.operation,
        summary=row.summary,
        status_code=row.status,
        response_class=Response,
        response_model=None,
        responses={row.status: success, **dict.fromkeys(row.errors, _ERROR), **_also(row)},
        openapi_extra=_extra(row),
    )


_ERROR: dict[str, Any] = {"model": responses.ErrorEnvelope}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_VIDEO = {"video/mp4": _BYTES, "image/jpeg": _BYTES}
_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
    "cursor": {"schema": {"type": "string"}, "description": "`next_cursor` of the page before."},
    "index": {"schema": {"type": "integer", "minimum": 0, "default": 0}, "description": "Which of the videos."},
    "variant": {
        "schema": {"type": "string", "enum": list(get_args(Variant)), "default": "video"},
        "description": "The video, a still of it, or a sheet of small stills.",
    },
    "expires": {"schema": {"type": "integer"}, "description": "Part of a signed address."},
    "signature": {"schema": {"type": "string"}, "description": "Part of a signed address; replaces the key."},
}


def _plain_success(row: Row) -> dict[str, Any]:
    if row.status == 204:
        return {"description": "Deleted."}
    return {"description": "The video.", "content": _VIDEO}


def _also(row: Row) -> dict[int | str, dict[str, Any]]:
    """Answers that are neither success nor error."""
    if row.path.endswith("/content"):
        return {206: {"description": "A part of it.", "content": _VIDEO}, 304: {"description": "Not changed."}}
    if row.operation == "readyz":
        return {503: {"model": responses.Health}}
    return {}


def _extra(row: Row) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "parameters": [
            *({"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}},)
            * ("{" in row.path),
            *({"name": name, "in": "query", "required": False, **_QUERY[name]} for name in row.query),
        ],
        "security": [{"key": []}] if row.key else [],
    }
    if row.body is not None:
        extra["requestBody"] = body_reference(row.body)
    return extra
