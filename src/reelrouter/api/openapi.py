"""The OpenAPI document. FastAPI derives it from the table of routes; it serves nothing.

The routes themselves are plain Starlette, since what FastAPI adds to a request costs more than a status answer.
"""

from collections.abc import Sequence
from typing import Any, get_args

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from reelrouter.api import responses
from reelrouter.api.row import Row
from reelrouter.storage.links import Variant

_REF = "#/components/schemas/{model}"
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key, as `Authorization: Bearer <key>`."}


def document(rows: Sequence[Row], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 for the rows, with the schemas of bodies too, which handlers read themselves."""
    app = FastAPI(
        title="ReelRouter", version=version, summary="One asynchronous API in front of every video model."
    )
    for row in rows:
        _add(app, row)
    described = app.openapi()
    components = described.setdefault("components", {})
    components["securitySchemes"] = {"key": _KEY}
    for body in (row.body for row in rows if row.body):
        schema = body.model_json_schema(ref_template=_REF)
        components.setdefault("schemas", {}).update(schema.pop("$defs", {}))
        components["schemas"][body.__name__] = schema
    return described


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
        extra["requestBody"] = _body_reference(row.body)
    return extra


def _body_reference(body: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=body.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}
