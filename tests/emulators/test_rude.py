"""Emulators that are told to be rude: what leaves them is altered, and only as far as a script says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import typer
from yarl import URL

from reelrouter.cli.emulating import script_of
from reelrouter.emulators.answers import Answer, Raw, drop, put, written
from reelrouter.emulators.frame import KEY, Task, sample
from reelrouter.emulators.rude import RUDE
from reelrouter.emulators.script import Script, read_script
from tests.emulators.toy import running

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def submit(session: aiohttp.ClientSession) -> tuple[int, bytes]:
    async with session.post("/jobs", json={"prompt": "a boat"}, allow_redirects=False) as response:
        return response.status, await response.read()


async def poll(session: aiohttp.ClientSession, job: str = "toy-1") -> tuple[int, bytes]:
    async with session.get(f"/jobs/{job}") as response:
        return response.status, await response.read()


async def view(session: aiohttp.ClientSession, job: str = "toy-1") -> Mapping[str, Any]:
    given: Mapping[str, Any] = json.loads((await poll(session, job))[1])
    return given


# Answers as values -----------------------------------------------------------------------------------------------


def test_a_value_is_put_and_dropped_in_a_copy() -> None:
    """What is missing on the way is made, and what is not there need not be dropped."""
    given = {"a": {"b": [1, 2]}, "c": 3}
    assert put(given, ("a", "b", 1), 9) == {"a": {"b": [1, 9]}, "c": 3}
    assert put(given, ("d", 0, "e"), 9) == {**given, "d": [{"e": 9}]}
    assert drop(given, ("a", "b", 0)) == {"a": {"b": [2]}, "c": 3}
    assert drop(given, ("c",)) == {"a": {"b": [1, 2]}}
    assert drop(given, ("x", "y")) == given
    assert given == {"a": {"b": [1, 2]}, "c": 3}


def test_what_is_written_is_what_careless_servers_write() -> None:
    """In ASCII, with numbers that no float holds, and with half of a character."""
    assert written({"a": Raw("1e400"), "b": [float("nan")], "c": "\ud83d\x00"}) == (
        rb'{"a": 1e400, "b": [NaN], "c": "\ud83d\u0000"}'
    )


# Scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["done: DONE", ["done: DONE", "file: 404"]])
def test_a_script_has_one_rudeness_or_several(given: object) -> None:
    """As JSON has it."""
    script = read_script({"rude": given, "rude_times": 2})
    names = [given] if isinstance(given, str) else given
    assert [one.name for one in script.rudenesses] == names
    assert script.rude_times == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("done: perhaps", "rude has 'done: perhaps'"),
        (7, "rude is 7"),
        ([7], "should be a name, or a list of names"),
    ],
)
def test_what_is_no_rudeness_is_no_script(given: object, said: str) -> None:
    """It is said what is wrong."""
    with pytest.raises(ValueError, match=said):
        read_script({"rude": given})


def test_the_command_takes_them_too(capfd: pytest.CaptureFixture[str]) -> None:
    """In the JSON of its option."""
    assert script_of('{"rude": "done: ok"}', 3.0) == Script(rude="done: ok", seconds=3.0)
    assert script_of('{"rude": ["done: ok", "file: 404"]}', 0.0).rudenesses == (
        RUDE["done: ok"],
        RUDE["file: 404"],
    )
    with pytest.raises(typer.Exit):
        script_of('{"rude": "cost: dear"}', 0.0)
    assert "there are 'cost: text'" in capfd.readouterr().err


def test_a_script_says_what_becomes_of_its_submit() -> None:
    """Whether there is a job afterwards, and whether anybody can know."""
    plain, refused, unsaid = (
        Script(rude="done: DONE"),
        Script(rude="refused: 404 html"),
        Script(rude="open: 303 elsewhere"),
    )
    assert [(one.creates, one.is_open) for one in (plain, refused, unsaid)] == [
        (True, False), (False, False), (True, True),
    ]  # fmt: skip


# Jobs ------------------------------------------------------------------------------------------------------------


async def test_a_word_is_altered_in_the_answers_that_mean_it() -> None:
    """And in no others."""
    async with running() as (toy, _, session):
        toy.script = Script(rude="done: DONE")
        await submit(session)
        assert (await view(session))["state"] == "DONE"
        toy.script = Script(rude="done: DONE", end="expired")
        await submit(session)
        assert (await view(session, "toy-2"))["state"] == "ended"
        toy.script = Script(rude="failed: NSFW", end="expired")
        await submit(session)
        assert (await view(session, "toy-3"))["state"] == "NSFW"


async def test_several_befall_one_job_each_where_it_can() -> None:
    """Its submit, its polls and its file; what the vendor has no place for is left out."""
    async with running() as (toy, _, session):
        toy.script = Script(rude=("id: number", "done: ok", "cost: no float", "seed: huge", "file: 403"))
        status, body = await submit(session)
        job = str(json.loads(body)["id"])
        assert (status, body) == (200, b'{"id": %b}' % job.encode())
        told = (await poll(session, job))[1]
        assert b'"state": "ok"' in told
        assert b'"cost": 1e400' in told
        assert b"seed" not in told
        async with session.get(f"{toy.files}/files/{job}.mp4") as response:
            assert response.status == 403


@pytest.mark.parametrize("name", ["poll: 500 html", "poll: truncated 200"])
async def test_an_answer_that_another_has_replaced_is_left_alone(name: str) -> None:
    """Whatever else befalls the job shows in the answers that mean something."""
    async with running() as (toy, _, session):
        toy.script = Script(rude=(name, "done: ok", "cost: words"), rude_times=1)
        await submit(session)
        status, body = await poll(session)
        assert (status, b"lots" in body) == (500 if "500" in name else 200, False)
        assert (await view(session))["state"] == "ok"


async def test_a_job_whose_id_is_odd_is_found_by_it() -> None:
    """Once it is quoted, as an id in a path must be."""
    async with running() as (toy, served, session):
        toy.script = Script(rude="id: odd characters")
        job = json.loads((await submit(session))[1])["id"]
        assert set("/ ?#%") <= set(job)
        async with session.get(URL(f"{served.url}/jobs/{quote(job, safe='')}", encoded=True)) as response:
            assert (await response.json())["state"] == "ended"
            url = (await response.json())["url"]
        async with session.get(URL(url, encoded=True)) as response:
            assert await response.read() == sample()


async def test_as_many_answers_are_altered_as_are_told() -> None:
    """Then the vendor relents."""
    async with running() as (toy, _, session):
        toy.script = Script(rude=("poll: 404 json", "file: html"), rude_times=2)
        await submit(session)
        assert [(await poll(session))[0] for _ in range(3)] == [404, 404, 200]
        url, bodies = (await view(session))["url"], []
        for _ in range(3):
            async with session.get(url) as response:
                bodies.append(await response.read())
        assert bodies[0] == bodies[1] != bodies[2] == sample()


async def test_a_rude_refusal_makes_nothing_and_an_open_answer_hides_a_job() -> None:
    """The journal has what was answered."""
    async with running() as (toy, _, session):
        toy.scripts.extend([Script(rude="refused: error text"), Script(rude="refused: 413 html")])
        assert await submit(session) == (200, b'{"error": "insufficient balance"}')
        assert (await submit(session))[0] == 413
        assert not toy.tasks
        toy.scripts.append(Script(rude="open: 303 elsewhere"))
        assert (await submit(session))[0] == 303
        assert len(toy.tasks) == 1
    assert [entry.answered for entry in toy.journal] == [200, 413, 303]


async def test_a_refusal_has_another_text() -> None:
    """At the place where this vendor has one."""
    async with running() as (toy, _, session):
        toy.script = Script(refuse="user", rude="refusal: nul")
        assert await submit(session) == (400, rb'{"no": "cut \u0000 here"}')


@pytest.mark.parametrize(
    ("name", "read"), [("file: half", len(sample()) // 2), ("file: cut", None), ("file: reset", None)]
)
async def test_a_file_is_not_whole(name: str, read: int | None) -> None:
    """Half of it under a length of its own, or a connection that breaks within or before it."""
    async with running() as (toy, _, session):
        toy.script = Script(rude=name)
        await submit(session)
        asked = session.get((await view(session))["url"])
        if read is not None:
            async with asked as response:
                assert len(await response.read()) == read
            return
        with pytest.raises(aiohttp.ClientError):
            async with asked as response:
                await response.read()


async def test_a_file_lies_at_the_vendors_own_origin_too() -> None:
    """For addresses that name no origin."""
    async with running() as (toy, served, session):
        toy.script = Script(rude="address: relative")
        await submit(session)
        url = (await view(session))["url"]
        assert url.startswith("/own/")
        async with session.get(f"{served.url}{url}") as response:
            assert await response.read() == sample()


async def test_a_hook_has_the_last_word() -> None:
    """On what leaves it for a submit, a poll and a file, whatever a script has made of it."""
    seen: list[tuple[str | None, str | None]] = []

    def alter(task: Task | None, answer: Answer) -> Answer:
        seen.append((task.id if task else None, answer.says))
        return replace(answer, status=418) if answer.says == "done" else answer

    async with running() as (toy, _, session):
        toy.alter = alter
        toy.script = Script(rude="done: ok")
        await submit(session)
        assert (await poll(session))[0] == 418
        async with session.get(f"{toy.files}/files/toy-1.mp4") as response:
            assert response.status == 200
    assert seen == [("toy-1", "taken"), ("toy-1", "done"), ("toy-1", "file")]


async def test_scripts_are_rude_over_http() -> None:
    """As everything else about them is told."""
    async with running() as (toy, _, session):
        async with session.post("/_emulator/scripts", json={"always": {"rude": ["done: ok"]}}) as response:
            assert response.status == 200
        await submit(session)
        assert (await view(session))["state"] == "ok"
        async with session.post("/_emulator/scripts", json={"always": {"rude": "very"}}) as response:
            assert "rude has 'very'" in (await response.json())["error"]
        assert toy.script == Script(rude=("done: ok",))


def test_names_are_unique_and_say_their_group() -> None:
    """A script finds each by its name alone."""
    assert len(RUDE) > 200
    assert all(name == one.name and ": " in name for name, one in RUDE.items())
    assert all(one.says for one in RUDE.values())
    assert KEY not in str(RUDE)
