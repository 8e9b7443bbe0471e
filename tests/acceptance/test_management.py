"""Workspaces and keys as an operator governs them, by the official SDK where it can, and by HTTP beyond it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from tests.acceptance.conftest import SdkOf
from tests.acceptance.governing import BASE, made_key, made_workspace, new_slug
from tests.acceptance.orders import placed, small, submit
from tests.acceptance.serving import LIVE_KEY, MANAGEMENT_KEY, TEST_KEY, Server
from tests.acceptance.waiting import ended, until

UNKNOWN_KEY = "key_00000000000000000000"


@pytest.fixture(scope="session")
def governor(sdk_of: SdkOf) -> OpenRouter:
    return sdk_of(MANAGEMENT_KEY)


def status_with(server: Server, key: str) -> int:
    with server.client(key) as client:
        return client.get(f"{BASE}/videos").status_code


def refusal(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    return error


# Workspaces ------------------------------------------------------------------------------------------------------


def test_a_workspace_is_made_found_changed_and_deleted(governor: OpenRouter) -> None:
    """By the SDK alone, under its id and under its slug."""
    slug = new_slug()
    made = governor.workspaces.create(name="Acme", slug=slug, default_provider_sort="price").data
    assert (made.name, made.slug, made.default_provider_sort, made.updated_at) == ("Acme", slug, "price", None)
    assert governor.workspaces.get(id=slug).data == governor.workspaces.get(id=made.id).data == made
    changed = governor.workspaces.update(id=slug, description="Videos for Acme", default_provider_sort=None).data
    assert (changed.description, changed.default_provider_sort, changed.name) == ("Videos for Acme", None, "Acme")
    assert changed.updated_at is not None
    assert governor.workspaces.delete(id=slug).DELETED
    with pytest.raises(errors.NotFoundResponseError):
        governor.workspaces.get(id=made.id)
    assert governor.workspaces.create(name="Acme again", slug=slug).data.id != made.id


def test_workspaces_are_listed_in_pages(governor: OpenRouter) -> None:
    """By the SDK's own way from one page to the next, each comes once; the total counts them all."""
    slugs = {governor.workspaces.create(name="Listed", slug=new_slug()).data.slug for _ in range(3)}
    seen: list[str] = []
    page: Any = governor.workspaces.list(limit=2)
    total = page.result.total_count
    while page is not None:
        seen += [one.slug for one in page.result.data]
        page = page.next()
    assert len(seen) == len(set(seen)) == total
    assert {"default", *slugs} <= set(seen)


def test_rules_of_ours_are_kept_and_shown(manager: httpx.Client) -> None:
    """Beside the contract's fields; a change touches what it names, and null takes a rule away."""
    rules = {
        "description": "rules",
        "callback_url": "https://app.example/hook",
        "zdr": True,
        "strict_parameters": True,
        "retention": 3600,
        "allowed_models": ["google/veo-3.1", "reelrouter/animatic"],
        "allowed_providers": ["google-vertex", "renderer"],
        "default_provider_sort": "latency",
        "concurrency": 5,
        "requests_per_minute": 600,
    }
    made = made_workspace(manager, **rules)
    assert rules.items() <= made.items()
    address = f"{BASE}/workspaces/{made['slug']}"
    changed = manager.patch(address, json={"retention": None, "zdr": None, "concurrency": 7}).json()["data"]
    assert changed == made | {
        "retention": None, "zdr": False, "concurrency": 7, "updated_at": changed["updated_at"]
    }  # fmt: skip
    assert manager.get(address).json() == {"data": changed}


