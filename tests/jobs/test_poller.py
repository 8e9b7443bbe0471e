"""The poller: many waits, one heap, and an end for each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from reelrouter.clock import FrozenClock, SystemClock
from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import StorageFailed
from reelrouter.jobs import trouble
from reelrouter.jobs.model import sound
from reelrouter.jobs.pace import ladder
from reelrouter.jobs.poller import Abandoned, Awaited, Poller, Watch
from reelrouter.jobs.trouble import (
    CANCEL_SECONDS,
    FILE_SECONDS,
    MISSING_SECONDS,
    UNCLEAR_SECONDS,
    NoVideo,
    Trouble,
)
from reelrouter.observe.events import CancelAnswered, Event, PollFailed
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import (
    Backend,
    Cancelled,
    Drift,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    MadeElsewhere,
    NotAnswered,
    Running,
)

DONE = finished_with(Path("video.mp4"))
QUICK = ladder(0.001, 0.001)
NOTHING_THERE = Failed(failure=FailureClass.OUTPUT_INVALID, vendor_code="no_video", vendor_text="no video")
HANDLE = Handle(endpoint="scripted", credential="c", native_id="n")


def watch(backend: Backend, job_id: str = "job") -> Watch:
    return Watch(
        job_id=job_id,
        handle=replace(HANDLE, native_id=job_id),
        backend=backend,
        plan=QUICK,
        deadline=SystemClock().now() + 60,
        accepted_at=SystemClock().now(),
    )


@asynccontextmanager
async def running(events: list[Event] | None = None) -> AsyncIterator[Poller]:
    poller = Poller(SystemClock(), (events if events is not None else []).append)
    task = asyncio.ensure_future(poller.run())
    try:
        yield poller
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_wait_ends_with_the_outcome() -> None:
    """However often a backend says that it is running, its last word is the result."""

    async def scenario() -> None:
        backend = Scripted(polls=[Running(), Running(progress=0.5), DONE])
        async with running() as poller:
            assert await poller.wait(watch(backend)) == DONE
        assert backend.asked["job"] == 3

    asyncio.run(scenario())


def test_a_thousand_waits_end_each_with_its_own() -> None:
    """Nobody gets another's outcome, and nobody is forgotten."""

    async def scenario() -> None:
        done, failed = Scripted(polls=[Running(), DONE]), Scripted(polls=[Failed(failure=FailureClass.TRANSIENT)])
        async with running() as poller:
            waits = [poller.wait(watch(done if n % 2 else failed, f"job-{n}")) for n in range(1000)]
            results = await asyncio.gather(*waits)
            assert poller.waiting == 0
        assert all((result == DONE) == bool(n % 2) for n, result in enumerate(results))
        assert set(done.asked.values()) == {2}

    asyncio.run(scenario())


def test_a_poll_that_fails_is_told_and_asked_again() -> None:
    """A paid job is not thrown away because one poll got no answer."""

    async def scenario() -> None:
        events: list[Event] = []
        async with running(events) as poller:
            assert await poller.wait(watch(Scripted(polls=[OSError("reset"), ValueError("odd"), DONE]))) == DONE
        assert [type(event) for event in events] == [PollFailed, PollFailed]

    asyncio.run(scenario())


def test_the_deadline_ends_a_wait() -> None:
    """A job that never ends is expired at its deadline, after one last look."""

    async def scenario() -> None:
        backend = Scripted(polls=[Running()])
        async with running() as poller:
            late = replace(watch(backend), deadline=SystemClock().now() + 0.02)
            assert await poller.wait(late) == "expired"

    asyncio.run(scenario())


def test_what_finished_just_before_the_deadline_is_delivered() -> None:
    """The last look comes before the verdict."""

    async def scenario() -> None:
        async with running() as poller:
            late = replace(watch(Scripted(polls=[DONE])), deadline=SystemClock().now() - 1)
            assert await poller.wait(late) == DONE

    asyncio.run(scenario())


