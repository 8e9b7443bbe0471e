"""Answers into results: what must be there, and what may be missing or strange."""

import json
from decimal import Decimal
from typing import Any

import pytest

from reelrouter.client.errors import Unreadable
from reelrouter.client.exchange import Answer
from reelrouter.client.reading import cancelled_of, estimate_of, job_of, models_of, page_of


def answer(body: Any) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(url="https://a.example/x", status=200, headers={"content-type": "text/html"}, body=content)


def test_the_least_job_is_an_id_and_a_state() -> None:
    """Everything else is None or empty; what came is kept."""
    job = job_of(answer({"id": "j", "status": "pending"}))
    assert (job.polling_url, job.error, job.usage, job.unsigned_urls, job.warnings) == (None, None, None, (), ())
    assert job.raw == {"id": "j", "status": "pending"}


def test_a_whole_job_is_read() -> None:
    """Each field in its type; money as exact decimals."""
    job = job_of(
        answer(
            {
                "id": "j",
                "status": "completed",
                "progress": 100,
                "unsigned_urls": ["a"],
                "urls": ["b"],
                "expires_at": 1790000000,
                "usage": {"cost": 0.1, "is_byok": True},
                "warnings": ["seed was ignored"],
                "model": "m",
                "provider": "p",
                "created_at": 1790000000.0,
            }
        )
    )
    assert job.usage is not None
    assert (job.usage.cost, job.usage.is_byok) == (Decimal("0.1"), True)
    assert (job.progress, job.unsigned_urls, job.urls, job.warnings) == (
        100,
        ("a",),
        ("b",),
        ("seed was ignored",),
    )
    assert (job.expires_at, job.created_at) == (1790000000, 1790000000)


STRANGE: dict[str, Any] = {
    "error": {"message": "it broke"},
    "usage": None,
    "unsigned_urls": None,
    "progress": "half",
    "expires_at": 1e300,
    "polling_url": 7,
    "warnings": ["a", 1],
}


def test_a_paid_job_is_not_lost_over_a_strange_field() -> None:
    """An error that is an object gives its message; what makes no sense counts as absent."""
    job = job_of(answer({"id": "j", "status": "failed", **STRANGE}))
    assert (job.error, job.usage, job.unsigned_urls) == ("it broke", None, ())
    assert (job.progress, job.expires_at, job.polling_url, job.warnings) == (None, None, None, ("a",))


@pytest.mark.parametrize("cost", [None, "dear", True, float("1e999")])
def test_a_cost_that_is_no_number_is_none(cost: Any) -> None:
    """Upstream allows null there."""
    job = job_of(answer({"id": "j", "status": "completed", "usage": {"cost": cost}}))
    assert job.usage is not None
    assert job.usage.cost is None


@pytest.mark.parametrize(
    "body", [b"", b"<p>Hello", b"[" * 100_000, [], {"id": "j"}, {"status": "pending"}, {"id": 7, "status": "x"}]
)
def test_what_is_no_job_says_what_it_is(body: Any) -> None:
    """The address, the type, and how it begins."""
    with pytest.raises(Unreadable, match=r"https://a\.example/x answered 200 with text/html"):
        job_of(answer(body))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (models_of, {"data": {}}),
        (models_of, {"data": ["m"]}),
        (page_of, {"data": [{"id": "j"}]}),
        (page_of, {"data": ["j"]}),
        (estimate_of, {"model": "m"}),
        (cancelled_of, {"cancel": "cancelled"}),
    ],
)
def test_other_answers_must_have_their_heart_too(read: Any, body: Any) -> None:
    """A list without rows, a price without an amount."""
    with pytest.raises(Unreadable):
        read(answer(body))


def test_an_estimate_is_read_line_by_line() -> None:
    """With every route and why it is left out."""
    line = {"sku": "duration_seconds", "quantity": 4, "unit": "second", "rate": 0.1, "cost": 0.4}
    routes = [{"endpoint": "a"}, {"endpoint": "b", "reason": "no credentials"}]
    estimate = estimate_of(answer({"model": "m", "cost": 0.4, "lines": [line], "routes": routes}))
    assert (estimate.cost, estimate.source) == (Decimal("0.4"), "server")
    assert (estimate.lines[0].rate, estimate.lines[0].quantity) == (Decimal("0.1"), Decimal(4))
    assert [(route.endpoint, route.reason) for route in estimate.routes] == [("a", None), ("b", "no credentials")]