def test_wrong_rules_are_refused_all_at_once(manager: httpx.Client) -> None:
    """Each with its field, and with what would do."""
    body = {
        "name": "x",
        "slug": new_slug(),
        "callback_url": "http://app.example/hook?",
        "retention": 10**8,
        "allowed_models": ["google/veo-3.1", "nobody/nothing"],
        "allowed_providers": ["nobody"],
    }
    error = refusal(manager.post(f"{BASE}/workspaces", json=body | {"callback_url": "ftp://x"}), 400)
    problems = {problem["field"]: problem for problem in error["metadata"]["problems"]}
    assert set(problems) == {"callback_url", "retention", "allowed_models[1]", "allowed_providers[0]"}
    assert "google-vertex" in problems["allowed_providers[0]"]["allowed"]
    shape = {
        "name": "",
        "slug": "A B",
        "retention": 59,
        "default_provider_sort": "throughput",
        "allowed_models": [],
    }
    error = refusal(manager.post(f"{BASE}/workspaces", json=shape), 400)
    problems = {problem["field"]: problem for problem in error["metadata"]["problems"]}
    assert set(problems) == set(shape)
    assert problems["default_provider_sort"]["allowed"] == ["price", "latency"]


def test_what_has_no_use_here_is_accepted_and_told(manager: httpx.Client, governor: OpenRouter) -> None:
    """In the body and in a header; null, and what is so already, are nothing to tell of."""
    body = {
        "name": "x",
        "slug": new_slug(),
        "default_text_model": "openai/gpt-4o",
        "default_image_model": None,
        "is_observability_broadcast_enabled": False,
        "colour": "blue",
    }
    response = manager.post(f"{BASE}/workspaces", json=body)
    warnings = response.json()["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["default_text_model", "colour"]
    assert "X-ReelRouter-Warnings" in response.headers
    assert response.json()["data"]["default_text_model"] is None
    slug = new_slug()
    made = governor.workspaces.create(name="x", slug=slug, default_text_model="openai/gpt-4o")
    assert made.data.default_text_model is None


def test_a_slug_belongs_to_one_workspace(governor: OpenRouter, manager: httpx.Client) -> None:
    """A second one is a 400 that names the field; the default workspace keeps its own, and cannot go."""
    taken = made_workspace(manager)["slug"]
    with pytest.raises(errors.BadRequestResponseError) as raised:
        governor.workspaces.create(name="x", slug=taken)
    assert taken in raised.value.message
    other = made_workspace(manager)["slug"]
    with pytest.raises(errors.BadRequestResponseError):
        governor.workspaces.update(id=other, slug=taken)
    with pytest.raises(errors.BadRequestResponseError):
        governor.workspaces.update(id="default", slug=new_slug())
    assert "default workspace" in refusal(manager.delete(f"{BASE}/workspaces/default"), 409)["message"]


def test_a_workspace_with_unfinished_live_jobs_stays(server: Server, manager: httpx.Client) -> None:
    """Until they have ended; then it goes with its keys."""
    slug = made_workspace(manager)["slug"]
    made = made_key(manager, workspace_id=slug)
    with server.client(made["key"]) as team:
        job = placed(team, small(duration=30, resolution="1080p"))
        assert "1 unfinished live job" in refusal(manager.delete(f"{BASE}/workspaces/{slug}"), 409)["message"]
        team.post(f"{BASE}/videos/{job}/cancel").raise_for_status()
        assert ended(team, job)["status"] == "cancelled"
    assert manager.delete(f"{BASE}/workspaces/{slug}").json() == {"deleted": True}
    until(lambda: status_with(server, made["key"]) == 401, "the end of the workspace's key", 5.0)
    refusal(manager.get(f"{BASE}/keys/{made['data']['hash']}"), 404)


def test_rotating_kills_the_links_that_were_handed_out(server: Server, manager: httpx.Client) -> None:
    """Within a second; a poll gives new ones, and nobody else's links change."""
    slug = made_workspace(manager)["slug"]
    with (
        server.client(made_key(manager, workspace_id=slug, mode="test")["key"]) as team,
        server.client(None) as keyless,
    ):
        job = ended(team, placed(team, small()))
        assert keyless.get(job["urls"][0]).status_code == 200
        rotated = manager.post(f"{BASE}/workspaces/{slug}/rotate-links")
        assert rotated.json()["data"]["slug"] == slug
        until(lambda: keyless.get(job["urls"][0]).status_code == 404, "the end of the old link", 5.0)
        new = until(lambda: _other(team, job), "a new link", 5.0)
        assert keyless.get(new).status_code == 200


def _other(team: httpx.Client, job: dict[str, Any]) -> str | None:
    url: str = team.get(f"{BASE}/videos/{job['id']}").json()["urls"][0]
    return None if url == job["urls"][0] else url


# Keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_in_a_workspace_used_changed_and_deleted(
    governor: OpenRouter, manager: httpx.Client, server: Server, sdk_of: SdkOf
) -> None:
    """By the SDK alone; it makes videos in that workspace, and the list does not show it."""
    workspace = made_workspace(manager)
    made = governor.api_keys.create(name="ci", workspace_id=workspace["slug"])
    assert made.key.startswith("rr-live-")
    assert made.data.workspace_id == workspace["id"]
    job = sdk_of(made.key).video_generation.generate(**small())
    listed = governor.api_keys.list(workspace_id=workspace["id"]).data
    assert [(one.hash, one.name, one.disabled) for one in listed] == [(made.data.hash, "ci", False)]
    assert made.key not in listed[0].label
    changed = governor.api_keys.update(hash=made.data.hash, name="cd", disabled=True).data
    assert (changed.name, changed.disabled) == ("cd", True)
    assert governor.api_keys.list(workspace_id=workspace["id"]).data == []
    assert len(governor.api_keys.list(workspace_id=workspace["id"], include_disabled=True).data) == 1
    with server.client(made_key(manager, workspace_id=workspace["id"])["key"]) as team:
        ended(team, job.id)
    assert governor.api_keys.delete(hash=made.data.hash).DELETED
    with pytest.raises(errors.NotFoundResponseError):
        governor.api_keys.get(hash=made.data.hash)


