"""The ends of attempts and jobs: what was made is stored, then state, ledger, hold and webhook are one write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reelrouter.accounts import ledger, workspaces
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.ids import JobId
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.announce import announce, urls_of
from reelrouter.jobs.charging import bill_of, book, list_price
from reelrouter.jobs.looking import look_later
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.jobs.storing import GiveUp, Storing
from reelrouter.jobs.tracing import Tracing, place_of
from reelrouter.jobs.workshop import Workshop
from reelrouter.money import Nanos
from reelrouter.observe.events import AttemptEnded, JobEnded, JobUnreadable
from reelrouter.webhooks.store import enqueue
from reelrouter.work import Failed, FailureClass, StoredFile

_STORING = 32
"""Videos of jobs under way that are loaded and stored at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of a job."""

    files: tuple[StoredFile, ...] = ()
    price: Nanos | None = None
    """The catalogue's."""


NOTHING = Made()


class Endings:
    def __init__(self, workshop: Workshop, tracing: Tracing) -> None:
        self._in = workshop
        self._tracing = tracing
        self._storing = Storing(workshop, _STORING)

    async def finish(self, job: Job, attempts: Sequence[Attempt], ending: decide.Ending) -> None:
        if ending.finished is None:
            await self.end_job(job, ending)
            return
        attempt = attempts[-1]
        with self._tracing.doing("ingest", place_of(job)):
            stored = await self._storing.store(job, attempt, ending.finished)
        if isinstance(stored, GiveUp):
            await self._end_without_video(job, attempt, ending, stored)
        else:
            await self.end_job(job, ending, Made(files=stored, price=list_price(job.plan_of(attempt), stored[0])))

    async def give_up(self, job: Job, attempts: Sequence[Attempt]) -> None:
        """Ends a job whose runs have failed again and again. What a vendor may have of it is asked for later."""
        last = attempts[-1] if attempts else None
        finished = last.end.finished if last and last.end else None
        ending = decide.failed(
            Failed(failure=FailureClass.INTERNAL, vendor_cost=finished.vendor_cost if finished else None)
        )
        await self.end_job(job, ending, look_at=last if last and last.handle else None)

    async def end_unreadable(self, job_id: JobId) -> None:
        """Ends a job whose row cannot be loaded, by its id alone. Its hold is released; no webhook tells of it."""
        now = self._in.clock.now()
        failure = decide.failed(Failed(failure=FailureClass.INTERNAL)).failure

        def together(unit: Unit) -> bool:
            ended = failure is not None and store.end_unreadable(unit, job_id, failure, milliseconds(now))
            if ended:
                ledger.release(unit, job_id)
            return ended

        if await self._in.db.write(together):
            self._in.emit(JobUnreadable(job=job_id))

    async def _end_without_video(self, job: Job, attempt: Attempt, ending: decide.Ending, why: GiveUp) -> None:
        cost = ending.vendor_cost  # the vendor bills what it has made, whatever becomes of it
        last = replace(why.ending, vendor_cost=why.ending.vendor_cost or cost)
        if why.ending.failure is not None and why.ending.event == "failed":
            failed = Failed(
                failure=FailureClass(why.ending.failure.failure), vendor_text=why.reason, vendor_cost=cost
            )
            self._tell_attempt_end(job, attempt, AttemptEnd(kind="failed", failed=failed))
        await self.end_job(job, last, look_at=attempt if why.look_later else None)

    async def end_job(
        self,
        job: Job,
        ending: decide.Ending,
        made: Made = NOTHING,
        *,
        look_at: Attempt | None = None,
    ) -> None:
        """`look_at` is an attempt that its vendor is asked about later: it may yet bring a video or a bill."""
        now, files = self._in.clock.now(), made.files
        bill = bill_of(made.price, ending.vendor_cost, self._in.pricing, is_byok=job.is_byok)
        last = store.End(
            event=ending.event,
            at=milliseconds(now),
            files=files,
            failure=ending.failure,
            price=bill.charge.price if bill.charge else None,
            list_price=made.price,
            vendor_cost=ending.vendor_cost,
            expires_at=milliseconds(now + erasure.kept_seconds(job, self._in.retention)) if files else None,
        )
        delivery = announce(job, last, await self._urls(job, last))

        def together(unit: Unit) -> tuple[Nanos, Sequence[str]] | None:
            """What was not held, and the keys of inputs that nobody uses now; None if it had ended already."""
            if not store.end(unit, job, last):
                return None
            if delivery is not None:
                enqueue(unit, delivery, last.at)
            if look_at is not None and self._outlives(job, look_at):
                look_later(unit, look_at, milliseconds(now + store.LATE_LOOK))
            return book(unit, job.id, bill, now), erasure.erase(unit, job.id) if job.zdr else ()

        ended = await self._in.db.write(together, about=job.workspace)
        if ended is not None:
            overrun, unused = ended
            self._tell_job_end(job, last, overrun)
            self._tracing.end_job(job, last)
            await self._in.objects.delete(unused)

    async def end_attempt(self, job: Job, attempt: Attempt, end: AttemptEnd, *, goes_on: bool = False) -> None:
        """`goes_on` is whether the vendor may still be at work on it, or have its video."""
        now = self._in.clock.now()
        goes_on = goes_on and self._outlives(job, attempt)

        def together(unit: Unit) -> bool:
            is_first = store.end_attempt(unit, attempt, end, milliseconds(now))
            if is_first and goes_on:
                look_later(unit, attempt, milliseconds(now + store.LATE_LOOK))
            return is_first

        if await self._in.db.write(together):
            self._tell_attempt_end(job, attempt, end)
            self._tracing.end_attempt(job, attempt, end)

    def _outlives(self, job: Job, attempt: Attempt) -> bool:
        return self._in.lane_of(job, attempt).outlives and not job.zdr

    async def _urls(self, job: Job, last: store.End) -> list[str]:
        if not last.files or job.remarks.callback_url is None:
            return []
        workspace = await workspaces.get(self._in.db, job.workspace)
        return urls_of(job, last, self._in.links, workspace.link_secret)

    def _tell_attempt_end(self, job: Job, attempt: Attempt, end: AttemptEnd) -> None:
        failed = end.failed
        self._in.emit(
            AttemptEnded(
                job=job.id,
                attempt=attempt.n,
                endpoint=attempt.endpoint,
                credential=attempt.credential,
                end=end.kind,
                seconds=round(self._in.clock.now() - attempt.intent_at / 1000, 3),
                failure=end.failure.value if end.failure else None,
                vendor_code=failed.vendor_code if failed else None,
                vendor_text=failed.vendor_text if failed and not job.zdr else None,
            )
        )

    def _tell_job_end(self, job: Job, last: store.End, overrun: Nanos) -> None:
        self._in.emit(
            JobEnded(
                **job.log_context(),
                status=store.state_after(job, last),
                error_type=last.failure.error_type if last.failure else None,
                price=last.price,
                overrun=overrun,
                seconds=round((last.at - job.created_at) / 1000, 3),
            )
        )
