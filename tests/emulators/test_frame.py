"""What all emulators do alike: end, refuse and break as they are told, and remember what reached them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from reelrouter.emulators.frame import (
    KEY,
    Task,
    in_thread,
    sample,
)
from reelrouter.emulators.script import BREAKAGES, ENDS, REFUSALS, Breakage, End, Refusal, Script, read_script
from reelrouter.testing.conformance import Hour
from tests.emulators.toy import LONG, Toy, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def submit(session: aiohttp.ClientSession, body: Any = None) -> tuple[int, bytes]:
    async with session.post("/jobs", json=body or {"prompt": "a boat"}) as response:
        return response.status, await response.read()


async def poll(session: aiohttp.ClientSession, number: int = 1) -> tuple[int, Any]:
    async with session.get(f"/jobs/toy-{number}") as response:
        return response.status, await response.read()


async def view(session: aiohttp.ClientSession, number: int = 1) -> Mapping[str, Any]:
    async with session.get(f"/jobs/toy-{number}") as response:
        given: Mapping[str, Any] = await response.json()
        return given


# A job's life --------------------------------------------------------------------------------------------------


async def test_a_job_is_made_and_ends() -> None:
    """At once, unless it is told to take its time."""
    async with running() as (toy, _, session):
        assert await submit(session) == (200, b'{"id": "toy-1"}')
        assert toy.tasks["toy-1"].body == {"prompt": "a boat"}
        assert (await view(session))["state"] == "ended"


async def test_a_job_queues_runs_and_ends_by_the_hour() -> None:
    """A fifth of its time in the queue."""
    hour = Hour()
    async with running(hour) as (toy, _, session):
        toy.script = Script(seconds=100)
        await submit(session)
        seen = []
        for seconds in (0, 19, 1, 79, 1):
            hour.now += seconds
            told = await view(session)
            seen.append((told["state"], told["progress"]))
    assert seen == [("queued", 0.0), ("queued", 0.19), ("running", 0.2), ("running", 0.99), ("ended", 1.0)]


def test_a_cancelled_job_stays_cancelled() -> None:
    """Whatever the hour."""
    task = Task("t", {}, Script(), 0.0, cancelled=True)
    assert task.state(1000.0) == "cancelled"


@pytest.mark.parametrize("end", ENDS)
def test_what_is_wrong_with_a_file_shows_in_the_file_alone(end: End) -> None:
    """The vendor says that all is well."""
    told = Task("t", {}, Script(end=end), 0.0).told
    assert told == ("done" if end in ("gone", "too_large", "not_video") else end)


# Scripts -------------------------------------------------------------------------------------------------------


async def test_scripts_are_for_submits_in_their_order() -> None:
    """Then the standing one counts; a job keeps its own."""
    async with running() as (toy, _, session):
        toy.script = Script(end="user")
        toy.scripts.extend([Script(end="expired"), Script(refuse="quota"), Script(end="drift")])
        answers = [await submit(session) for _ in range(4)]
        assert [status for status, _ in answers] == [200, 400, 200, 200]
        assert [task.script.end for task in toy.tasks.values()] == ["expired", "drift", "user"]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_is_the_vendors_and_makes_nothing(refusal: Refusal) -> None:
    """One of them names when to come back."""
    async with running() as (toy, _, session):
        toy.script = Script(refuse=refusal, retry_after=7)
        async with session.post("/jobs", json={"prompt": "a boat"}) as response:
            assert (response.status, await response.json()) == (400, {"no": refusal})
            assert response.headers.get("Retry-After") == ("7" if refusal == "rate_after" else None)
        assert not toy.tasks
        assert not toy.script.creates


async def test_the_vendors_own_checks_come_before_a_broken_answer() -> None:
    """An order that it would refuse is refused as ever."""
    async with running() as (toy, _, session):
        toy.script = Script(break_submit="html")
        assert await submit(session, {"x": 1}) == (422, b'{"no": "prompt"}')
        assert not toy.tasks


BROKEN: Mapping[Breakage, tuple[int, bytes]] = {
    "html": (200, b"<html><body>We will be back soon.</body></html>"),
    "truncated": (200, b'{"id": '),
    "empty": (200, b""),
    "error_500": (500, b'{"trouble": 500}'),
    "error_503": (503, b'{"trouble": 503}'),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
async def test_a_broken_submit_may_have_made_a_job(breakage: Breakage) -> None:
    """Which the caller cannot see, and `creates` says."""
    async with running() as (toy, _, session):
        toy.script = Script(break_submit=breakage)
        if breakage in BROKEN:
            assert await submit(session) == BROKEN[breakage]
        elif breakage == "hang":
            await _hangs(toy, session)
        else:
            with pytest.raises(aiohttp.ClientConnectionError):
                await submit(session)
        assert bool(toy.tasks) == toy.script.creates
        assert len(toy.journal) == 1


async def _hangs(toy: Toy, session: aiohttp.ClientSession) -> None:
    waiting = asyncio.ensure_future(submit(session))
    async with asyncio.timeout(LONG):
        while not toy.tasks:
            await asyncio.sleep(0.005)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("breakage", sorted(BROKEN))
async def test_as_many_polls_break_as_are_told(breakage: Breakage) -> None:
    """The job itself is as it was."""
    async with running() as (toy, _, session):
        toy.script = Script(break_polls=breakage, broken_polls=2)
        await submit(session)
        answers = [await poll(session) for _ in range(3)]
        assert answers[0] == answers[1] != answers[2]
        assert answers[0][0] == BROKEN[breakage][0]
        assert (await view(session))["state"] == "ended"


async def test_answers_may_take_their_time() -> None:
    """The one to the submit and those to polls."""
    async with running() as (toy, _, session):
        toy.script = Script(latency=3600.0)
        waiting = asyncio.ensure_future(submit(session))
        async with asyncio.timeout(LONG):
            while not toy.journal:
                await asyncio.sleep(0.005)
        assert not toy.tasks
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


# Files ---------------------------------------------------------------------------------------------------------


async def _download(toy: Toy, session: aiohttp.ClientSession, end: End, most: int) -> tuple[int, bytes]:
    toy.script = Script(end=end)
    await submit(session)
    url = (await view(session))["url"]
    async with aiohttp.ClientSession() as stranger, stranger.get(url) as response:
        return response.status, await response.content.readexactly(most) if most else await response.read()


async def test_a_finished_job_has_a_real_video_at_another_origin() -> None:
    """As vendors' files have one of their own."""
    async with running() as (toy, served, session):
        assert await _download(toy, session, "done", 0) == (200, sample())
        assert not toy.files.startswith(served.url)
    assert sample()[4:8] == b"ftyp"