def test_a_revocation_bites_within_a_second(governor: OpenRouter, manager: httpx.Client, server: Server) -> None:
    """Disabled, it is refused; enabled again, it works; deleted, it is refused for good."""
    made = made_key(manager, mode="test")
    key, hash_ = made["key"], made["data"]["hash"]
    assert status_with(server, key) == 200
    governor.api_keys.update(hash=hash_, disabled=True)
    until(lambda: status_with(server, key) == 401, "the end of a disabled key", 5.0)
    governor.api_keys.update(hash=hash_, disabled=False)
    until(lambda: status_with(server, key) == 200, "the return of an enabled key", 5.0)
    governor.api_keys.delete(hash=hash_)
    until(lambda: status_with(server, key) == 401, "the end of a deleted key", 5.0)


def test_a_key_ends_when_it_was_said_to(governor: OpenRouter, server: Server) -> None:
    """Afterwards it is listed only for those who ask for expired ones."""
    when = datetime.now(UTC) + timedelta(seconds=2)
    made = governor.api_keys.create(name="brief", expires_at=when)
    assert status_with(server, made.key) == 200
    until(lambda: status_with(server, made.key) == 401, "the end of a key's time", 10.0)
    assert made.data.hash not in [one.hash for one in governor.api_keys.list().data]
    assert made.data.hash in [one.hash for one in governor.api_keys.list(include_expired=True).data]
    with pytest.raises(errors.BadRequestResponseError):
        governor.api_keys.create(name="late", expires_at=datetime.now(UTC) - timedelta(days=1))


def limits(of: Any) -> tuple[Any, ...]:
    return of.limit, of.limit_remaining, of.limit_reset, of.include_byok_in_limit


