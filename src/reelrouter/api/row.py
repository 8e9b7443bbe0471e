"""A row of the table of routes: what is served, and what its OpenAPI operation says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

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
