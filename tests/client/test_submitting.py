"""The one request that costs money: when it is sent again, and when it must not be."""

from typing import Any

import pytest

from reelrouter.client.errors import PaymentRequired, SubmitUnclear, Unreadable, Unusable
from reelrouter.client.sync import Client
from tests.client.drivers import Clock
from tests.client.fake_openrouter import (
    JOB,
    FakeOpenRouter,
    Fault,
    fails,
    hangs_up,
    redirects,
    says,
    sends,
)

WANTED: dict[str, Any] = {"model": "google/veo-3.1-lite", "prompt": "a fox"}
HONOURS_KEYS: Any = {
    "paths": {"/api/v1/videos": {"post": {"responses": {"202": {"headers": {"Idempotent-Replayed": {}}}}}}}
}
"""What an OpenAPI document says where a repeated submit makes no second job."""

UNCLEAR: dict[str, Fault] = {
    "a 500": fails(500),
    "a 503 with a pause": fails(503, retry_after="2"),
    "a gateway's page": sends(502, b"<h1>Bad Gateway</h1>", content_type="text/html"),
    "no answer": hangs_up,
    "a yes without a job": says(202, {"ok": True}),
    "a yes that is a page": sends(200, b"<p>Welcome</p>", content_type="text/html"),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_an_unclear_submit_is_not_repeated(fault: Fault, client: Client, fake: FakeOpenRouter) -> None:
    """There may be a job already, and a second one would be paid as well; no server could tell them apart."""
    fake.plan("submit", fault)
    fake.plan("else", says(200, HONOURS_KEYS))
    with pytest.raises(SubmitUnclear, match="not known whether the job was placed"):
        client.submit(WANTED)
    assert len(fake.asked("submit")) == 1


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_a_key_is_no_reason_to_repeat_where_nobody_honours_it(
    fault: Fault, client: Client, fake: FakeOpenRouter
) -> None:
    """Upstream takes the header and places a second job."""
    fake.plan("submit", fault)
    with pytest.raises(SubmitUnclear):
        client.submit(WANTED, idempotency_key="order-7")
    assert len(fake.asked("submit")) == 1


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_with_a_key_that_is_honoured_the_submit_goes_through(
    fault: Fault, client: Client, fake: FakeOpenRouter
) -> None:
    """A server that documents its replays makes one job of two submits with one key."""
    fake.plan("submit", fault, fault)
    fake.plan("else", says(200, HONOURS_KEYS))
    assert client.submit(WANTED, idempotency_key="order-7").id == JOB
    assert [one.headers.get("idempotency-key") for one in fake.asked("submit")] == ["order-7"] * 3
    assert len(fake.asked("else")) == 1


def test_a_submit_that_stays_unclear_ends_all_the_same(client: Client, fake: FakeOpenRouter, clock: Clock) -> None:
    """Four tries, with the pauses that the server asks for where they are longer."""
    fake.plan("submit", hangs_up, fails(503, retry_after="30"), fails(500), fails(500, "all is down"))
    fake.plan("else", says(200, HONOURS_KEYS))
    with pytest.raises(SubmitUnclear, match="all is down"):
        client.submit(WANTED, idempotency_key="order-7")
    assert len(fake.asked("submit")) == 4
    assert clock.pauses == [1.0, 30.0, 4.0]


@pytest.mark.parametrize("key", ["", " a", "ä", "x" * 256])
def test_a_key_that_no_header_can_carry_is_not_sent(key: str, client: Client, fake: FakeOpenRouter) -> None:
    """An empty one would be none."""
    with pytest.raises(Unusable, match="idempotency key"):
        client.submit(WANTED, idempotency_key=key)
    assert fake.seen == []


@pytest.mark.parametrize("wanted", [{"prompt": "a fox"}, {**WANTED, "seed": float("nan")}, {**WANTED, "x": {1}}])
def test_what_cannot_be_meant_is_not_sent(wanted: Any, client: Client, fake: FakeOpenRouter) -> None:
    """A request without a model, and values that JSON has not."""
    with pytest.raises(Unusable):
        client.submit(wanted)
    assert fake.seen == []


def test_a_refused_submit_is_a_refusal(client: Client, fake: FakeOpenRouter) -> None:
    """A no is clear: nothing was placed."""
    fake.plan("submit", fails(402, "Insufficient credits"))
    with pytest.raises(PaymentRequired, match="Insufficient credits"):
        client.submit(WANTED)


def test_a_submit_is_not_sent_on(client: Client, fake: FakeOpenRouter) -> None:
    """A redirect of a POST would be sent as something else, or to somebody else."""
    fake.plan("submit", redirects("/api/v1/videos/", 307))
    with pytest.raises(Unreadable, match="sends us on"):
        client.submit(WANTED)
    assert len(fake.seen) == 1
