"""`reelrouter webhooks`, over a data folder of its own, with no gateway running."""

import asyncio
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reelrouter.accounts import workspaces
from reelrouter.cli.ending import Exit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.webhooks import store
from reelrouter.webhooks.schedule import Again, Result
from tests.cli.running import run, run_json, run_well

RECEIVER = "http://127.0.0.1:9/hook"


@pytest.fixture(autouse=True)
def installation(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a gateway has run once."""
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    path = Path(shutil.copy(empty_database, tmp_path / "data" / "app.db"))
    written(path, lambda unit: workspaces.ensure_default(unit, 0.0))
    return path


def written(path: Path, work: Any) -> Any:
    async def within() -> Any:
        db = SqliteDatabase(path)
        try:
            return await db.write(work)
        finally:
            await db.close()

    return asyncio.run(within())


def test_empty_lists_say_what_would_fill_them() -> None:
    """Rather than nothing."""
    assert "reelrouter webhooks rotate-secret" in run_well("webhooks", "secrets")
    assert "callback_url" in run_well("webhooks", "deliveries")
    assert "--mode test" in run_well("webhooks", "deliveries")
    assert run_json("webhooks", "secrets") == []
    assert run_json("webhooks", "deliveries") == {"data": [], "next_cursor": None}


def test_a_folder_without_an_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking there makes none."""
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "elsewhere"))
    result = run("webhooks", "deliveries")
    assert result.exit_code == Exit.FAILED
    assert "REELROUTER_DATA_DIR" in result.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_secrets_rotate_and_are_shown_once() -> None:
    """The older one goes on for its time; a revoked one is gone at once."""
    first = run_well("webhooks", "rotate-secret").strip()
    second = run_json("webhooks", "rotate-secret", "--keep-for", "3600")
    assert first.startswith("whsec_")
    listed = run_json("webhooks", "secrets")
    assert [one["id"] for one in listed] == [second["replaced"]["id"], second["id"]]
    shown = run_well("webhooks", "secrets")
    assert second["id"] in shown
    assert "never" in shown
    assert first not in shown + json.dumps(listed)
    run_well("webhooks", "revoke-secret", second["replaced"]["id"])
    assert [one["id"] for one in run_json("webhooks", "secrets")] == [second["id"]]
    assert run("webhooks", "revoke-secret", "whs_none").exit_code == Exit.FAILED


def test_a_sample_waits_for_a_gateway() -> None:
    """It is in the list, and the command says who sends it."""
    told = run_well("webhooks", "test", RECEIVER, "--mode", "test", "--wait", "0")
    assert "reelrouter serve" in told
    (listed,) = run_json("webhooks", "deliveries", "--mode", "test")["data"]
    assert (listed["status"], listed["url"], listed["job_id"]) == ("waiting", RECEIVER, None)
    assert listed["id"] in run_well("webhooks", "deliveries", "--mode", "test")
    assert run_json("webhooks", "deliveries")["data"] == []


@pytest.mark.parametrize("arguments", [("http://app.example/",), ("https://10.0.0.1/",), (RECEIVER,), ()])
def test_an_address_that_may_not_be_told_is_refused(arguments: tuple[str, ...]) -> None:
    """In live mode not even this machine; without any address it is said what is missing."""
    result = run("webhooks", "test", *arguments, "--wait", "0")
    assert result.exit_code == Exit.USAGE
    assert "url" in result.stderr


def test_a_delivery_is_shown_with_its_attempts(installation: Path) -> None:
    """And can be replayed, but not while it is sent."""
    made = run_json("webhooks", "test", RECEIVER, "--mode", "test", "--wait", "0")["id"]
    claim = partial(store.claim, rooms=[("127.0.0.1:9", 1)], now_ms=4 * 10**12, until=5 * 10**12)
    (one,) = written(installation, claim)
    result = run("webhooks", "replay", made, "--wait", "0")
    assert result.exit_code == Exit.FAILED
    assert "being sent" in result.stderr
    answer = Result(status=500, latency=12, response="no\nway\x1b[31m")
    written(installation, partial(store.settle, one=one, result=answer, then=Again(4e9), now_ms=1))
    shown = run_well("webhooks", "show", made)
    assert "500 after 12 ms: no way" in shown
    assert "\x1b" not in shown
    assert "video.generation.completed" in shown
    replayed = run_json("webhooks", "replay", made, "--wait", "0")
    assert (replayed["status"], len(replayed["attempts"])) == ("waiting", 1)


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_delivery_is_one_clear_line(command: str) -> None:
    """As is an unknown workspace."""
    assert "dlv_none not found" in run("webhooks", command, "dlv_none").stderr
    assert "Workspace none not found" in run("webhooks", "deliveries", "--workspace", "none").stderr
