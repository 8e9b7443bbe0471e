"""`api` and `engine`: what each needs before it can run beside others."""

from pathlib import Path

import pytest

from reelrouter.cli.ending import Exit
from tests.cli.running import run

SECRET = "a secret that nobody else has, 0123456789"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REELROUTER_PORT", "0")


@pytest.mark.parametrize("command", ["api", "engine"])
def test_a_file_cannot_be_shared(command: str) -> None:
    """Where there is no server, both run under one command."""
    result = run(command)
    assert result.exit_code == Exit.FAILED
    assert "REELROUTER_DATABASE_URL" in result.stderr


@pytest.mark.parametrize("command", ["api", "engine"])
def test_a_database_that_is_not_there_is_told_in_a_line(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the driver's own words; and nobody waits for a server at the start."""
    monkeypatch.setenv("REELROUTER_DATABASE_URL", "postgresql://127.0.0.1:1/reelrouter")
    monkeypatch.setenv("REELROUTER_SECRET_KEY", SECRET)
    result = run(command)
    assert result.exit_code == Exit.FAILED
    assert "the database of REELROUTER_DATABASE_URL cannot be used" in " ".join(result.stderr.split())


def test_processes_that_share_a_database_share_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that each made for itself would make the others' keys unknown."""
    monkeypatch.setenv("REELROUTER_DATABASE_URL", "postgresql://127.0.0.1:1/reelrouter")
    result = run("api")
    assert result.exit_code == Exit.FAILED
    assert "REELROUTER_SECRET_KEY" in result.stderr
