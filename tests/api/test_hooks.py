"""Where vendors call: only who was given the address is heard, and what is said there is not believed."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from reelrouter.api.routes import build_app
from reelrouter.client.webhooks import sign
from reelrouter.clock import milliseconds
from reelrouter.gateway.nudges import Nudges
from reelrouter.gateway.stations import Stations
from reelrouter.jobs.hooks import address_of
from reelrouter.jobs.model import Job
from tests.api.test_openapi import EDGE
from tests.jobs.conftest import Bench
from tests.jobs.conftest import scenario as scenario  # noqa: PLC0414 - a fixture

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]
KEY = b"k" * 32
BASE = "http://localhost"


async def call(
    bench: Bench, address: str, body: bytes = b"{}", headers: Mapping[str, str] | None = None, **secrets: str
) -> httpx.Response:
    """`secrets` are those of accounts, by endpoint."""
    of_accounts = {(endpoint, "c"): secret for endpoint, secret in secrets.items()}
    parts = dict.fromkeys(Stations.__slots__, cast("Any", None))
    nudges = Nudges(
        Stations(
            **{**parts, "db": bench.db, "clock": bench.clock, "hook_key": KEY, "webhook_secrets": of_accounts}
        )
    )
    edge = replace(EDGE, gateway=cast("Any", type("Door", (), {"nudges": nudges})()))
    transport = httpx.ASGITransport(build_app(edge, {}, "1"))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        return await client.post(address, content=body, headers=headers)


async def submitted(bench: Bench) -> Job:
    """A job with one attempt."""
    bench.lane("a")
    job = await bench.place("a")
    await bench.steps().submit(job.id, await bench.begin(job))
    return job


@pytest.mark.parametrize("body", [b"", b"no JSON", b'{"status": "failed"}', bytes(256 * 1024)])
def test_a_call_writes_that_there_is_news_and_no_more(scenario: Scenario, body: bytes) -> None:
    """Whatever its body says of the job."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        before = await bench.job(job)
        answer = await call(bench, address_of(KEY, BASE, f"{job.id}-0"), body)
        assert (answer.status_code, answer.content) == (204, b"")
        assert await bench.job(job) == replace(before, nudged_at=milliseconds(bench.clock.now()))

    scenario(work)


def test_an_address_that_was_not_handed_out_is_nothing(scenario: Scenario) -> None:
    """A wrong token, another attempt's, one of another installation: all alike, and nothing is written."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        right = address_of(KEY, BASE, f"{job.id}-0")
        wrong = (
            right[:-1],
            address_of(b"other", BASE, f"{job.id}-0"),
            right.replace("-0/", "-1/"),
            right.replace("gen-vid", "gen-vid-9"),
            address_of(KEY, BASE, f"{job.id}-1"),
            address_of(KEY, BASE, "no-job"),
        )
        answers = [await call(bench, address) for address in wrong]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert json.loads(answers[0].content)["error"]["metadata"] == {"error_type": "not_found"}
        assert (await bench.job(job)).nudged_at is None

    scenario(work)


def test_a_long_body_is_refused(scenario: Scenario) -> None:
    """It is read only to be polite."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        answer = await call(bench, address_of(KEY, BASE, f"{job.id}-0"), bytes(256 * 1024 + 1))
        assert answer.status_code == 413
        assert (await bench.job(job)).nudged_at is None

    scenario(work)


def test_a_job_that_has_ended_stays_as_it_is(scenario: Scenario) -> None:
    """The vendor may be late, and has done nothing wrong."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        await bench.steps().give_up(job.id)
        before = await bench.job(job)
        assert (await call(bench, address_of(KEY, BASE, f"{job.id}-0"))).status_code == 204
        assert await bench.job(job) == before

    scenario(work)


@pytest.mark.parametrize("body", [b"{}", b"no JSON", b'{"type": "video.generation.completed"}'])
@pytest.mark.parametrize("brand", ["OpenRouter", "ModelGates"])
def test_a_call_of_a_vendor_that_signs_is_taken_with_its_signature(
    scenario: Scenario, brand: str, body: bytes
) -> None:
    """Its own secret, on the bytes that came; what they say matters as little as ever."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        headers = sign(body, "s3cret", event_id="e", timestamp=int(bench.clock.now()), brand=brand)
        address = address_of(KEY, BASE, f"{job.id}-0")
        assert (await call(bench, address, body, headers, a="s3cret")).status_code == 204
        assert (await bench.job(job)).nudged_at is not None

    scenario(work)


@pytest.mark.parametrize(
    ("secret", "signed", "age"),
    [("other", b"{}", 0), ("s3cret", b"[]", 0), ("s3cret", b"{}", 301), (None, b"{}", 0)],
    ids=["another secret", "another body", "an old one", "none"],
)
def test_a_call_without_the_vendors_signature_is_refused(
    scenario: Scenario, secret: str | None, signed: bytes, age: int
) -> None:
    """Where the operator has told the secret; an account without one is not asked for any."""

    async def work(bench: Bench) -> None:
        job = await submitted(bench)
        at = int(bench.clock.now()) - age
        headers = sign(signed, secret, event_id="e", timestamp=at) if secret else {}
        address = address_of(KEY, BASE, f"{job.id}-0")
        answer = await call(bench, address, b"{}", headers, a="s3cret")
        assert (answer.status_code, answer.json()["error"]["metadata"]["error_type"]) == (401, "authentication")
        assert (await bench.job(job)).nudged_at is None
        assert (await call(bench, address, b"{}", headers, another="s3cret")).status_code == 204

    scenario(work)
