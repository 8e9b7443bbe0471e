"""What can be looked up beside the contract: what a key has spent, what a job went through, what is missing."""

import warnings
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter
from openrouter.operations import GetCurrentKeyData

from tests.acceptance.orders import placed, small
from tests.acceptance.waiting import ended, in_progress

PRICED = {"model": "x-ai/grok-imagine-video", "duration": 1, "resolution": "480p"}
"""The least video that is not free: one second at five cents."""


def record(client: httpx.Client, job_id: str) -> dict[str, Any]:
    response = client.get("/api/v1/generation", params={"id": job_id})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()["data"]
    return told


def own_key(client: httpx.Client) -> GetCurrentKeyData:
    """What the official SDK reads of the client's own key."""
    key = client.headers["authorization"].removeprefix("Bearer ")
    with httpx.Client(trust_env=False) as http:
        sdk = OpenRouter(api_key=key, server_url=f"{client.base_url}".rstrip("/") + "/api/v1", client=http)
        with warnings.catch_warnings():  # its type of the answer warns of its own fields, whatever they hold
            warnings.simplefilter("ignore", DeprecationWarning)
            return sdk.api_keys.get_current_key_metadata().data


def test_a_key_has_spent_what_its_jobs_cost(stranger: httpx.Client) -> None:
    """To the digit, in each of the spans that now is in; a job that failed adds nothing."""
    assert own_key(stranger).usage == 0
    job = ended(stranger, placed(stranger, small(**PRICED, prompt="a boat")))
    ended(stranger, placed(stranger, small(**PRICED, prompt="[[fail:server]]")))
    told = own_key(stranger)
    cost = job["usage"]["cost"]
    assert cost == 0.05
    assert (told.usage, told.usage_daily, told.usage_weekly, told.usage_monthly) == (cost,) * 4
    assert (told.byok_usage, told.limit, told.is_management_key) == (0, None, False)
    assert stranger.get("/api/v1/key").json()["data"]["mode"] == "test"
    assert record(stranger, job["id"])["total_cost"] == cost


def test_a_record_tells_more_than_the_contract(client: httpx.Client) -> None:
    """Which endpoints it was for, what was tried, and what it came to."""
    job_id = placed(client, small(**PRICED, prompt="a kite"))
    ended(client, job_id)
    told = record(client, job_id)
    assert (told["status"], told["mode"], told["route"]) == ("completed", "test", ["test"])
    (attempt,) = told["attempts"]
    assert (attempt["endpoint"], attempt["outcome"], attempt["failure"]) == ("test", "finished", None)
    assert told["created_at"] <= attempt["started_at"] <= attempt["ended_at"]
    assert told["price"] == told["estimate"] == told["usage"] == 0.05
    assert told["resolved"]["duration"] == 1


def test_what_an_application_says_of_itself_is_kept(client: httpx.Client) -> None:
    """By headers and by body; it is shown to its own workspace."""
    headers = {
        "HTTP-Referer": "https://app.example",
        "X-OpenRouter-Title": "App",
        "X-OpenRouter-Categories": "video-gen",
        "x-session-id": "s-2",
    }
    body = small(prompt="[[fail:server]]", user="u-2", trace={"trace_id": "t-2"})
    job_id = client.post("/api/v1/videos", json=body, headers=headers).json()["id"]
    assert record(client, job_id)["attribution"] == {
        "user": "u-2",
        "session_id": "s-2",
        "trace": {"trace_id": "t-2"},
        "title": "App",
        "categories": "video-gen",
        "referer": "https://app.example",
    }


def test_a_job_has_a_record_in_every_state(client: httpx.Client) -> None:
    """At once, while it works, and when it has ended badly."""
    job_id = placed(client, small(prompt="a boat [[stuck]]"))
    assert record(client, job_id)["status"] in {"pending", "in_progress"}
    in_progress(client, job_id)
    told = record(client, job_id)
    assert (told["status"], told["latency"], told["finish_reason"]) == ("in_progress", None, None)
    assert (told["provider_name"], told["attempts"][0]["outcome"]) == ("test", None)
    client.post(f"/api/v1/videos/{job_id}/cancel")
    ended(client, job_id)
    told = record(client, job_id)
    assert (told["status"], told["cancelled"], told["total_cost"], told["price"]) == ("cancelled", True, 0, None)
    assert told["latency"] is not None
    failed = placed(client, small(prompt="[[fail:content_policy_violation]]"))
    ended(client, failed)
    told = record(client, failed)
    assert (told["status"], told["error_type"]) == ("failed", "content_policy_violation")
    assert told["error"]


def test_somebody_elses_job_has_no_record(
    client: httpx.Client, live_client: httpx.Client, stranger: httpx.Client
) -> None:
    """Neither for another workspace nor for a key of the other mode: in the words for a job that never was."""
    job_id = placed(client, small(prompt="[[fail:server]]"))
    for other in (live_client, stranger):
        response = other.get("/api/v1/generation", params={"id": job_id})
        assert response.status_code == 404
        assert response.json()["error"]["message"] == f"Job {job_id} not found"


@pytest.mark.parametrize("query", ["", "?id=", "?id=a&id=b"])
def test_a_record_is_of_one_job(query: str, client: httpx.Client) -> None:
    """A 400 that names the parameter."""
    response = client.get(f"/api/v1/generation{query}")
    assert response.status_code == 400
    assert [problem["field"] for problem in response.json()["error"]["metadata"]["problems"]] == ["id"]


def test_what_depends_on_the_key_is_kept_by_nobody(client: httpx.Client, keyless_client: httpx.Client) -> None:
    """And what does not may be kept for two minutes by anybody."""
    own = client.get("/api/v1/key").headers
    assert own["Cache-Control"] == "private, no-store"
    assert "Authorization" in own["Vary"]
    assert own["X-ReelRouter-Mode"] == "test"
    for path in ("models", "models/count", "providers", "model/google/veo-3.1-lite", "videos/models"):
        answer = keyless_client.get(f"/api/v1/{path}", headers={"Authorization": "Bearer nonsense"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=120")


def test_a_live_key_is_shown_what_is_missing_if_it_asks(
    live_client: httpx.Client, keyless_client: httpx.Client
) -> None:
    """All models, each with the endpoints that cannot be used; without asking, those that can be."""
    usable = live_client.get("/api/v1/videos/models").json()["data"]
    assert ["missing" in row for row in usable] == [False]
    rows = {row["id"]: row for row in live_client.get("/api/v1/videos/models?all=true").json()["data"]}
    assert list(rows) == [row["id"] for row in keyless_client.get("/api/v1/videos/models").json()["data"]]
    assert rows["reelrouter/animatic"]["missing"] == []
    veo = rows["google/veo-3.1-lite"]
    assert (veo["available"], [one["endpoint"] for one in veo["missing"]]) == (
        ["test"],
        ["google-vertex", "openrouter"],
    )
    assert all("not configured" in one["reason"] for one in veo["missing"])
