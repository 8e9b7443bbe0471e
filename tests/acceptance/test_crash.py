"""The API process is killed in the middle of everything, and started again: nothing is lost or done twice."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.books import Books
from tests.acceptance.orders import placed, small
from tests.acceptance.processes import cpu_seconds, is_alive
from tests.acceptance.serving import Server
from tests.acceptance.waiting import TERMINAL, until

_ENDED_BEFORE = 8
_ACKNOWLEDGED_BEFORE = 3
_WATCHED_SECONDS = 3.0
_MOST_OF_A_CORE = 0.25
WAN: dict[str, Any] = {"model": "alibaba/wan-2.7", "duration": 2, "resolution": "720p"}
WAN_PRICE = 200_000_000
"""Nano-dollars: 2 s at 0.10."""

FIRST_WAVE: Sequence[tuple[dict[str, Any], str]] = (
    *((small(prompt="a boat", seed=seed), "completed") for seed in range(5)),
    *((small(prompt="a boat [[delay:1]]", seed=seed), "completed") for seed in range(3)),
    ({**WAN, "prompt": "a boat"}, "completed"),
    *(({**WAN, "prompt": "[[fail:content_policy_violation]]"}, "failed") for _ in range(10)),
    *(({**WAN, "prompt": "[[delay:2]] [[fail:provider_unavailable]]"}, "failed") for _ in range(8)),
    *((small(prompt="[[status:cancelled]] [[delay:1.5]]"), "cancelled") for _ in range(4)),
    *((small(prompt="[[status:expired]] [[delay:1.5]]"), "expired") for _ in range(4)),
)
"""Bodies, and how each job must end."""
SECOND_WAVE: Sequence[tuple[dict[str, Any], str]] = (
    *((small(prompt="a gull", seed=seed), "completed") for seed in range(3)),
    *(({**WAN, "prompt": "[[fail:refusal]]"}, "failed") for _ in range(12)),
)
"""Placed while the server is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is found when all is over."""

    expected: dict[str, str]
    """How each acknowledged job must have ended."""
    before: dict[str, str]
    """The states at the moment of the kill."""
    survivors: set[int]
    """Processes of the killed server that outlived it."""
    server: Server
    books: Books


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """Some fifty jobs, a kill while many of them run and others are just being placed, and two more starts."""
    server = Server(tmp_path_factory.mktemp("crash"), {})
    try:
        server.start()
        books = Books(server.data_dir)
        with server.client() as client, ThreadPoolExecutor(4) as threads:
            expected = {placed(client, body): end for body, end in FIRST_WAVE}
            until(lambda: _count_ended(books) >= _ENDED_BEFORE, "the first jobs to end")
            family = server.family()
            submits = [(threads.submit(_placed_or_cut_off, client, body), end) for body, end in SECOND_WAVE]
            until(lambda: sum(_answered(one) for one, _ in submits) >= _ACKNOWLEDGED_BEFORE, "the second wave")
            server.kill()
            expected |= {job_id: end for one, end in submits if (job_id := one.result()) is not None}
        until(lambda: not any(map(is_alive, family)), "the end of the killed server's processes", 5.0)
        before = books.statuses()
        server.start()
        server.kill()  # once more, when the engine has hardly begun
        server.start()
        until(lambda: _count_ended(books) == len(books.statuses()), "the end of all jobs")
        survivors = {pid for pid in family if is_alive(pid)}
        yield Aftermath(expected=expected, before=before, survivors=survivors, server=server, books=books)
    finally:
        server.close()


def test_the_kill_came_in_the_middle(aftermath: Aftermath) -> None:
    """Some jobs had ended by then, and some had not: else this proves nothing."""
    counted = Counter(status in TERMINAL for status in aftermath.before.values())
    assert counted[True] >= _ENDED_BEFORE
    assert counted[False] >= _ENDED_BEFORE


def test_no_process_outlives_the_api(aftermath: Aftermath) -> None:
    """The engine and its children die with it, so that no two engines ever work on one installation."""
    assert aftermath.survivors == set()


def test_every_acknowledged_job_ends_as_it_should(aftermath: Aftermath) -> None:
    """Whoever was answered 202 gets a result, whatever happened in between."""
    statuses = aftermath.books.statuses()
    assert {job_id: statuses.get(job_id) for job_id in aftermath.expected} == aftermath.expected


def test_what_had_ended_is_left_alone(aftermath: Aftermath) -> None:
    """A restart changes no job that is over."""
    statuses = aftermath.books.statuses()
    ended = {job_id: status for job_id, status in aftermath.before.items() if status in TERMINAL}
    assert {job_id: statuses[job_id] for job_id in ended} == ended


def test_no_job_ends_twice(aftermath: Aftermath) -> None:
    """Each end is told once, or not at all where a kill came between the end and its line in the log."""
    told = Counter(event["job"] for event in aftermath.server.events("job_ended"))
    assert set(told.values()) == {1}
    assert set(told) <= set(aftermath.books.statuses())


def test_no_job_is_sent_twice(aftermath: Aftermath) -> None:
    """An attempt that was under way is taken up again, not repeated as another."""
    assert set(aftermath.books.attempts().values()) == {1}


def test_each_video_is_charged_once_and_nothing_else_is(aftermath: Aftermath) -> None:
    """The ledger holds the completed jobs, each at its price, and no job that ended without a video."""
    books = aftermath.books
    completed = {job_id for job_id, status in books.statuses().items() if status == "completed"}
    assert sorted(books.charges()) == sorted(books.prices().items())
    assert set(books.prices()) == completed
    assert sum(amount for _, amount in books.charges()) == WAN_PRICE


def test_every_hold_is_settled_or_released(aftermath: Aftermath) -> None:
    """Settled where there is a video, released where there is none, and none left open."""
    wanted = {
        job_id: "settled" if status == "completed" else "released"
        for job_id, status in aftermath.books.statuses().items()
    }
    assert aftermath.books.holds() == wanted


def test_the_balance_adds_up(aftermath: Aftermath) -> None:
    """Nothing is held any more, and what was settled is the sum of the ledger."""
    for account in aftermath.books.accounts():
        assert (account.held, account.open_holds) == (0, 0)
        assert account.settled == account.charged


def test_every_video_is_there(aftermath: Aftermath) -> None:
    """Also those that were being made, or being stored, when the kill came; no half file lies about."""
    with aftermath.server.client() as client:
        for job_id in aftermath.books.prices():
            response = client.get(f"/api/v1/videos/{job_id}/content")
            assert response.status_code == 200
            assert response.content[4:8] == b"ftyp"
            assert len(response.content) == int(response.headers["content-length"])
    work = aftermath.server.data_dir / "work"
    assert [path for name in ("renders", "ingest") for path in (work / name).rglob("*") if path.is_file()] == []


def test_when_all_is_done_it_rests(aftermath: Aftermath) -> None:
    """Without work, both processes together use a small part of one core."""
    pids = (aftermath.server.pid, aftermath.server.engine_pid())
    before = sum(map(cpu_seconds, pids))
    threading.Event().wait(_WATCHED_SECONDS)  # the span that is measured, not a wait for something
    used = sum(map(cpu_seconds, pids)) - before
    assert used / _WATCHED_SECONDS < _MOST_OF_A_CORE


def _count_ended(books: Books) -> int:
    return sum(status in TERMINAL for status in books.statuses().values())


def _placed_or_cut_off(client: httpx.Client, body: dict[str, Any]) -> str | None:
    """None if the server was gone before it answered."""
    try:
        return placed(client, body)
    except httpx.TransportError:
        return None


def _answered(submit: "Future[str | None]") -> bool:
    return submit.done() and submit.result() is not None
