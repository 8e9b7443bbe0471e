"""The steps: each may run twice, and none of them may send, bill or lose a job twice."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from reelrouter.clock import milliseconds
from reelrouter.db.engine import DatabaseGone
from reelrouter.db.tables import durations as durations_table
from reelrouter.jobs import nudges, steps, store
from reelrouter.jobs.drifts import list_drifting
from reelrouter.jobs.durations import Durations, subject_of
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.jobs.pace import ladder
from reelrouter.jobs.steps import Steps
from reelrouter.money import Nanos
from reelrouter.observe.events import AttemptEnded, AttemptUnknown, EndpointDrifted, JobEnded, PollFailed
from reelrouter.routing.choose import queue_of
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Accepted, Blob, Drift, Failed, FailureClass, Finished, Handle, Order, Running
from tests.jobs.conftest import OWNER, Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

PATIENCE = 10.0
"""Seconds after which a test is taken to hang."""
BUSY = Failed(failure=FailureClass.CONCURRENCY)
POLICY = Failed(failure=FailureClass.POLICY_INPUT)


def test_a_job_goes_from_submit_to_a_stored_and_billed_video(scenario: Scenario) -> None:
    """State, file, charge and hold end together."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running(), finished_with(bench.file())])
        job = await bench.place("a")
        ended = await bench.run_to_end(job)
        assert ended.status is State.COMPLETED
        assert ended.price == 400_000_000
        assert len(backend.orders) == 1
        assert await bench.objects.exists(ended.outputs[0].key)
        balance = await bench.balance(job)
        assert (balance.held, balance.settled) == (0, 400_000_000)

    scenario(work)


class Slow(Scripted):
    """Leaves the first poll to the lane's pace."""

    async def submit(self, order: Order) -> Accepted:
        return replace(await super().submit(order), poll_after=None)


def test_a_vendor_that_calls_before_anybody_waits_is_asked_at_once(scenario: Scenario) -> None:
    """Else its news would lie there until the first poll."""

    async def work(bench: Bench) -> None:
        backend = Slow(polls=[finished_with(bench.file())])
        never = ladder(1e6, 1e6)
        bench.lanes[queue_of("a", "c")] = Lane(backend=backend, limit=10, pace=never)
        job, steps = await bench.place("a"), bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        now_ms = milliseconds(bench.clock.now())
        await bench.db.write(lambda unit: nudges.note(unit, job.id, now_ms))
        async with asyncio.timeout(PATIENCE):
            assert await steps.await_upstream(job.id, 1) == "finish"
        assert sum(backend.asked.values()) == 1

    scenario(work)


def test_steps_that_run_again_change_nothing(scenario: Scenario) -> None:
    """After a crash every step may be repeated: one submit, one charge, one end."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.place("a")
        await bench.run_to_end(job)
        again = bench.steps("slot-0:2")
        assert await again.submit(job.id, 1) == "over"
        assert await again.await_upstream(job.id, 1) == "over"
        await again.finish(job.id, 1)
        assert len(backend.orders) == 1
        assert (await bench.balance(job)).settled == 400_000_000
        assert len([event for event in bench.events if isinstance(event, JobEnded)]) == 1

    scenario(work)


def test_two_engines_that_finish_the_same_job_bill_it_once(scenario: Scenario) -> None:
    """Whoever is second finds the job over or the file moved; it may fail, and changes nothing."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.place("a")
        steps = bench.steps()
        await steps.submit(job.id, await bench.begin(job))
        await steps.await_upstream(job.id, 1)
        finishes = [bench.steps(f"slot-0:{n}").finish(job.id, 1) for n in range(5)]
        results = await asyncio.gather(*finishes, return_exceptions=True)
        assert None in results
        balance = await bench.balance(job)
        assert (balance.held, balance.settled) == (0, 400_000_000)
        assert len([event for event in bench.events if isinstance(event, JobEnded)]) == 1

    scenario(work)


def test_a_refusal_that_created_nothing_goes_to_the_next_route(scenario: Scenario) -> None:
    """Only where nothing was made does another vendor get the job."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[BUSY])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a", "b"))
        assert ended.status is State.COMPLETED
        assert ended.provider == "b"
        assert len(second.orders) == 1

    scenario(work)


def test_a_policy_refusal_never_goes_to_another_vendor(scenario: Scenario) -> None:
    """Shopping around for a laxer filter is not what fallbacks are for."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[POLICY])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.place("a", "b")
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert ended.failure is not None
        assert ended.failure.error_type == "content_policy_violation"
        assert second.orders == []
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_a_failure_that_was_billed_never_goes_to_another_vendor(scenario: Scenario) -> None:
    """A vendor's bill for nothing is the operator's; the workspace pays nothing, and nobody pays twice."""

    async def work(bench: Bench) -> None:
        billed = Failed(failure=FailureClass.TRANSIENT, vendor_cost=5)
        bench.lane("a", polls=[billed])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.place("a", "b")
        ended = await bench.run_to_end(job)
        assert (ended.status, ended.price, ended.vendor_cost) == (State.FAILED, None, 5)
        assert second.orders == []

    scenario(work)