def test_a_limit_is_kept_changed_and_taken_away(governor: OpenRouter) -> None:
    """In dollars; what is not named stays as it is."""
    made = governor.api_keys.create(name="x", limit=20, limit_reset="monthly", include_byok_in_limit=True).data
    assert limits(made) == (20, 20, "monthly", True)
    assert limits(governor.api_keys.update(hash=made.hash, limit=50.5).data) == (50.5, 50.5, "monthly", True)
    assert limits(governor.api_keys.update(hash=made.hash, limit_reset=None).data) == (50.5, 50.5, None, True)
    assert limits(governor.api_keys.update(hash=made.hash, name="y").data) == (50.5, 50.5, None, True)
    assert limits(governor.api_keys.update(hash=made.hash, limit=None).data) == (None, None, None, False)
    with pytest.raises(errors.BadRequestResponseError):
        governor.api_keys.update(hash=made.hash, limit_reset="daily")
    assert limits(governor.api_keys.get(hash=made.hash).data) == (None, None, None, False)


def test_a_key_moves_to_another_workspace(server: Server, manager: httpx.Client, governor: OpenRouter) -> None:
    """With its value; what it has made stays where it was placed."""
    first, second = made_workspace(manager), made_workspace(manager)
    made = made_key(manager, mode="test", workspace_id=first["slug"])
    with server.client(made["key"]) as team:
        job = placed(team, small(prompt="[[fail:server]]"))
        ended(team, job)
        moved = governor.api_keys.update(hash=made["data"]["hash"], workspace_id=second["id"]).data
        assert moved.workspace_id == second["id"]
        until(lambda: team.get(f"{BASE}/videos/{job}").status_code == 404, "the move", 5.0)
        assert team.get(f"{BASE}/videos").json()["data"] == []


def test_keys_of_each_kind_have_the_rules_that_they_can_have(manager: httpx.Client) -> None:
    """A test key has no limit, a management key neither workspace nor limits; kinds do not change."""
    workspace = made_workspace(manager)["id"]
    wrong = [
        ({"mode": "test", "limit": 5}, "limit"),
        ({"mode": "management", "concurrency": 5}, "concurrency"),
        ({"mode": "management", "requests_per_minute": 5}, "requests_per_minute"),
        ({"mode": "management", "workspace_id": workspace}, "workspace_id"),
        ({"mode": "admin"}, "mode"),
        ({"workspace_id": "nowhere"}, "workspace_id"),
        ({"limit_reset": "daily"}, "limit_reset"),
        ({"limit": -1}, "limit"),
        ({"limit": 5, "limit_reset": "yearly"}, "limit_reset"),
        ({"expires_at": "2030-01-01T00:00Z"}, "expires_at"),
    ]
    for body, field in wrong:
        error = refusal(manager.post(f"{BASE}/keys", json={"name": "x", **body}), 400)
        assert [problem["field"] for problem in error["metadata"]["problems"]] == [field], body
    made = made_key(manager, mode="management")["data"]
    error = refusal(manager.patch(f"{BASE}/keys/{made['hash']}", json={"mode": "live"}), 400)
    assert error["metadata"]["problems"][0]["field"] == "mode"


def test_what_keys_have_spent_is_told(server: Server, manager: httpx.Client) -> None:
    """In the list and alone, as the poll of the job tells its cost."""
    workspace = made_workspace(manager)["slug"]
    made = made_key(manager, mode="test", workspace_id=workspace)
    idle = made_key(manager, mode="test", workspace_id=workspace)
    with server.client(made["key"]) as team:
        body = small(model="x-ai/grok-imagine-video", resolution="480p")
        cost = ended(team, placed(team, body))["usage"]["cost"]
    assert cost > 0
    listed = manager.get(f"{BASE}/keys", params={"workspace_id": workspace}).json()
    usage = ("usage", "usage_daily", "usage_weekly", "usage_monthly")
    rows = {row["hash"]: [row[name] for name in usage] for row in listed["data"]}
    assert rows == {made["data"]["hash"]: [cost] * 4, idle["data"]["hash"]: [0] * 4}
    assert listed["total_count"] == 2
    assert manager.get(f"{BASE}/keys/{made['data']['hash']}").json()["data"]["usage"] == cost


# Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [LIVE_KEY, TEST_KEY])
def test_an_ordinary_key_governs_nothing(key: str, sdk_of: SdkOf) -> None:
    """403 for each operation; without a key, or with a wrong one, 401."""
    for call in _calls(sdk_of(key)):
        with pytest.raises(errors.OpenRouterError) as raised:
            call()
        assert raised.value.status_code == 403
    for nobody in (None, "rr-mgmt-nobody"):
        for call in _calls(sdk_of(nobody)):
            with pytest.raises(errors.UnauthorizedResponseError):
                call()


def test_a_management_key_makes_no_videos(manager: httpx.Client) -> None:
    """403, which says what to use."""
    assert "ordinary key" in refusal(submit(manager, small()), 403)["message"]
    assert "ordinary key" in refusal(manager.get(f"{BASE}/videos"), 403)["message"]


def test_where_no_key_is_needed_a_management_key_is_no_hindrance(
    client: httpx.Client, manager: httpx.Client
) -> None:
    """Lists of models are open, and a signed link is enough whatever else is said."""
    for path in ("videos/models", "models?output_modalities=video", "providers"):
        assert manager.get(f"{BASE}/{path}").status_code == 200, path
    job = ended(client, placed(client, small()))
    assert manager.get(job["urls"][0]).status_code == 200
    assert manager.get(job["urls"][0].partition("?")[0]).status_code == 403


def test_what_there_is_not_cannot_be_governed(governor: OpenRouter) -> None:
    """404 for each operation that names it."""
    for call in (
        lambda: governor.workspaces.get(id="nowhere"),
        lambda: governor.workspaces.update(id="nowhere", name="x"),
        lambda: governor.workspaces.delete(id="nowhere"),
        lambda: governor.api_keys.list(workspace_id="nowhere"),
        lambda: governor.api_keys.get(hash=UNKNOWN_KEY),
        lambda: governor.api_keys.update(hash=UNKNOWN_KEY, name="x"),
        lambda: governor.api_keys.delete(hash=UNKNOWN_KEY),
    ):
        with pytest.raises(errors.NotFoundResponseError):
            call()


def test_what_is_governed_is_logged(server: Server, manager: httpx.Client) -> None:
    """Who did what to which; no key stands in the log."""
    made = made_key(manager)
    hash_ = made["data"]["hash"]
    manager.delete(f"{BASE}/keys/{hash_}").raise_for_status()
    told = [event for event in server.events("governed") if event["subject"] == hash_]
    assert [event["action"] for event in told] == ["created", "deleted"]
    assert told[0]["by"].startswith("key_")
    assert made["key"] not in (server.data_dir.parent / "serve.log").read_text()


def _calls(sdk: OpenRouter) -> tuple[Callable[[], object], ...]:
    return (
        sdk.workspaces.list,
        lambda: sdk.workspaces.create(name="x", slug="x"),
        lambda: sdk.workspaces.get(id="default"),
        lambda: sdk.workspaces.update(id="default", name="x"),
        lambda: sdk.workspaces.delete(id="default"),
        sdk.api_keys.list,
        lambda: sdk.api_keys.create(name="x"),
        lambda: sdk.api_keys.get(hash=UNKNOWN_KEY),
        lambda: sdk.api_keys.update(hash=UNKNOWN_KEY, name="x"),
        lambda: sdk.api_keys.delete(hash=UNKNOWN_KEY),
    )


def test_a_management_key_is_told_what_it_is(manager: httpx.Client) -> None:
    """It has spent nothing, and nothing limits it."""
    found = manager.get(f"{BASE}/key").json()["data"]
    assert (found["is_management_key"], found["mode"], found["usage"]) == (True, "management", 0)
    assert (found["limit"], found["budgets"]) == (None, [])
