"""Finished videos on their way into our storage: late files, a storage that is away, and when it is enough."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, text, update

from reelrouter.db.engine import DatabaseGone
from reelrouter.db.tables import attempts, holds, jobs, ledger
from reelrouter.errors import StorageFailed
from reelrouter.jobs import decide, store
from reelrouter.jobs.late import Latecomers
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.jobs.steps import Steps
from reelrouter.jobs.storing import Again, GiveUp, Tried, verdict
from reelrouter.jobs.trouble import FILE_SECONDS, TROUBLE
from reelrouter.observe.events import LateOutcome, StoringFailed
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    NotAnswered,
    Output,
    OutputInvalid,
    Running,
)
from tests.jobs.conftest import Bench, make_job

Scenario = Callable[[Callable[[Bench], Any]], None]
NOT_YET = OutputInvalid("HTTP 404")
COST = 120_000_000


@dataclass(slots=True, kw_only=True)
class Late(Scripted):
    """A vendor whose files lie at addresses, some of which lead nowhere."""

    file: Path
    alive: set[str] = field(default_factory=set)
    """The addresses at which there is a file."""

    async def collect(self, handle: Handle, output: Output) -> Blob:
        self.collected.append(output)
        if not isinstance(output, Fetch) or output.url not in self.alive:
            raise OutputInvalid("HTTP 404")
        return Blob(path=self.file)


def vendor(bench: Bench, **script: Any) -> Scripted:
    """One that may go on with a job after its end."""
    backend = bench.lane("a", **script)
    outlives(bench)
    return backend


def outlives(bench: Bench) -> None:
    bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], outlives=True)


@contextmanager
def storage_away(bench: Bench, failures: int) -> Iterator[list[str]]:
    """The next files cannot be stored; what was tried meanwhile."""
    tried: list[str] = []
    move = bench.objects.move_file

    async def fail(key: str, path: Path) -> None:
        tried.append(key)
        if len(tried) <= failures:
            raise StorageFailed("no room")
        await move(key, path)

    bench.objects.move_file = fail  # type: ignore[method-assign]
    yield tried


async def look_later(bench: Bench, seconds: float = 61.0) -> int:
    bench.clock.advance(seconds)
    return await Latecomers(bench.workshop()).sweep()


async def trouble_of(bench: Bench, job: Job) -> str | None:
    row = await bench.db.row(select(attempts.c.trouble).where(attempts.c.job_id == job.id))
    assert row is not None
    return TROUBLE.validate_json(row["trouble"]).kind if row["trouble"] else None


async def open_holds(bench: Bench) -> int:
    return len(await bench.db.rows(select(holds).where(holds.c.state == "open")))


JOB = make_job(cast("Any", "w"), ("a",), 1000.0)
"""Its deadline is at 1600 s."""


@pytest.mark.parametrize(
    ("tried", "tries", "now", "expected"),
    [
        (Tried(kind="file", reason="404"), 1, 1001.0, 1.0),
        (Tried(kind="file", reason="404"), 5, 1020.0, 15.0),
        (Tried(kind="file", reason="404"), 60, 1400.0, 30.0),
        (Tried(kind="file", reason="503", retry_after=90.0), 1, 1001.0, 90.0),
        (Tried(kind="storage", reason="full"), 60, 1590.0, 10.0),
        (Tried(kind="unanswered", reason="502", retry_after=1e6), 1, 1001.0, 599.0),
        (Tried(kind="unanswered", reason="502", retry_after=1e6), 1, -9000.0, 3600.0),
    ],
)
def test_what_may_come_is_tried_again(tried: Tried, tries: int, now: float, expected: float) -> None:
    """After growing pauses, never sooner than the vendor wants, and once more at the deadline."""
    assert verdict(tried, tries, 1000.0, JOB, now) == Again(seconds=expected)


@pytest.mark.parametrize(
    ("tried", "now", "changes", "event", "look_later"),
    [
        (Tried(kind="file", reason="404"), 1000.0 + FILE_SECONDS, {"deadline_at": 10**9}, "failed", True),
        (Tried(kind="file", reason="404"), 1600.0, {}, "failed", True),
        (Tried(kind="storage", reason="full"), 1600.0, {}, "deadline_passed", True),
        (Tried(kind="elsewhere", reason="moved"), 1600.0, {}, "deadline_passed", True),
        (Tried(kind="file", reason="too large", final=True), 1001.0, {}, "failed", False),
        (Tried(kind="storage", reason="full"), 1001.0, {"cancel_requested_at": 1}, "cancelled", True),
    ],
)
def test_what_does_not_come_ends(
    tried: Tried, now: float, changes: dict[str, Any], event: str, look_later: bool
) -> None:
    """A file after minutes, our own storage at the deadline, and anything at a cancel."""
    step = verdict(tried, 3, 1000.0, replace(JOB, **changes), now)
    assert isinstance(step, GiveUp)
    assert (step.ending.event, step.look_later) == (event, look_later)


@pytest.mark.parametrize(
    "tries",
    [[NOT_YET] * 5, [OutputInvalid("empty"), NOT_YET, OutputInvalid("HTML")], [NotAnswered("reset")] * 8],
    ids=["404", "empty, 404, HTML", "reset"],
)
def test_a_file_that_comes_late_is_waited_for(scenario: Scenario, tries: Sequence[Exception]) -> None:
    """Vendors say that a video is finished before its file can be loaded."""

    async def work(bench: Bench) -> None:
        backend = vendor(bench, polls=[finished_with(bench.file())], collects=tries)
        job = await bench.place("a")
        ended = await bench.run_to_end(job)
        assert ended.status is State.COMPLETED
        assert len(backend.orders) == 1, "it was paid for once"
        assert len(backend.collected) == len(tries) + 1
        assert len([one for one in bench.events if isinstance(one, StoringFailed)]) == len(tries)

    scenario(work)


def test_a_fresh_address_is_asked_for(scenario: Scenario) -> None:
    """The one that the job was told of first may have run out."""

    async def work(bench: Bench) -> None:
        first, second = (Finished(outputs=(Fetch(url=url),)) for url in ("old", "new"))
        backend = Late(endpoint="a", polls=[first, first, second], file=bench.file(), alive={"new"})
        bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=backend)
        assert (await bench.run_to_end(await bench.place("a"))).status is State.COMPLETED
        assert [cast("Fetch", one).url for one in backend.collected] == ["old", "old", "new"]

    scenario(work)


def test_a_vendor_that_takes_its_word_back_is_believed(scenario: Scenario) -> None:
    """Finished first, and refused when its file was asked for."""

    async def work(bench: Bench) -> None:
        refused = Failed(failure=FailureClass.POLICY_OUTPUT)
        vendor(bench, polls=[finished_with(bench.file()), refused], collects=[NOT_YET] * 99)
        ended = await bench.run_to_end(await bench.place("a"))
        assert ended.failure is not None
        assert ended.failure.error_type == "content_policy_violation"

    scenario(work)


def test_a_file_that_never_comes_ends_after_minutes_and_may_come_later(scenario: Scenario) -> None:
    """The vendor's bill is noted, the hold is gone, and the video is the owner's when it comes after all."""

    async def work(bench: Bench) -> None:
        finished = replace(finished_with(bench.file()), vendor_cost=COST)
        backend = vendor(bench, polls=[finished], collects=[NOT_YET] * 999)
        job = await bench.place("a", deadline_at=int((bench.clock.now() + 1e5) * 1000))
        began = bench.clock.now()
        ended = await bench.run_to_end(job)
        assert ended.failure is not None
        assert (ended.status, ended.failure.failure) == (State.FAILED, "output_invalid")
        assert FILE_SECONDS <= bench.clock.now() - began <= FILE_SECONDS + 60
        assert (await open_holds(bench), ended.vendor_cost) == (0, COST)
        assert await look_later(bench) == 1
        assert (await bench.job(job)).outputs == ()
        backend.collects, backend.polls = (), [finished_with(bench.file())]
        assert await look_later(bench, 700) == 1
        late = await bench.job(job)
        assert (late.status, late.price, len(late.outputs)) == (State.FAILED, None, 1)
        assert await bench.objects.exists(late.outputs[0].key)
        assert late.expires_at is not None
        (told,) = [one for one in bench.events if isinstance(one, LateOutcome)]
        assert (told.outcome, told.stored) == ("finished", 1)
        assert await look_later(bench, 700) == 0

    scenario(work)


def test_a_storage_that_is_away_costs_no_video(scenario: Scenario) -> None:
    """It is stored when the storage is back, from the file that was loaded once."""

    async def work(bench: Bench) -> None:
        backend = vendor(bench, polls=[finished_with(bench.file())])
        job = await bench.place("a")
        with storage_away(bench, failures=12) as tried:
            ended = await bench.run_to_end(job)
        assert ended.status is State.COMPLETED
        assert (len(tried), len(backend.collected)) == (13, 1)
        assert {one.kind for one in bench.events if isinstance(one, StoringFailed)} == {"storage"}

    scenario(work)


def test_a_storage_that_is_away_until_the_deadline_loses_no_video_either(scenario: Scenario) -> None:
    """The job expires, its hold goes with it, and the vendor is asked for the video when the storage is back."""

    async def work(bench: Bench) -> None:
        content = bench.file().read_bytes()
        file = bench.file(content)
        backend = vendor(bench, polls=[replace(finished_with(file), vendor_cost=COST)])
        job = await bench.place("a")
        with storage_away(bench, failures=10**6):
            ended = await bench.run_to_end(job)
            assert (ended.status, await open_holds(bench)) == (State.EXPIRED, 0)
            assert await trouble_of(bench, job) is None, "only jobs under way have troubles"
            backend.polls = [finished_with(bench.file(content))]
            assert await look_later(bench) == 1
            assert (await bench.job(job)).outputs == ()
        bench.objects.move_file = type(bench.objects).move_file.__get__(bench.objects)  # type: ignore[method-assign]
        backend.polls = [finished_with(bench.file(content))]
        await look_later(bench, 700)
        assert len((await bench.job(job)).outputs) == 1

    scenario(work)


def test_what_cannot_be_served_is_not_tried_again(scenario: Scenario) -> None:
    """A file that is too large is as large the next time."""

    async def work(bench: Bench) -> None:
        backend = vendor(
            bench, polls=[finished_with(bench.file())], collects=[OutputInvalid("too large", final=True)] * 9
        )
        ended = await bench.run_to_end(await bench.place("a"))
        assert (ended.status, len(backend.collected)) == (State.FAILED, 1)
        assert await look_later(bench) == 0

    scenario(work)


def test_a_cancel_ends_the_waiting_for_a_file(scenario: Scenario) -> None:
    """It is noticed at the next try."""

    async def work(bench: Bench) -> None:
        vendor(bench, polls=[finished_with(bench.file())], collects=[NOT_YET] * 999)
        job, steps = await bench.place("a"), bench.steps()
        run = await bench.begin(job)
        assert await steps.submit(job.id, run) == "await"
        assert await steps.await_upstream(job.id, run) == "finish"
        await bench.db.write(lambda unit: store.request_cancel(unit, job.id, 1))
        await steps.finish(job.id, run)
        assert (await bench.job(job)).status is State.CANCELLED
        assert await open_holds(bench) == 0

    scenario(work)


def test_a_cancel_is_noticed_also_while_a_vendor_wants_to_be_left_alone(scenario: Scenario) -> None:
    """An hour is no time to wait for the end of a job that its owner gave up."""

    async def work(bench: Bench) -> None:
        patient = OutputInvalid("HTTP 503", retry_after=3000.0)
        vendor(bench, polls=[finished_with(bench.file())], collects=[patient] * 9)
        job, steps = await bench.place("a", deadline_at=10**15), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        began, rest = bench.clock.now(), bench.rest

        async def rest_and_cancel(seconds: float) -> None:
            await rest(seconds)
            if bench.clock.now() - began > 100:
                await bench.db.write(lambda unit: store.request_cancel(unit, job.id, 1))

        steps = Steps(replace(bench.workshop(), rest=rest_and_cancel))
        await steps.finish(job.id, run)
        assert (await bench.job(job)).status is State.CANCELLED
        assert bench.clock.now() - began < 200

    scenario(work)


def test_slow_files_of_one_vendor_keep_nobody_else_waiting(scenario: Scenario) -> None:
    """However many there are, another vendor's video is loaded and stored meanwhile."""

    async def work(bench: Bench) -> None:
        may_go = asyncio.Event()

        @dataclass(slots=True, kw_only=True)
        class Slow(Scripted):
            async def collect(self, handle: Handle, output: Output) -> Blob:
                await may_go.wait()
                return await Scripted.collect(self, handle, output)

        bench.lane("a")
        slow = Slow(endpoint="a", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=slow)
        bench.lane("b", polls=[finished_with(bench.file())])
        steps, waiting = bench.steps(), []
        for _ in range(40):
            job = await bench.place("a")
            run = await bench.begin(job)
            await steps.submit(job.id, run)
            await steps.await_upstream(job.id, run)
            waiting.append(asyncio.ensure_future(steps.finish(job.id, run)))
        other = await bench.place("b")
        async with asyncio.timeout(10):
            assert (await bench.run_to_end(other, steps)).status is State.COMPLETED
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    scenario(work)


