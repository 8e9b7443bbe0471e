"""The three steps of a job's workflow: submit, await, finish. Each asks `decide` what is due, and obeys.

A step may run twice, or run after a crash in the middle of itself. It therefore begins with the rows as they are,
and everything that it does is either repeatable, or guarded by a row that is written first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reelrouter.accounts import ledger
from reelrouter.catalogue.price import Made, price, total
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import decide, store
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.jobs.order import attempt_key, order_of
from reelrouter.jobs.poller import Awaited, Pace, Poller, Watch
from reelrouter.observe.events import AttemptAccepted, AttemptEnded, AttemptUnknown, Emit, JobEnded
from reelrouter.storage.ingest import Ingest, OutputInvalid
from reelrouter.work import (
    Backend,
    Failed,
    FailureClass,
    Finished,
    Handle,
    StoredFile,
    SubmitRefused,
)

Verdict = Literal["submit", "await", "finish", "over"]

SUBMIT_SECONDS = 60.0
"""How long a backend may take to answer a submit."""
GRACE_SECONDS = 30.0
"""How much longer than that another process waits before it believes that the sender is dead."""


async def _nothing(_handle: Handle) -> None:
    """For backends that keep nothing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A backend, how many of its jobs may be under way at once, and how often to ask for them."""

    backend: Backend
    limit: int
    pace: Pace = field(default_factory=Pace)
    discard: Callable[[Handle], Awaitable[None]] = _nothing
    """Frees what the backend keeps for a handle, once its job has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What the steps work with."""

    db: Database
    lanes: Mapping[str, Lane]
    """By the name of a route's endpoint."""
    poller: Poller
    ingest: Ingest
    clock: Clock
    emit: Emit
    owner: str
    """This process, among all that have ever sent an attempt."""
    retention: int
    """Seconds that outputs are kept."""


