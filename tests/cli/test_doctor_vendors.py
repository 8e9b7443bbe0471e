"""The gateway's own side of `reelrouter doctor`: which vendors it can use, what to set, and who can be reached."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelrouter.cli.ending import Exit
from reelrouter.cli.output import out
from reelrouter.providers.registry import PROVIDERS
from tests.cli.receiving import receiving
from tests.cli.running import run

_NOBODY = "http://127.0.0.1:9"
"""Where no server is: it is a server of this machine all the same."""
_SECRET = "a-very-secret-key"


def vendors(*arguments: str, base_url: str = _NOBODY) -> dict[str, dict[str, Any]]:
    """What is said of each vendor."""
    result = run("doctor", "--base-url", base_url, "--json", *arguments)
    assert _SECRET not in result.output
    found = json.loads(result.stdout)["findings"]
    return {one["about"]: one for one in found if one["about"] in (*PROVIDERS, "vendors")}


@pytest.fixture
def all_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers there, and nobody else is asked."""
    for provider in PROVIDERS.values():
        monkeypatch.setenv(provider.access.root_variables[0], _NOBODY)


def test_every_vendor_has_its_line_with_what_to_set() -> None:
    """That an installation does without a vendor is no fault."""
    found = vendors()
    assert found.keys() == PROVIDERS.keys()
    assert found["byteplus"] == {
        "level": "off",
        "about": "byteplus",
        "text": "no account",
        "next_step": "set BYTEPLUS_API_KEY or ARK_API_KEY",
    }
    assert {one["level"] for one in found.values()} == {"off"}


def test_accounts_are_named_and_their_values_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the environment, and those of the settings."""
    monkeypatch.setenv("BYTEPLUS_API_KEY", _SECRET)
    monkeypatch.setenv(
        "REELROUTER_PROVIDERS", json.dumps({"byteplus": {"accounts": [{"name": "second", "api_key": _SECRET}]}})
    )
    assert vendors()["byteplus"]["text"] == "has the accounts default and second"
    assert vendors()["byteplus"]["level"] == "ok"


def test_an_account_that_lacks_something_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it lacks."""
    monkeypatch.setenv("GOOGLE_VERTEX_ACCESS_TOKEN", _SECRET)
    found = vendors()["google-vertex"]
    assert found["level"] == "warn"
    assert found["text"] == "the account default lacks GOOGLE_CLOUD_PROJECT"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REELROUTER_PROVIDERS", '{"nobody": {}}', "there is no such provider"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json", "cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_a_failure(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of the vendors' lines."""
    monkeypatch.setenv(variable, value)
    found = vendors()
    assert found.keys() == {"vendors"}
    assert found["vendors"]["level"] == "fail"
    assert said in found["vendors"]["text"]


@pytest.mark.usefixtures("all_on_loopback")
def test_a_probe_tells_who_answers_and_who_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a GET of the root's origin, without a key; any answer will do. Those without an account are asked too."""
    with receiving() as receiver:  # which takes nothing but POST, and says so
        origin = receiver.url.removesuffix("/hook")
        monkeypatch.setenv("BYTEPLUS_API_KEY", _SECRET)
        monkeypatch.setenv("BYTEPLUS_BASE_URL", f"{origin}/api/v3")
        monkeypatch.setenv("DASHSCOPE_API_KEY", _SECRET)
        found = vendors("--probe")
    assert (found["byteplus"]["level"], found["byteplus"]["text"]) == (
        "ok",
        f"has the account default; {origin} answers",
    )
    assert found["alibaba"]["level"] == "fail"
    assert f"{_NOBODY} does not answer" in found["alibaba"]["text"]
    assert found["volcengine"]["level"] == "off"
    assert f"{_NOBODY} does not answer" in found["volcengine"]["text"]


def test_of_a_server_elsewhere_nothing_is_said_about_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's settings are not that server's."""

    def is_out_of_reach(_url: str, **_given: object) -> None:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(httpx, "get", is_out_of_reach)
    assert vendors(base_url="http://gateway.example") == {}
    assert vendors().keys() == PROVIDERS.keys()


@pytest.mark.usefixtures("all_on_loopback")
@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_every_line_has_room(columns: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to set stands below."""
    monkeypatch.setattr(out, "_width", columns)
    monkeypatch.setenv("BYTEPLUS_API_KEY", _SECRET)
    result = run("doctor", "--base-url", _NOBODY, "--probe")
    assert result.exit_code == Exit.FAILED
    assert max(len(line.rstrip()) for line in result.stdout.splitlines()) <= columns
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["Set", "VOLCENGINE_API_KEY", "or", "VOLC_ARK_API_KEY."] in lines
    assert _SECRET not in result.output
