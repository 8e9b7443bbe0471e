"""The commands of an operator as processes, beside a server that runs on the same data."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelrouter.ids import random_text
from tests.acceptance.governing import BASE
from tests.acceptance.orders import placed, small
from tests.acceptance.serving import Server
from tests.acceptance.shell import environment, shell
from tests.acceptance.waiting import ended, until


@pytest.fixture
def known(server: Server) -> dict[str, str]:
    """An environment that leads to the server's own data, and to none of its keys."""
    return environment(server) | {"REELROUTER_DATA_DIR": str(server.data_dir), "COLUMNS": "100"}


def asked(command: str, folder: Path, known: dict[str, str]) -> Any:
    return json.loads(shell(f"reelrouter {command} --json", folder, known))


def status(server: Server, key: str) -> int:
    with server.client(key) as client:
        return client.get(f"{BASE}/videos").status_code


def test_a_team_gets_a_workspace_and_a_key(
    server: Server, manager: httpx.Client, tmp_path: Path, known: dict[str, str]
) -> None:
    """What a script prints is the key alone; the API shows what the commands have made, and the reverse."""
    slug = f"cli-{random_text(8).lower()}"
    made = asked(f"workspaces create {slug} --name Team --retention 2h --concurrency 3", tmp_path, known)
    assert manager.get(f"{BASE}/workspaces/{slug}").json()["data"] == made
    assert (made["retention"], made["concurrency"]) == (7200, 3)
    key = shell(f"reelrouter keys create --workspace {slug} --mode test --rate 600", tmp_path, known).strip()
    with server.client(key) as team:
        job = placed(team, small(prompt="[[fail:server]]"))
        ended(team, job)
    (listed,) = asked(f"keys list --workspace {slug}", tmp_path, known)
    row = manager.get(f"{BASE}/keys/{listed['id']}").json()["data"]
    assert listed == {"id": row["hash"], "state": "active", **row}
    manager.patch(f"{BASE}/workspaces/{slug}", json={"zdr": True}).raise_for_status()
    assert asked(f"workspaces show {slug}", tmp_path, known)["zdr"] is True
    shell(f"reelrouter workspaces delete {slug} --yes", tmp_path, known)
    until(lambda: status(server, key) == 401, "the end of the workspace's key", 5.0)
    assert manager.get(f"{BASE}/workspaces/{slug}").status_code == 404


def test_what_a_command_revokes_the_server_refuses(server: Server, tmp_path: Path, known: dict[str, str]) -> None:
    """Within a second, though another process has written it; and what it enables works again."""
    made = asked("keys create --mode test --name revoked", tmp_path, known)
    assert status(server, made["key"]) == 200
    shell(f"reelrouter keys disable {made['id']}", tmp_path, known)
    until(lambda: status(server, made["key"]) == 401, "the end of a disabled key", 5.0)
    shell(f"reelrouter keys enable {made['id']}", tmp_path, known)
    until(lambda: status(server, made["key"]) == 200, "the return of an enabled key", 5.0)
    shell(f"reelrouter keys delete {made['id']}", tmp_path, known)
    until(lambda: status(server, made["key"]) == 401, "the end of a deleted key", 5.0)


def test_a_management_key_comes_from_a_command(server: Server, tmp_path: Path, known: dict[str, str]) -> None:
    """It governs by the API at once."""
    key = shell("reelrouter keys create --management --name ops", tmp_path, known).strip()
    with server.client(key) as governing:
        assert governing.get(f"{BASE}/workspaces/default").json()["data"]["slug"] == "default"


def test_a_refusal_is_one_line_and_a_status(tmp_path: Path, known: dict[str, str]) -> None:
    """As for every command."""
    done = subprocess.run(
        ["reelrouter", "workspaces", "delete", "default", "--yes"],  # noqa: S607 - as it is typed
        env=known, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "default workspace cannot be deleted" in done.stderr
