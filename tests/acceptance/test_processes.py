"""API and engine as processes: the one keeps the other running, and both stop in good order."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.acceptance.books import Books
from tests.acceptance.conftest import Starter
from tests.acceptance.orders import placed, small
from tests.acceptance.processes import children_of, has_open, is_alive
from tests.acceptance.serving import STATED_STOP_SECONDS, Server
from tests.acceptance.waiting import ended, in_progress, poll, until


def test_a_killed_engine_is_replaced_and_its_jobs_finish(start_server: Starter) -> None:
    """The API goes on answering and says what is missing; a new engine takes up every job where it was."""
    server = start_server()
    with server.client() as client:
        renders = [placed(client, small(prompt="a boat", seed=seed)) for seed in range(3)]
        stuck = placed(client, small(prompt="[[stuck]]"))
        in_progress(client, stuck)
        engine = server.engine_pid()
        drawing = until(lambda: _at_work(engine, renders), "a child at work")
        os.kill(engine, signal.SIGKILL)
        assert until(lambda: _missing_parts(client), "the API to notice", 5.0) == ["engine"]
        assert poll(client, stuck)["status"] == "in_progress"
        late = placed(client, small(prompt="[[fail:server]]"))
        until(lambda: not is_alive(drawing), "the end of the engine's child", 5.0)
        assert {ended(client, job_id)["status"] for job_id in renders} == {"completed"}
        assert ended(client, late)["status"] == "failed"
        assert client.post(f"/api/v1/videos/{stuck}/cancel").json()["cancel"] == "cancelled"
        assert _missing_parts(client) == []
    assert server.engine_pid() != engine
    _assert_all_settled(server, len(renders))


def test_a_stop_ends_everything_in_the_stated_time(start_server: Starter) -> None:
    """SIGTERM amid a render and an endless job: all processes end, the databases are closed, work can go on."""
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


def test_a_stop_sends_those_home_who_wait(start_server: Starter) -> None:
    """An event stream ends, a submit that waits is answered with the job as it is; the stop waits for neither."""
    server = start_server()
    with server.client() as client, ThreadPoolExecutor(1) as threads:
        stuck = placed(client, small(prompt="[[stuck]]"))
        waiting = threads.submit(
            client.post, "/api/v1/videos", json=small(prompt="[[stuck]]"), headers={"Prefer": "wait=60"}
        )
        until(lambda: len(client.get("/api/v1/videos").json()["data"]) == 2, "the second job")
        with client.stream("GET", f"/api/v1/videos/{stuck}/events") as events:
            lines = events.iter_lines()
            assert next(lines) == "event: job"
            assert not waiting.done()
            os.kill(server.pid, signal.SIGTERM)
            assert len(list(lines)) < 20, "what was left of an event, and the end"
        answer = waiting.result(STATED_STOP_SECONDS)
        assert answer.status_code == 202
        assert answer.json()["status"] in {"pending", "in_progress"}
    until(lambda: not is_alive(server.pid), "the end of the API", STATED_STOP_SECONDS)


def _at_work(engine: int, jobs: list[str]) -> int | None:
    """A child that is making a film for one of the jobs."""
    found = [pid for pid in children_of(engine) if any(has_open(pid, job_id) for job_id in jobs)]
    return found[0] if found else None


def _missing_parts(client: httpx.Client) -> list[str]:
    """What `/readyz` says does not work."""
    parts: dict[str, str] = client.get("/readyz").json()["parts"]
    return [name for name, verdict in parts.items() if verdict != "ok"]


def _left_open(data_dir: Path) -> list[str]:
    """SQLite removes these files when the last connection is closed in good order."""
    return sorted(path.name for path in data_dir.glob("*.db-*"))


def _assert_all_settled(server: Server, charges: int) -> None:
    books = Books(server.data_dir)
    assert len(books.charges()) == charges
    assert set(books.attempts().values()) == {1}
    assert {(account.held, account.open_holds) for account in books.accounts()} == {(0, 0)}
