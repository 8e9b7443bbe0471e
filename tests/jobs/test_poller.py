"""The poller: many waits, one heap, and an end for each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from reelrouter.clock import FrozenClock, SystemClock
from reelrouter.jobs.poller import Pace, Poller, Watch
from reelrouter.observe.events import CancelAnswered, Event, PollFailed
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Backend, Drift, Failed, FailureClass, Handle, JobLost, NotAnswered, Running

DONE = finished_with(Path("video.mp4"))
QUICK = Pace(first=0.001, ceiling=0.001)
HANDLE = Handle(endpoint="scripted", credential="c", native_id="n")


def watch(backend: Backend, job_id: str = "job") -> Watch:
    return Watch(
        job_id=job_id,
        handle=replace(HANDLE, native_id=job_id),
        backend=backend,
        pace=QUICK,
        deadline=SystemClock().now() + 60,
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
            waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), pace=Pace(first=60, ceiling=60))))
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
            waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), pace=Pace(first=60, ceiling=60))))
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
        quick = replace(
            watch(backend), pace=Pace(first=0.0, ceiling=0.0), deadline=clock.now() + 1e6, on_progress=told.append
        )
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
        calm = replace(watch(backend), pace=Pace(first=1.0, ceiling=2.0), deadline=clock.now() + 1e6)
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
        patient = replace(watch(slow), pace=Pace(first=5.0, ceiling=5.0), deadline=clock.now() + 1e6)
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


def test_an_absurd_wish_to_be_left_alone_is_kept_for_ten_minutes() -> None:
    """A job is not lost because a header named next year."""

    async def scenario() -> None:
        clock = FrozenClock()
        poller = Poller(clock, lambda _event: None)
        backend = Scripted(polls=[NotAnswered("busy", retry_after=3e7)])
        task = asyncio.ensure_future(poller.run())
        waiting = asyncio.ensure_future(poller.wait(replace(watch(backend), deadline=clock.now() + 1e9)))
        assert 500 <= await next_due(poller, backend, 1) - clock.now() <= 700
        for one in (waiting, task):
            one.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)

    asyncio.run(scenario())


def test_a_job_that_its_backend_does_not_know_five_times_is_over_there() -> None:
    """It has expired at the vendor; each miss is told."""

    async def scenario() -> None:
        events: list[Event] = []
        backend = Scripted(polls=[Running(), JobLost("no such task")])
        async with running(events) as poller:
            ended = await poller.wait(watch(backend))
        assert ended == Failed(failure=FailureClass.EXPIRED, vendor_code="not_found", vendor_text="no such task")
        assert backend.asked["job"] == 6
        assert [type(event) for event in events] == [PollFailed] * 5

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
