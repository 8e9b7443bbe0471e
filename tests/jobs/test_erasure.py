"""Zero data retention: however a job ends, nothing that it was asked is left in any row, log line or file."""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Select, Table, select, update

from reelrouter.accounts.keys import Caller
from reelrouter.catalogue.request import Attribution, Inputs
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.db.tables import attempts, endpoint_marks, inputs, jobs
from reelrouter.errors import Gone
from reelrouter.gateway.jobs import _cancel
from reelrouter.ids import KeyId
from reelrouter.jobs import erasure, store
from reelrouter.jobs.content import ContentFile, ContentRequest, Contents
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import PLAN, Job, Remarks
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Accepted, Drift, Failed, FailureClass, Finished, Media, Order, Running
from tests.jobs.conftest import PLAN as PLAIN
from tests.jobs.conftest import Bench, make_job

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]
CANARY = "a canary sings in the mine"
KEY = "inputs/ws/0123456789abcdef"
PICTURE = Media(kind="image", key=KEY, sha256="0123456789abcdef", mime="image/png", size=3)
ASKED = replace(
    PLAIN, prompt=CANARY, inputs=Inputs(first_frame=PICTURE), options={"a": {"negative_prompt": CANARY}}
)
SAID = Remarks(attribution=Attribution(user="ann", session_id="s1", trace={"note": CANARY}))
TELLS = Failed(failure=FailureClass.USER_ERROR, vendor_text=f"bad prompt: {CANARY}", notes=(f"seed is {CANARY}",))


class Keeps(Scripted):
    """Keeps the order in the handle, as the backend of this machine does."""

    async def submit(self, order: Order) -> Accepted:
        accepted = await super().submit(order)
        return replace(accepted, handle=replace(accepted.handle, extra={"prompt": order.prompt}))


def rows_of(*tables: Table) -> list[Select[Any]]:
    return [select(table) for table in tables]


EVERYTHING = rows_of(jobs, attempts, endpoint_marks, inputs)


async def texts(bench: Bench) -> str:
    """All that the rows of all jobs say."""
    return json.dumps([[*cast("Any", row)] for one in EVERYTHING for row in await bench.db.rows(one)])


async def place(bench: Bench, *endpoints: str, **changes: Any) -> Job:
    await bench.objects.put_bytes(KEY, b"png")
    return await bench.place(*endpoints, **{"zdr": True, "plan": ASKED, "remarks": SAID, **changes})


def keep(bench: Bench, name: str, **script: Any) -> None:
    bench.lane(name)
    (queue,) = (queue for queue in bench.lanes if queue.startswith(f"{name}/"))
    bench.lanes[queue] = replace(bench.lanes[queue], backend=Keeps(endpoint=name, **script), outlives=True)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ({"polls": ["film"]}, State.COMPLETED),
        ({"polls": [Running(), TELLS]}, State.FAILED),
        ({"submits": [TELLS]}, State.FAILED),
        ({"submits": [RuntimeError(CANARY)]}, State.FAILED),
        ({"submits": [replace(TELLS, failure=FailureClass.DRIFT)]}, State.FAILED),
        ({"polls": [Drift(CANARY), TELLS]}, State.FAILED),
        ({"polls": [Failed(failure=FailureClass.CANCELLED, vendor_text=CANARY)]}, State.CANCELLED),
        ({"polls": [Failed(failure=FailureClass.EXPIRED, vendor_text=CANARY)]}, State.EXPIRED),
    ],
)
def test_nothing_that_was_asked_outlives_the_job(
    scenario: Scenario, script: dict[str, Any], status: State
) -> None:
    """However it ended, and whatever the backend said of it; state, user, session and money stay."""

    async def work(bench: Bench) -> None:
        film = finished_with(bench.file())
        keep(
            bench, "a", **{name: [film if one == "film" else one for one in said] for name, said in script.items()}
        )
        job = await place(bench, "a")
        assert CANARY in await texts(bench)
        ended = await bench.run_to_end(job)
        assert ended.status is status
        left = await texts(bench)
        assert CANARY not in left
        assert PICTURE.sha256 not in left
        assert CANARY not in repr(bench.events)
        assert not await bench.objects.exists(KEY)
        assert (ended.remarks.attribution.user, ended.remarks.attribution.session_id) == ("ann", "s1")
        assert (await bench.balance(job)).held == 0
        assert ended.price == (400_000_000 if status is State.COMPLETED else None)

    scenario(work)


def test_a_job_that_is_cancelled_before_its_start_leaves_nothing_either(scenario: Scenario) -> None:
    """Whoever ends it erases it."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        job = await place(bench, "a")
        ended = await bench.db.write(lambda unit: _cancel(unit, job.id, bench.clock.now()))
        assert ended is not None
        assert list(ended.unused) == [KEY]
        assert CANARY not in await texts(bench)

    scenario(work)


def test_a_job_whose_runs_break_off_leaves_nothing_either(scenario: Scenario) -> None:
    """Its attempt may still have been alive."""

    async def work(bench: Bench) -> None:
        keep(bench, "a", polls=[Running()])
        job, steps = await place(bench, "a"), bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        await steps.give_up(job.id)
        assert CANARY not in await texts(bench)

    scenario(work)


def test_spare_plans_are_erased_with_the_first_one(scenario: Scenario) -> None:
    """What they would have cost stays: the one that served is what was paid for."""

    async def work(bench: Bench) -> None:
        keep(bench, "a", polls=[finished_with(bench.file())])
        job = await place(bench, "a")
        spares = json.dumps([json.loads(PLAN.dump_json(ASKED))])
        await bench.db.write(lambda unit: unit.execute(update(jobs).values(spares=spares)))
        await bench.run_to_end(job)
        row = await bench.db.row(select(jobs.c.spares))
        assert row is not None
        assert CANARY not in row["spares"]
        assert json.loads(row["spares"])[0]["estimate"] == ASKED.estimate

    scenario(work)


def test_other_jobs_keep_what_they_were_asked(scenario: Scenario) -> None:
    """And the inputs that one of them shares with a job that is erased."""

    async def work(bench: Bench) -> None:
        keep(bench, "a", polls=[finished_with(bench.file())])
        keep(bench, "b", polls=[Running()])
        plain, erased = await place(bench, "b", zdr=False), await place(bench, "a")
        await bench.run_to_end(erased)
        assert (await bench.job(plain)).plan == ASKED
        assert await bench.objects.exists(KEY)

    scenario(work)


def test_an_erased_job_is_not_asked_about_after_its_end(scenario: Scenario) -> None:
    """It is own hardware, which sends no bill."""

    async def work(bench: Bench) -> None:
        keep(bench, "a", polls=[Running()])
        job, steps = await place(bench, "a"), bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        bench.clock.advance(10_000)
        await bench.run_to_end(job, steps)
        assert (await bench.job(job)).status is State.EXPIRED
        row = await bench.db.row(select(attempts.c.look_at, attempts.c.handle))
        assert row is not None
        assert row["look_at"] is None
        assert CANARY not in row["handle"]

    scenario(work)


@pytest.mark.parametrize(
    ("retention", "zdr", "seconds"),
    [(None, False, 3600), (600, False, 600), (7200, False, 3600), (None, True, 900), (60, True, 60)],
)
def test_a_video_is_kept_as_long_as_all_allow(retention: int | None, zdr: bool, seconds: int) -> None:
    """The gateway's own setting, the workspace's, and a quarter of an hour."""
    job = replace(make_job(KeyId("ws"), ("a",), 0.0), retention=retention, zdr=zdr)  # type: ignore[arg-type]
    assert erasure.kept_seconds(job, 3600) == seconds


def test_a_workspaces_retention_holds_for_its_videos(scenario: Scenario) -> None:
    """As it was when the job was placed."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a", retention=600))
        assert ended.expires_at == (ended.finished_at or 0) + 600_000

    scenario(work)


