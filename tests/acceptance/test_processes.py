"""API and engine as processes: one is restarted, both are stopped, and neither works when there is no work."""

import os
import signal
import threading
from pathlib import Path

import httpx

from tests.acceptance.books import Books
from tests.acceptance.conftest import Starter
from tests.acceptance.orders import placed, small
from tests.acceptance.processes import children_of, cpu_seconds, has_open, is_alive
from tests.acceptance.serving import STATED_STOP_SECONDS, Server
from tests.acceptance.waiting import ended, in_progress, poll, until

_WATCHED_SECONDS = 3.0
_MOST_OF_A_CORE = 0.25


def test_a_killed_engine_is_replaced_and_its_jobs_finish(start_server: Starter) -> None:
    """Clients notice nothing: polls are answered all the while, and every job ends once."""
    server = start_server()
    with server.client() as client:
        renders = [placed(client, small(prompt="a boat", seed=seed)) for seed in range(3)]
        scripted = [placed(client, small(prompt="[[delay:1]] [[fail:server]]")) for _ in range(3)]
        in_progress(client, renders[-1])
        engine = server.engine_pid()
        drawing = until(lambda: _at_work(engine, renders), "a child at work")
        _kill(engine)
        until(lambda: not is_alive(drawing), "the end of the engine's child", 5.0)
        assert poll(client, scripted[0])["status"] in {"pending", "in_progress"}
        assert {ended(client, job_id)["status"] for job_id in renders} == {"completed"}
        assert {ended(client, job_id)["status"] for job_id in scripted} == {"failed"}
        assert client.get("/readyz").status_code == 200
    assert server.engine_pid() != engine
    _assert_all_settled(server, len(renders))


def test_the_api_says_when_it_has_no_engine(start_server: Starter) -> None:
    """Between an engine's death and its successor `/readyz` names what is missing, and submits are still taken."""
    server = start_server()
    with server.client() as client:
        _kill(server.engine_pid())
        parts = until(lambda: _not_ready(client), "/readyz to notice", 5.0)
        assert parts["engine"] != "ok"
        job_id = placed(client, small(prompt="[[fail:server]]"))
        assert ended(client, job_id)["status"] == "failed"


def test_a_stop_ends_everything_in_the_stated_time(start_server: Starter) -> None:
    """SIGTERM during a render and an endless job: all processes end, the database is closed, and work can go on."""
    server = start_server()
    with server.client() as client:
        render = placed(client, small(duration=30, resolution="1080p"))
        stuck = placed(client, small(prompt="[[stuck]]"))
        in_progress(client, stuck)
        until(lambda: _at_work(server.engine_pid(), [render]), "a child at work")
    family = server.family()
    server.terminate()  # raises if it takes longer than STATED_STOP_SECONDS and a little
    until(lambda: not any(map(is_alive, family)), "the end of every process", 2.0)
    assert _left_open(server.data_dir) == [], f"not closed within the {STATED_STOP_SECONDS:g} s there are for it"
    server.start()
    with server.client() as client:
        in_progress(client, stuck)
        for job_id in (stuck, render):
            assert client.post(f"/api/v1/videos/{job_id}/cancel").status_code == 200
        assert [ended(client, job_id)["status"] for job_id in (stuck, render)] == ["cancelled"] * 2
    _assert_all_settled(server, 0)


def test_a_server_without_work_does_not_spin(start_server: Starter) -> None:
    """Both processes together use a small part of one core while nothing is asked of them."""
    server = start_server()
    with server.client() as client:
        ended(client, placed(client, small(prompt="[[fail:server]]")))  # from now on the engine is up
    pids = (server.pid, server.engine_pid())
    before = sum(map(cpu_seconds, pids))
    threading.Event().wait(_WATCHED_SECONDS)  # the span that is measured, not a wait for something
    used = sum(map(cpu_seconds, pids)) - before
    assert used / _WATCHED_SECONDS < _MOST_OF_A_CORE


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _at_work(engine: int, jobs: list[str]) -> int | None:
    """A child that is making a film for one of the jobs."""
    found = [pid for pid in children_of(engine) if any(has_open(pid, job_id) for job_id in jobs)]
    return found[0] if found else None


def _not_ready(client: httpx.Client) -> dict[str, str] | None:
    response = client.get("/readyz")
    parts: dict[str, str] = response.json()["parts"]
    return parts if response.status_code == 503 else None


def _left_open(data_dir: Path) -> list[str]:
    """SQLite removes these files when the last connection is closed in good order."""
    return sorted(path.name for path in data_dir.glob("*.db-*"))


def _assert_all_settled(server: Server, charges: int) -> None:
    books = Books(server.data_dir)
    assert len(books.charges()) == charges
    assert set(books.attempts().values()) == {1}
    assert {(account.held, account.open_holds) for account in books.accounts()} == {(0, 0)}
