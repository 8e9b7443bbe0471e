"""The OpenAPI document. FastAPI derives it from the table of routes; it serves nothing.

The routes themselves are plain Starlette, since what FastAPI adds to a request costs more than a status answer.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from reelrouter.api import headers, responses
from reelrouter.api.events import EVENT_STREAM
from reelrouter.api.queries import parameters
from reelrouter.api.row import Header, Row

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
    app.add_api_route(
        row.path,
        row.handler,
        methods=[row.method],
        operation_id=row.operation,
        summary=row.summary,
        status_code=row.status,
        response_class=Response,
        response_model=None,
        responses={row.status: _success(row), **{status: _error(status) for status in _errors(row)}, **_also(row)},
        openapi_extra=_extra(row),
    )


_BYTES = {"type": "string", "format": "binary"}
_EVENT = {
    "type": "object",
    "description": "One event of the stream. The stream ends after the job has.",
    "properties": {
        "event": {"const": "job"},
        "id": {"type": "string", "description": "What a client that reconnects sends as `Last-Event-ID`."},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "What a poll answers."},
    },
    "required": ["event", "id", "data"],
}
_SCHEMAS = {EVENT_STREAM: _EVENT, "text/plain": {"type": "string"}}
_PATH = {
    "ref": "A workspace's id or its slug.",
    "interval": "How long a budget lasts: daily, weekly, monthly, or lifetime for one that never starts anew.",
    "job_id": "A job's id.",
    "attempt_key": "The attempt at making a job that there is news of.",
    "token": "What shows that the address was handed out by this gateway.",
    "vendor_key_id": "The id of a vendor key.",
    "author": "The first part of a model's id, before the slash.",
    "secret_id": "A webhook secret's id.",
    "delivery_id": "A webhook delivery's id.",
    "hash": "A key's id, which answers call its hash.",
    "slug": "The second part of a model's id, of its dated slug or of an alias.",
}


def _success(row: Row) -> dict[str, Any]:
    answered: dict[str, Any] = _plain_success(row)
    if row.answer:
        answered = {"model": row.answer, **({"content": answered["content"]} if row.media else {})}
    return answered | _answered_with(row.answer_headers)


def _plain_success(row: Row) -> dict[str, Any]:
    if row.status == 204:
        return {"description": "Deleted." if row.method == "DELETE" else "Taken."}
    media = () if row.method == "HEAD" else row.media
    content = {kind: {"schema": _SCHEMAS.get(kind, _BYTES)} for kind in media}
    return {"description": row.summary} | ({"content": content} if content else {})


def _errors(row: Row) -> Sequence[int]:
    """Whatever takes a key may be asked too often with it."""
    return sorted({*row.errors, 429}) if row.key else row.errors


def _error(status: int) -> dict[str, Any]:
    return {"model": responses.ErrorEnvelope} | _answered_with(headers.OF_ERRORS.get(status, ()))


def _also(row: Row) -> dict[int | str, dict[str, Any]]:
    """Answers that are neither success nor error."""
    if row.path.endswith("/content"):
        part = {**_plain_success(row), "description": "A part of it."}
        return {
            206: part | _answered_with([*row.answer_headers, headers.RANGE]),
            302: {"description": "It lies at the address in `Location`, which needs no key."}
            | _answered_with([headers.LOCATION]),
            304: {"description": "Not changed."} | _answered_with(row.answer_headers),
        }
    if row.operation == "readyz":
        return {503: {"model": responses.Health}}
    return {}


def _answered_with(told: Iterable[Header]) -> dict[str, Any]:
    described = {one.name: _described(one) for one in told}
    return {"headers": described} if described else {}


def _extra(row: Row) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "parameters": [
            *(_path_parameter(name) for name in re.findall(r"{(\w+)}", row.path)),
            *(parameters(row.query) if row.query else ()),
            *(_header_parameter(header) for header in row.headers),
        ],
        "security": [{"key": []}] if row.key else [],
    }
    if row.body is not None:
        extra["requestBody"] = _body_reference(row.body) | {"required": row.needs_body}
    return extra


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": _PATH[name], "schema": schema}


def _header_parameter(header: Header) -> dict[str, Any]:
    return {"name": header.name, "in": "header", "required": False, **_described(header)}


def _described(header: Header) -> dict[str, Any]:
    schema = {"schema": dict(header.schema)}
    value = {"content": {"application/json": schema}} if header.is_json else schema
    return {"description": header.description, **value}


def _body_reference(body: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=body.__name__)}
    return {"content": {"application/json": {"schema": schema}}}
