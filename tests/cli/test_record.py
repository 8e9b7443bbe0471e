"""`reelrouter record`, on an emulator: what it asks first, what it writes, and how it ends."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from reelrouter.cli.ending import Exit
from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY, Emulator, in_thread, sample
from reelrouter.emulators.script import Script
from reelrouter.providers.byteplus import BYTEPLUS
from reelrouter.providers.recording import read_recording
from reelrouter.testing.recordings import check
from tests.acceptance.pictures import landscape, png
from tests.cli.running import run

_JOB = ("byteplus", "-m", "dreamina-seedance-2-0-mini-260615", "-p", "a boat", "-d", "4", "-o", "kept.json")


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The environment leads to it."""
    emulator = ModelArk()
    with in_thread(emulator) as running:
        monkeypatch.setenv("BYTEPLUS_API_KEY", KEY)
        monkeypatch.setenv("BYTEPLUS_BASE_URL", f"{running.url}/api/v3")
        yield emulator


def record(*arguments: str) -> Result:
    return run("record", *_JOB, "--yes", "--interval", "0.01", *arguments)


def submits(vendor: Emulator) -> int:
    return sum(entry.verb == "submit" for entry in vendor.journal)


def test_a_job_becomes_a_fixture_without_secrets(vendor: Emulator, folder: Path) -> None:
    """What it does stands on stderr, with the price; the file plays on the adapter."""
    vendor.script = Script(seconds=0.05)
    (folder / "first.png").write_bytes(png(landscape(1, size=(320, 180))))
    result = record("--first-frame", "first.png", "--video", "kept.mp4")
    assert result.exit_code == Exit.DONE, result.output
    assert result.stdout == "Saved kept.json\n"
    said = " ".join(result.stderr.split())
    assert "the account default of byteplus" in said
    assert "4 s of 1280x720, without sound" in said
    assert "about $0.3024, as bytedance/seedance-2.0-mini is priced" in said
    assert "accepted as cgt-00000001" in said
    text = (folder / "kept.json").read_text()
    recording = read_recording(text)
    assert KEY not in text
    assert recording.scenes[-1].outcome is not None
    assert "finished" in recording.scenes[-1].outcome
    check(recording, BYTEPLUS)
    assert (folder / "kept.mp4").read_bytes() == sample()
    assert submits(vendor) == 1


def test_a_job_that_fails_is_worth_as_much(vendor: Emulator, folder: Path) -> None:
    """The exit code tells that there is no video, and --json what there is."""
    vendor.script = Script(end="policy_output")
    result = record("--json")
    assert result.exit_code == Exit.NO_VIDEO
    assert json.loads(result.stdout) == {"output_path": "kept.json", "job": "cgt-00000001", "ended": "failed"}
    check(read_recording((folder / "kept.json").read_text()), BYTEPLUS)


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        (Script(refuse="quota"), Exit.NO_VIDEO, "refused: quota_billing"),
        (Script(break_submit="error_500"), Exit.NO_VIDEO, "See at byteplus whether there is a job"),
        (Script(break_submit="html"), Exit.FAILED, "See at byteplus whether there is a job"),
        (Script(end="drift"), Exit.FAILED, "job cgt-00000001 goes on at byteplus"),
        (Script(break_polls="error_503", broken_polls=9), Exit.FAILED, "job cgt-00000001 goes on at byteplus"),
    ],
)
def test_whatever_was_said_is_written(
    script: Script, code: Exit, said: str, vendor: Emulator, folder: Path
) -> None:
    """And the last line tells whether there may be a job."""
    vendor.script = script
    result = record()
    assert result.exit_code == code, result.output
    assert said in " ".join(result.stderr.split())
    check(read_recording((folder / "kept.json").read_text()), BYTEPLUS)


def test_a_submit_without_an_answer_is_told(vendor: Emulator, folder: Path) -> None:
    """Nothing was said that could be written; the vendor has a job all the same."""
    vendor.script = Script(break_submit="dropped")
    result = record()
    assert result.exit_code == Exit.FAILED
    assert "See at byteplus whether there is a job" in " ".join(result.stderr.split())
    assert not (folder / "kept.json").exists()
    assert len(vendor.tasks) == 1


def test_patience_is_a_limit(vendor: Emulator, folder: Path) -> None:
    """What was said until then is kept."""
    vendor.script = Script(seconds=1000)
    result = record("--patience", "0.2", "--interval", "0.05")
    assert result.exit_code == Exit.NOT_COMPLETED
    assert "job cgt-00000001 goes on at byteplus" in result.stderr
    check(read_recording((folder / "kept.json").read_text()), BYTEPLUS)


def test_ctrl_c_keeps_what_was_said(vendor: Emulator, folder: Path) -> None:
    """And names the job that goes on."""
    vendor.script = Script(seconds=1000)
    command = [sys.executable, "-m", "reelrouter", "record", *_JOB, "--yes", "--interval", "0.01"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_ctrl_c) as process:  # noqa: PLW1509
        assert process.stderr is not None
        assert any("running" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == Exit.INTERRUPTED
    assert "job cgt-00000001 goes on at byteplus" in said
    check(read_recording((folder / "kept.json").read_text()), BYTEPLUS)


def test_money_is_spent_by_those_who_say_yes(vendor: Emulator, folder: Path) -> None:
    """On a terminal it asks; elsewhere it needs --yes."""
    result = run("record", *_JOB)
    assert result.exit_code == Exit.USAGE
    assert "give --yes" in result.stderr.lower()
    assert _typed("n\n") == Exit.FAILED
    assert submits(vendor) == 0
    assert not (folder / "kept.json").exists()
    assert _typed("y\n") == Exit.DONE
    assert submits(vendor) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--account", "other"), "there is no account other with byteplus. There are: default"),
        (("--resolution", "8K"), "--resolution 8K is none of 360p"),
        (("--aspect-ratio", "5:1"), "--aspect-ratio 5:1 is none of"),
        (("--first-frame", "none.png"), "none.png is not a file"),
        (("--first-frame", "text.png"), "text.png is"),
        (("--first-frame", "a.png", "--reference", "a.png"), "exclude each other"),
        (("-o", "a.png"), "a.png is there already"),
        (("-o", "nowhere/kept.json"), "there is no folder nowhere"),
        (("--video", "a.png"), "a.png is there already"),
    ],
)
def test_what_cannot_be_recorded_costs_nothing(
    arguments: tuple[str, ...], said: str, vendor: Emulator, folder: Path
) -> None:
    """It is told before anything is sent."""
    (folder / "a.png").write_bytes(png(landscape(1, size=(320, 180))))
    (folder / "text.png").write_text("this is prose")
    result = record(*arguments)
    assert result.exit_code == Exit.USAGE
    assert said in " ".join(result.stderr.split())
    assert not vendor.journal


def test_without_an_account_it_says_what_to_set() -> None:
    """In the vendor's own words; and which vendors there are."""
    result = record()
    assert result.exit_code == Exit.USAGE
    assert "Set BYTEPLUS_API_KEY" in " ".join(result.stderr.split())
    result = run("record", "nobody", *_JOB[1:])
    assert result.exit_code == Exit.USAGE
    assert "there is no adapter for nobody. There are: " in " ".join(result.stderr.split())


def _typed(answer: str) -> int:
    """The exit code, after an answer on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reelrouter", "record", *_JOB, "--interval", "0.01"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        code = process.wait(30)
    os.close(ours)
    return code


def _hear_ctrl_c() -> None:
    """Whoever runs the tests in the background of a shell has the signal ignored, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
