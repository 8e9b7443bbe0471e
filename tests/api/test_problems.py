"""How faults of ours leave: with a status that says whether to ask again."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from reelrouter.api.problems import on_database_gone, on_known_error
from reelrouter.api.requests import Requests, Traced
from reelrouter.brand import BRANDS
from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import OutageCause, StorageFailed
from reelrouter.observe.events import Event, RequestFailed
from reelrouter.observe.traces import NoTraces


def test_a_database_that_is_away_is_told_with_a_time_to_ask_again() -> None:
    """As every other error, and no fault of the request's."""

    async def fail(request: Request) -> Response:
        raise DatabaseGone("nobody is at 10.0.0.7", OutageCause.UNREACHABLE)

    app = Starlette(routes=[Route("/", fail)], exception_handlers={DatabaseGone: on_database_gone})
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    error = answer.json()["error"]
    assert (error["code"], "it cannot be reached" in error["message"]) == (503, True)
    assert "10.0.0.7" not in error["message"]


@pytest.mark.parametrize("cause", OutageCause)
def test_a_storage_that_cannot_be_used_is_told_with_a_time_to_ask_again(cause: OutageCause) -> None:
    """By the kind of trouble alone, while the log has the rest; only an object that was lost is no outage."""
    error = StorageFailed("The storage cannot be used.", cause, key="outputs/a/0.mp4", detail="403 Forbidden")
    seen: list[Event] = []

    def count(route: str, method: str, status: int, seconds: float) -> None: ...

    async def fail(request: Request) -> Response:
        raise error

    handlers = {StorageFailed: on_known_error(BRANDS["openrouter"])}
    app = Starlette(routes=[Route("/", fail)], exception_handlers=handlers)
    answer = TestClient(Requests(app, count, seen.append, Traced(NoTraces(), frozenset()))).get("/")
    lost = cause is OutageCause.OBJECT_MISSING
    assert (answer.status_code, answer.headers.get("Retry-After")) == ((502, None) if lost else (503, "5"))
    assert answer.json()["error"]["message"] == "The storage cannot be used."
    [told] = seen
    assert isinstance(told, RequestFailed)
    assert told.error == str(error)
