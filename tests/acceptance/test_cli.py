"""The command line as a process, against a real server: what a terminal and a script see of it."""

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import httpx

from tests.acceptance.orders import placed, small
from tests.acceptance.serving import Server
from tests.acceptance.shell import environment, shell
from tests.acceptance.waiting import ended, in_progress, poll

_SMALL = "--duration 1 --resolution 360p --no-audio"


def test_ctrl_c_on_a_terminal_offers_to_cancel(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    """Yes cancels the job; the exit code is that of an interrupt."""
    job_id = placed(client, small(prompt="[[stuck]]"))
    in_progress(client, job_id)
    ours, theirs = pty.openpty()
    command = ["reelrouter", "jobs", "watch", job_id]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(server),
        stdin=theirs,
        stderr=theirs,
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it calls one function of the system
    ) as watching:
        os.close(theirs)
        _read_until(ours, "in progress")
        watching.send_signal(signal.SIGINT)
        _read_until(ours, "Cancel job")
        os.write(ours, b"y\n")
        told = _read_until(ours, "error:")
        assert watching.wait(30) == 130
    os.close(ours)
    assert job_id in told
    assert ended(client, job_id)["status"] == "cancelled"


def test_ctrl_c_in_a_script_leaves_the_job(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    """The last line is the command that goes on waiting; stdout stays empty."""
    job_id = placed(client, small(prompt="[[stuck]]"))
    command = ["reelrouter", "jobs", "watch", job_id]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(server),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it calls one function of the system
    ) as watching:
        assert watching.stderr is not None
        assert any("in progress" in line for line in watching.stderr)
        watching.send_signal(signal.SIGINT)
        said, told = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert said == ""
    assert told.rstrip().endswith(f"reelrouter jobs watch {job_id}")
    assert poll(client, job_id)["status"] == "in_progress"
    assert "is cancelled" in shell(f"reelrouter jobs cancel {job_id}", tmp_path, environment(server))


def test_one_idempotency_key_is_one_job(server: Server, tmp_path: Path) -> None:
    """Whoever runs the command again gets the same job, saved again, and both are listed once."""
    command = f"reelrouter generate 'a boat' {_SMALL} --idempotency-key boat-1 --json -o"
    told = shell(f"{command} one.mp4\n{command} two.mp4", tmp_path, environment(server))
    first, second = (json.loads(line) for line in told.splitlines())
    assert first["id"] == second["id"]
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    listed = json.loads(shell("reelrouter jobs list --limit 100 --json", tmp_path, environment(server)))
    assert [job["id"] for job in listed["data"]].count(first["id"]) == 1


def test_an_ended_job_is_deleted_for_good(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    """Afterwards it is not found, and the exit code says so."""
    job_id = placed(client, small())
    ended(client, job_id)
    script = f"reelrouter jobs delete {job_id} --yes && ! reelrouter jobs show {job_id}"
    assert shell(script, tmp_path, environment(server)) == f"{job_id} is deleted\n"


def test_exit_codes_tell_how_it_ended(server: Server, tmp_path: Path) -> None:
    """Refused, wrong usage, no video, not in time: as the first help lists them."""
    script = """
    code() { "$@" > out.txt 2> err.txt && echo 0 || echo $?; }
    code reelrouter generate "a boat" --model google/veo-3.1 --duration 5
    code reelrouter generate "a boat" --first-frame none.png
    code reelrouter generate "[[fail:content_policy_violation]]" --duration 1
    code reelrouter generate "[[stuck]]" --duration 1 --attempts 1 --interval 0.1
    """
    assert shell(script, tmp_path, environment(server)).split() == ["1", "2", "3", "4"]


def _hear_ctrl_c() -> None:
    """Whoever runs the tests in the background of a shell has the signal ignored, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read_until(terminal: int, words: str) -> str:
    """What the terminal shows from now on, until it has these words."""
    shown = ""
    while words not in shown:
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown
