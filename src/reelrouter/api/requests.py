"""What every request goes through: it gets an id, it is counted, and it is told of if the gateway failed."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, time

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reelrouter.api.problems import FAILURE
from reelrouter.observe.events import Emit, RequestFailed
from reelrouter.observe.request import request_id
from reelrouter.observe.traces import Place, Span, Traces, parse, present

ID = "X-Request-Id"
_HEADER = ID.lower().encode()
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_NOWHERE = "none"
"""The route of a request that no route is for."""
_NOT_READY = "/readyz"
"""Its 503 is an answer, and no failure."""

Count = Callable[[str, str, int, float], None]
"""Takes route, method, status and seconds."""


class Requests:
    """Wraps the application, errors that nobody expected included."""

    def __init__(self, app: ASGIApp, count: Count, emit: Emit, traced: "Traced") -> None:
        self._app = app
        self._count = count
        self._emit = emit
        self._traced = traced

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(given_id(scope) or secrets.token_hex(8), perf_counter())
        place = self._traced.arrive(scope)
        request_id.set(seen.id)  # for this request alone: the server runs each in a context of its own

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (_HEADER, seen.id.encode())]}
            await send(message)

        error: Exception | None = None
        try:
            await self._app(scope, receive, answer)
        except Exception as raised:
            error = raised
            raise
        finally:
            self._note(scope, seen, error)
            if place is not None:
                self._traced.record(scope, seen, place)

    def _note(self, scope: Scope, seen: "_Seen", error: Exception | None) -> None:
        route, seconds = route_of(scope), perf_counter() - seen.began
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._count(route, method, seen.status or 0, seconds)
        if error is not None or ((seen.status or 0) >= 500 and route != _NOT_READY):
            self._emit(
                RequestFailed(
                    method=method,
                    route=route,
                    status=seen.status,
                    seconds=round(seconds, 6),
                    error=repr(error) if error is not None else scope.get(FAILURE),
                )
            )


@dataclass(frozen=True, slots=True)
class Traced:
    """Which requests are a part of a trace, and where their spans go."""

    traces: Traces
    routes: frozenset[tuple[str, str]]
    """By method and path."""

    def arrive(self, scope: Scope) -> Place | None:
        """The request's place in its trace, told to all that is done for it; None where no traces are kept."""
        place = self.traces.arrive(_header(scope, b"traceparent"))
        if place is not None:
            present.set(place)
        return place

    def record(self, scope: Scope, seen: "_Seen", place: Place) -> None:
        method, route = scope["method"], route_of(scope)
        if (method, route) not in self.routes:
            return
        status, ended = seen.status or 500, time()
        self.traces.record(
            Span(
                name=f"{method} {route}",
                kind="server",
                place=place,
                parent=parse(_header(scope, b"traceparent")),
                began=ended - (perf_counter() - seen.began),
                ended=ended,
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "reelrouter.request": seen.id,
                },
                error=str(status) if status >= 500 else None,
            )
        )


@dataclass(slots=True)
class _Seen:
    id: str
    began: float
    status: int | None = None


def given_id(scope: Scope) -> str | None:
    """The client's own, if it has one that can stand in a log."""
    given = _header(scope, _HEADER)
    return given if given is not None and _GOOD_ID.fullmatch(given) else None


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return None


def route_of(scope: Scope) -> str:
    """The address as the table of routes has it, so that there are few."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else _NOWHERE
