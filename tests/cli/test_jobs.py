"""`reelrouter jobs`, against a server that behaves as OpenRouter was recorded to."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from reelrouter.cli.ending import Exit
from tests.cli.running import run, run_json, run_well
from tests.client.fake_openrouter import FILM, JOB, FakeOpenRouter, says


def test_a_job_is_shown_as_it_is(openrouter: FakeOpenRouter) -> None:
    """Its price and its video too, once there are some; with --json as the server said it."""
    assert "pending" in run_well("jobs", "show", JOB)
    openrouter.pending_polls = 0
    shown = run_well("jobs", "show", JOB)
    assert "$0.40" in shown
    assert shown.splitlines()[-1] == f"{openrouter.base_url}/api/v1/videos/{JOB}/content?index=0"
    assert run_json("jobs", "show", JOB)["usage"]["cost"] == 0.4


def test_watching_ends_as_the_job_ends(openrouter: FakeOpenRouter, folder: Path) -> None:
    """With its price, or with its file if one is asked for."""
    fast = ("--interval", "0")
    assert run_well("jobs", "watch", JOB, *fast) == f"{JOB} completed, $0.40\n"
    assert run_well("jobs", "watch", JOB, "-o", "fox.mp4", *fast) == "Saved fox.mp4\n"
    assert (folder / "fox.mp4").read_bytes() == FILM
    openrouter.ending = {"status": "expired", "error": "it took too long"}
    result = run("jobs", "watch", JOB, *fast)
    assert result.exit_code == Exit.NO_VIDEO
    assert "it took too long" in result.stderr


def test_a_video_is_saved_under_its_jobs_name(openrouter: FakeOpenRouter, folder: Path) -> None:
    """Where no other is given."""
    openrouter.pending_polls = 0
    assert run_json("jobs", "download", JOB) == {
        "id": JOB,
        "output_path": f"{JOB}.mp4",
        "bytes": len(FILM),
        "resumed": False,
    }
    assert (folder / f"{JOB}.mp4").read_bytes() == FILM


def test_a_job_without_a_video_cannot_be_saved(openrouter: FakeOpenRouter) -> None:
    """The line says what to do first."""
    result = run("jobs", "download", JOB)
    assert result.exit_code == Exit.USAGE
    assert "is pending, and has no video. Wait for it first" in result.stderr


@pytest.mark.parametrize("command", ["cancel", "delete", "list"])
def test_what_a_server_does_not_have_is_said(command: str, openrouter: FakeOpenRouter) -> None:
    """Upstream has none of these."""
    result = run("jobs", command, *([] if command == "list" else [JOB]))
    assert result.exit_code == Exit.FAILED
    assert "Not Found" in result.stderr


def test_pages_are_listed_with_the_way_to_the_next(openrouter: FakeOpenRouter) -> None:
    """Ids, states and ages in 80 columns; markup in a server's words is no markup."""
    job = {"id": JOB, "status": "in_progress", "progress": 40, "model": "[b]/x", "created_at": 1}
    page = {"data": [job], "has_more": True, "next_cursor": "abc"}
    openrouter.plan("else", says(200, page), says(200, page), says(200, {"data": [], "has_more": False}))
    shown = run_well("jobs", "list")
    (line,) = [line for line in shown.splitlines() if line.startswith(JOB)]
    assert "40 %" in line
    assert "[b]/x" in line
    assert shown.splitlines()[-1] == "There are more: --cursor abc"
    assert run_json("jobs", "list") == {"data": [job], "next_cursor": "abc"}
    assert "reelrouter generate" in run_well("jobs", "list")


def test_filters_are_handed_on_as_they_were_given(openrouter: FakeOpenRouter) -> None:
    """Each under the API's name for it; where they leave nothing, the line says how to see more."""
    openrouter.plan("else", says(200, {"data": [], "has_more": False}))
    words = ["--status", "failed", "--status", "expired", "-m", "a/b", "--after", "2026-11-21", "--limit", "5"]
    assert "Without filters" in run_well("jobs", "list", "--user", "ann & bob", *words)
    given = parse_qs(urlsplit(openrouter.seen[-1].path).query)
    assert given == {
        "limit": ["5"],
        "status": ["failed,expired"],
        "model": ["a/b"],
        "user": ["ann & bob"],
        "created_after": ["2026-11-21"],
    }