def test_an_outcome_that_cannot_be_loaded_again_does_not_keep_its_job_alive(scenario: Scenario) -> None:
    """A row that an earlier version stored: the job fails, its hold goes, and its record can be read."""

    async def work(bench: Bench) -> None:
        vendor(bench, polls=[finished_with(bench.file())])
        job, steps = await bench.place("a"), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        broken = '{"kind": "finished", "finished": {"outputs": [{"url": 7}]}}'
        await bench.db.write(lambda unit: unit.execute(text("UPDATE attempts SET outcome = :o"), o=broken))
        await steps.finish(job.id, run)
        ended = await bench.job(job)
        assert (ended.status, await open_holds(bench)) == (State.FAILED, 0)
        assert len(await store.list_attempt_records(bench.db, job.id)) == 1

    scenario(work)


@pytest.mark.parametrize("column", ["plan", "routes", "remarks"])
def test_a_job_that_cannot_be_loaded_is_given_up_all_the_same(scenario: Scenario, column: str) -> None:
    """The way out does not need what is broken."""

    async def work(bench: Bench) -> None:
        vendor(bench, polls=[Running()])
        job = await bench.place("a")
        await bench.begin(job)
        await bench.db.write(lambda unit: unit.execute(update(jobs).values({column: "[7]"})))
        await bench.steps().give_up(job.id)
        row = await bench.db.row(text("SELECT status FROM jobs"))
        assert row is not None
        assert (row["status"], await open_holds(bench)) == ("failed", 0)

    scenario(work)


