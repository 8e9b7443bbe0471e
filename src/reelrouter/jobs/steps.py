"""The three steps of a job's workflow: submit, await, finish. Each asks `decide` what is due, and obeys.

A step may run twice, or run after a crash in the middle of itself. It therefore begins with the rows as they are,
and everything that it does is either repeatable, or guarded by a row that is written first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

from pydantic import ValidationError

from reelrouter.db.engine import DatabaseGone, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.drifts import Drifts
from reelrouter.jobs.durations import subject_of
from reelrouter.jobs.endings import Endings
from reelrouter.jobs.model import Attempt, AttemptEnd, Job, sound
from reelrouter.jobs.order import attempt_key, order_of
from reelrouter.jobs.pace import PollPlan
from reelrouter.jobs.poller import LONGEST_PAUSE, Abandoned, Awaited, Watch
from reelrouter.jobs.sends import Sends
from reelrouter.jobs.starting import AT_ONCE
from reelrouter.jobs.tracing import Doing, Tracing, place_of, place_of_attempt
from reelrouter.jobs.trouble import Trouble
from reelrouter.jobs.workshop import Workshop
from reelrouter.observe.events import AttemptAccepted, AttemptUnknown, JobPutBack, TaskCrashed
from reelrouter.routing.choose import Route
from reelrouter.work import (
    Backend,
    Drift,
    Failed,
    FailureClass,
    Finished,
    Handle,
    Order,
    SubmitRefused,
)

T = TypeVar("T")
Verdict = Literal["submit", "await", "finish", "over"]

SUBMIT_SECONDS = 60.0
"""How long a backend may take to answer a submit."""
GRACE_SECONDS = 30.0
"""How much longer than that another process waits before it believes that the sender is dead."""
_DATABASE_SECONDS = 2.0
"""Between two tries at a step for which the database was away."""
_LOOK_SECONDS = 1.0
"""Between two looks whether the sender has recorded its answer."""


class Steps:
    def __init__(self, workshop: Workshop) -> None:
        self._in = workshop
        self._drifts = Drifts(workshop.db, workshop.clock, workshop.emit)
        self._tracing = Tracing(workshop.traces, workshop.clock)
        self._endings = Endings(workshop, self._tracing)
        self._first_polls: dict[str, float] = {}
        self._sends = Sends()
        self._sending: dict[str, asyncio.Event] = {}
        """Attempts that this process is sending, by their key; set once the answer is recorded."""

    async def submit(self, job_id: JobId, run: int) -> Verdict:
        """Sends the job to where it was started for; for another place, or a later hour, it is put back.

        After a crash a run may be taken up again whose job was put back already, and started anew: two runs
        that both sent attempts would take each other's for abandoned, so only the newest one may.
        """
        return await self._whatever_the_database(partial(self._submit, job_id, run))

    async def await_upstream(self, job_id: JobId, run: int) -> Verdict:
        """One step however long it takes; after a crash it begins again with a poll."""
        return await self._whatever_the_database(partial(self._await_upstream, job_id, run))

    async def finish(self, job_id: JobId, run: int) -> None:
        """Stores what was made, then ends the job: state, ledger and hold in one transaction."""
        await self._whatever_the_database(partial(self._finish, job_id, run))

    async def take_over(self, job_id: JobId, run: int) -> None:
        """This process works on a run that another one has begun."""
        await self._whatever_the_database(
            partial(self._in.db.write, lambda unit: store.drive(unit, job_id, run, self._in.owner))
        )

    async def give_up(self, job_id: JobId) -> None:
        """Ends a job whose workflow failed again and again, even one whose row cannot be loaded."""
        try:
            job, attempts = await self._load(job_id)
        except (ValidationError, ValueError, TypeError):
            await self._endings.end_unreadable(job_id)
            return
        if not job.is_over:
            await self._endings.give_up(job, attempts)

    async def drain(self) -> None:
        """Nothing more is sent from now on; returns once what is being sent has its answer."""
        await self._sends.drain()

    async def _whatever_the_database(self, step: Callable[[], Awaitable[T]]) -> T:
        """A step can be done again, so a database that is away for a while only delays it."""
        while True:
            try:
                return await step()
            except DatabaseGone:
                await self._in.rest(_DATABASE_SECONDS)

    async def _submit(self, job_id: JobId, run: int) -> Verdict:
        while True:
            job, attempts = await self._load(job_id)
            step = self._next_step(job, attempts)
            if _is_superseded(job, run) or await self._is_left_to_others(job, attempts, step):
                return "over"
            match step:
                case decide.Start() if step.route.queue == job.queue and step.not_before <= self._in.now_ms():
                    async with self._sends.one():
                        await self._send(job, step)
                case decide.Start():
                    await self._put_back(job, step.route.queue, step.not_before)
                    return "over"
                case decide.Resolve():
                    await self._resolve(job, step)
                case decide.Await():
                    return "await"
                case decide.Finish():
                    return "finish"
                case decide.Over():
                    return "over"

    async def _await_upstream(self, job_id: JobId, run: int) -> Verdict:
        job, attempts = await self._load(job_id)
        step = self._next_step(job, attempts)
        if _is_superseded(job, run) or await self._is_left_to_others(job, attempts, step):
            return "over"
        if isinstance(step, decide.Await):
            await self._wait_for(job, step)
            job, attempts = await self._load(job_id)
            step = self._next_step(job, attempts)
        match step:
            case decide.Start() | decide.Resolve() | decide.Await():
                return "submit"
            case decide.Finish():
                return "finish"
            case decide.Over():
                return "over"

    async def _finish(self, job_id: JobId, run: int) -> None:
        job, attempts = await self._load(job_id)
        step = self._next_step(job, attempts)
        if _is_superseded(job, run) or await self._is_left_to_others(job, attempts, step):
            return
        if isinstance(step, decide.Finish):
            with self._tracing.doing("finish", place_of(job)):
                await self._endings.finish(job, attempts, step.ending)
        elif not isinstance(step, decide.Over):
            return
        # Also where a crash came just after the end: what a backend keeps of a job would stay there for good.
        for attempt in attempts:
            if attempt.handle is not None:
                await self._in.lane_of(job, attempt).discard(attempt.handle)

    # Sending -----------------------------------------------------------------------------------------------------

    async def _send(self, job: Job, start: decide.Start) -> None:
        attempt = Attempt(
            job_id=job.id,
            n=start.n,
            endpoint=start.route.endpoint,
            credential=start.route.credential,
            plan=start.route.plan,
            key=attempt_key(job.id, start.n),
            owner=self._in.owner,
            intent_at=self._in.now_ms(),
        )
        order = await self._order(job, start.route, start.n)
        # Whoever writes this row may send the attempt, and nobody else ever.
        if not await self._in.db.write(lambda unit: store.begin_attempt(unit, attempt)):
            return
        answered = self._sending[attempt.key] = asyncio.Event()
        try:
            await self._send_attempt(job, (attempt, start.route), order)
        finally:
            del self._sending[attempt.key]
            answered.set()

    async def _send_attempt(self, job: Job, what: tuple[Attempt, Route], order: Order) -> None:
        attempt, route = what
        lane = self._in.lane_of(job, attempt)
        try:
            with self._tracing.doing("submit", place_of_attempt(job, attempt), "client"):
                async with asyncio.timeout(SUBMIT_SECONDS):
                    accepted = await lane.backend.submit(order)
        except SubmitRefused as refused:
            if refused.failed.failure is FailureClass.DRIFT:
                self._drifts.note(attempt.endpoint, erasure.fit_to_log(job, refused.failed.vendor_text or ""))
            end = AttemptEnd(kind="refused", failed=refused.failed)
            # Else the step would find an intent without an answer, and nobody else would be tried.
            await self._whatever_the_database(partial(self._endings.end_attempt, job, attempt, end))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the backend may have the job: ask, don't guess
            self._note_unknown(job, attempt, error)
            await self._find(job, decide.Resolve(attempt=attempt, route=route))
        else:
            await self._record_accepted(job, attempt, accepted.handle)  # first: it is what a paid job hangs on
            wait = accepted.poll_after
            first = (await self._plan(job, attempt)).first() if wait is None else min(wait, LONGEST_PAUSE)
            self._first_polls[job.id] = first

    async def _is_left_to_others(self, job: Job, attempts: Sequence[Attempt], step: decide.Decision) -> bool:
        """Whether the step is not this engine's work; a dead engine's may not be. Then the job waits anew."""
        queue = decide.queue_of_step(step, job, attempts)
        if queue is None or self._in.served.has(queue):
            return False
        await self._put_back(job, queue, step.not_before if isinstance(step, decide.Start) else AT_ONCE)
        return True

    async def _put_back(self, job: Job, queue: str, not_before: int) -> None:
        if await self._in.db.write(lambda unit: store.put_back(unit, job, queue, not_before)):
            self._in.emit(JobPutBack(job=job.id, queue=queue, not_before=max(0, not_before)))

    async def _resolve(self, job: Job, resolve: decide.Resolve) -> None:
        """An attempt that somebody began: wait while its owner may only be slow, then look it up."""
        is_ours = resolve.attempt.owner == self._in.owner
        if is_ours and resolve.attempt.key in self._sending:
            await self._sending[resolve.attempt.key].wait()  # by a run that this one has replaced
        elif is_ours or not await self._is_answered(job, resolve.attempt):
            await self._find(job, resolve)

    async def _is_answered(self, job: Job, attempt: Attempt) -> bool:
        """Whether its owner records an answer as long as it can. By our own time: another's clock may be wrong."""
        for _ in range(round((SUBMIT_SECONDS + GRACE_SECONDS) / _LOOK_SECONDS)):
            if self._in.is_dead(attempt.owner):
                return False
            await asyncio.sleep(_LOOK_SECONDS)
            *_, latest = await store.list_attempts(self._in.db, job.id)
            if latest.end is not None or latest.handle is not None:
                return True
        return False

    async def _find(self, job: Job, resolve: decide.Resolve) -> None:
        attempt = resolve.attempt
        lane = self._in.lane_of(job, attempt)
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                handle = await lane.backend.find(await self._order(job, resolve.route, attempt.n))
        except Exception as error:  # noqa: BLE001 - a look-up that fails leaves the question open, which has its own end
            self._note_unknown(job, attempt, error)
            handle = None
        if handle is None:
            await self._endings.end_attempt(job, attempt, AttemptEnd(kind="unknown_submit"))
        else:
            await self._record_accepted(job, attempt, handle)

    def _note_unknown(self, job: Job, attempt: Attempt, error: Exception) -> None:
        if isinstance(error, Drift):
            self._drifts.note(attempt.endpoint, erasure.fit_to_log(job, str(error)))
        reason = erasure.described(job, error)
        self._in.emit(AttemptUnknown(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, reason=reason))

    async def _record_accepted(self, job: Job, attempt: Attempt, handle: Handle) -> None:
        now_ms = self._in.now_ms()
        accept = partial(store.accept, job=job, attempt=attempt, handle=handle, now_ms=now_ms)
        # Nobody else knows the handle of what was paid for: it is written down however long the database is away.
        await self._whatever_the_database(partial(self._in.db.write, accept))
        self._in.emit(
            AttemptAccepted(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, native_id=handle.native_id)
        )

    # Waiting -----------------------------------------------------------------------------------------------------

    async def _wait_for(self, job: Job, step: decide.Await) -> None:
        with self._tracing.doing("wait", place_of_attempt(job, step.attempt)) as doing:
            plan = await self._plan(job, step.attempt)
            job, _ = await self._load(job.id)  # a cancel that came meanwhile found nobody waiting
            awaited = await self._in.poller.wait(self._watch(job, step, doing, plan))
        if awaited == "expired":
            await self._stop(job, step, self._in.lane_of(job, step.attempt).backend)
        goes_on = awaited == "expired" or isinstance(awaited, Abandoned)
        await self._endings.end_attempt(job, step.attempt, _end_of(awaited), goes_on=goes_on)

    async def _plan(self, job: Job, attempt: Attempt) -> PollPlan:
        """When to ask for the job: by what such jobs took there, unless its lane has a pace of its own."""
        lane, durations = self._in.lane_of(job, attempt), self._in.durations
        if durations is None or not lane.learns:
            return lane.pace
        try:
            return await durations.plan_for(attempt.endpoint, _subject(job, attempt), lane.pace, job.id)
        except Exception as error:  # noqa: BLE001 - a plan saves polls; without one the job is waited for all the same
            self._in.emit(TaskCrashed(task="poll plan", error=repr(error)))
            return lane.pace

    def _watch(self, job: Job, step: decide.Await, doing: Doing, plan: PollPlan) -> Watch:
        lane = self._in.lane_of(job, step.attempt)
        first_poll = self._first_polls.pop(job.id, 0.0)

        def on_progress(progress: float) -> None:
            doing.note("progress", self._in.clock.now(), progress=progress)
            self._note_progress(job.id, progress)

        def on_drift(drift: Drift) -> None:
            doing.note("drift", self._in.clock.now())
            self._drifts.note(step.attempt.endpoint, erasure.fit_to_log(job, str(drift)))

        def on_finish(seconds: float) -> None:
            if lane.learns and self._in.durations is not None:
                self._in.durations.note(step.attempt.endpoint, _subject(job, step.attempt), seconds)

        return Watch(
            job_id=job.id,
            handle=step.handle,
            backend=lane.backend,
            plan=plan,
            deadline=job.deadline_at / 1000,
            accepted_at=step.attempt.intent_at / 1000,
            first_poll=0.0 if _was_nudged(job, step.attempt) else first_poll,
            cancel=job.cancel_requested_at is not None,
            on_progress=on_progress,
            describe=lambda error: erasure.described(job, error),
            on_drift=on_drift,
            on_finish=on_finish,
            on_trouble=partial(self._note_trouble, step.attempt),
            sound=sound,
        )

    async def _stop(self, job: Job, step: decide.Await, backend: Backend) -> None:
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                await backend.cancel(step.handle)
        except Exception as error:  # noqa: BLE001 - the job has expired whatever the backend makes of it
            self._note_unknown(job, step.attempt, error)

    def _note_progress(self, job_id: JobId, progress: float) -> None:
        now_ms = self._in.now_ms()
        self._write_aside(lambda unit: store.note_progress(unit, job_id, progress, now_ms))

    def _note_trouble(self, attempt: Attempt, trouble: Trouble | None) -> None:
        self._write_aside(lambda unit: store.note_trouble(unit, attempt, trouble))

    def _write_aside(self, work: Callable[[Unit], None]) -> None:
        """Writes what people look at while the job goes on: nothing waits for it, and nothing hangs on it."""
        task = asyncio.ensure_future(self._in.db.write(work))
        _UNDER_WAY.add(task)
        task.add_done_callback(_UNDER_WAY.discard)

    # What more than one step needs -------------------------------------------------------------------------------

    async def _order(self, job: Job, route: Route, n: int) -> Order:
        previous = job.plan_of(route).previous_job_id
        made = await store.list_attempts(self._in.db, JobId(previous)) if previous is not None else []
        there = [one.handle for one in made if (one.endpoint, one.credential) == route.place and one.handle]
        order = order_of(job, route, n, there[-1] if there else None)
        return replace(order, notify=self._in.hook_of(order.attempt_key), mark=self._in.mark_of(job.id))

    def _next_step(self, job: Job, attempts: Sequence[Attempt]) -> decide.Decision:
        return decide.next_step(job, attempts, self._in.now_ms(), resubmit=self._in.resubmit)

    async def _load(self, job_id: JobId) -> tuple[Job, list[Attempt]]:
        job = await store.get_even_deleted(self._in.db, job_id)
        return job, await store.list_attempts(self._in.db, job_id)


_UNDER_WAY: set[asyncio.Future[None]] = set()
"""Notes that are being written: the loop itself holds tasks only weakly."""


def _is_superseded(job: Job, run: int) -> bool:
    """Whether the job was put back by this run, or started anew since."""
    return job.run != run or job.started_at is None


def _subject(job: Job, attempt: Attempt) -> str:
    plan = job.plan_of(attempt)
    return subject_of(plan.model, float(plan.asked.duration), plan.resolved.resolution)


def _was_nudged(job: Job, attempt: Attempt) -> bool:
    """Whether its vendor has called already, when nobody waited for the job yet."""
    return job.nudged_at is not None and job.nudged_at >= attempt.intent_at


def _end_of(awaited: Awaited) -> AttemptEnd:
    match awaited:
        case Finished():
            return AttemptEnd(kind="finished", finished=awaited)
        case Failed():
            return AttemptEnd(kind="failed", failed=awaited)
        case Abandoned():
            return _end_of(awaited.end)
        case _:
            return AttemptEnd(kind=awaited)
