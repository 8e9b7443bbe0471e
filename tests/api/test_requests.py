"""What every request goes through: ids, counts, and a word for what the gateway failed."""

import asyncio
import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from reelrouter.api.requests import Requests, Traced
from reelrouter.observe.events import Event, JobStarted, RequestFailed
from reelrouter.observe.log import open_log
from reelrouter.observe.request import request_id
from reelrouter.observe.traces import NoTraces


class Seen:
    def __init__(self) -> None:
        self.counted: list[tuple[str, str, int]] = []
        self.events: list[Event] = []

    def app(self, app: ASGIApp) -> Requests:
        return Requests(app, self.count, self.events.append, Traced(NoTraces(), frozenset()))

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.counted.append((route, method, status))


async def whose(request: Request) -> Response:
    return JSONResponse(request_id.get(), 503 if "fails" in request.url.path else 200)


async def breaks(request: Request) -> Response:
    raise RuntimeError("broken")


APP = Router(
    [
        Route("/videos/{job_id}", whose),
        Route("/readyz", whose),
        Route("/breaks", breaks),
    ]
)


def ask(seen: Seen, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(seen.app(APP))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asked())


def test_a_client_may_name_its_request() -> None:
    """The code that works for it knows the name, and so does the answer."""
    answer = ask(Seen(), "/videos/1", **{"X-Request-Id": "my-request_1.2"})
    assert answer.headers["X-Request-Id"] == answer.json() == "my-request_1.2"


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, 'quo"te', "semi;colon"])
def test_a_name_that_could_garble_a_log_is_not_taken(given: str) -> None:
    """The request gets one of ours, a new one each time."""
    first, second = (ask(Seen(), "/videos/1", **{"X-Request-Id": given}) for _ in "12")
    assert first.headers["X-Request-Id"] == first.json() != given
    assert first.json() != second.json()


def test_requests_are_counted_by_their_route() -> None:
    """Never by their address; words that are no methods are one."""
    seen = Seen()
    ask(seen, "/videos/1")
    ask(seen, "/videos/2", "BREW")
    ask(seen, "/nowhere")
    assert seen.counted == [
        ("/videos/{job_id}", "GET", 200),
        ("/videos/{job_id}", "other", 405),
        ("none", "GET", 404),
    ]
    assert seen.events == []


def test_what_the_gateway_failed_is_told() -> None:
    """An answer of 5xx by its route, an error that nobody expected by its words too; readiness is no failure."""
    seen = Seen()
    ask(seen, "/videos/fails")
    ask(seen, "/readyz")
    with pytest.raises(RuntimeError):
        ask(seen, "/breaks")
    answered, broken = seen.events
    assert isinstance(answered, RequestFailed)
    assert (answered.route, answered.status, answered.error) == ("/videos/{job_id}", 503, None)
    assert isinstance(broken, RequestFailed)
    assert (broken.route, broken.error) == ("/breaks", "RuntimeError('broken')")


def test_lines_of_a_log_name_the_request(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever has the id of an answer finds what was done for it; what belongs to no request has none."""
    emit = open_log("json", "api")

    async def tells(request: Request) -> Response:
        emit(JobStarted(job="j", run=1))
        return Response()

    async def asked() -> None:
        transport = httpx.ASGITransport(Seen().app(Router([Route("/", tells)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/", headers={"X-Request-Id": "abc"})

    asyncio.run(asked())
    emit(JobStarted(job="j", run=2))
    within, without = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert within["request"] == "abc"
    assert "request" not in without