def test_a_cancel_that_the_backend_agrees_to_ends_the_wait() -> None:
    """The backend is asked once, and its word is reported."""

    async def scenario() -> None:
        backend, events = Scripted(polls=[Running()]), list[Event]()
        async with running(events) as poller:
            waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), plan=ladder(60, 60))))
            await asyncio.sleep(0)
            poller.cancel("job")
            poller.cancel("job")
            assert await waiting == "cancelled"
        assert backend.cancelled == ["job"]
        assert events == [CancelAnswered(job="job", endpoint="scripted", answer="cancelled")]

    asyncio.run(scenario())


def test_a_cancel_that_comes_too_late_does_not_lose_the_video() -> None:
    """Where a backend will not stop, the result is delivered when it comes."""

    async def scenario() -> None:
        backend = Scripted(polls=[Running(), Running(), DONE], cancels="not_cancellable")
        async with running() as poller:
            waiting = asyncio.ensure_future(poller.wait(watch(backend)))
            await asyncio.sleep(0)
            poller.cancel("job")
            assert await waiting == DONE

    asyncio.run(scenario())


def test_a_nudge_is_a_poll_at_once() -> None:
    """News from elsewhere does not wait for the next turn."""

    async def scenario() -> None:
        backend = Scripted(polls=[Running(), DONE])
        async with running() as poller:
            waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), plan=ladder(60, 60))))
            while not backend.asked:
                await asyncio.sleep(0)
            poller.nudge("job")
            assert await waiting == DONE

    asyncio.run(scenario())


def test_progress_is_told_at_most_once_a_second_and_only_upwards() -> None:
    """What is written down is what changed, and not each of fifty frames."""

    async def scenario() -> None:
        told: list[float] = []
        clock = FrozenClock()
        backend = Scripted(polls=[Running(progress=share) for share in (0.1, 0.2, 0.3, 0.2, 0.9)] + [DONE])
        poller = Poller(clock, lambda _event: None)
        task = asyncio.ensure_future(poller.run())
        quick = replace(watch(backend), plan=ladder(0.0, 0.0), deadline=clock.now() + 1e6, on_progress=told.append)
        waiting = asyncio.ensure_future(poller.wait(quick))
        while backend.asked.get("job", 0) < 3:
            await asyncio.sleep(0)
        clock.advance(1.5)
        assert await waiting == DONE
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert told[0] == 0.1
        assert len(told) <= 2
        assert told == sorted(told)

    asyncio.run(scenario())


def test_a_backend_that_asks_to_be_left_alone_is() -> None:
    """The next poll comes when it said, and the one after that at the old pace."""

    async def scenario() -> None:
        clock = FrozenClock()
        poller = Poller(clock, lambda _event: None)
        backend = Scripted(polls=[NotAnswered("busy", retry_after=100.0), Running()])
        calm = replace(watch(backend), plan=ladder(1.0, 2.0), deadline=clock.now() + 1e6)
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(calm))
        assert 90 <= await next_due(poller, backend, 1) - clock.now() <= 110
        clock.advance(111)
        poller.nudge("job")
        assert await next_due(poller, backend, 2) - clock.now() <= 2.2
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)

    asyncio.run(scenario())


def test_a_clock_that_is_set_back_stops_no_polls() -> None:
    """What was to be asked in seconds is still asked in seconds, and not once the clock has caught up."""

    async def scenario() -> None:
        clock = FrozenClock()
        poller = Poller(clock, lambda _event: None)
        task = asyncio.ensure_future(poller.run())
        slow, other = Scripted(polls=[Running(), DONE]), Scripted(polls=[Running(), Running(), DONE])
        patient = replace(watch(slow), plan=ladder(5.0, 5.0), deadline=clock.now() + 1e6)
        waits = [
            asyncio.ensure_future(poller.wait(one))
            for one in (
                patient,
                replace(patient, backend=other, job_id="other", handle=watch(other, "other").handle),
            )
        ]
        await next_due(poller, slow, 1)
        clock.advance(-3600.0)
        poller.nudge("other")
        while other.asked.get("other", 0) < 2:
            await asyncio.sleep(0)
        assert 0 <= await next_due(poller, slow, 1) - clock.now() <= 5.5
        clock.advance(6.0)
        poller.nudge("other")
        assert await asyncio.gather(*waits) == [DONE, DONE]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())