@pytest.mark.parametrize("trouble", [TimeoutError(), OSError("reset"), RuntimeError("HTTP 500")])
def test_an_unclear_submit_is_never_sent_again(trouble: Exception, scenario: Scenario) -> None:
    """The vendor may have it: another attempt could be paid for twice, so the job fails and says why."""

    async def work(bench: Bench) -> None:
        first = bench.lane("a", submits=[trouble])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.place("a", "b")
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert ended.failure is not None
        assert "submission_outcome_unknown" in ended.failure.message
        assert (len(first.orders), len(second.orders)) == (1, 0)
        assert (await bench.balance(job)).held == 0
        assert any(isinstance(event, AttemptUnknown) for event in bench.events)

    scenario(work)


def test_an_unclear_submit_is_looked_up_where_the_vendor_can(scenario: Scenario) -> None:
    """A vendor that knows our key tells us that it has the job, and the job goes on."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", submits=[TimeoutError()], finds=True, polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a"))
        assert ended.status is State.COMPLETED
        assert len(backend.orders) == 1

    scenario(work)


def test_an_intent_that_a_dead_engine_left_is_not_sent_again(scenario: Scenario) -> None:
    """A crash between the intent and the answer: the new engine asks, and never sends blindly."""

    async def work(bench: Bench) -> None:
        gate = asyncio.Event()
        backend = bench.lane("a", polls=[finished_with(bench.file())])
        backend.on_submit = lambda _order: gate.set()
        job = await bench.place("a")
        run = await bench.begin(job)
        dying = asyncio.ensure_future(bench.steps("slot-0:1").submit(job.id, run))
        await gate.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert len(backend.orders) == 1

    scenario(work)


def test_a_cancel_before_the_submit_sends_nothing(scenario: Scenario) -> None:
    """What was never sent ends as cancelled, and its hold is given back."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        job = await bench.place("a")
        await bench.db.write(lambda unit: store.request_cancel(unit, job.id, milliseconds(bench.clock.now())))
        ended = await bench.run_to_end(job)
        assert ended.status is State.CANCELLED
        assert backend.orders == []
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_a_cancel_that_comes_between_the_submit_and_the_wait_is_passed_on(scenario: Scenario) -> None:
    """Nobody is waiting for the job then whom the dispatcher could tell; the same after a restart."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        job = await bench.place("a")
        steps = bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        await bench.db.write(lambda unit: store.request_cancel(unit, job.id, milliseconds(bench.clock.now())))
        async with asyncio.timeout(PATIENCE):
            assert await steps.await_upstream(job.id, 1) == "finish"
        await steps.finish(job.id, 1)
        assert (await bench.job(job)).status is State.CANCELLED
        assert len(backend.cancelled) == 1

    scenario(work)


def test_a_job_past_its_deadline_expires_without_being_sent(scenario: Scenario) -> None:
    """Time that passed in the queue counts."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        job = await bench.place("a")
        bench.clock.advance(601)
        ended = await bench.run_to_end(job)
        assert ended.status is State.EXPIRED
        assert backend.orders == []

    scenario(work)


def test_a_job_that_runs_past_its_deadline_expires_and_its_backend_is_told(scenario: Scenario) -> None:
    """The backend is asked to stop: nobody will fetch what it makes."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[Running()])
        job = await bench.place("a")
        waiting = asyncio.ensure_future(bench.run_to_end(job))
        while not backend.asked:
            await asyncio.sleep(0)
        bench.clock.advance(601)
        ended = await waiting
        assert ended.status is State.EXPIRED
        assert backend.cancelled == [backend.orders[0].attempt_key]

    scenario(work)


@pytest.mark.parametrize("outputs", [(), (b"text",)])
def test_an_output_that_is_no_video_fails_the_job(outputs: tuple[bytes, ...], scenario: Scenario) -> None:
    """A success without a playable file is a failure, and is not billed."""

    async def work(bench: Bench) -> None:
        blobs = tuple(Blob(path=bench.file(content)) for content in outputs)
        bench.lane("a", polls=[Finished(outputs=blobs)])
        job = await bench.place("a")
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert ended.failure is not None
        assert ended.failure.failure == "output_invalid"
        balance = await bench.balance(job)
        assert (balance.held, balance.settled) == (0, 0)

    scenario(work)


def test_a_job_that_is_given_up_fails_and_releases_its_hold(scenario: Scenario) -> None:
    """Whatever broke, nobody waits for ever, and nobody pays."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        job = await bench.place("a", hold=Nanos(7))
        await bench.steps().give_up(job.id)
        await bench.steps().give_up(job.id)
        ended = await bench.job(job)
        assert ended.status is State.FAILED
        assert (await bench.balance(job)).held == 0

    scenario(work)


