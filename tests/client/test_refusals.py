"""Every way in which servers say no, read into one tree of errors."""

import json
from typing import Any

import pytest

from reelrouter.client import errors
from reelrouter.client.exchange import Answer
from reelrouter.client.peer import Peer
from reelrouter.client.refusals import refused, retry_after

PEER = Peer(api="https://a.example/api/v1", key="k-e-y")


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(url="https://a.example/api/v1/videos?sig=secret", status=status, headers=named, body=content)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (402, errors.PaymentRequired),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, errors.Gone),
        (413, errors.TooLarge),
        (418, errors.Refused),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
        (500, errors.ServerFailed),
        (529, errors.ServerFailed),
    ],
)
def test_a_status_has_its_kind(status: int, kind: type[errors.Refused]) -> None:
    """And each of them is a `Refused` that knows it."""
    error = refused(answer(status, {"error": {"code": status, "message": "no"}}), PEER)
    assert type(error) is kind
    assert isinstance(error, errors.Refused)
    assert (error.status, error.code, str(error)) == (status, status, "no")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "too dear"}}, "too dear"),
        ({"error": "too dear"}, "too dear"),
        ({"detail": "too dear"}, "too dear"),
        ({"message": "too dear"}, "too dear"),
        ({"error": {"message": "line\nand \x1b[31mcolour"}}, "line and [31mcolour"),
        ({"error": {"message": "the key k-e-y is unknown"}}, "the key [the key] is unknown"),
        ({"error": {"message": ""}}, "https://a.example/api/v1/videos answered 400 without saying why"),
        ([], "https://a.example/api/v1/videos answered 400 without saying why"),
        (b"<h1>No</h1>", "https://a.example/api/v1/videos answered 400 without saying why"),
        ({"error": {"name": "ZodError", "message": "no list"}}, "no list"),
    ],
)
def test_the_servers_words_are_found_in_any_shape(body: Any, message: str) -> None:
    """Fit to be shown: without control characters, the key, or a link's signature."""
    assert str(refused(answer(400, body, content_type="application/json"), PEER)) == message


def test_a_plain_text_speaks_for_itself() -> None:
    """As proxies write it."""
    assert str(refused(answer(502, b"upstream is down\n", content_type="text/plain"), PEER)) == "upstream is down"


def test_problems_are_kept_with_what_would_do() -> None:
    """Each by its field; the allowed values become the next step."""
    problems = [{"field": "duration", "message": "not 9", "allowed": [4, 8]}, {"field": "seed", "message": "no"}]
    metadata = {"error_type": "invalid_request", "problems": problems}
    error = refused(answer(400, {"error": {"message": "two problems", "metadata": metadata}}), PEER)
    assert error.problems == tuple(problems)
    assert error.error_type == "invalid_request"
    assert error.next_step == "what would do for duration: 4, 8"


def test_the_validators_list_becomes_problems() -> None:
    """Upstream's second shape hides it in a text."""
    found = [{"path": ["frame_images", 0, "type"], "message": "expected image_url"}]
    body = {"success": False, "error": {"name": "ZodError", "message": json.dumps(found)}}
    error = refused(answer(400, body), PEER)
    assert str(error) == "frame_images[0].type: expected image_url"
    assert error.problems == ({"field": "frame_images[0].type", "message": "expected image_url"},)


DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({"retry_after": "7"}, {}, 7),
        ({"retry_after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": DATE}, {}, 9),
        ({"retry_after": "Sat, 21 Nov 2026 11:00:00 GMT", "date": DATE}, {}, 0),
        ({"retry_after": "soon"}, {"metadata": {"retry_after_seconds": 3}}, 3),
        ({}, {"metadata": {"retry_after_seconds": 2.5}}, 2.5),
        ({}, {"availability": {"retry_after": 4}}, 4),
        ({}, {"metadata": {"retry_after_seconds": True}}, None),
        ({}, {}, None),
    ],
)
def test_the_pause_that_a_server_asks_for_is_found(headers: Any, error: Any, seconds: float | None) -> None:
    """In the header, as seconds or as a date, or in the body, where upstream puts it for browsers."""
    said = answer(429, {"error": error}, **headers)
    assert retry_after(said) == seconds
    if seconds is not None:
        assert refused(said, PEER).next_step == f"try again in {seconds:g} s"