async def next_due(poller: Poller, backend: Scripted, polls: int) -> float:
    """When the job is asked for again after so many polls."""
    entry = poller._entries.get("job")
    while entry is None or entry.polling or backend.asked.get("job", 0) < polls:
        await asyncio.sleep(0)
        entry = poller._entries.get("job")
    return entry.due


def test_an_absurd_wish_to_be_left_alone_is_kept_for_an_hour() -> None:
    """A job is not lost because a header named next year."""

    async def scenario() -> None:
        clock = FrozenClock()
        poller = Poller(clock, lambda _event: None)
        backend = Scripted(polls=[NotAnswered("busy", retry_after=3e7)])
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), deadline=clock.now() + 1e9)))
        assert await next_due(poller, backend, 1) - clock.now() == 3600
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)

    asyncio.run(scenario())


@asynccontextmanager
async def told(
    script: Scripted, events: list[Event] | None = None, **changes: Any
) -> AsyncIterator[tuple[FrozenClock, "asyncio.Future[Awaited]", list[Trouble | None]]]:
    """A wait under a clock that moves only when told, and what is told of its troubles."""
    clock, troubles = FrozenClock(), list[Trouble | None]()
    poller = Poller(clock, (events if events is not None else []).append)
    asked = replace(
        watch(script), accepted_at=clock.now(), deadline=clock.now() + 1e5, on_trouble=troubles.append, **changes
    )
    task, waiting = asyncio.ensure_future(poller.run()), asyncio.ensure_future(poller.wait(asked))
    try:
        await asyncio.sleep(0)
        yield clock, waiting, troubles
    finally:
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)


async def seconds_until_over(clock: FrozenClock, script: Scripted, waiting: "asyncio.Future[Awaited]") -> float:
    """How much of the clock's time passes, ten seconds for each poll, until the wait is over."""
    began, polls = clock.now(), 0
    async with asyncio.timeout(20):
        while not waiting.done():
            if script.asked.get("job", 0) > polls:
                polls = script.asked["job"]
                clock.advance(10)
            await asyncio.sleep(0.001)
    return clock.now() - began