@pytest.mark.parametrize("second", [TimeoutError(), None])
def test_an_operator_may_have_an_unclear_submit_sent_once_more(
    second: Exception | None, scenario: Scenario
) -> None:
    """Once, under a key of its own; if that is as unclear, the job fails as it would have."""

    async def work(bench: Bench) -> None:
        submits = [TimeoutError(), *([second] if second else [])]
        backend = bench.lane("a", submits=submits, polls=[finished_with(bench.file())])
        job = await bench.place("a", "b")
        ended = await bench.run_to_end(job, bench.steps(resubmit=True))
        assert ended.status is (State.FAILED if second else State.COMPLETED)
        assert [order.attempt_key for order in backend.orders] == [f"{job.id}-0", f"{job.id}-1"]
        unclear, again = await bench.attempts(job)
        assert (unclear, again[0]) == (("a", "unknown_submit"), "a")

    scenario(work)


def test_a_drift_on_a_poll_marks_the_endpoint_and_the_job_is_made_all_the_same(scenario: Scenario) -> None:
    """Every drift is told as a failed poll; the mark is written once a minute at most."""

    async def work(bench: Bench) -> None:
        odd = [Drift("status is 'simmering'")] * 3
        bench.lane("a", polls=[*odd, finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a"))
        assert ended.status is State.COMPLETED
        assert len([event for event in bench.events if isinstance(event, PollFailed)]) == 3
        assert [event for event in bench.events if isinstance(event, EndpointDrifted)] == [
            EndpointDrifted(endpoint="a", reason="status is 'simmering'")
        ]
        assert await list_drifting(bench.db, milliseconds(bench.clock.now())) == {"a"}

    scenario(work)


def test_a_drift_in_answer_to_a_submit_is_an_unknown_outcome_and_a_mark(scenario: Scenario) -> None:
    """The vendor may have taken it, whatever it was that it said."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", submits=[Drift("HTTP 200 without JSON")])
        job = await bench.place("a", "b")
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert await bench.attempts(job) == [("a", "unknown_submit")]
        assert len(backend.orders) == 1
        assert await list_drifting(bench.db, milliseconds(bench.clock.now())) == {"a"}

    scenario(work)


def test_a_drift_before_anything_was_sent_marks_and_goes_on(scenario: Scenario) -> None:
    """A sign-in that nobody understands, say: nothing was made, so another vendor may be asked."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[Failed(failure=FailureClass.DRIFT, vendor_text="a token is a list")])
        bench.lane("b", polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a", "b"))
        assert (ended.status, ended.provider) == (State.COMPLETED, "b")
        assert await list_drifting(bench.db, milliseconds(bench.clock.now())) == {"a"}

    scenario(work)


def test_each_end_of_an_attempt_is_told_with_its_class_and_account(scenario: Scenario) -> None:
    """What an operator greps for."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[Failed(failure=FailureClass.AUTH, vendor_code="401", vendor_text="bad key")])
        bench.lane("b", submits=[TimeoutError()])
        job = await bench.place("a", "b")
        await bench.run_to_end(job)
        first, second = (event for event in bench.events if isinstance(event, AttemptEnded))
        assert first == AttemptEnded(
            job=job.id,
            attempt=0,
            endpoint="a",
            credential="c",
            end="refused",
            seconds=0.0,
            failure="auth",
            vendor_code="401",
            vendor_text="bad key",
        )
        assert (second.attempt, second.end, second.failure) == (1, "unknown_submit", "unknown_submit")

    scenario(work)


def test_every_backend_that_had_a_job_forgets_it_at_its_end(scenario: Scenario) -> None:
    """Also the one that failed before another one made it."""

    async def work(bench: Bench) -> None:
        forgotten: list[str] = []

        async def forget(handle: Handle) -> None:
            forgotten.append(handle.endpoint)

        bench.lane("a", polls=[Failed(failure=FailureClass.TRANSIENT)])
        bench.lane("b", polls=[finished_with(bench.file())])
        for queue, lane in bench.lanes.items():
            bench.lanes[queue] = replace(lane, discard=forget)
        await bench.run_to_end(await bench.place("a", "b"))
        assert forgotten == ["a", "b"]

    scenario(work)


@pytest.mark.parametrize("answers", [True, False])
def test_an_attempt_of_another_is_looked_up_only_when_its_sender_cannot_answer_any_more(
    answers: bool, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long ago it was begun by the sender's clock, which may be an hour behind ours."""
    monkeypatch.setattr(steps, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(steps, "SUBMIT_SECONDS", 0.2)
    monkeypatch.setattr(steps, "GRACE_SECONDS", 0.1)

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.place("a")
        run = await bench.begin(job)
        attempt = begun_by_another(job, milliseconds(bench.clock.now() - 3600))
        await bench.db.write(lambda unit: store.begin_attempt(unit, attempt))
        heir = asyncio.ensure_future(bench.steps("slot-1:1").submit(job.id, run))
        await asyncio.sleep(0.05)
        assert not heir.done()
        if answers:
            handle = Handle(endpoint="a", credential="c", native_id="1")
            await bench.db.write(lambda unit: store.accept(unit, job, attempt, handle, attempt.intent_at))
        async with asyncio.timeout(PATIENCE):
            assert await heir == ("await" if answers else "finish")
        assert await bench.attempts(job) == [("a", None if answers else "unknown_submit")]

    scenario(work)


def test_an_outcome_is_not_unknown_once_anybody_has_recorded_it(scenario: Scenario) -> None:
    """Of two that ask at one time, the one that knows is believed."""

    async def work(bench: Bench) -> None:
        bench.lane("a")
        job = await bench.place("a")
        await bench.begin(job)
        attempt = begun_by_another(job, milliseconds(bench.clock.now()))
        await bench.db.write(lambda unit: store.begin_attempt(unit, attempt))
        handle = Handle(endpoint="a", credential="c", native_id="1")
        await bench.db.write(lambda unit: store.accept(unit, job, attempt, handle, attempt.intent_at))
        unknown, cancelled = (AttemptEnd(kind=kind) for kind in ("unknown_submit", "cancelled"))
        assert not await bench.db.write(lambda unit: store.end_attempt(unit, attempt, unknown, 1))
        assert await bench.db.write(lambda unit: store.end_attempt(unit, attempt, cancelled, 1))
        assert not await bench.db.write(lambda unit: store.end_attempt(unit, attempt, cancelled, 2))

    scenario(work)


def begun_by_another(job: Job, intent_at: int) -> Attempt:
    """By an engine that lives."""
    return Attempt(
        job_id=job.id, n=0, endpoint="a", credential="c", key=f"{job.id}-0", owner="slot-0:1", intent_at=intent_at
    )


def test_how_long_a_job_took_is_kept_and_its_next_one_is_asked_for_when_it_is_likely_done(
    scenario: Scenario,
) -> None:
    """Where the lane leaves its pace to experience; and what is measured is known to the next process."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[finished_with(bench.file())])
        lane = bench.lanes[queue_of("a", "c")]
        bench.lanes[queue_of("a", "c")] = replace(lane, learns=True, pace=ladder(5.0, 15.0))
        for _ in range(6):
            durations = Durations(bench.db, bench.clock)
            steps = Steps(replace(bench.workshop(), durations=durations))
            job = await bench.place("a")
            run = await bench.begin(job)
            assert await steps.submit(job.id, run) == "await"
            bench.clock.advance(200)  # what the vendor takes
            backend.polls = [finished_with(bench.file())]
            assert await steps.await_upstream(job.id, run) == "finish"
            await durations.settle()
        plan = await durations.plan_for("a", subject_of(job.model, 4.0, "720p"), ladder(5.0, 15.0))
        assert 30 <= plan.first() <= 110, "such jobs took between 0 and 200 s: 100, as far as polls tell"

    scenario(work)


def test_a_pace_that_an_operator_has_fixed_is_kept(scenario: Scenario) -> None:
    """Nothing is learned there."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        durations = Durations(bench.db, bench.clock)
        steps = Steps(replace(bench.workshop(), durations=durations))
        await bench.run_to_end(await bench.place("a"), steps)
        await durations.settle()
        assert await bench.db.rows(select(durations_table)) == []

    scenario(work)


class Foretelling:
    """Durations that never come to a plan, or that break on what they remember."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.asked = error, asyncio.Event()

    async def plan_for(self, *_: object) -> object:
        self.asked.set()
        if self.error is not None:
            raise self.error
        return await asyncio.Event().wait()


def test_a_handle_is_written_down_before_anything_else_is_asked(scenario: Scenario) -> None:
    """An engine that ends while it plans the first poll must not forget what was paid for."""

    class Unpaced(Scripted):
        async def submit(self, order: Order) -> Accepted:
            return replace(await super().submit(order), poll_after=None)

    async def work(bench: Bench) -> None:
        bench.lane("a")
        vendor = Unpaced(endpoint="a", polls=[finished_with(bench.file())])
        lane = bench.lanes[queue_of("a", "c")]
        bench.lanes[queue_of("a", "c")] = replace(lane, backend=vendor, learns=True)
        durations = Foretelling()
        job = await bench.place("a")
        steps = Steps(replace(bench.workshop(), durations=cast("Any", durations)))
        sending = asyncio.ensure_future(steps.submit(job.id, await bench.begin(job)))
        await durations.asked.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        (attempt,) = await store.list_attempts(bench.db, job.id)
        assert attempt.handle is not None

    scenario(work)


def test_durations_too_short_to_be_kept_cost_no_job(scenario: Scenario) -> None:
    """Three videos that were there at once are remembered as 0.0 s, of which there is no logarithm."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], learns=True)
        durations = Durations(bench.db, bench.clock)
        job = await bench.place("a")
        for _ in range(3):
            durations.note("a", subject_of(job.model, 8.0, "720p"), 0.04)
        await durations.settle()
        steps = Steps(replace(bench.workshop(), durations=durations))
        run = await bench.begin(job)
        with suppress(ValueError):
            await steps.submit(job.id, run)
        assert len(backend.orders) == 1
        (attempt,) = await store.list_attempts(bench.db, job.id)
        assert attempt.handle is not None, "paid for, and nobody knows where it is"

    scenario(work)


def test_a_refusal_is_written_down_when_the_database_is_back(scenario: Scenario) -> None:
    """Else the step is done again, finds an intent without an answer, and nobody else is tried."""

    async def work(bench: Bench) -> None:
        refusing = bench.lane("a", submits=[Failed(failure=FailureClass.TRANSIENT)])
        bench.lane("b", polls=[finished_with(bench.file())])
        write, failures, sent = bench.db.write, iter([DatabaseGone("away")] * 2), asyncio.Event()
        refusing.on_submit = lambda _order: sent.set()

        async def away(work: Any, *, about: str = "") -> Any:
            if sent.is_set() and (error := next(failures, None)):
                raise error
            return await write(work, about=about)

        job = await bench.place("a", "b")
        bench.db.write = away  # type: ignore[method-assign]
        ended = await bench.run_to_end(job)
        assert (ended.status, await bench.attempts(job)) == (
            State.COMPLETED,
            [("a", "refused"), ("b", "finished")],
        )

    scenario(work)


def test_a_run_that_is_replaced_in_the_middle_of_its_submit_loses_no_video(scenario: Scenario) -> None:
    """The replacement in the same process takes the attempt for abandoned, and the acceptance comes too late."""

    async def work(bench: Bench) -> None:
        sent, may_go = asyncio.Event(), asyncio.Event()

        class Slow(Scripted):
            async def submit(self, order: Order) -> Accepted:
                sent.set()
                await may_go.wait()
                return await super().submit(order)

        bench.lane("a")
        slow = Slow(endpoint="a", polls=[finished_with(bench.file())])
        bench.lanes[queue_of("a", "c")] = replace(bench.lanes[queue_of("a", "c")], backend=slow, outlives=True)
        job, steps = await bench.place("a"), bench.steps()
        first = asyncio.ensure_future(steps.submit(job.id, await bench.begin(job)))
        await sent.wait()
        moving = (await store.list_moving(bench.db))[0]
        await bench.db.write(lambda unit: store.run_again(unit, moving, OWNER, broke_off=False))
        second = asyncio.ensure_future(steps.submit(job.id, moving.run + 1))
        for _ in range(200):
            await asyncio.sleep(0.001)
        may_go.set()
        await asyncio.gather(first, second)
        (attempt,) = await store.list_attempts(bench.db, job.id)
        assert attempt.handle is not None, "it was accepted and paid for"

    scenario(work)
