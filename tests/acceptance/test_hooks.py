"""Vendors that call us: their news is looked at when it comes, and not at the next poll, a minute away."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.orders import placed
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import ended, in_progress, until

SEEDANCE = {"model": "bytedance/seedance-2.0-fast", "prompt": "a boat", "duration": 4, "resolution": "480p"}
_POLL_EVERY = 60.0
_SOON = 30.0
"""Seconds within which a job has ended whose vendor called; no poll comes so early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    server: Server
    client: httpx.Client
    vendor: Emulator

    def place(self, script: Script) -> tuple[str, str]:
        """A job that the vendor has accepted: our name for it, and the vendor's."""
        self.vendor.scripts.append(script)
        known = set(self.vendor.tasks)
        job_id = placed(self.client, SEEDANCE)
        (task,) = until(lambda: set(self.vendor.tasks) - known, "a task at the vendor")
        return job_id, task

    def address(self, task: str) -> str:
        """Where the vendor may call about a task."""
        address: str = self.vendor.tasks[task].body["callback_url"]
        return address

    def polls(self, task: str) -> int:
        return sum(entry.verb == "poll" and entry.task == task for entry in self.vendor.journal)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    vendor, port = SITES["byteplus"].make(), free_port()
    settings = {
        "public_url": f"http://127.0.0.1:{port}",
        "providers": json.dumps({"byteplus": {"poll_every": _POLL_EVERY}}),
    }
    with in_thread(vendor) as running:
        server = Server(tmp_path_factory.mktemp("hooks"), settings, environment_of("byteplus", running.url), port)
        try:
            server.start()
            with server.client(LIVE_KEY) as client:
                yield World(server=server, client=client, vendor=vendor)
        finally:
            server.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("seconds", [0.0, 1.5], ids=["at once", "after a while"])
def test_a_job_ends_when_its_vendor_calls(world: World, seconds: float) -> None:
    """Long before the next poll; the vendor is asked what became of it, and the video is ours."""
    job_id, task = world.place(Script(seconds=seconds))
    assert world.address(task).startswith(f"{world.server.base_url}/api/v1/hooks/{job_id}-0/")
    job = ended(world.client, job_id, _SOON)
    assert job["status"] == "completed"
    assert world.client.get(job["unsigned_urls"][0]).content[4:8] == b"ftyp"
    assert world.polls(task) >= 1


def test_a_vendor_that_says_nothing_true_is_asked_all_the_same(world: World) -> None:
    """A call may claim the end of a job: what counts is what a poll says."""
    job_id, task = world.place(Script(seconds=1000.0))
    in_progress(world.client, job_id)
    answer = httpx.post(world.address(task), json={"id": task, "status": "succeeded"}, trust_env=False)
    assert answer.status_code == 204
    until(lambda: world.polls(task), "a poll", _SOON)
    assert in_progress(world.client, job_id)["status"] == "in_progress"


def test_a_wrong_token_changes_nothing(world: World) -> None:
    """Another job, called about later with the right one, is asked for; this one is not."""
    (first_id, first), (_, second) = (world.place(Script(seconds=1000.0)) for _ in range(2))
    in_progress(world.client, first_id)
    stolen = world.address(second).rpartition("/")[2]
    wrong = f"{world.address(first).rpartition('/')[0]}/{stolen}"
    refused = httpx.post(wrong, json={}, trust_env=False)
    assert (refused.status_code, refused.json()["error"]["metadata"]["error_type"]) == (404, "not_found")
    assert httpx.post(world.address(second), json={}, trust_env=False).status_code == 204
    until(lambda: world.polls(second), "a poll", _SOON)
    assert world.polls(first) == 0
    with closing(sqlite3.connect(world.server.data_dir / "app.db")) as database:
        rows = database.execute("SELECT nudged_at FROM jobs WHERE id = ?", (first_id,)).fetchall()
    assert rows == [(None,)]


def test_tokens_are_nowhere_in_the_log(world: World) -> None:
    """Whoever reads it could call else."""
    _, task = world.place(Script(seconds=0.0))
    token = world.address(task).rpartition("/")[2]
    assert token not in (world.server.data_dir.parent / "serve.log").read_text()
