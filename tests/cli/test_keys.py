"""`reelrouter keys`, over a data folder of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reelrouter.cli.commands import app
from tests.cli.running import run, run_json, run_well

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_key_is_made_listed_and_disabled() -> None:
    """The key is printed once; afterwards only its beginning is known."""
    made = json.loads(RUNNER.invoke(app, ["keys", "create", "--mode", "test", "--name", "ci", "--json"]).stdout)
    assert made["key"].startswith("rr-test-")
    (listed,) = json.loads(RUNNER.invoke(app, ["keys", "list", "--json"]).stdout)
    assert (listed["name"], listed["state"]) == ("ci", "active")
    assert made["key"] not in json.dumps(listed)
    assert RUNNER.invoke(app, ["keys", "disable", listed["id"]]).exit_code == 0
    (listed,) = json.loads(RUNNER.invoke(app, ["keys", "list", "--json"]).stdout)
    assert listed["state"] == "disabled"


def test_every_option_reaches_its_field() -> None:
    """And what is not said of a key stays as it is."""
    run_well("workspaces", "create", "acme")
    made = run_json(
        "keys", "create", "--name", "ci", "--workspace", "acme", "--limit", "20.5", "--per", "weekly",
        "--include-byok", "--expires", "2099-01-31", "--rate", "60", "--concurrency", "2", "--strict",
    )  # fmt: skip
    said = {
        "name": "ci",
        "mode": "live",
        "limit": 20.5,
        "limit_remaining": 20.5,
        "limit_reset": "weekly",
        "include_byok_in_limit": True,
        "expires_at": "2099-01-31T00:00:00.000Z",
        "requests_per_minute": 60,
        "concurrency": 2,
        "strict_parameters": True,
    }
    assert said.items() <= made.items()
    changed = run_json("keys", "update", made["id"], "--per", "total", "--clear", "rate", "--clear", "expires")
    gone = {"limit_reset": None, "requests_per_minute": None, "expires_at": None}
    assert (said | gone).items() <= changed.items()
    cleared = run_json("keys", "update", made["id"], "--clear", "limit", "--name", "cd", "--workspace", "default")
    assert (cleared["limit"], cleared["name"]) == (None, "cd")
    assert cleared["workspace_id"] != made["workspace_id"]


def test_keys_of_every_workspace_are_listed_unless_one_is_named() -> None:
    """With the workspace's slug; management keys belong to none."""
    run_well("workspaces", "create", "acme")
    assert "reelrouter keys create" in run_well("keys", "list")
    for arguments in (("--name", "one"), ("--name", "two", "--workspace", "acme"), ("--management",)):
        run_well("keys", "create", *arguments)
    assert [one["name"] for one in run_json("keys", "list")] == ["one", "two", "key"]
    assert [one["name"] for one in run_json("keys", "list", "--workspace", "acme")] == ["two"]
    table = run_well("keys", "list")
    assert "acme" in table
    assert "every one" in table


def test_the_key_stands_alone_on_stdout() -> None:
    """So that a script can take it; what else there is to say stands on stderr."""
    result = run("keys", "create", "--management")
    assert result.exit_code == 0
    assert result.stdout.startswith("rr-mgmt-")
    assert len(result.stdout.splitlines()) == 1
    assert "shown this once" in result.stderr


def test_a_key_is_shown_with_its_rules_and_its_spending() -> None:
    """And is gone when it is deleted."""
    made = run_json("keys", "create", "--limit", "20", "--per", "monthly")
    shown = " ".join(run_well("keys", "show", made["id"]).split())
    assert "limit $20.00 monthly" in shown
    assert "spent $0.00 in all" in shown
    assert made["key"] not in shown
    assert run_json("keys", "delete", made["id"]) == {"id": made["id"], "deleted": True}
    assert run("keys", "show", made["id"]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "--mode", "test", "--limit", "5"), "test keys spend no money"),
        (("create", "--management", "--rate", "5"), "management key makes no videos"),
        (("create", "--per", "daily"), "limit_reset needs a limit"),
        (("create", "--workspace", "nowhere"), "there is no workspace nowhere"),
        (("create", "--expires", "2020-01-01"), "is in the past"),
        (("update", "key_none"), "nothing to change"),
        (("update", "key_none", "--limit", "5", "--clear", "limit"), "set and cleared at once"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    """And nothing is made."""
    result = run("keys", *arguments)
    assert result.exit_code in (1, 2)
    assert told in result.stderr
    assert run_json("keys", "list") == []


def test_disabling_an_unknown_key_says_where_to_look() -> None:
    """One clear line, and a status that scripts can read."""
    result = RUNNER.invoke(app, ["keys", "disable", "key_none"])
    assert result.exit_code == 1
    assert "keys list" in result.stderr


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says which variable is wrong."""
    monkeypatch.setenv("REELROUTER_PORT", "many")
    result = RUNNER.invoke(app, ["keys", "list"])
    assert result.exit_code == 2
    assert "REELROUTER_PORT" in result.stderr


def test_generate_without_a_key_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent before there is a key to send it with."""
    monkeypatch.delenv("REELROUTER_API_KEY", raising=False)
    result = RUNNER.invoke(app, ["generate", "a fox"])
    assert result.exit_code == 2
    assert "REELROUTER_API_KEY" in result.stderr
