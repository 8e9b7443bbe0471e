"""How faults of ours leave: with a status that says whether to ask again."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from reelrouter.api.problems import on_database_gone
from reelrouter.db.engine import DatabaseGone


def test_a_database_that_is_away_is_told_with_a_time_to_ask_again() -> None:
    """As every other error, and no fault of the request's."""

    async def fail(request: Request) -> Response:
        raise DatabaseGone("nobody is there")

    app = Starlette(routes=[Route("/", fail)], exception_handlers={DatabaseGone: on_database_gone})
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["error"]["code"] == 503
