"""The list of jobs, filtered over HTTP, by the client and by the command."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelrouter import Client
from tests.acceptance.orders import placed, small
from tests.acceptance.serving import Server
from tests.acceptance.shell import environment, shell
from tests.acceptance.teams import Team, team
from tests.acceptance.waiting import ended

WAN = {"model": "alibaba/wan-2.7", "duration": 2, "resolution": "720p"}
LIST = "/api/v1/videos"


@pytest.fixture(scope="module")
def who(server: Server) -> Team:
    return team(server, size=2)


@pytest.fixture(scope="module")
def jobs(server: Server, who: Team) -> dict[str, str]:
    """Four jobs of two keys, by what is special about them."""
    with server.client(who.keys[0]) as first, server.client(who.keys[1]) as second:
        made = {
            "failed": placed(first, small(prompt="[[fail:server]]", user="ann", session_id="s1")),
            "wan": placed(first, {**WAN, "prompt": "[[fail:refusal]]", "user": "bob", "session_id": "s1"}),
            "expired": placed(second, small(prompt="[[status:expired]]", user="ann")),
        }
        header = {"x-session-id": "s2"}
        made["stuck"] = first.post(LIST, json=small(prompt="[[stuck]]", user="bob"), headers=header).json()["id"]
        for name in ("failed", "wan", "expired"):
            ended(first, made[name])
    return made


def listed(client: httpx.Client, **filters: Any) -> list[str]:
    response = client.get(LIST, params=filters)
    assert response.status_code == 200, response.text
    return [job["id"] for job in response.json()["data"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["failed", "wan", "expired", "stuck"]),
        ({"status": "failed"}, ["failed", "wan"]),
        ({"status": "expired,failed"}, ["failed", "wan", "expired"]),
        ({"status": "completed"}, []),
        ({"model": "alibaba/wan-2.7"}, ["wan"]),
        ({"model": "animatic", "status": "failed"}, ["failed"]),
        ({"model": "nobody/nothing"}, []),
        ({"user": "ann"}, ["failed", "expired"]),
        ({"user": "ann", "status": "failed"}, ["failed"]),
        ({"session_id": "s1"}, ["failed", "wan"]),
        ({"session_id": "s2"}, ["stuck"]),
        ({"session_id": "s1", "user": "bob"}, ["wan"]),
        ({"created_after": "2030-01-01"}, []),
        ({"created_before": "2030-01-01T00:00:00Z", "user": "bob"}, ["wan", "stuck"]),
        ({"created_after": "0", "created_before": "1"}, []),
    ],
)
def test_filters_leave_what_they_name(
    server: Server, who: Team, jobs: dict[str, str], filters: dict[str, str], expected: list[str]
) -> None:
    """Together they leave what each of them would, and the order stays: newest first."""
    with server.client(who.keys[0]) as client:
        found = listed(client, **filters)
    assert sorted(found) == sorted(jobs[name] for name in expected)


def test_a_key_is_named_by_its_id_and_another_workspaces_finds_nothing(
    server: Server, who: Team, jobs: dict[str, str]
) -> None:
    """As one that never was."""
    stranger = team(server)
    with server.client(who.keys[0]) as client:
        assert listed(client, key=who.key_ids[1]) == [jobs["expired"]]
        assert listed(client, key=stranger.key_ids[0]) == listed(client, key="key_unknown") == []
    with server.client(stranger.keys[0]) as client:
        assert listed(client, key=who.key_ids[1]) == listed(client, user="ann") == []


def test_pages_go_on_within_the_filter(server: Server, who: Team, jobs: dict[str, str]) -> None:
    """Each job once, over several states."""
    with server.client(who.keys[0]) as client:
        found, cursor = [], ""
        while True:
            params = {"status": "failed,expired,pending,in_progress", "limit": "1"}
            page = client.get(LIST, params=params | ({"cursor": cursor} if cursor else {})).json()
            found += [job["id"] for job in page["data"]]
            if not page["has_more"]:
                break
            cursor = page["next_cursor"]
    assert sorted(found) == sorted(jobs.values())


def test_a_wrong_filter_is_named_with_what_would_do(server: Server, who: Team) -> None:
    """All of them at once."""
    with server.client(who.keys[0]) as client:
        response = client.get(LIST, params={"status": "done", "created_after": "soon", "user": ""})
    assert response.status_code == 400
    problems = {one["field"]: one for one in response.json()["error"]["metadata"]["problems"]}
    assert set(problems) == {"status", "created_after", "user"}
    assert "expired" in problems["status"]["allowed"]


def test_the_client_and_the_command_have_the_same_filters(
    server: Server, who: Team, jobs: dict[str, str], tmp_path: Path
) -> None:
    """Each in its own words."""
    with Client(base_url=server.base_url, api_key=who.keys[0]) as reel:
        page = reel.list(status=("failed", "expired"), user="ann", created_before=1_900_000_000)
    assert {job.id for job in page.jobs} == {jobs["failed"], jobs["expired"]}
    known = environment(server) | {"REELROUTER_API_KEY": who.keys[0]}
    script = "reelrouter jobs list --status failed --session s1 -m alibaba/wan-2.7 --json"
    assert [job["id"] for job in json.loads(shell(script, tmp_path, known))["data"]] == [jobs["wan"]]
