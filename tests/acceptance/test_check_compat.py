"""The wire check against this gateway itself, by the command as it is installed."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server

_COMMAND = str(Path(sysconfig.get_path("scripts")) / "reelrouter")
_KEYS = ("REELROUTER_API_KEY", "OPENROUTER_API_KEY", "MODELGATES_API_KEY")


def check(server: Server, key: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _KEYS}
    return subprocess.run(  # noqa: PLW1510 - the tests look at the status
        [_COMMAND, "check-compat", server.base_url, *options],
        env={**environment, "REELROUTER_API_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def report(server: Server) -> dict[str, Any]:
    """Of every rule, with a test key."""
    result = check(server, TEST_KEY, "--json")
    made: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == 0, [rule for rule in made["rules"] if rule["outcome"] == "fail"]
    return made


def rules_with(report: dict[str, Any], *outcomes: str) -> list[tuple[str, str]]:
    return [(rule["id"], rule["seen"]) for rule in report["rules"] if rule["outcome"] in outcomes]


def test_this_gateway_keeps_every_rule(report: dict[str, Any]) -> None:
    """With a test key nothing is left out, and there is nothing to warn of."""
    assert rules_with(report, "fail", "warning", "skipped") == []
    assert report["compatible"] is True


def test_this_gateway_has_every_extra(report: dict[str, Any]) -> None:
    """What the check knows to look for is what users miss upstream."""
    assert rules_with(report, "absent") == []
    assert {name for name, _seen in rules_with(report, "extra")} >= {
        "extensions.cancel",
        "extensions.idempotency-key",
        "extensions.range",
        "extensions.signed-urls",
    }


def test_a_live_key_makes_no_job_without_leave(server: Server) -> None:
    """Nobody pays for a check that was not told to spend."""
    with server.client(LIVE_KEY) as client:
        before = [job["id"] for job in client.get("/api/v1/videos").json()["data"]]
        result = check(server, LIVE_KEY)
        assert result.returncode == 0, result.stdout
        assert "no job was made" in result.stdout
        assert [job["id"] for job in client.get("/api/v1/videos").json()["data"]] == before
