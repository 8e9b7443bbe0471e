"""Requests a minute and unfinished jobs, over real HTTP: for a key and its workspace, and nobody else."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from openrouter import errors

from tests.acceptance.books import Books
from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import placed, small, submit
from tests.acceptance.serving import Server
from tests.acceptance.teams import team
from tests.acceptance.waiting import ended

STUCK = small(prompt="[[stuck]] a boat")
LIST = "/api/v1/videos"


def statuses(ask: Callable[[], httpx.Response], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_a_key_that_asks_too_often_is_told_when_to_come_back(server: Server) -> None:
    """As upstream tells it: in headers, and in the body for those who cannot read them; others are not held up."""
    (key,) = team(server, of_each_key={"rate": 5}).keys
    (other,) = team(server).keys
    with server.client(key) as client, server.client(other) as stranger:
        assert statuses(lambda: client.get(LIST), 5) == [200] * 5
        refused = client.get(LIST)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 12
        error = refused.json()["error"]
        assert (error["code"], error["metadata"]["error_type"]) == (429, "rate_limit_exceeded")
        assert error["metadata"]["retry_after_seconds"] == int(refused.headers["Retry-After"])
        assert error["metadata"]["limit"] == "key_rate"
        told = {name: refused.headers[name] for name in error["metadata"]["headers"]}
        assert told == error["metadata"]["headers"]
        assert (told["X-RateLimit-Limit"], told["X-RateLimit-Remaining"]) == ("5", "0")
        assert len(told["X-RateLimit-Reset"]) == 13
        for path in (
            "/api/v1/key",
            "/api/v1/videos/models",
            f"{LIST}/gen-vid-1/events",
            f"{LIST}/gen-vid-1/content",
        ):
            assert client.get(path).status_code == 429, path
        assert submit(client, small()).status_code == 429
        allowed = stranger.get(LIST)
        assert allowed.status_code == 200
        assert not [name for name in allowed.headers if "ratelimit" in name]


def test_the_official_sdk_knows_the_refusal_for_what_it_is(server: Server, sdk_of: SdkOf) -> None:
    """It has a class of its own for it, and does not repeat the submit by itself."""
    (key,) = team(server, of_each_key={"rate": 1}).keys
    sdk = sdk_of(key)
    assert sdk.video_generation.generate(**STUCK).status == "pending"
    with pytest.raises(errors.TooManyRequestsResponseError):
        sdk.video_generation.generate(**STUCK)


def test_the_keys_of_a_workspace_share_what_it_may_ask(server: Server) -> None:
    """Whichever of them asks."""
    first, second = team(server, rules={"rate": 6}, of_each_key={"rate": 4}, size=2).keys
    with server.client(first) as one, server.client(second) as two:
        assert statuses(lambda: one.get(LIST), 5) == [200, 200, 200, 200, 429]
        assert statuses(lambda: two.get(LIST), 3) == [200, 200, 429]
        assert two.get(LIST).json()["error"]["metadata"]["limit"] == "workspace_rate"


def test_signed_links_and_open_routes_do_not_count(server: Server) -> None:
    """With or without the key beside them: who watches a film must not use up what its application may ask."""
    (key,) = team(server, of_each_key={"rate": 4}).keys
    with server.client(key) as client, server.client(None) as keyless:
        job_id = placed(client, small())
        with client.stream(
            "GET", f"{LIST}/{job_id}/events"
        ) as stream:  # one request, however many events it brings
            stream.read()
        (link,) = client.get(f"{LIST}/{job_id}").json()["unsigned_urls"]
        for who in (client, keyless):
            assert statuses(lambda who=who: who.get(link), 5) == [200] * 5  # type: ignore[misc]
        assert statuses(lambda: keyless.get("/api/v1/videos/models"), 5) == [200] * 5
        assert statuses(lambda: client.get(LIST), 2) == [200, 429]
        assert client.get(link).status_code == 200


@pytest.mark.parametrize(("rules", "limit"), [("workspace", "workspace_concurrency"), ("key", "key_concurrency")])
def test_submits_that_come_together_leave_exactly_as_many_jobs_as_allowed(
    server: Server, rules: str, limit: str
) -> None:
    """The others are refused and leave nothing behind: no job, no hold, and their keys for another try."""
    cap = {"concurrency": 7}
    who = team(
        server, rules=cap if rules == "workspace" else None, of_each_key=cap if rules == "key" else None, size=1
    )
    with server.client(who.keys[0]) as client, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: submit(client, STUCK), range(40)))
        assert Counter(one.status_code for one in answers) == {202: 7, 429: 33}
        refused = next(one for one in answers if one.status_code == 429)
        metadata = refused.json()["error"]["metadata"]
        assert (metadata["limit"], metadata["allowed"]) == (limit, 7)
        assert int(refused.headers["Retry-After"]) == metadata["retry_after_seconds"]
        accepted = {one.json()["id"] for one in answers if one.status_code == 202}
        jobs = client.get(LIST, params={"limit": 100}).json()["data"]
        assert {job["id"] for job in jobs} == accepted
        held = Books(server.data_dir).open_holds_of(who.workspace)
        assert set(held) == accepted

        again = {"Idempotency-Key": "once more"}
        assert client.post(LIST, json=STUCK, headers=again).status_code == 429
        gone = accepted.pop()
        client.post(f"{LIST}/{gone}/cancel")
        assert ended(client, gone)["status"] == "cancelled"
        placed_now = client.post(LIST, json=STUCK, headers=again)
        assert placed_now.status_code == 202
        assert "Idempotent-Replayed" not in placed_now.headers
        for job_id in (*accepted, placed_now.json()["id"]):
            client.post(f"{LIST}/{job_id}/cancel")