def test_giving_up_loses_no_video(scenario: Scenario) -> None:
    """What its vendor has finished is noted, and asked for later."""

    async def work(bench: Bench) -> None:
        vendor(bench, polls=[replace(finished_with(bench.file()), vendor_cost=COST)])
        job, steps = await bench.place("a"), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        await steps.give_up(job.id)
        assert [row["kind"] for row in await bench.db.rows(select(ledger))] == ["vendor_cost"]
        await look_later(bench)
        assert len((await bench.job(job)).outputs) == 1

    scenario(work)


def test_an_acceptance_is_written_down_when_the_database_is_back(scenario: Scenario) -> None:
    """Nobody else knows the handle of what was paid for."""

    async def work(bench: Bench) -> None:
        failures = iter([DatabaseGone("no room")] * 5)
        write, accepted = bench.db.write, asyncio.Event()
        backend = vendor(bench, polls=[finished_with(bench.file())])
        backend.on_submit = lambda _order: accepted.set()

        async def sometimes(work: Any, *, about: str = "") -> Any:
            if accepted.is_set() and (error := next(failures, None)):
                raise error
            return await write(work, about=about)

        job = await bench.place("a")
        bench.db.write = sometimes  # type: ignore[method-assign]
        ended = await bench.run_to_end(job)
        assert (ended.status, len(backend.orders)) == (State.COMPLETED, 1)
        assert next(failures, None) is None, "it was away"

    scenario(work)


