"""Many processes on one PostgreSQL and one S3: they act as one gateway, and one that dies is not missed."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.governing import BASE, made_key, made_workspace
from tests.acceptance.orders import placed, small, submit
from tests.acceptance.serving import LIVE_KEY, MANAGEMENT_KEY, TEST_KEY, Engine, Server
from tests.acceptance.waiting import ended, in_progress, until
from tests.postgres import fresh_database

BODY: dict[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "a boat",
    "duration": 4,
    "resolution": "480p",
    "provider": {"only": ["byteplus"]},
}
ROOM, SUBMITS, JOBS = 50, 200, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    apis: tuple[Server, ...]
    engines: list[Engine]
    vendor: Emulator
    database: str
    folder: Path

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(statement.encode()).fetchall()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    vendor = SITES["byteplus"].make()
    vendor.script = Script(seconds=3)
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database())
        bucket = _bucket(stack)
        site = stack.enter_context(in_thread(vendor))
        environment = bucket | environment_of("byteplus", site.url)
        settings = {
            "database_url": database,
            "storage_url": "s3://videos/gateway",
            "secret_key": "a secret that nobody else has, 0123456789",
            "providers": json.dumps({"byteplus": {"poll_every": 0.2, "concurrency": 500}}),
            "hold_margin": "1",
            "live_key": LIVE_KEY,
            "test_key": TEST_KEY,
            "management_key": MANAGEMENT_KEY,
            "log_format": "json",
        }
        apis = tuple(Server(folder / f"api-{n}", settings, environment, command="api") for n in range(3))
        for one in apis:
            (folder / f"api-{apis.index(one)}").mkdir()
            stack.callback(one.close)
            one.start()
        engines = [
            Engine(folder / f"engine-{n}.log", {**settings, "data_dir": str(folder / f"engine-{n}")}, environment)
            for n in range(2)
        ]
        for engine in engines:
            stack.callback(engine.close)
        yield Fleet(apis=apis, engines=engines, vendor=vendor, database=database, folder=folder)


def _bucket(stack: ExitStack) -> dict[str, str]:
    """The environment that leads to a bucket on an S3 server of one's own."""
    storage = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    stack.callback(storage.stop)
    host, port = storage.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx.put(f"{url}/videos", trust_env=False).raise_for_status()
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
    }


def test_what_one_takes_another_tells_of_and_a_third_sends(fleet: Fleet) -> None:
    """A job, its events, its file and a part of it; no process has anything that the others lack."""
    first, second, third = (api.client() for api in fleet.apis)
    with first, second, third:
        job = placed(first, small())
        done = ended(second, job)
        assert done["status"] == "completed"
        events = third.get(f"{BASE}/videos/{job}/events").text
        assert '"status":"completed"' in events.replace(" ", "")
        whole = third.get(f"{BASE}/videos/{job}/content")
        assert whole.content[4:8] == b"ftyp"
        part = first.get(f"{BASE}/videos/{job}/content", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert not any((fleet.folder / f"api-{n}" / "data" / "objects").exists() for n in range(3))


def test_whoever_waits_is_woken_by_another_process(fleet: Fleet) -> None:
    """A submit that waits at one API for what an engine does."""
    with fleet.apis[0].client() as client:
        answer = client.post(f"{BASE}/videos", json=small(), headers={"Prefer": "wait=30"})
        assert (answer.status_code, answer.json()["status"]) == (202, "completed")


def test_three_together_cannot_overspend(fleet: Fleet) -> None:
    """Two hundred submits over all of them, against room for fifty."""
    with fleet.apis[0].client(MANAGEMENT_KEY) as manager, fleet.apis[0].client() as client:
        price = client.post(f"{BASE}/videos/estimate", json=BODY).json()["cost"]
        team = made_workspace(manager)
        key = made_key(manager, workspace_id=team["id"], mode="live")["key"]
        credits_of = f"{BASE}/workspaces/{team['id']}/credits"
        assert manager.post(credits_of, json={"amount": round(ROOM * price, 9)}).status_code == 201
    clients = [api.client(key) for api in fleet.apis]
    with ExitStack() as stack, ThreadPoolExecutor(12) as threads:
        for one in clients:
            stack.enter_context(one)
        answers = list(threads.map(lambda n: submit(clients[n % 3], BODY), range(SUBMITS)))
        assert Counter(answer.status_code for answer in answers) == {202: ROOM, 402: SUBMITS - ROOM}
        for answer in answers:
            if answer.status_code == 202:
                ended(clients[0], answer.json()["id"])
    of_team = f"workspace = '{team['id']}' AND mode = 'live'"
    (books,) = fleet.rows(f"SELECT held, settled, amount >= settled FROM budgets WHERE {of_team}")  # noqa: S608
    (charged,) = fleet.rows(f"SELECT sum(amount) FROM ledger WHERE kind = 'charge' AND {of_team}")  # noqa: S608
    assert books == (0, charged[0], True)


def test_an_engine_that_dies_is_taken_over(fleet: Fleet) -> None:
    """Its jobs are gone on with where they were; none is sent to the vendor a second time, none billed twice."""
    before = len(fleet.vendor.tasks)
    with fleet.apis[1].client(LIVE_KEY) as client:
        jobs = [placed(client, BODY) for _ in range(JOBS)]
        for job in jobs:
            in_progress(client, job)
        fleet.engines[0].kill()
        assert {ended(client, job)["status"] for job in jobs} == {"completed"}
    until(lambda: fleet.engines[1].events("engine_taken_over"), "the takeover to be told")
    assert len(fleet.vendor.tasks) == before + JOBS
    named = ", ".join(f"'{job}'" for job in jobs)
    charges = fleet.rows(f"SELECT job_id FROM ledger WHERE kind = 'charge' AND job_id IN ({named})")  # noqa: S608
    assert sorted(job for (job,) in charges) == sorted(jobs)
    assert fleet.rows("SELECT count(*) FROM holds WHERE state = 'open'") == [(0,)]
