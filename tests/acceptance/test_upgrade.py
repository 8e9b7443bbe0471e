"""An upgrade: what the version before has begun, this one ends, on one machine and on many that share a database."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.books import Books
from tests.acceptance.orders import placed, small
from tests.acceptance.receivers import Answer, Receivers, receivers
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.versions import PREVIOUS, unpacked
from tests.acceptance.waiting import ended, in_progress, until

AT_ONCE, WAITING = 3, 2
"""Jobs that the vendor takes at one time, and those that wait for a place there."""
BODY: Mapping[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "a boat",
    "duration": 4,
    "resolution": "480p",
    "provider": {"only": ["byteplus"]},
}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment in which our programs are those of the version before."""
    return unpacked(PREVIOUS, tmp_path_factory.mktemp("previous"))


class Vendor:
    """One that is done with nothing before it is told to be."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        emulator.script = Script(seconds=60)
        emulator.now = lambda: 0.0

    def finish_everything(self) -> None:
        """What it has, and from now on whatever it takes, at once."""
        self.emulator.script = Script()
        self.emulator.now = lambda: 60.0

    def submits(self) -> int:
        return sum(entry.verb == "submit" for entry in self.emulator.journal)


@contextmanager
def vendor_and_listener() -> Iterator[tuple[Vendor, Mapping[str, str], Receivers]]:
    emulator = SITES["byteplus"].make()
    with in_thread(emulator) as site, receivers(lambda _path, _key, _seen: Answer()) as listener:
        yield Vendor(emulator), environment_of("byteplus", site.url), listener


def settings() -> dict[str, str]:
    terms = {"byteplus": {"poll_every": 0.2, "concurrency": AT_ONCE}}
    return {"providers": json.dumps(terms), "allow_private_addresses": "true"}


def place_all(live: httpx.Client, test: httpx.Client, listener: Receivers) -> list[str]:
    """As many as the vendor takes, some that wait for it, and one that the renderer is at; all tell of their end."""
    told = {"callback_url": f"{listener.url}/end"}
    vendors = [placed(live, {**BODY, **told}) for _ in range(AT_ONCE + WAITING)]
    rendered = placed(test, small(prompt="a boat [[delay:2]]", **told))
    until(lambda: Counter(status_of(live, job) for job in vendors)["in_progress"] == AT_ONCE, "the vendor's jobs")
    in_progress(test, rendered)
    return [*vendors, rendered]


def status_of(client: httpx.Client, job: str) -> str:
    return str(client.get(f"/api/v1/videos/{job}").json()["status"])


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_was_under_way_ends_after_an_upgrade(
    how: str, before: Mapping[str, str], tmp_path: Path
) -> None:
    """On one machine, however the old process ends: no job is lost, sent twice or billed twice, and all is told."""
    with vendor_and_listener() as (vendor, environment, listener):
        server = Server(tmp_path, settings(), {**environment, **before})
        try:
            server.start()
            with server.client(LIVE_KEY) as live, server.client() as test:
                jobs = place_all(live, test, listener)
            if how == "stopped":
                assert server.terminate() == 0
            else:
                server.kill()
            assert vendor.submits() == AT_ONCE
            server.environment = environment
            server.start()
            vendor.finish_everything()
            with server.client(LIVE_KEY) as live, server.client() as test:
                ends = [ended(test if job == jobs[-1] else live, job) for job in jobs]
                assert {job["status"] for job in ends} == {"completed"}
                assert all(live.get(job["unsigned_urls"][0]).content[4:8] == b"ftyp" for job in ends)
            assert vendor.submits() == AT_ONCE + WAITING
            until(lambda: len(listener.got) >= len(jobs), "every webhook")
            balanced(Books(server.data_dir), jobs)
            assert sorted(one.key for one in listener.got) == sorted(f"{job}-completed" for job in jobs)
        finally:
            server.close()


def balanced(books: Books, jobs: Sequence[str]) -> None:
    """Each job was handed over once and charged once, and nothing is set aside any more."""
    assert books.attempts() == dict.fromkeys(jobs, 1)
    assert sorted(job for job, _ in books.charges()) == sorted(jobs)
    for account in books.accounts():
        assert (account.held, account.open_holds, account.settled) == (0, 0, account.charged)
