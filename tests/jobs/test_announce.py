"""A job's end as a webhook: the contract's shape, written with the end itself."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from reelrouter.accounts import workspaces
from reelrouter.client.webhooks import sign, verify_webhook
from reelrouter.clock import milliseconds
from reelrouter.db.tables import deliveries
from reelrouter.gateway.jobs import _cancel
from reelrouter.ids import WorkspaceId
from reelrouter.jobs import decide, store
from reelrouter.jobs.announce import LinkTerms, announce, urls_of
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, Remarks
from reelrouter.jobs.starting import Places, start_waiting
from reelrouter.jobs.store import End
from reelrouter.storage import links
from reelrouter.storage.links import Link
from reelrouter.testing.backends import finished_with
from reelrouter.work import Failed, FailureClass, Script, StoredFile
from tests.jobs.conftest import PLAN, Bench, make_job

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

SECRET = b"s" * 32
AT = 1_800_000_000_123
URL = "https://app.example/hook?job=1"
JOB = replace(
    make_job(WorkspaceId("ws"), ("a",), AT / 1000), status=State.IN_PROGRESS, remarks=Remarks(callback_url=URL)
)
FILE = StoredFile(
    key="k",
    sha256="s",
    size=1,
    mime="video/mp4",
    width=2,
    height=2,
    duration=1.0,
    fps=24.0,
    frames=24,
    codec="h264",
    audio_codec=None,
)
STORED = End(event="stored", at=AT, files=(FILE, FILE), price=400_000_000, expires_at=AT + 3_600_000)


def event(job: Job, last: End, urls: tuple[str, ...] = ()) -> Any:
    delivery = announce(job, last, urls)
    assert delivery is not None
    return json.loads(delivery.body)


def test_a_completed_job_is_told_with_its_files_and_its_price() -> None:
    """Every key of the contract and no other, in compact JSON."""
    delivery = announce(JOB, STORED, ("https://us/1", "https://us/2"))
    assert delivery is not None
    assert (delivery.url, delivery.mode, delivery.workspace, delivery.job_id) == (URL, "live", "ws", JOB.id)
    assert (delivery.event, delivery.key) == ("video.generation.completed", f"{JOB.id}-completed")
    assert (delivery.pretend, ": " in delivery.body) == (0, False)
    assert json.loads(delivery.body) == {
        "type": "video.generation.completed",
        "created_at": "2027-01-15T08:00:00.123Z",
        "data": {
            "id": JOB.id,
            "status": "completed",
            "generation_id": JOB.id,
            "model": "google/veo-3.1-lite",
            "unsigned_urls": ["https://us/1", "https://us/2"],
            "usage": {"cost": 0.4, "is_byok": False},
        },
    }


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (decide.failed(Failed(failure=FailureClass.POLICY_OUTPUT)), "failed"),
        (decide.CANCELLED, "cancelled"),
        (decide.EXPIRED, "expired"),
    ],
)
def test_every_other_end_is_told_with_its_reason(ending: decide.Ending, status: str) -> None:
    """A text, as in a poll; there is no file and no price."""
    told = event(JOB, End(event=ending.event, at=AT, failure=ending.failure))
    assert told["type"] == f"video.generation.{status}"
    assert ending.failure is not None
    assert told["data"] == {
        "id": JOB.id,
        "status": status,
        "generation_id": JOB.id,
        "model": "google/veo-3.1-lite",
        "error": ending.failure.message,
    }


def test_our_own_client_reads_it() -> None:
    """Under a signature, as a receiver would."""
    delivery = announce(JOB, STORED, ("https://us/1",))
    assert delivery is not None
    body = delivery.body.encode()
    read = verify_webhook(sign(body, "x", event_id=delivery.key, timestamp=1), body, "x", now=1)
    assert (read.type, read.job.id, read.idempotency_key) == (delivery.event, JOB.id, delivery.key)
    assert read.job.unsigned_urls == ("https://us/1",)


def test_nobody_is_told_without_an_address() -> None:
    """There is not even a row."""
    assert announce(replace(JOB, remarks=Remarks()), STORED) is None


def test_a_test_prompt_may_want_the_first_attempts_to_fail() -> None:
    """So that an application sees a repeated delivery."""
    plan = replace(PLAN, script=Script(webhook="fail"))
    delivery = announce(replace(JOB, mode="test", plan=plan), STORED)
    assert delivery is not None
    assert (delivery.mode, delivery.pretend) == ("test", 2)


def test_addresses_of_files_are_those_of_a_poll() -> None:
    """Signed until the hour that a poll would name, or plain where the operator wants it."""
    signed = urls_of(JOB, STORED, LinkTerms(life=600.0), SECRET)
    until = links.expiry(AT / 1000, 600.0, (AT + 3_600_000) / 1000)
    link = Link(job_id=JOB.id, index=1, variant="video", expires_at=until)
    assert signed[1] == links.content_url("http://localhost", link, links.sign(SECRET, link))
    plain = urls_of(JOB, STORED, LinkTerms(life=600.0, plain=True), SECRET)
    assert plain[1] == f"http://localhost/api/v1/videos/{JOB.id}/content?index=1"


async def told(bench: Bench) -> list[dict[str, Any]]:
    rows = await bench.db.rows(select(deliveries))
    return [{name: row[name] for name in ("job_id", "event", "state", "url", "body")} for row in rows]


async def place(bench: Bench) -> Job:
    """A job that wants its end to be told."""
    made = make_job(WorkspaceId("ws"), ("a",), bench.clock.now())

    def write(unit: Any) -> Job:
        workspace, _ = workspaces.ensure_default(unit, bench.clock.now())
        job = replace(made, workspace=workspace, remarks=Remarks(callback_url=URL))
        store.place(unit, job)
        return job

    return await bench.db.write(write)


def test_the_end_and_its_webhook_are_written_together(scenario: Scenario) -> None:
    """Once, however often the last step runs; the addresses in it open the file."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await place(bench)
        steps = bench.steps()
        ended = await bench.run_to_end(job, steps)
        await steps.finish(job.id, 1)
        (delivery,) = await told(bench)
        assert (delivery["job_id"], delivery["event"]) == (job.id, "video.generation.completed")
        assert delivery["state"] == "waiting"
        secret = (await workspaces.get(bench.db, job.workspace)).link_secret
        assert ended.expires_at is not None
        until = links.expiry(bench.clock.now(), 3600.0, ended.expires_at / 1000)
        assert json.loads(delivery["body"])["data"]["unsigned_urls"] == [
            links.signed_url(job.base_url, job.id, 0, until, secret)
        ]

    scenario(work)


