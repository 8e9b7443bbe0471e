"""`reelrouter keys`, over a data folder of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reelrouter.cli.commands import app

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
