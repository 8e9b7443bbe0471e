"""Waiting: with how much patience, through which troubles, and when there is nothing to wait for."""

import json
from typing import Any

import pytest

from reelrouter.client.errors import (
    JobFailed,
    NoPollingUrl,
    NotCompleted,
    Unauthorized,
    Unreadable,
)
from reelrouter.client.results import Job
from reelrouter.client.sync import Client
from tests.client.drivers import Clock
from tests.client.fake_openrouter import JOB, FakeOpenRouter, fails, hangs_up, says, sends, streams

WANTED: dict[str, Any] = {"model": "google/veo-3.1-lite", "prompt": "a fox"}


def event(status: str, **more: Any) -> str:
    return f"id: 1\nevent: job\ndata: {json.dumps({'id': JOB, 'status': status, **more})}\n\n"


@pytest.fixture
def job(client: Client) -> Job:
    """A job that was just placed."""
    return client.submit(WANTED)


@pytest.mark.parametrize("polling_url", ["absolute", "relative"])
def test_a_job_is_asked_for_at_its_polling_address(
    polling_url: str, client: Client, fake: FakeOpenRouter, clock: Clock
) -> None:
    """Every 30 seconds, be the address whole or a path; that there is no stream is found out once."""
    fake.polling_url = polling_url
    done = client.wait(client.submit(WANTED))
    assert (done.status, done.polls) == ("completed", 3)
    assert clock.pauses == [30.0] * 3
    assert {seen.path for seen in fake.asked("poll")} == {f"/api/v1/videos/{JOB}"}
    client.wait(JOB)
    assert len(fake.asked("else")) == 1


def test_a_job_without_a_polling_address_is_an_error_of_its_own(client: Client, fake: FakeOpenRouter) -> None:
    """Its id is named, with which it can still be asked for."""
    fake.polling_url = None
    with pytest.raises(NoPollingUrl, match="did not include a polling_url") as caught:
        client.wait(client.submit(WANTED))
    assert caught.value.job.id == JOB
    assert client.wait(JOB).is_completed


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"status": "failed", "error": "Content policy violation"}, "failed: Content policy violation"),
        ({"status": "cancelled", "error": "Job was cancelled"}, "was cancelled: Job was cancelled"),
        ({"status": "expired", "error": "Job exceeded maximum time to live"}, "expired: Job exceeded"),
        ({"status": "dead"}, "ended as dead: it is not said why"),
        ({"status": "exploded", "error": "boom"}, "ended as exploded: boom"),
    ],
)
def test_an_end_without_a_video_is_told_in_the_servers_words(
    ending: Any, words: str, client: Client, fake: FakeOpenRouter, job: Job
) -> None:
    """Also where the word for it is one that nobody has heard of, if an error comes with it."""
    fake.ending = ending
    with pytest.raises(JobFailed, match=words) as caught:
        client.wait(job)
    assert caught.value.job.status == ending["status"]


def test_an_unknown_state_without_an_error_is_waited_out(client: Client, fake: FakeOpenRouter, job: Job) -> None:
    """The list of states is open."""
    fake.plan("poll", says(200, {"id": JOB, "status": "moderating"}))
    seen: list[str] = []
    assert client.wait(job, on_change=lambda job: seen.append(job.status)).is_completed
    assert seen == ["pending", "moderating", "pending", "completed"]


def test_a_job_that_never_ends_is_given_up_after_so_many_attempts(
    client: Client, fake: FakeOpenRouter, clock: Clock, job: Job
) -> None:
    """The job itself is still there, and can be waited for again."""
    fake.pending_polls = 1000
    with pytest.raises(NotCompleted, match="did not complete after 60 attempts") as caught:
        client.wait(job)
    assert (caught.value.attempts, caught.value.job.polls, caught.value.job.status) == (60, 60, "pending")
    assert len(fake.asked("poll")) == 60
    assert clock.monotonic() == 60 * 30
    fake.pending_polls = 0
    assert client.wait(caught.value.job).is_completed


def test_troubles_on_the_way_cost_an_attempt_each(
    client: Client, fake: FakeOpenRouter, clock: Clock, job: Job
) -> None:
    """Lost answers, failures, pages; and a server that asks to be left alone is."""
    page = sends(200, b"<p>We are back soon</p>", content_type="text/html")
    fake.plan("poll", hangs_up, fails(500), page, fails(429, retry_after="90"), fails(524))
    assert client.wait(job, attempts=8).is_completed
    assert clock.pauses == [30.0] * 4 + [90.0] + [30.0] * 3


def test_troubles_to_the_end_are_named(client: Client, fake: FakeOpenRouter, job: Job) -> None:
    """The last of them, since it is why nobody knows how the job is."""
    fake.plan("poll", *[fails(503, "the cellar is under water")] * 3)
    with pytest.raises(NotCompleted, match=r"after 3 attempts.*the cellar is under water"):
        client.wait(job, attempts=3)


def test_a_no_ends_the_waiting(client: Client, fake: FakeOpenRouter, job: Job) -> None:
    """It would be the same one the next time."""
    fake.plan("poll", fails(401, "User not found."))
    with pytest.raises(Unauthorized, match="User not found"):
        client.wait(job)
    assert len(fake.asked("poll")) == 1


def test_a_server_that_has_become_another_is_not_asked_for_ever(
    client: Client, fake: FakeOpenRouter, job: Job
) -> None:
    """Three pages in a row are no accident."""
    fake.plan("poll", *[sends(200, b"<p>This domain is for sale</p>", content_type="text/html")] * 4)
    with pytest.raises(Unreadable, match="for sale"):
        client.wait(job)
    assert len(fake.asked("poll")) == 3


def test_a_stream_of_events_is_followed_to_the_end(client: Client, fake: FakeOpenRouter, job: Job) -> None:
    """Where there is one: every change is heard of, nothing is polled, and nobody sleeps."""
    told = event("in_progress", progress=40), ": still here\n\n", event("completed", progress=100)
    fake.plan("else", streams("".join(told)))
    seen: list[tuple[str, int | None]] = []
    done = client.wait(job, on_change=lambda job: seen.append((job.status, job.progress)))
    assert seen == [("pending", None), ("in_progress", 40), ("completed", 100)]
    assert (done.polls, done.polling_url) == (1, job.polling_url)
    assert fake.asked("poll") == []
    (asked,) = fake.asked("else")
    assert (asked.path, asked.headers["accept"]) == (f"/api/v1/videos/{JOB}/events", "text/event-stream")


@pytest.mark.parametrize(
    "broken",
    [
        streams(event("in_progress")),
        streams("event: job\ndata: {}\n\n"),
        hangs_up,
        sends(200, b"[]", content_type="application/json"),
        fails(405),
        fails(500),
    ],
)
def test_a_stream_that_breaks_off_is_replaced_by_polling(
    broken: Any, client: Client, fake: FakeOpenRouter, job: Job
) -> None:
    """Silently: how the news come is nobody's concern."""
    fake.plan("else", broken)
    assert client.wait(job).is_completed
    assert len(fake.asked("poll")) == 3


def test_a_finished_job_is_not_asked_for_again(client: Client, fake: FakeOpenRouter) -> None:
    """It is what it is."""
    done = Job(id=JOB, status="completed")
    assert client.wait(done) == done
    assert fake.seen == []


def test_an_error_of_the_callers_own_comes_out_as_it_is(client: Client, job: Job) -> None:
    """Whoever listens may stop the waiting."""

    def stop(job: Job) -> None:
        raise KeyboardInterrupt(job.id)

    with pytest.raises(KeyboardInterrupt, match=JOB):
        client.wait(job, on_change=stop)
