"""Every example of every command's help, run as it stands there, against a real server with a test key.

What an example takes for granted (files, jobs, addresses) is put in its place; videos are made shorter.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from reelrouter.cli.commands import COMMANDS, app, loaded, reelrouter
from reelrouter.client.webhooks import sign
from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY, in_thread
from reelrouter.providers.registry import PROVIDERS
from tests.acceptance.orders import small
from tests.acceptance.pictures import landscape, png
from tests.acceptance.serving import TEST_KEY, Server
from tests.acceptance.waiting import ended, in_progress, until
from tests.cli.receiving import receiving

_EXAMPLE = re.compile(r"^ *Example: (.+?)$", re.MULTILINE)
_JOB = "gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q"
_KEY = "key_Ab3dEf6hIj9kLm2nOp5q"
_VENDOR_KEY = "vk_Ab3dEf6hIj9kLm2nOp5q"
_DELIVERY, _SECRET_ID = "dlv_Ab3dEf6hIj9kLm2nOp5q", "whs_Ab3dEf6hIj9kLm2nOp5q"
_SECRET = "whsec_c2VjcmV0"
_BODY = b'{"type": "video.generation.completed", "data": {"id": "gen-vid-1-x", "status": "completed"}}'
_SHORTER = {
    "generate": " --duration 1 --resolution 360p",
    "demo": " --duration 1",
    "record": " --interval 0",
}
_GOING_ON = ("reelrouter serve", "reelrouter api", "reelrouter engine", "reelrouter emulate")
"""Commands that run until they are asked to end."""
_RUNNER = CliRunner()


def examples() -> Iterator[str]:
    """As they stand in the help of the whole, of each command and of the commands of groups."""
    yield from _EXAMPLE.findall(reelrouter.__doc__ or "")
    for name in COMMANDS:
        command = loaded(name)
        for one in (command, *getattr(command, "commands", {}).values()):
            yield from _EXAMPLE.findall(one.help or "")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that examples name, and an environment with server and key."""
    for name in ("winter.png", "summer.png", "backpack.png"):
        (tmp_path / name).write_bytes(png(landscape(len(name), size=(320, 320))))
    headers = sign(_BODY, _SECRET, event_id="1", timestamp=int(time.time()))
    (tmp_path / "body.json").write_bytes(_BODY)
    (tmp_path / "headers.txt").write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
    monkeypatch.setenv("REELROUTER_BASE_URL", server.base_url)
    monkeypatch.setenv("REELROUTER_API_KEY", TEST_KEY)
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECRET", _SECRET)
    monkeypatch.setenv("TEAM_KEY", "a-key-that-opens-nothing")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    """The root of a fake vendor."""
    with in_thread(ModelArk()) as running:
        yield f"{running.url}/api/v3"