@pytest.mark.parametrize(
    ("error", "least", "failure"),
    [
        (JobLost("no such task"), MISSING_SECONDS, FailureClass.EXPIRED),
        (Drift("a status is 'wholly-unknown'"), UNCLEAR_SECONDS, FailureClass.DRIFT),
        (NoVideo(NOTHING_THERE), FILE_SECONDS, FailureClass.OUTPUT_INVALID),
        (TypeError("our own mistake"), UNCLEAR_SECONDS, FailureClass.INTERNAL),
    ],
    ids=["missing", "not understood", "without a video", "our own mistake"],
)
def test_polls_that_do_not_help_end_the_wait_after_minutes(
    error: Exception, least: float, failure: FailureClass
) -> None:
    """However many polls that are: a fast pace must not end a job sooner. The vendor may have it still."""

    async def scenario() -> None:
        script, events = Scripted(polls=[Running(), error]), list[Event]()
        async with told(script, events) as (clock, waiting, troubles):
            lasted = await seconds_until_over(clock, script, waiting)
            ended = await waiting
        assert isinstance(ended, Abandoned)
        assert isinstance(ended.end, Failed)
        assert (ended.end.failure, ended.end.vendor_text) == (failure, str(error))
        assert least <= lasted <= least + 30
        assert {type(event) for event in events} == {PollFailed}
        assert [one.kind for one in troubles if one] == [trouble.kind_of(error)], "it is written down once"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "error",
    [
        NotAnswered("HTTP 502"),
        MadeElsewhere("made at a, now at b"),
        TimeoutError(),
        OSError("reset"),
        StorageFailed("no room"),
        DatabaseGone("away"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_vendor_that_cannot_be_asked_is_asked_until_the_deadline(error: Exception) -> None:
    """That it, or our own disk, is away for hours says nothing about the job."""

    async def scenario() -> None:
        script = Scripted(polls=[*[error] * 200, DONE])
        async with told(script) as (clock, waiting, troubles):
            assert await seconds_until_over(clock, script, waiting) >= 2000
            assert await waiting == DONE
        assert [one and one.kind for one in troubles] == [trouble.kind_of(error), None], "told, and told over"

    asyncio.run(scenario())


def test_a_video_that_is_named_a_moment_after_its_end_is_waited_for() -> None:
    """Some vendors say that a job is finished before they know where its video is."""

    async def scenario() -> None:
        script = Scripted(polls=[*[NOTHING_THERE] * 5, DONE])
        async with told(script) as (clock, waiting, troubles):
            await seconds_until_over(clock, script, waiting)
            assert await waiting == DONE
        assert [one and one.kind for one in troubles] == ["file", None]

    asyncio.run(scenario())


def test_an_answer_that_is_understood_ends_a_trouble() -> None:
    """Nine minutes of one and nine of the next are two troubles, and not eighteen of one."""

    async def scenario() -> None:
        script = Scripted(polls=[*[Drift("odd")] * 54, Running(), *[Drift("odd")] * 54, DONE])
        async with told(script) as (clock, waiting, _):
            assert await seconds_until_over(clock, script, waiting) >= 1080
            assert await waiting == DONE

    asyncio.run(scenario())


def test_other_troubles_in_between_do_not_begin_a_trouble_anew() -> None:
    """A vendor that answers 404 and 502 in turn does not know the job either."""

    async def scenario() -> None:
        script = Scripted(polls=[JobLost("gone"), NotAnswered("HTTP 502")] * 100)
        async with told(script) as (clock, waiting, _):
            assert await seconds_until_over(clock, script, waiting) <= MISSING_SECONDS + 40
            assert isinstance(await waiting, Abandoned)

    asyncio.run(scenario())


def test_an_outcome_that_cannot_be_stored_is_drift() -> None:
    """Else the job would end with what nobody can load again, and so never."""

    async def scenario() -> None:
        broken = Finished(outputs=cast("Any", (Fetch(url=cast("Any", 7)),)))
        script = Scripted(polls=[broken, DONE])
        events: list[Event] = []
        async with told(script, events, sound=sound) as (clock, waiting, _):
            await seconds_until_over(clock, script, waiting)
            assert await waiting == DONE
        assert [event.kind for event in events if isinstance(event, PollFailed)] == ["unclear"]

    asyncio.run(scenario())


def test_a_bill_beyond_all_bounds_does_not_keep_a_video_back() -> None:
    """It is left out with a note."""

    async def scenario() -> None:
        script = Scripted(polls=[replace(DONE, vendor_cost=10**39, seed=-(2**70))])
        async with told(script, sound=sound) as (_, waiting, _troubles):
            ended = await waiting
        assert isinstance(ended, Finished)
        assert (ended.outputs, ended.vendor_cost, ended.seed, len(ended.notes)) == (DONE.outputs, None, None, 2)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("error", "least"),
    [(Drift("odd"), 0.0), (JobLost("gone"), 0.0), (NotAnswered("HTTP 502"), CANCEL_SECONDS)],
    ids=["not understood", "missing", "away"],
)
def test_a_cancel_ends_a_job_whose_vendor_is_in_trouble(error: Exception, least: float) -> None:
    """Its owner does not wait hours for an answer that may never come."""

    async def scenario() -> None:
        script = Scripted(polls=[error], cancels="not_cancellable")
        async with told(script, cancel=True) as (clock, waiting, _):
            assert least <= await seconds_until_over(clock, script, waiting) <= least + 20
            assert await waiting == Abandoned(end="cancelled")
        assert script.cancelled == ["job"]

    asyncio.run(scenario())


def test_a_cancel_that_cannot_be_sent_does_not_keep_the_job_from_being_asked_for() -> None:
    """The video may be finished."""

    async def scenario() -> None:
        class Deaf(Scripted):
            async def cancel(self, handle: Handle) -> Cancelled:
                raise NotAnswered("HTTP 500")

        async with told(Deaf(polls=[DONE]), cancel=True) as (_, waiting, _troubles):
            assert await waiting == DONE

    asyncio.run(scenario())


@pytest.mark.parametrize(("wanted", "kept"), [(0.0, 1.0), (0.001, 1.0), (7.0, 7.0), (3600.0, 60.0)])
def test_a_vendors_own_pace_is_bounded_both_ways(wanted: float, kept: float) -> None:
    """Neither a hundred polls a second, nor a finished job that nobody sees for an hour."""

    async def scenario() -> None:
        clock, backend = FrozenClock(), Scripted(polls=[Running(poll_after=wanted)])
        poller = Poller(clock, lambda _event: None)
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), deadline=clock.now() + 1e9)))
        assert await next_due(poller, backend, 1) - clock.now() == kept
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)

    asyncio.run(scenario())