async def test_files_can_be_wrong_in_every_way() -> None:
    """Gone, endless, or no video."""
    async with running() as (toy, _, session):
        assert (await _download(toy, session, "gone", 0))[0] == 404
    async with running() as (toy, _, session):
        assert (await _download(toy, session, "not_video", 0)) == (200, b"this is no video")
    async with running() as (toy, _, session):
        assert await _download(toy, session, "too_large", 5_000_000) == (200, bytes(5_000_000))


def test_videos_inside_answers_are_wrong_in_the_same_ways() -> None:
    """For vendors that put them there."""
    toy = Toy()
    made = {
        end: toy.video_bytes(Task("t", {}, Script(end=end), 0.0)) for end in ("done", "not_video", "too_large")
    }
    assert made["done"] == sample()
    assert b"ftyp" not in made["not_video"]
    assert len(made["too_large"]) > 1024 * 1024


# The journal ---------------------------------------------------------------------------------------------------


async def test_every_request_is_in_the_journal() -> None:
    """With its job, its answer and its credentials; the emulator's own addresses are not."""
    async with running() as (toy, _, session):
        await submit(session)
        await poll(session)
        await poll(session, 9)
        await session.get("/nowhere", headers={"Authorization": ""})
        async with session.get("/_emulator/journal") as response:
            shown = await response.json()
    lines = [
        (entry.verb, entry.method, entry.path, entry.task, entry.answered, entry.key) for entry in toy.journal
    ]
    assert lines == [
        ("submit", "POST", "/jobs", "toy-1", 200, KEY),
        ("poll", "GET", "/jobs/toy-1", "toy-1", 200, KEY),
        ("poll", "GET", "/jobs/toy-9", "toy-9", 404, KEY),
        ("other", "GET", "/nowhere", None, None, None),
    ]
    assert [entry["path"] for entry in shown["journal"]] == [entry.path for entry in toy.journal]
    assert shown["tasks"] == {"toy-1": {"end": "done", "body": {"prompt": "a boat"}}}


@pytest.mark.parametrize(
    ("path", "headers", "bears"),
    [
        ("/files/x.mp4", {}, False),
        ("/files/x.mp4", {"Authorization": f"Bearer {KEY}"}, True),
        ("/files/x.mp4", {"X-Api-Key": KEY}, True),
        (f"/files/x.mp4?key={KEY}", {}, True),
    ],
)
async def test_a_key_is_noticed_wherever_it_stands(path: str, headers: Mapping[str, str], bears: bool) -> None:
    """Also where this vendor has none."""
    async with running() as (toy, _, _), aiohttp.ClientSession(toy.files) as stranger:
        await stranger.get(path, headers=headers)
    (entry,) = toy.journal
    assert entry.bears_key is bears


# From outside --------------------------------------------------------------------------------------------------


async def test_scripts_are_taken_over_http() -> None:
    """Those of the next jobs, and the standing one."""
    async with running() as (toy, _, session):
        told = {"next": [{"refuse": "rate_after", "retry_after": 3}], "always": {"end": "gone", "seconds": 1.5}}
        async with session.post("/_emulator/scripts", json=told) as response:
            assert (response.status, await response.json()) == (200, {"scripts": 1})
        assert list(toy.scripts) == [Script(refuse="rate_after", retry_after=3)]
        assert toy.script == Script(end="gone", seconds=1.5)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"next": [{"end": "done"}, {"end": "well"}]}, "end is 'well', and should be one of done, user"),
        ({"always": {"ends": "done"}}, "ends is none of refuse, break_submit"),
        ({"always": {"seconds": "5"}}, "seconds is '5', and should be a number from 0"),
        ({"always": {"latency": -1}}, "latency is -1"),
        ({"always": {"refuse": True}}, "refuse is True"),
        ({"always": "done"}, "this is no script"),
        ([], "this is no script"),
    ],
)
async def test_what_is_no_script_changes_nothing(told: object, said: str) -> None:
    """It is said what would do."""
    async with running() as (toy, _, session):
        async with session.post("/_emulator/scripts", json=told) as response:
            assert response.status == 400
            assert said in (await response.json())["error"]
        assert (list(toy.scripts), toy.script) == ([], Script())


def test_a_script_is_read_from_what_it_is_shown_as() -> None:
    """Nothing in it is lost."""
    assert read_script({}) == Script()
    given = {"break_polls": "hang", "broken_polls": 2, "end": "drift", "latency": 0.5, "refuse": None}
    assert read_script(given) == Script(break_polls="hang", broken_polls=2, end="drift", latency=0.5)


def test_it_runs_in_a_thread_for_those_without_a_loop() -> None:
    """And is gone afterwards."""
    with in_thread(Toy()) as served:
        assert asyncio.run(_status(f"{served.url}/_emulator/journal")) == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(_status(f"{served.url}/_emulator/journal"))


async def _status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status