@pytest.mark.parametrize("example", [one for one in examples() if not one.startswith(_GOING_ON)])
def test_the_example_works(
    example: str,
    place: Path,
    server: Server,
    client: httpx.Client,
    images: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends with 0, and the file that it names is there."""
    with receiving() as receiver:
        line = example.replace("https://example.com/backpack.jpg", f"{images}/card.png")
        line = re.sub(r"http://127\.0\.0\.1:8088|https://openrouter\.ai(/api/v1)?", server.base_url, line)
        line = line.replace("http://127.0.0.1:9000/hook", receiver.url).replace("rr-test-…", TEST_KEY)
        if _JOB in line:
            line = line.replace(_JOB, _job(client, line))
        line = _with_keys(line)
        if line.startswith("reelrouter webhooks"):  # which works on the data of a gateway that runs
            monkeypatch.setenv("REELROUTER_DATA_DIR", str(server.data_dir))
            line = _with_delivery_and_secret(line, client, receiver.url)
        _begin(line)
        if line.startswith("reelrouter record"):
            monkeypatch.setenv("BYTEPLUS_API_KEY", KEY)
            monkeypatch.setenv("BYTEPLUS_BASE_URL", request.getfixturevalue("vendor"))
        if line.startswith("reelrouter doctor"):  # which asks nobody but this machine
            for provider in PROVIDERS.values():
                monkeypatch.setenv(provider.access.root_variables[0], server.base_url)
        _run(line + _SHORTER.get(line.split()[1], ""))
    for name in re.findall(r"(?:-o|--output) (\S+)", example):
        assert (place / name).exists()


def _with_keys(line: str) -> str:
    """The line with keys that there are."""
    line = line.replace(_KEY, _key()) if _KEY in line else line
    return line.replace(_VENDOR_KEY, _vendor_key()) if _VENDOR_KEY in line else line


def _begin(line: str) -> None:
    """What the line takes for granted."""
    for workspace in ("acme", "team-red"):
        if f" {workspace}" in line and f"create {workspace}" not in line:
            _run(f"reelrouter workspaces create {workspace}")
    if line.startswith(("reelrouter backup", "reelrouter restore")):
        _run("reelrouter keys create")
    if line.startswith("reelrouter restore"):
        _run("reelrouter backup ./backup")
    if line.startswith("reelrouter budgets remove"):
        _run("reelrouter budgets set 20 --per monthly --workspace team-red")


def test_the_example_of_a_server_works(place: Path) -> None:
    """It greets, and ends well when it is asked to."""
    (example,) = [one for one in examples() if one.startswith("reelrouter serve")]
    command = shlex.split(example.replace("--port 8088", "--port 0"))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        try:
            assert any("ReelRouter answers at http://127.0.0.1:" in line for line in serving.stderr)
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.stderr.read()
    assert serving.returncode == 0
    assert (place / "data" / "app.db").exists()


@pytest.mark.parametrize("example", [one for one in examples() if one.startswith("reelrouter emulate")])
def test_the_example_of_emulators_works(example: str, place: Path) -> None:
    """It prints where they are, and ends well when it is asked to."""
    command = shlex.split(f"{example.replace(' --port 9300', '')} --port 0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as emulating:
        assert emulating.stdout is not None
        try:
            assert "byteplus: http://127.0.0.1:" in re.sub('"', "", emulating.stdout.readline())
        finally:
            emulating.send_signal(signal.SIGTERM)
            emulating.stdout.read()
    assert emulating.returncode == 0


def _run(line: str) -> None:
    """In this process, which has everything loaded; by a shell where it is one's own words that are used."""
    if "&&" in line:
        subprocess.run(["/bin/bash", "-c", line], check=True, timeout=60)
        return
    result = _RUNNER.invoke(app, [os.path.expandvars(word) for word in shlex.split(line)[1:]])
    assert result.exit_code == 0, result.output


def _job(client: httpx.Client, example: str) -> str:
    """One that goes on and on to be cancelled, one to be deleted, and one that is completed for all the others."""
    word = next((word for word in ("cancel", "delete") if f" {word} " in example), "show")
    body = {"cancel": small(prompt="[[stuck]]"), "delete": small(prompt="[[fail:server]]"), "show": small()}[word]
    key = {"Idempotency-Key": f"example of {word}"}
    job_id: str = client.post("/api/v1/videos", json=body, headers=key).json()["id"]
    (in_progress if word == "cancel" else ended)(client, job_id)
    return job_id


def _with_delivery_and_secret(line: str, client: httpx.Client, url: str) -> str:
    """The example with ids of things that there are."""
    if _DELIVERY in line:
        made = client.post("/api/v1/webhooks/test", json={"url": url}).json()["id"]
        place = f"/api/v1/webhooks/deliveries/{made}"
        until(lambda: client.get(place).json()["status"] == "delivered", "the delivery")
        line = line.replace(_DELIVERY, made)
    if _SECRET_ID in line:
        made = json.loads(_RUNNER.invoke(app, ["webhooks", "rotate-secret", "--json"]).stdout)
        line = line.replace(_SECRET_ID, made["id"])
    return line


def _key() -> str:
    """The id of a key of this folder's installation."""
    _run("reelrouter keys create")
    (listed,) = json.loads(_RUNNER.invoke(app, ["keys", "list", "--json"]).stdout)
    return str(listed["id"])


def _vendor_key() -> str:
    """The id of a vendor key of this folder's installation."""
    _run("reelrouter byok add byteplus --from-env TEAM_KEY")
    (listed,) = json.loads(_RUNNER.invoke(app, ["byok", "list", "--json"]).stdout)
    return str(listed["id"])
