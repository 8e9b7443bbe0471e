"""`reelrouter doctor`: each thing that can be wrong, with what to do."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from reelrouter.cli import doctor
from reelrouter.cli.ending import Exit
from reelrouter.db.migrate import ServerRefused
from reelrouter.errors import OutageCause
from reelrouter.providers.registry import PROVIDERS
from tests.cli.running import run
from tests.client.fake_openrouter import FakeOpenRouter, says, sends


def diagnosis(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and by subject a level and a text."""
    result = run("doctor", *arguments, "--json")
    findings = json.loads(result.stdout)["findings"]
    return result.exit_code, {one["about"]: (one["level"], one["text"]) for one in findings}


def test_all_is_well(openrouter: FakeOpenRouter, folder: Path) -> None:
    """A line for each thing that was looked at, and nothing was submitted."""
    openrouter.plan("poll", says(404, {"error": {"code": 404, "message": "Job not found"}}))
    code, found = diagnosis()
    assert code == Exit.DONE
    ours = [about for about in found if about not in PROVIDERS]
    assert ours == ["environment", "server", "clock", "key", "models", "data"]
    assert {found[about][0] for about in ours} == {"ok"}
    assert openrouter.asked("submit") == []


def test_a_server_that_is_not_there(folder: Path) -> None:
    """Nothing more can be told of it; the data of this machine can."""
    code, found = diagnosis("--base-url", "http://127.0.0.1:9")
    assert code == Exit.FAILED
    assert found["server"][0] == "fail"
    assert found.keys() - PROVIDERS.keys() == {"environment", "server", "data"}


def test_a_server_that_is_not_ready(openrouter: FakeOpenRouter) -> None:
    """It says which part is missing."""
    openrouter.plan("else", says(503, {"status": "unavailable", "parts": {"engine": "it has ended"}}))
    code, found = diagnosis()
    assert code == Exit.FAILED
    assert "it has ended" in found["server"][1]


def test_a_part_that_cannot_be_used_has_a_remedy(openrouter: FakeOpenRouter) -> None:
    """One line for each such part, with what to do about its cause; an unknown one sends to the log."""
    parts = {"database": "ok", "storage": "it is full", "cache": "it is away"}
    causes = {"storage": "full", "cache": "a new word"}
    openrouter.plan("else", says(503, {"status": "unavailable", "parts": parts, "causes": causes}))
    findings = json.loads(run("doctor", "--json").stdout)["findings"]
    told = [(one["text"].partition("is not ready: ")[2], one["next_step"]) for one in findings[1:3]]
    assert told == [
        ("storage: it is full", OutageCause.FULL.remedy),
        ("cache: it is away", "see the server's log"),
    ]


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"parts": 3}', '{"parts": {"storage": "ok"}}'])
def test_a_server_that_is_not_ready_in_its_own_way(openrouter: FakeOpenRouter, body: str) -> None:
    """Whatever it says is shown."""
    openrouter.plan("else", sends(503, body.encode()))
    code, found = diagnosis()
    assert code == Exit.FAILED
    assert body in found["server"][1]


def test_a_key_that_the_server_does_not_know(openrouter: FakeOpenRouter) -> None:
    """Found out without a job."""
    code, found = diagnosis("--base-url", openrouter.base_url, "--api-key", "sk-or-wrong")
    assert code == Exit.FAILED
    assert found["key"][0] == "fail"
    assert found["models"][0] == "ok"


def test_clocks_that_disagree(openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning, and no failure."""
    monkeypatch.setattr(doctor, "time", SimpleNamespace(time=lambda: time.time() + 100))
    openrouter.plan("poll", says(404, {"error": {"code": 404, "message": "Job not found"}}))
    code, found = diagnosis()
    assert code == Exit.DONE
    level, text = found["clock"]
    assert level == "warn"
    assert "ahead of the server's" in text


@pytest.mark.parametrize(
    ("skew", "told"),
    [
        (0.5, ("ok", "answers, and its clock agrees with this machine's")),
        (-90.0, ("warn", "this machine's clock is 90 s behind the database's")),
        (ServerRefused("no such host"), ("fail", "cannot be used: no such host")),
    ],
)
def test_the_clock_of_the_database_is_compared(
    skew: float | ServerRefused,
    told: tuple[str, str],
    openrouter: FakeOpenRouter,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a gateway of this machine has a server: its jobs go by that clock."""

    def skew_from(url: str) -> float:
        if isinstance(skew, ServerRefused):
            raise skew
        return skew

    monkeypatch.setattr(doctor, "skew_from", skew_from)
    monkeypatch.setenv("REELROUTER_DATABASE_URL", "postgresql://nobody.invalid/reelrouter")
    assert diagnosis()[1]["database"] == told


def test_two_keys_and_a_broken_setting(openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first key is used; a setting of this machine's server is named."""
    monkeypatch.setenv("MODELGATES_API_KEY", "another")
    monkeypatch.setenv("REELROUTER_PORT", "many")
    code, found = diagnosis()
    assert code == Exit.FAILED
    assert found["environment"] == ("warn", "has OPENROUTER_API_KEY and MODELGATES_API_KEY; the first is used")
    assert "port" in found["data"][1]