class Steps:
    def __init__(self, workshop: Workshop) -> None:
        self._in = workshop
        self._first_polls: dict[str, float] = {}

    async def submit(self, job_id: JobId) -> Verdict:
        """Sends the job along its routes until a backend has it, or none is left."""
        while True:
            job, attempts = await self._load(job_id)
            match decide.next_step(job, attempts, self._now_ms()):
                case decide.Start() as start:
                    await self._send(job, start)
                case decide.Resolve() as resolve:
                    await self._resolve(job, resolve)
                case decide.Await():
                    return "await"
                case decide.Finish():
                    return "finish"
                case decide.Over():
                    return "over"

    async def await_upstream(self, job_id: JobId) -> Verdict:
        """One step however long it takes; after a crash it begins again with a poll."""
        job, attempts = await self._load(job_id)
        step = decide.next_step(job, attempts, self._now_ms())
        if isinstance(step, decide.Await):
            await self._wait_for(job, step)
            job, attempts = await self._load(job_id)
            step = decide.next_step(job, attempts, self._now_ms())
        match step:
            case decide.Start() | decide.Resolve() | decide.Await():
                return "submit"
            case decide.Finish():
                return "finish"
            case decide.Over():
                return "over"

    async def finish(self, job_id: JobId) -> None:
        """Stores what was made, then ends the job: state, ledger and hold in one transaction."""
        job, attempts = await self._load(job_id)
        step = decide.next_step(job, attempts, self._now_ms())
        if not isinstance(step, decide.Finish):
            return
        ending = step.ending
        files: tuple[StoredFile, ...] = ()
        if ending.finished is not None:
            try:
                files = await self._store(job, ending.finished)
            except OutputInvalid as refused:
                failure = Failed(failure=FailureClass.OUTPUT_INVALID, vendor_text=refused.reason)
                ending = decide.failed(failure)
                self._emit_end(job, attempts[-1], AttemptEnd(kind="failed", failed=failure))
        await self._end(job, ending, files)
        if attempts and (handle := attempts[-1].handle):
            await self._in.lanes[handle.endpoint].discard(handle)

    async def give_up(self, job_id: JobId) -> None:
        """Ends a job whose workflow failed again and again."""
        job, _ = await self._load(job_id)
        if not job.is_over:
            await self._end(job, decide.failed(Failed(failure=FailureClass.INTERNAL)), ())

    # Sending -----------------------------------------------------------------------------------------------------

    async def _send(self, job: Job, start: decide.Start) -> None:
        attempt = Attempt(
            job_id=job.id,
            n=start.n,
            endpoint=start.route.endpoint,
            credential=start.route.credential,
            key=attempt_key(job.id, start.n),
            owner=self._in.owner,
            intent_at=self._now_ms(),
        )
        # Whoever writes this row may send the attempt, and nobody else ever.
        if not await self._in.db.write(lambda unit: store.begin_attempt(unit, attempt)):
            return
        lane = self._in.lanes[attempt.endpoint]
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                accepted = await lane.backend.submit(order_of(job, start.route, start.n))
        except SubmitRefused as refused:
            await self._record_end(job, attempt, AttemptEnd(kind="refused", failed=refused.failed))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the backend may have the job: ask, don't guess
            self._in.emit(
                AttemptUnknown(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, reason=repr(error))
            )
            await self._find(job, decide.Resolve(attempt=attempt, route=start.route))
        else:
            self._first_polls[job.id] = accepted.poll_after
            await self._record_accepted(job, attempt, accepted.handle)

    async def _resolve(self, job: Job, resolve: decide.Resolve) -> None:
        """An attempt that somebody began: wait while its owner may only be slow, then look it up."""
        patience = resolve.attempt.intent_at / 1000 + SUBMIT_SECONDS + GRACE_SECONDS - self._in.clock.now()
        if resolve.attempt.owner != self._in.owner and patience > 0 and not self._is_dead(resolve.attempt.owner):
            await asyncio.sleep(patience)
            _, attempts = await self._load(job.id)
            if attempts[-1].end is not None or attempts[-1].handle is not None:
                return
        await self._find(job, resolve)

    def _is_dead(self, owner: str) -> bool:
        # An owner is "<slot>:<start>"; a slot is held by one process at a time, so an older start of it is dead.
        return owner.partition(":")[0] == self._in.owner.partition(":")[0]

    async def _find(self, job: Job, resolve: decide.Resolve) -> None:
        attempt = resolve.attempt
        lane = self._in.lanes[attempt.endpoint]
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                handle = await lane.backend.find(order_of(job, resolve.route, attempt.n))
        except Exception as error:  # noqa: BLE001 - a look-up that fails leaves the question open, which has its own end
            self._in.emit(
                AttemptUnknown(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, reason=repr(error))
            )
            handle = None
        if handle is None:
            await self._record_end(job, attempt, AttemptEnd(kind="unknown_submit"))
        else:
            await self._record_accepted(job, attempt, handle)

    async def _record_accepted(self, job: Job, attempt: Attempt, handle: Handle) -> None:
        now_ms = self._now_ms()
        await self._in.db.write(lambda unit: store.accept(unit, attempt, handle, now_ms))
        self._in.emit(
            AttemptAccepted(job=job.id, attempt=attempt.n, endpoint=attempt.endpoint, native_id=handle.native_id)
        )

    # Waiting -----------------------------------------------------------------------------------------------------

    async def _wait_for(self, job: Job, step: decide.Await) -> None:
        lane = self._in.lanes[step.handle.endpoint]
        watch = Watch(
            job_id=job.id,
            lane=step.attempt.endpoint,
            handle=step.handle,
            backend=lane.backend,
            pace=lane.pace,
            deadline=job.deadline_at / 1000,
            first_poll=self._first_polls.pop(job.id, 0.0),
            on_progress=lambda progress: self._note_progress(job.id, progress),
        )
        end = _end_of(await self._in.poller.wait(watch))
        if end.kind == "expired":
            await self._stop(lane.backend, step.handle)
        await self._record_end(job, step.attempt, end)

    async def _stop(self, backend: Backend, handle: Handle) -> None:
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                await backend.cancel(handle)
        except Exception as error:  # noqa: BLE001 - the job has expired whatever the backend makes of it
            self._in.emit(
                AttemptUnknown(job=handle.native_id, attempt=0, endpoint=handle.endpoint, reason=repr(error))
            )

    def _note_progress(self, job_id: JobId, progress: float) -> None:
        now_ms = self._now_ms()
        write = self._in.db.write(lambda unit: store.note_progress(unit, job_id, progress, now_ms))
        task = asyncio.ensure_future(write)
        _UNDER_WAY.add(task)
        task.add_done_callback(_UNDER_WAY.discard)

    # Ending ------------------------------------------------------------------------------------------------------

    async def _store(self, job: Job, finished: Finished) -> tuple[StoredFile, ...]:
        if not finished.outputs:
            raise OutputInvalid("the backend finished without an output")
        return tuple(
            [
                await self._in.ingest.ingest(output, f"outputs/{job.id}/{index}.mp4")
                for index, output in enumerate(finished.outputs)
            ]
        )

    async def _end(self, job: Job, ending: decide.Ending, files: tuple[StoredFile, ...]) -> None:
        now = self._in.clock.now()
        cost = total(price(job.plan.skus, job.plan.asked, _made(files[0]))) if files else None
        last = store.End(
            event=ending.event,
            at=milliseconds(now),
            files=files,
            failure=ending.failure,
            price=cost,
            vendor_cost=ending.vendor_cost,
            expires_at=milliseconds(now + self._in.retention) if files else None,
        )

        def together(unit: Unit) -> bool:
            if not store.end(unit, job, last):
                return False
            if cost is None:
                ledger.release(unit, job.id, now)
            else:
                ledger.settle(unit, job.id, cost, now)
            return True

        if await self._in.db.write(together):
            self._emit_job_end(job, last)

    async def _record_end(self, job: Job, attempt: Attempt, end: AttemptEnd) -> None:
        now_ms = self._now_ms()
        await self._in.db.write(lambda unit: store.end_attempt(unit, attempt, end, now_ms))
        self._emit_end(job, attempt, end)

    def _emit_end(self, job: Job, attempt: Attempt, end: AttemptEnd) -> None:
        failed = end.failed
        self._in.emit(
            AttemptEnded(
                job=job.id,
                attempt=attempt.n,
                endpoint=attempt.endpoint,
                end=end.kind,
                failure=failed.failure.value if failed else None,
                vendor_code=failed.vendor_code if failed else None,
                vendor_text=failed.vendor_text if failed else None,
            )
        )

    def _emit_job_end(self, job: Job, last: store.End) -> None:
        self._in.emit(
            JobEnded(
                **job.log_context(),
                status=store.state_after(job, last),
                error_type=last.failure.error_type if last.failure else None,
                price=last.price,
                seconds=round((last.at - job.created_at) / 1000, 3),
            )
        )

    async def _load(self, job_id: JobId) -> tuple[Job, list[Attempt]]:
        job = await store.get_even_deleted(self._in.db, job_id)
        return job, await store.list_attempts(self._in.db, job_id)

    def _now_ms(self) -> int:
        return milliseconds(self._in.clock.now())


_UNDER_WAY: set[asyncio.Future[None]] = set()
"""Progress notes that are being written: the loop itself holds tasks only weakly."""


def _made(file: StoredFile) -> Made:
    seconds = Decimal(file.frames) / Decimal(str(file.fps))
    return Made(duration=seconds, width=file.width, height=file.height, audio=file.audio_codec is not None)


def _end_of(awaited: Awaited) -> AttemptEnd:
    match awaited:
        case Finished():
            return AttemptEnd(kind="finished", finished=awaited)
        case Failed():
            return AttemptEnd(kind="failed", failed=awaited)
        case _:
            return AttemptEnd(kind=awaited)
