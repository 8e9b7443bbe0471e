"""A job's changes as server-sent events: the poll body each time it differs, until the job has ended.

An event's id is the job's version, so that a client that reconnects is told of what it has missed and of nothing
else. One that has seen the end already is answered 204, which tells browsers to stop asking.
"""

from collections.abc import AsyncIterator

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from reelrouter.accounts.keys import Caller
from reelrouter.api import views
from reelrouter.api.auth import caller_of, uncounted_caller
from reelrouter.api.rendering import mode_headers
from reelrouter.api.videos import Edge
from reelrouter.errors import NotFound, Unauthorized
from reelrouter.gateway.answers import JobAnswer
from reelrouter.jobs.machine import State, is_terminal

EVENT_STREAM = "text/event-stream"
_PAUSE = 15.0
"""Seconds without news after which a comment shows that the connection lives."""


class Events:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def stream(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        job_id = request.path_params["job_id"]
        now = await self._edge.gateway.jobs.get(caller, job_id)
        seen = _seen(request)
        if is_terminal(State(now.view.status)) and seen == now.view.version:
            return Response(status_code=204)
        headers = {**mode_headers(caller), "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(request, caller, seen), 200, headers, EVENT_STREAM)

    async def _events(self, request: Request, caller: Caller, seen: int | None) -> AsyncIterator[bytes]:
        job_id = request.path_params["job_id"]
        try:
            async for answer in self._edge.gateway.jobs.watch(caller, job_id, seen, _PAUSE):
                await uncounted_caller(request, self._edge.keys)  # a key that is revoked meanwhile sees no more
                yield b": still here\n\n" if answer is None else _event(answer)
        except (NotFound, Unauthorized):
            return


def _seen(request: Request) -> int | None:
    """What is no version of ours was never seen."""
    text = request.headers.get("last-event-id", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _event(answer: JobAnswer) -> bytes:
    body = to_json(views.job_view(answer))
    return b"event: job\nid: %d\ndata: %s\n\n" % (answer.view.version, body)