def test_the_ending_of_an_expired_job_is_the_one_that_it_was(scenario: Scenario) -> None:
    """A video that is there before the deadline is tried once also after it."""

    async def work(bench: Bench) -> None:
        vendor(bench, polls=[finished_with(bench.file())])
        job, steps = await bench.place("a"), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        bench.clock.advance(10**6)
        await steps.finish(job.id, run)
        assert (await bench.job(job)).status is State.COMPLETED
        assert decide.EXPIRED.event == "deadline_passed"

    scenario(work)


def test_a_renewed_answer_that_names_no_video_does_not_end_the_waiting(scenario: Scenario) -> None:
    """While polled for, "done" without a video is borne for ten minutes; here it once ended the job for good."""

    async def work(bench: Bench) -> None:
        finished = finished_with(bench.file())
        nothing = Failed(failure=FailureClass.OUTPUT_INVALID, vendor_code="no_video", vendor_text="no video")
        vendor(bench, polls=[finished, nothing, finished], collects=[NOT_YET] * 2)
        ended = await bench.run_to_end(await bench.place("a"))
        assert ended.status is State.COMPLETED

    scenario(work)


def test_a_loaded_file_that_is_gone_is_asked_for_again(scenario: Scenario) -> None:
    """After a bad file was removed and its vendor did not answer once, or where another machine had loaded it."""

    class Checking(Scripted):
        async def collect(self, handle: Handle, output: Output) -> Blob:
            assert isinstance(output, Blob)
            output.path.stat()  # as a vendor's backend looks at its size
            return await super().collect(handle, output)

    async def work(bench: Bench) -> None:
        bad, good = finished_with(bench.file(b"text")), finished_with(bench.file())
        backend = Checking(endpoint="a", polls=[bad, NotAnswered("HTTP 502"), good])
        bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=backend)
        ended = await bench.run_to_end(await bench.place("a"))
        assert ended.status is State.COMPLETED

    scenario(work)