def test_a_job_that_is_given_up_is_told_too(scenario: Scenario) -> None:
    """Whatever ends a job, its owner hears of it."""

    async def work(bench: Bench) -> None:
        job = await place(bench)
        await bench.steps().give_up(job.id)
        await bench.steps().give_up(job.id)
        assert [one["event"] for one in await told(bench)] == ["video.generation.failed"]

    scenario(work)


def test_a_cancel_before_the_start_is_told(scenario: Scenario) -> None:
    """Though no engine ever saw the job; a second cancel tells nothing more."""

    async def work(bench: Bench) -> None:
        job = await place(bench)
        for _ in range(2):
            await bench.db.write(partial(_cancel, job_id=job.id, now=bench.clock.now()))
        (delivery,) = await told(bench)
        assert delivery["event"] == "video.generation.cancelled"
        assert json.loads(delivery["body"])["data"]["error"] == "The job was cancelled."

    scenario(work)


def test_a_cancel_of_a_started_job_is_told_by_whoever_ends_it(scenario: Scenario) -> None:
    """The wish alone is no end."""

    async def work(bench: Bench) -> None:
        job = await place(bench)
        now_ms = milliseconds(bench.clock.now())
        places = Places(queue=job.queue, room=1)
        await bench.db.write(lambda unit: start_waiting(unit, places, now_ms, "slot-0:1"))
        await bench.db.write(partial(_cancel, job_id=job.id, now=bench.clock.now()))
        assert await told(bench) == []

    scenario(work)
