"""Many processes on one PostgreSQL and one S3: they act as one gateway, and one that dies is not missed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.fleets import Fleet
from tests.acceptance.governing import BASE, made_key, made_workspace
from tests.acceptance.orders import HOSTED, placed, small, submit
from tests.acceptance.serving import LIVE_KEY, MANAGEMENT_KEY, Engine, Server
from tests.acceptance.waiting import ended, in_progress, until
from tests.buckets import BUCKET, s3_server
from tests.postgres import fresh_database

ROOM, SUBMITS, JOBS = 50, 200, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    apis: Sequence[Server]
    engines: Sequence[Engine]
    vendor: Emulator
    fleet: Fleet


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    vendor = SITES["byteplus"].make()
    vendor.script = Script(seconds=3)
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database())
        bucket = stack.enter_context(s3_server())
        address = stack.enter_context(in_thread(vendor)).url
        environment = bucket | environment_of("byteplus", address)
        settings = {
            "storage_url": f"s3://{BUCKET}/gateway",
            "providers": json.dumps({"byteplus": {"poll_every": 0.2, "concurrency": 500}}),
            "hold_margin": "1",
        }
        fleet = Fleet(stack, tmp_path_factory.mktemp("fleet"), database, settings)
        yield Site(
            apis=[fleet.api(environment, downloads=way) for way in ("proxy", "proxy", "redirect")],
            engines=[fleet.engine(environment, queues=of) for of in ("remote", "remote,webhooks", "render")],
            vendor=vendor,
            fleet=fleet,
        )


def test_what_one_takes_another_tells_of_and_a_third_sends(site: Site) -> None:
    """A job, its events, its file and a part of it; no process has anything that the others lack."""
    first, second, third = (api.client() for api in site.apis)
    with first, second, third:
        job = placed(first, small())
        done = ended(second, job)
        assert done["status"] == "completed"
        events = third.get(f"{BASE}/videos/{job}/events").text
        assert '"status":"completed"' in events.replace(" ", "")
        whole = second.get(f"{BASE}/videos/{job}/content")
        assert whole.content[4:8] == b"ftyp"
        part = first.get(f"{BASE}/videos/{job}/content", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert not any((api.data_dir / "objects").exists() for api in site.apis)
        sent = third.get(f"{BASE}/videos/{job}/content")
        assert (sent.status_code, sent.content, sent.headers["Cache-Control"]) == (302, b"", "no-store")
        there = httpx.get(sent.headers["Location"], trust_env=False)
        assert (there.content, there.headers["Content-Type"]) == (whole.content, "video/mp4")
        assert third.head(f"{BASE}/videos/{job}/content").headers["Content-Length"] == str(len(whole.content))


def test_whoever_waits_is_woken_by_another_process(site: Site) -> None:
    """A submit that waits at one API for what an engine does."""
    with site.apis[0].client() as client:
        answer = client.post(f"{BASE}/videos", json=small(), headers={"Prefer": "wait=30"})
        assert (answer.status_code, answer.json()["status"]) == (202, "completed")


def test_three_together_cannot_overspend(site: Site) -> None:
    """Two hundred submits over all of them, against room for fifty."""
    with site.apis[0].client(MANAGEMENT_KEY) as manager, site.apis[0].client() as client:
        price = client.post(f"{BASE}/videos/estimate", json=HOSTED).json()["cost"]
        team = made_workspace(manager)
        key = made_key(manager, workspace_id=team["id"], mode="live")["key"]
        credits_of = f"{BASE}/workspaces/{team['id']}/credits"
        assert manager.post(credits_of, json={"amount": round(ROOM * price, 9)}).status_code == 201
    clients = [api.client(key) for api in site.apis]
    with ExitStack() as stack, ThreadPoolExecutor(12) as threads:
        for one in clients:
            stack.enter_context(one)
        answers = list(threads.map(lambda n: submit(clients[n % 3], HOSTED), range(SUBMITS)))
        assert Counter(answer.status_code for answer in answers) == {202: ROOM, 402: SUBMITS - ROOM}
        for answer in answers:
            if answer.status_code == 202:
                ended(clients[0], answer.json()["id"])
    of_team = f"workspace = '{team['id']}' AND mode = 'live'"
    (books,) = site.fleet.rows(f"SELECT held, settled, amount >= settled FROM budgets WHERE {of_team}")  # noqa: S608
    (charged,) = site.fleet.rows(f"SELECT sum(amount) FROM ledger WHERE kind = 'charge' AND {of_team}")  # noqa: S608
    assert books == (0, charged[0], True)


def test_an_engine_that_dies_is_taken_over(site: Site) -> None:
    """Its jobs are gone on with by the other that may ask their vendor, whoever took its place; none is sent to it
    a second time, none billed twice.
    """
    before = len(site.vendor.tasks)
    with site.apis[1].client(LIVE_KEY) as client:
        jobs = [placed(client, HOSTED) for _ in range(JOBS)]
        for job in jobs:
            in_progress(client, job)
        busy, *others = sorted(site.engines, key=lambda one: taken_by(one, jobs), reverse=True)
        busy.kill()
        assert {ended(client, job)["status"] for job in jobs} == {"completed"}
    until(lambda: any(one.events("engine_taken_over") for one in others), "the takeover to be told")
    assert len(site.vendor.tasks) == before + JOBS
    named = ", ".join(f"'{job}'" for job in jobs)
    charges = site.fleet.rows(f"SELECT job_id FROM ledger WHERE kind = 'charge' AND job_id IN ({named})")  # noqa: S608
    assert sorted(job for (job,) in charges) == sorted(jobs)
    assert site.fleet.rows("SELECT count(*) FROM holds WHERE state = 'open'") == [(0,)]


def taken_by(engine: Engine, jobs: Sequence[str]) -> int:
    """How many of these it has handed to their vendor: one engine may have been quicker than the other."""
    return sum(event["job"] in jobs for event in engine.events("attempt_accepted"))
