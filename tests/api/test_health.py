"""What `/readyz` tells anybody who asks."""

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from reelrouter.api.health import Health
from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import OutageCause, StorageFailed, Unavailable
from reelrouter.gateway.readiness import Check


def failing(error: Exception) -> Check:
    async def check() -> None:
        raise error

    return check


async def works() -> None:
    """A part that can be used."""


def answered(checks: Mapping[str, Check]) -> tuple[int, dict[str, Any]]:
    app = Starlette(routes=[Route("/readyz", Health(checks).ready)])
    answer = TestClient(app).get("/readyz")
    return answer.status_code, answer.json()


def test_all_parts_work() -> None:
    """Each is named, and there is no cause of anything."""
    assert answered({"database": works, "storage": works}) == (
        200,
        {"status": "ok", "parts": {"database": "ok", "storage": "ok"}},
    )


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (StorageFailed("at a/b", OutageCause.NO_SUCH_BUCKET, key="a/b", detail="NoSuchBucket"), "no_such_bucket"),
        (DatabaseGone("no route to 10.0.0.7", OutageCause.UNREACHABLE), "unreachable"),
        (PermissionError(13, "Permission denied", "/srv/videos"), "not_writable"),
        (TimeoutError(), "timed_out"),
    ],
)
def test_a_part_that_cannot_be_used_is_named_with_its_cause(error: Exception, cause: str) -> None:
    """In one sentence and one word, without keys, addresses or paths: anybody may ask."""
    status, body = answered({"storage": failing(error), "engine": works})
    assert (status, body["status"], body["parts"]["engine"]) == (503, "unavailable", "ok")
    assert body["causes"] == {"storage": cause}
    assert body["parts"]["storage"] == f"The storage cannot be used: {OutageCause(cause).told}."


def test_other_failures_are_told_in_their_own_words() -> None:
    """They have no cause of the vocabulary."""
    status, body = answered({"engine": failing(Unavailable("the engine is not running"))})
    assert (status, body["parts"], body.get("causes")) == (503, {"engine": "the engine is not running"}, None)


def test_a_slow_part_does_not_hold_up_the_others() -> None:
    """They are looked at side by side: two that wait for each other both get through."""
    first, second = asyncio.Event(), asyncio.Event()

    async def one() -> None:
        first.set()
        await second.wait()

    async def other() -> None:
        second.set()
        await first.wait()

    assert answered({"database": one, "storage": other})[0] == 200


def test_a_fault_of_ours_is_no_outage() -> None:
    """What nobody expected is not taken for a part that is away."""
    with pytest.raises(sqlite3.ProgrammingError):
        answered({"database": failing(sqlite3.ProgrammingError("a mistake"))})
