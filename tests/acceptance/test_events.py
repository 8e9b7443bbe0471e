"""A job followed by server-sent events, by the few lines that a client needs for it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx

from tests.acceptance.orders import placed, small
from tests.acceptance.waiting import ended, in_progress

SLOW = "a fox [[delay:0.5]]"


class Event(NamedTuple):
    id: str
    job: dict[str, Any]


def follow(client: httpx.Client, job_id: str, last: str | None = None) -> Iterator[Event]:
    headers = {} if last is None else {"Last-Event-ID": last}
    with client.stream("GET", f"/api/v1/videos/{job_id}/events", headers=headers) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                assert fields["event"] == "job"
                yield Event(fields["id"], json.loads(fields["data"]))
                fields = {}


def test_every_change_is_told_until_the_end(client: httpx.Client) -> None:
    """The first event is the job as it is; the stream ends by itself after the last, which is the poll body."""
    job_id = placed(client, small(prompt=SLOW))
    events = list(follow(client, job_id))
    states = [event.job["status"] for event in events]
    assert states[0] in {"pending", "in_progress"}
    assert states == sorted(states, key=["pending", "in_progress", "completed"].index)
    assert len({event.id for event in events}) == len(events)
    assert events[-1].job == client.get(f"/api/v1/videos/{job_id}").json()


def test_a_client_that_comes_back_is_told_of_what_it_missed(client: httpx.Client) -> None:
    """An old id gets the present state; the newest one of an ended job gets 204, which ends the asking."""
    job_id = placed(client, small(prompt=SLOW))
    first = next(follow(client, job_id))
    ended(client, job_id)
    (last,) = follow(client, job_id, first.id)
    assert last.job["status"] == "completed"
    done = client.get(f"/api/v1/videos/{job_id}/events", headers={"Last-Event-ID": last.id})
    assert (done.status_code, done.content) == (204, b"")


def test_many_may_watch_one_job(client: httpx.Client) -> None:
    """Each of them hears of the same end."""
    job_id = placed(client, small(prompt=SLOW))
    with ThreadPoolExecutor(20) as threads:
        ends = list(threads.map(lambda _: list(follow(client, job_id))[-1], range(20)))
    assert {end.job["status"] for end in ends} == {"completed"}
    assert len({end.id for end in ends}) == 1


def test_a_cancel_is_told(client: httpx.Client) -> None:
    """However a job ends, whoever watches hears of it."""
    job_id = placed(client, small(prompt="a fox [[stuck]]"))
    in_progress(client, job_id)
    events = follow(client, job_id)
    assert next(events).job["status"] == "in_progress"
    client.post(f"/api/v1/videos/{job_id}/cancel")
    assert [event.job["status"] for event in events][-1] == "cancelled"


def test_nobody_watches_somebody_else_s_job(
    client: httpx.Client, stranger: httpx.Client, live_client: httpx.Client, keyless_client: httpx.Client
) -> None:
    """In the words for a job that never was."""
    path = f"/api/v1/videos/{placed(client, small())}/events"
    assert stranger.get(path).status_code == live_client.get(path).status_code == 404
    assert keyless_client.get(path).status_code == 401