def contents(bench: Bench) -> Contents:
    nothing: Any = None
    return Contents(
        db=bench.db,
        objects=bench.objects,
        variants=nothing,
        workspaces=nothing,
        clock=bench.clock,
        emit=bench.events.append,
    )


async def found(bench: Bench, job: Job, index: int) -> ContentFile:
    caller = Caller(workspace=job.workspace, key_id=job.key_id, mode=job.mode)
    asked = ContentRequest(job_id=job.id, index=index, variant="video", caller=caller, link=None)
    return await contents(bench).find(asked)


async def is_gone(bench: Bench, job: Job, index: int) -> bool:
    try:
        await found(bench, job, index)
    except Gone as gone:
        return "zero data retention" in gone.message
    return False


def test_each_video_goes_after_it_was_sent_and_the_last_one_ends_the_retention(scenario: Scenario) -> None:
    """Its pictures go with it; those that were not downloaded yet stay until then."""

    async def work(bench: Bench) -> None:
        outputs = tuple(finished_with(bench.file(bytes([n]))).outputs[0] for n in range(2))
        keep(bench, "a", polls=[Finished(outputs=outputs)])
        job = await bench.run_to_end(await place(bench, "a"))
        first, second = [await found(bench, job, index) for index in range(2)]
        poster = first.key.replace(".mp4", ".poster.jpg")
        await bench.objects.put_bytes(poster, b"jpg")
        await contents(bench).forget(first)
        assert [await is_gone(bench, job, index) for index in range(2)] == [True, False]
        assert not await bench.objects.exists(poster)
        assert not await store.list_past_retention(bench.db, milliseconds(bench.clock.now()), 9)
        await contents(bench).forget(second)
        await contents(bench).forget(second)
        assert await store.list_past_retention(bench.db, milliseconds(bench.clock.now()), 9) == [job.id]
        assert [await is_gone(bench, job, index) for index in range(2)] == [True, True]
        assert not [event for event in bench.events if type(event).__name__ == "ObjectMissing"]

    scenario(work)


def test_any_other_video_stays_where_it_is(scenario: Scenario) -> None:
    """However often it was sent."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.run_to_end(await bench.place("a"))
        file = await found(bench, job, 0)
        await contents(bench).forget(file)
        assert await bench.objects.exists(file.key)

    scenario(work)


def test_erasing_twice_changes_nothing(scenario: Scenario) -> None:
    """Nor does erasing what has no need of it."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        erased, plain = await place(bench, "a"), await place(bench, "a", zdr=False)

        def erase(unit: Unit) -> list[Sequence[str]]:
            return [erasure.erase(unit, job.id) for job in (erased, erased, plain)]

        assert await bench.db.write(erase) == [[], [], ()]
        assert (await store.get_even_deleted(bench.db, erased.id)).plan.prompt == ""
        assert (await bench.job(plain)).plan.prompt == CANARY

    scenario(work)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what a server's disk keeps is its operator's
def test_what_is_erased_is_overwritten_on_the_disk(scenario: Scenario, tmp_path: Path) -> None:
    """Once the write-ahead log is emptied, as it is again and again: also texts that take several pages."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        long = replace(ASKED, prompt=CANARY * 1000)
        placed = [await place(bench, "a", plan=long) for _ in range(3)]
        _empty_log(tmp_path)
        assert CANARY.encode() in (tmp_path / "app.db").read_bytes()
        for job in placed:
            await bench.db.write(lambda unit, job=job: erasure.erase(unit, job.id))  # type: ignore[misc]
        _empty_log(tmp_path)
        assert CANARY.encode() not in (tmp_path / "app.db").read_bytes()

    scenario(work)


def _empty_log(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
