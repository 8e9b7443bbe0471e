"""An upgrade: what the version before has begun, this one ends, on one machine and on many with one database."""

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from reelrouter.db.migrate import migrate_server
from reelrouter.db.schema import HEAD
from tests.acceptance.books import Books
from tests.acceptance.fleets import Fleet
from tests.acceptance.orders import HOSTED, REFUSED, placed, small
from tests.acceptance.patient_vendor import World, patient_world
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.versions import PREVIOUS, unpacked
from tests.acceptance.waiting import ended, in_progress, until
from tests.db.next_version import EXPANDING, following, next_head
from tests.postgres import bare_database, fresh_database

AT_ONCE, WAITING = 3, 2
"""Jobs that the vendor takes at one time, and those that wait for a place there."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment in which our programs are those of the version before."""
    return unpacked(PREVIOUS, tmp_path_factory.mktemp("previous"))


def settings() -> dict[str, str]:
    terms = {"byteplus": {"poll_every": 0.2, "concurrency": AT_ONCE}}
    return {"providers": json.dumps(terms), "allow_private_addresses": "true"}


def place_all(live: httpx.Client, test: httpx.Client, world: World) -> list[str]:
    """As many as the vendor takes, some that wait for it, and one that the renderer is at; all tell their end."""
    told = world.told()
    vendors = [placed(live, {**HOSTED, **told}) for _ in range(AT_ONCE + WAITING)]
    rendered = placed(test, small(prompt="a boat [[delay:2]]", **told))
    until(lambda: Counter(status_of(live, job) for job in vendors)["in_progress"] == AT_ONCE, "the vendor's jobs")
    in_progress(test, rendered)
    return [*vendors, rendered]


def status_of(client: httpx.Client, job: str) -> str:
    return str(client.get(f"/api/v1/videos/{job}").json()["status"])


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_was_under_way_ends_after_an_upgrade(how: str, before: Mapping[str, str], tmp_path: Path) -> None:
    """On one machine, however the old process ends: no job is lost, sent or billed twice, and all is told."""
    with patient_world() as world:
        vendor, listener = world.vendor, world.listener
        server = Server(tmp_path, settings(), {**world.environment, **before})
        try:
            server.start()
            with server.client(LIVE_KEY) as live, server.client() as test:
                jobs = place_all(live, test, world)
            if how == "stopped":
                assert server.terminate() == 0
            else:
                server.kill()
            assert vendor.submits() == AT_ONCE
            server.environment = dict(world.environment)
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


@pytest.mark.postgres
def test_a_fleet_is_replaced_one_process_after_the_other(before: Mapping[str, str], tmp_path: Path) -> None:
    """Old and new work on one database for a while, each on what the other began; nothing is sent twice."""
    with ExitStack() as stack:
        world = stack.enter_context(patient_world())
        vendor, environment, listener = world.vendor, world.environment, world.listener
        fleet = Fleet(stack, tmp_path, stack.enter_context(bare_database()), settings())
        old, old_engine = fleet.api({**environment, **before}), fleet.engine({**environment, **before})
        old_live, old_test = stack.enter_context(old.client(LIVE_KEY)), stack.enter_context(old.client())
        *jobs, rendered = place_all(old_live, old_test, world)
        new = fleet.api(environment)
        live, test = stack.enter_context(new.client(LIVE_KEY)), stack.enter_context(new.client())
        assert fleet.revision() == HEAD
        told = world.told()
        by_old_engine = placed(test, {**REFUSED, **told})
        assert ended(old_test, by_old_engine)["status"] == ended(test, by_old_engine)["status"] == "failed"
        fleet.engine(environment)
        jobs += [placed(old_live, {**HOSTED, **told}), placed(live, {**HOSTED, **told})]
        assert [status_of(old_live, job) for job in jobs] == [status_of(live, job) for job in jobs]
        old_engine.close()
        assert old.terminate() == 0
        vendor.finish_everything()
        assert {ended(live, job)["status"] for job in jobs} == {"completed"}
        assert ended(test, rendered)["status"] == "completed"
        assert vendor.submits() == len(jobs)
        until(lambda: len(listener.got) >= len(jobs) + 2, "every webhook")
        fleet.is_balanced([*jobs, rendered, by_old_engine], [*jobs, rendered])
        keys = [f"{by_old_engine}-failed", *(f"{job}-completed" for job in (*jobs, rendered))]
        assert sorted(one.key for one in listener.got) == sorted(keys)


@pytest.mark.postgres
def test_a_version_bears_what_the_next_one_adds(tmp_path: Path) -> None:
    """Under load, while every table that it is busy with gets a column; and it can be gone back to afterwards."""
    with ExitStack() as stack:
        fleet = Fleet(stack, tmp_path, stack.enter_context(fresh_database()), settings())
        api, engine = fleet.api({}), fleet.engine({})
        with api.client() as client, ThreadPoolExecutor(3) as threads:
            upgraded = threading.Event()
            loads = [threads.submit(work_until, client, upgraded) for _ in range(2)]
            try:
                ended(client, placed(client, REFUSED))
                migrate_server(fleet.database, following(tmp_path / "next", EXPANDING, "0006"))
                ended(client, placed(client, REFUSED))
            finally:
                upgraded.set()
            jobs = [job for load in loads for job in load.result()]
            assert {ended(client, job)["status"] for job in jobs} == {"failed"}
        engine.close()
        assert api.terminate() == 0
        api.start()
        fleet.engine({})
        with api.client() as client:
            assert ended(client, placed(client, REFUSED))["status"] == "failed"
        assert fleet.revision() == next_head()
        told = [one for log in tmp_path.glob("*/serve.log") for one in log.read_text().splitlines()]
        assert not [line for line in told if "task_crashed" in line or "Traceback" in line]


def work_until(client: httpx.Client, enough: threading.Event) -> list[str]:
    """Submits and polls, again and again; every answer is a good one."""
    jobs = list[str]()
    while not enough.wait(0.02):
        jobs.append(placed(client, REFUSED))
        ended(client, jobs[-1])
    return jobs
