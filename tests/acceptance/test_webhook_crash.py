"""Hundreds of webhooks to a receiver that fails half the time, and a gateway that is killed: nothing is lost."""

import hashlib
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.books import Books
from tests.acceptance.orders import REFUSED
from tests.acceptance.receivers import Answer, Got, receivers
from tests.acceptance.serving import Server
from tests.acceptance.waiting import TERMINAL, until

EVENTS = 300
"""Half of them ends of jobs, half tests of the receiver."""
_SUBMITTERS = 8
_KILLS = ("engine", "gateway", "engine")
_MOST_FAILURES = 6
_PLACES = 8
"""Attempts to one host at one time."""
_SETTINGS = {
    "webhook_schedule": ",".join(["0"] + ["0.1"] * 5 + ["0.5"] * 5),
    "webhook_timeout": "1",
    "webhook_places_per_host": str(_PLACES),
}
_BOUND = 60.0
"""Seconds after the last kill within which everything has arrived: claims of the dead run out after six."""


def failures(key: str) -> int:
    """How often an event is refused before it is taken: one half not at all, a quarter once, and so on."""
    number = hashlib.sha256(key.encode()).digest()[0] | 1 << _MOST_FAILURES
    return (number & -number).bit_length() - 1


def decide(_path: str, key: str, seen: int) -> Answer | None:
    """Refused, in one way or another, until it is taken."""
    return (
        Answer() if seen >= failures(key) else Answer(status=random.Random(f"{key}{seen}").choice((500, 503, 404)))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is found when all is over."""

    acknowledged: set[str]
    """The keys of the events that the gateway has promised."""
    statuses: dict[str, str]
    deliveries: dict[str, dict[str, Any]]
    """By key, as they are listed."""
    got: dict[str, list[Got]]
    """What came in, by key."""
    waiting: list[int]
    """How many deliveries were not over, at each kill."""


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    server = Server(tmp_path_factory.mktemp("webhook-crash"), _SETTINGS)
    dice = random.Random(7)
    with receivers(decide) as listening, ThreadPoolExecutor(_SUBMITTERS) as threads:
        try:
            server.start()
            books = Books(server.data_dir)
            acknowledged: set[str] = set()
            waiting: list[int] = []
            url = f"{listening.url}/hook"
            with server.client() as client:
                for who in _KILLS:
                    submits = [
                        threads.submit(_place, client, url, is_job=number % 2 == 0)
                        for number in range(EVENTS // len(_KILLS))
                    ]
                    some = dice.randint(1, 20)
                    until(lambda: books.waiting_deliveries() >= some, "some deliveries")  # noqa: B023 - done at once
                    threading.Event().wait(dice.uniform(0.0, 0.3))  # whatever it is doing then
                    waiting.append(books.waiting_deliveries())
                    _kill(server, who)
                    acknowledged |= {key for one in submits if (key := one.result()) is not None}
                while len(acknowledged) < EVENTS:
                    key = _place(client, url, is_job=False)
                    acknowledged |= {key} if key is not None else set()
                killed_at = time.monotonic()
                until(lambda: set(books.statuses().values()) <= TERMINAL, "the end of all jobs")
                until(lambda: _is_quiet(client), "the end of all deliveries", _BOUND)
                assert time.monotonic() - killed_at < _BOUND + 30
                deliveries = {one["idempotency_key"]: one for one in _list(client)}
            got: dict[str, list[Got]] = defaultdict(list)
            for one in listening.got:
                got[one.key].append(one)
            yield Aftermath(
                acknowledged=acknowledged,
                statuses=books.statuses(),
                deliveries=deliveries,
                got=got,
                waiting=waiting,
            )
        finally:
            server.close()


def test_the_kills_came_in_the_middle(aftermath: Aftermath) -> None:
    """Something was to be delivered at most of them: else this proves little."""
    assert sum(count > 0 for count in aftermath.waiting) >= len(_KILLS) - 1


def test_every_event_arrives(aftermath: Aftermath) -> None:
    """At least once taken: whatever was promised, and whatever is in the books at all."""
    taken = {key for key, got in aftermath.got.items() if any(one.answer == 204 for one in got)}
    assert len(aftermath.acknowledged) >= EVENTS
    assert aftermath.acknowledged <= taken
    assert {f"{job}-{status}" for job, status in aftermath.statuses.items()} <= taken
    assert taken == aftermath.deliveries.keys()


def test_no_event_has_another_key_or_another_body(aftermath: Aftermath) -> None:
    """No key that is not in the books, and the same bytes each time: a receiver knows what it has seen."""
    assert aftermath.got.keys() == aftermath.deliveries.keys()
    for got in aftermath.got.values():
        assert len({one.body for one in got}) == 1


def test_repetitions_have_a_reason(aftermath: Aftermath) -> None:
    """Once an event is taken it comes again only if a kill came before that was written down."""
    extra = Counter[str]()
    for key, got in aftermath.got.items():
        extra[key] = sum(one.answer == 204 for one in got) - 1
    assert sum(extra.values()) <= _PLACES * len(_KILLS)


def test_the_books_say_so_too(aftermath: Aftermath) -> None:
    """Each job has one delivery, and all were delivered, many of them not at the first attempt."""
    listed = aftermath.deliveries.values()
    assert sorted(one["job_id"] for one in listed if one["job_id"]) == sorted(aftermath.statuses)
    assert {one["status"] for one in listed} == {"delivered"}
    assert sum(one["tries"] > 1 for one in listed) > EVENTS / 4


def _place(client: httpx.Client, url: str, *, is_job: bool) -> str | None:
    """The key of the event that follows; None if the gateway was gone before it answered."""
    try:
        if is_job:
            answer = client.post("/api/v1/videos", json={**REFUSED, "callback_url": url})
        else:
            answer = client.post("/api/v1/webhooks/test", json={"url": url})
    except httpx.TransportError:
        return None
    assert answer.status_code == 202, answer.text
    return f"{answer.json()['id']}-failed" if is_job else str(answer.json()["idempotency_key"])


def _kill(server: Server, who: str) -> None:
    if who == "engine":
        os.kill(server.engine_pid(), signal.SIGKILL)
    else:
        server.kill()
        server.start()


def _is_quiet(client: httpx.Client) -> bool:
    answer = client.get("/api/v1/webhooks/deliveries", params={"status": "waiting", "limit": 1})
    return not answer.json()["data"]


def _list(client: httpx.Client) -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = client.get("/api/v1/webhooks/deliveries", params=query).json()
        yield from page["data"]
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]