def test_a_dead_address_is_renewed_too(scenario: Scenario) -> None:
    """A host that cannot be reached is as good a reason for a fresh address as one that answers 404."""

    @dataclass(slots=True, kw_only=True)
    class Moved(Late):
        async def collect(self, handle: Handle, output: Output) -> Blob:
            if isinstance(output, Fetch) and output.url not in self.alive:
                raise NotAnswered("ClientConnectorError: old.test")
            return await Late.collect(self, handle, output)

    async def work(bench: Bench) -> None:
        first, second = (Finished(outputs=(Fetch(url=url),)) for url in ("old", "new"))
        backend = Moved(endpoint="a", polls=[first, second], file=bench.file(), alive={"new"})
        bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=backend)
        assert (await bench.run_to_end(await bench.place("a"))).status is State.COMPLETED

    scenario(work)


def test_a_picture_beside_the_video_does_not_cost_the_video(scenario: Scenario) -> None:
    """Vendors name last frames and thumbnails among their outputs."""

    async def work(bench: Bench) -> None:
        both = Finished(outputs=(Blob(path=bench.file()), Blob(path=bench.file(b"text"))))
        vendor(bench, polls=[both])
        ended = await bench.run_to_end(await bench.place("a"))
        assert (ended.status, len(ended.outputs)) == (State.COMPLETED, 1)

    scenario(work)


def test_a_wish_to_be_left_alone_does_not_keep_a_cancel_waiting(scenario: Scenario) -> None:
    """A pause between two tries is also how long a cancel goes unnoticed."""

    async def work(bench: Bench) -> None:
        busy = OutputInvalid("HTTP 503", retry_after=86_400.0)
        vendor(bench, polls=[finished_with(bench.file())], collects=[busy] * 9)
        job, steps = await bench.place("a", deadline_at=int((bench.clock.now() + 1e6) * 1000)), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        rest, began = bench.rest, bench.clock.now()

        async def cancelled_meanwhile(seconds: float) -> None:
            await bench.db.write(lambda unit: store.request_cancel(unit, job.id, 1))
            await rest(seconds)

        bench.rest = cancelled_meanwhile  # type: ignore[method-assign]
        await Steps(bench.workshop()).finish(job.id, run)
        assert (await bench.job(job)).status is State.CANCELLED
        assert bench.clock.now() - began <= 60

    scenario(work)


def test_a_cancel_does_not_wait_for_a_file_that_trickles(scenario: Scenario) -> None:
    """A download may take an hour, and with it the job and its hold outlive every deadline."""

    async def work(bench: Bench) -> None:
        reached, never = asyncio.Event(), asyncio.Event()

        @dataclass(slots=True, kw_only=True)
        class Trickling(Scripted):
            async def collect(self, handle: Handle, output: Output) -> Blob:
                reached.set()
                await never.wait()
                raise AssertionError

        bench.lane("a")
        slow = Trickling(endpoint="a", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=slow)
        job, steps = await bench.place("a"), Steps(replace(bench.workshop(), look_seconds=0.001))
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        finishing = asyncio.ensure_future(steps.finish(job.id, run))
        await reached.wait()
        await bench.db.write(lambda unit: store.request_cancel(unit, job.id, 1))
        bench.clock.advance(1e5)
        for _ in range(200):
            await asyncio.sleep(0.001)
        ended = await bench.job(job)
        finishing.cancel()
        await asyncio.gather(finishing, return_exceptions=True)
        assert ended.is_over

    scenario(work)


def test_a_database_that_is_away_has_no_file_loaded_twice(scenario: Scenario) -> None:
    """What was loaded when the step was broken off stays on the disk, and is loaded anew at every repetition."""

    async def work(bench: Bench) -> None:
        first = bench.file()
        backend = Late(endpoint="a", polls=[Finished(outputs=(Fetch(url="u"),))], file=first, alive={"u"})
        bench.lane("a")
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=backend)
        job, steps = await bench.place("a"), bench.steps()
        run = await bench.begin(job)
        await steps.submit(job.id, run)
        await steps.await_upstream(job.id, run)
        write, failures = bench.db.write, iter([DatabaseGone("away")] * 3)

        async def away(work: Any, *, about: str = "") -> Any:
            if error := next(failures, None):
                raise error
            return await write(work, about=about)

        bench.db.write = away  # type: ignore[method-assign]
        with storage_away(bench, failures=4):
            await steps.finish(job.id, run)
        assert len(backend.collected) == 1

    scenario(work)