def test_a_wish_to_be_left_alone_is_never_undercut() -> None:
    """Not by the job's own pace, and not by news from the vendor."""

    async def scenario() -> None:
        clock, backend = FrozenClock(), Scripted(polls=[NotAnswered("HTTP 429", retry_after=120.0)])
        poller = Poller(clock, lambda _event: None)
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), deadline=clock.now() + 1e9)))
        assert await next_due(poller, backend, 1) - clock.now() == 120
        poller.nudge("job")
        assert poller._entries["job"].due - clock.now() == 120
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)

    asyncio.run(scenario())


def test_a_job_that_is_known_again_is_not_lost() -> None:
    """Just after a submit a vendor may not have heard of it; only misses in a row count."""

    async def scenario() -> None:
        lost = JobLost("no such task")
        backend = Scripted(polls=[*[lost] * 4, Running(), *[lost] * 4, DONE])
        async with running() as poller:
            assert await poller.wait(watch(backend)) == DONE

    asyncio.run(scenario())


def test_a_word_that_nobody_knows_is_told_and_the_job_is_polled_on() -> None:
    """A paid job is not thrown away over a word."""

    async def scenario() -> None:
        told: list[str] = []
        backend = Scripted(polls=[Drift("status is 'simmering'"), Drift("status is 'done-ish'"), DONE])
        async with running() as poller:
            noting = replace(watch(backend), on_drift=lambda drift: told.append(str(drift)))
            assert await poller.wait(noting) == DONE
        assert told == ["status is 'simmering'", "status is 'done-ish'"]

    asyncio.run(scenario())


def test_a_vendor_that_wishes_to_be_left_alone_does_not_hold_a_cancel_up() -> None:
    """A job whose vendor is away is cancelled after half a minute, and not after the hour of a `Retry-After`."""

    async def scenario() -> None:
        clock, backend = FrozenClock(), Scripted(polls=[NotAnswered("HTTP 503", retry_after=3600.0)])
        backend.cancels = "not_cancellable"
        poller = Poller(clock, lambda _event: None)
        task = asyncio.ensure_future(poller.run())
        wish = replace(watch(backend), deadline=clock.now() + 1e9, cancel=True)
        waiting = asyncio.ensure_future(poller.wait(wish))
        assert await next_due(poller, backend, 1) - clock.now() == CANCEL_SECONDS
        clock.advance(CANCEL_SECONDS)
        poller._schedule(poller._entries["job"], clock.now())
        assert await waiting == Abandoned(end="cancelled")
        assert backend.asked["job"] == 1, "and it was left alone"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())


def test_the_end_of_a_replaced_wait_takes_nothing_from_its_replacement() -> None:
    """Two runs of one job may wait in one process for a moment: a cancel must still reach the one that is left."""

    async def scenario() -> None:
        script = Scripted(polls=[Running()])
        async with running() as poller:
            first = asyncio.ensure_future(poller.wait(watch(script)))
            await asyncio.sleep(0)
            second = asyncio.ensure_future(poller.wait(watch(script)))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            poller.cancel("job")
            for _ in range(100):
                await asyncio.sleep(0.001)
            is_over = second.done()
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        assert is_over

    asyncio.run(scenario())


def test_a_note_that_cannot_be_made_does_not_stop_the_polls() -> None:
    """Whoever listens may break: the wait would stay under way for ever, and look driven."""

    async def scenario() -> None:
        def broken(_event: Event) -> None:
            raise RuntimeError("a listener is broken")

        script = Scripted(polls=[NotAnswered("HTTP 502"), DONE])
        poller = Poller(SystemClock(), broken)
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(watch(script)))
        for _ in range(100):
            await asyncio.sleep(0.001)
        is_over = waiting.done()
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)
        assert is_over

    asyncio.run(scenario())
