"""A database server that crashes under load and comes back: nothing is lost, and hardly anybody notices."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import in_thread
from reelrouter.emulators.registry import SITES
from tests.acceptance.fleets import Fleet
from tests.acceptance.orders import HOSTED, REFUSED, placed
from tests.acceptance.patient_vendor import Vendor
from tests.acceptance.serving import LIVE_KEY, Engine
from tests.acceptance.waiting import TERMINAL, ended, in_progress, until
from tests.postgres import away, own_server

pytestmark = pytest.mark.postgres

CALLERS, HELD = 4, 3
PATIENCE = 10.0
"""Seconds that a process of ours waits for its database before it says that it is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request."""

    began: float
    ended: float
    answer: httpx.Response | None
    """None if the connection broke."""


@dataclass(slots=True)
class Caller:
    """Submits, and polls until the job has ended, again and again, whatever it is answered."""

    client: httpx.Client
    seen: list[Seen] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def call_until(self, enough: threading.Event) -> None:
        while not enough.is_set():
            answer = self._ask("POST", "/api/v1/videos", json=REFUSED)
            if answer is not None and answer.status_code == 202:
                self.accepted.append(answer.json()["id"])
                self._poll(self.accepted[-1], enough)

    def _poll(self, job: str, enough: threading.Event) -> None:
        while not enough.wait(0.05):
            answer = self._ask("GET", f"/api/v1/videos/{job}")
            if answer is not None and answer.status_code == 200 and answer.json()["status"] in TERMINAL:
                return

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        began, answer = time.monotonic(), None
        try:
            answer = self.client.request(method, path, **more)
        except httpx.TransportError:
            answer = None
        self.seen.append(Seen(began=began, ended=time.monotonic(), answer=answer))
        return answer


class Supervised:
    """An engine that is started again whenever it ends, as systemd or Kubernetes do."""

    def __init__(self, fleet: Fleet, environment: Mapping[str, str]) -> None:
        self._fleet = fleet
        self._environment = environment
        self._enough = threading.Event()
        self.engines: list[Engine] = [fleet.engine(environment)]
        self.statuses: list[int] = []

    def watch(self) -> None:
        """Until told that it is enough."""
        while not self._enough.wait(0.1):
            status = self.engines[-1].status()
            if status is not None:
                self.statuses.append(status)
                self.engines.append(self._fleet.engine(self._environment))

    def leave(self) -> None:
        self._enough.set()


Place = tuple[ExitStack, Any, Vendor, Fleet, Mapping[str, str]]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    emulator = SITES["byteplus"].make()
    with ExitStack() as stack:
        server = stack.enter_context(own_server(tmp_path_factory.mktemp("s")))
        site = stack.enter_context(in_thread(emulator))
        terms = {"providers": json.dumps({"byteplus": {"poll_every": 0.2, "concurrency": HELD}})}
        fleet = Fleet(stack, tmp_path_factory.mktemp("fleet"), server.get_uri(), terms)
        yield stack, server, Vendor(emulator), fleet, environment_of("byteplus", site.url)


def test_a_crash_of_the_database_costs_only_what_was_in_flight(place: Place) -> None:
    """The API waits for it and goes on; the engine ends, as it has lost its place, and is started again."""
    stack, server, vendor, fleet, environment = place
    api, supervised = fleet.api(environment), Supervised(fleet, environment)
    live = stack.enter_context(api.client(LIVE_KEY))
    callers = [Caller(stack.enter_context(api.client())) for _ in range(CALLERS)]
    held = [placed(live, HOSTED) for _ in range(HELD)]
    for job in held:
        in_progress(live, job)
    with ThreadPoolExecutor(CALLERS + 1) as threads:
        watching, enough = threads.submit(supervised.watch), threading.Event()
        calling = [threads.submit(one.call_until, enough) for one in callers]
        until(lambda: all(len(one.accepted) >= 2 for one in callers), "the load")
        down = time.monotonic()
        with away(server):
            until(lambda: supervised.statuses, "the end of the engine")
        up = time.monotonic()
        counts = [len(one.accepted) for one in callers]
        goes_on = list(zip(callers, counts, strict=True))
        until(lambda: all(len(one.accepted) > before for one, before in goes_on), "new jobs")
        enough.set()
        vendor.finish_everything()
        assert {ended(live, job)["status"] for job in held} == {"completed"}
        accepted = [job for one in callers for job in one.accepted]
        assert {ended(callers[0].client, job)["status"] for job in accepted} == {"failed"}
        for one in calling:
            one.result()
        supervised.leave()
        watching.result()
    assert supervised.statuses[0] == 1
    assert_only_in_flight([seen for one in callers for seen in one.seen], down, up)
    assert vendor.submits() == HELD
    charges = fleet.rows("SELECT job_id FROM ledger WHERE kind = 'charge'")
    assert sorted(job for (job,) in charges) == sorted(held)
    unfinished = "SELECT count(*) FROM jobs WHERE finished_at IS NULL"
    until(lambda: fleet.rows(unfinished) == [(0,)], "the end of all jobs")
    assert fleet.rows("SELECT count(*) FROM holds WHERE state = 'open'") == [(0,)]
    assert fleet.rows("SELECT count(*) FROM attempts WHERE n > 0") == [(0,)]


def assert_only_in_flight(seen: Sequence[Seen], down: float, up: float) -> None:
    """Errors are of requests that were under way while it was gone, and say when to ask again, if anything."""
    bad = [one for one in seen if one.answer is None or one.answer.status_code not in (200, 202)]
    for one in bad:
        assert one.ended >= down
        assert one.began <= up
        assert one.answer is None or (one.answer.status_code, "Retry-After" in one.answer.headers) == (503, True)
    waits = 1 + int((up - down) / PATIENCE)
    assert len(bad) <= CALLERS * waits
