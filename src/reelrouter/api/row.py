"""A row of the table of routes: what is served, and what its OpenAPI operation says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header that a route reads, or that it answers with."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_json: bool = False
    """Whether its text is JSON, and the schema that of what it says."""


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
    media: tuple[str, ...] = ()
    """The types of a successful answer that is not JSON, or need not be."""
    body: type[BaseModel] | None = None
    needs_body: bool = True
    """Whether a request without any body is refused, where there may be one."""
    query: type[BaseModel] | None = None
    headers: tuple[Header, ...] = ()
    """Those that it reads, beside `Authorization`."""
    answer_headers: tuple[Header, ...] = ()
    """Those that a successful answer may have, beside what HTTP always has."""
    key: bool = True
    is_traced: bool = False
    """Whether a trace begins or goes on with it."""
