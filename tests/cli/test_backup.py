"""`reelrouter backup` and `reelrouter restore`, as they are typed."""

import json
from pathlib import Path

import pytest

from reelrouter.cli.ending import Exit
from tests.cli.running import run, run_json, run_well

SERVER = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that commands work on."""
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("REELROUTER_DATABASE_URL", raising=False)
    run_well("keys", "create")
    return tmp_path


def test_both_say_what_they_did_to_people_and_to_programs(installation: Path) -> None:
    """What a backup is, and what became of jobs."""
    told = run_json("backup", str(installation / "backup"))
    assert told == json.loads((installation / "backup" / "manifest.json").read_text())
    assert "holds this installation" in run_well("backup", str(installation / "again"), "--without-files")
    new = installation / "new"
    said = run_well("restore", str(installation / "again"), "--data-dir", str(new))
    assert f"reelrouter serve --data-dir {new}" in said
    restored = run_json("restore", str(installation / "backup"), "--data-dir", str(installation / "third"))
    assert restored["closed"] == {"ended": 0, "kept": 0, "going_on": 0}


def test_with_resume_no_job_is_settled(installation: Path) -> None:
    """And nothing is said of any."""
    run_well("backup", str(installation / "backup"))
    options = ("--resume", "--data-dir", str(installation / "new"))
    assert "closed" not in run_json("restore", str(installation / "backup"), *options)


def test_what_cannot_be_done_is_told_in_a_line(installation: Path) -> None:
    """A second backup into the same folder, and a restore over an installation."""
    run_well("backup", str(installation / "backup"))
    again = run("backup", str(installation / "backup"))
    over = run("restore", str(installation / "backup"))
    assert (again.exit_code, over.exit_code) == (Exit.FAILED, Exit.FAILED)
    assert "is not empty" in again.stderr
    assert "there is an installation" in over.stderr


def test_a_server_is_backed_up_with_its_own_tools(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is pretended: the exit code says that there is no backup."""
    monkeypatch.setenv("REELROUTER_DATABASE_URL", SERVER)
    result = run("backup", str(installation / "backup"))
    assert result.exit_code == Exit.FAILED
    assert "pg_dump" in result.stderr
    assert not (installation / "backup").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name the folder of a backup"),
        (("--database",), "REELROUTER_DATABASE_URL is not set"),
        (("somewhere", "--database"), "goes without a folder"),
        (("--database", "--resume"), "goes without a folder"),
    ],
)
def test_a_restore_of_nothing_is_wrong_usage(words: tuple[str, ...], said: str, installation: Path) -> None:
    """Each with what is missing."""
    result = run("restore", *words)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr


def test_a_folder_is_not_restored_where_a_server_is_set(
    installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its jobs would be where nobody looks for them."""
    run_well("backup", str(installation / "backup"))
    monkeypatch.setenv("REELROUTER_DATABASE_URL", SERVER)
    result = run("restore", str(installation / "backup"), "--data-dir", str(installation / "new"))
    assert result.exit_code == Exit.USAGE
    assert not (installation / "new").exists()
