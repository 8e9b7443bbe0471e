"""The ends of attempts and jobs: what was made is stored, then state, ledger, hold and webhook are one write."""

from collections.abc import Sequence

from reelrouter.accounts import workspaces
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.jobs import decide, erasure, late, store
from reelrouter.jobs.announce import announce, urls_of
from reelrouter.jobs.charging import bill_of, book, list_price
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.jobs.tracing import Tracing, place_of
from reelrouter.jobs.workshop import Workshop
from reelrouter.money import Nanos
from reelrouter.observe.events import AttemptEnded, JobEnded
from reelrouter.webhooks.store import enqueue
from reelrouter.work import Failed, FailureClass, Finished, OutputInvalid, StoredFile


class Endings:
    def __init__(self, workshop: Workshop, tracing: Tracing) -> None:
        self._in = workshop
        self._tracing = tracing

    async def finish(self, job: Job, attempts: Sequence[Attempt], ending: decide.Ending) -> None:
        files: tuple[StoredFile, ...] = ()
        if ending.finished is not None:
            try:
                with self._tracing.doing("ingest", place_of(job)):
                    files = await self._store(job, attempts[-1], ending.finished)
            except OutputInvalid as refused:
                cost = ending.vendor_cost  # the vendor bills what it has made, whatever it is
                failure = Failed(failure=FailureClass.OUTPUT_INVALID, vendor_text=refused.reason, vendor_cost=cost)
                ending = decide.failed(failure)
                self._tell_attempt_end(job, attempts[-1], AttemptEnd(kind="failed", failed=failure))
        listed = list_price(job.plan_of(attempts[-1]), files[0]) if files else None
        await self.end_job(job, ending, files, listed)

    async def end_job(
        self,
        job: Job,
        ending: decide.Ending,
        files: tuple[StoredFile, ...] = (),
        listed: Nanos | None = None,
    ) -> None:
        now = self._in.clock.now()
        bill = bill_of(listed, ending.vendor_cost, self._in.pricing, is_byok=job.is_byok)
        last = store.End(
            event=ending.event,
            at=milliseconds(now),
            files=files,
            failure=ending.failure,
            price=bill.charge.price if bill.charge else None,
            list_price=listed,
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
            return book(unit, job.id, bill, now), erasure.erase(unit, job.id) if job.zdr else ()

        ended = await self._in.db.write(together, about=job.workspace)
        if ended is not None:
            overrun, unused = ended
            self._tell_job_end(job, last, overrun)
            self._tracing.end_job(job, last)
            await self._in.objects.delete(unused)

    async def end_attempt(self, job: Job, attempt: Attempt, end: AttemptEnd) -> None:
        now = self._in.clock.now()
        goes_on = end.kind == "expired" and self._in.lane_of(job, attempt).outlives and not job.zdr

        def together(unit: Unit) -> bool:
            is_first = store.end_attempt(unit, attempt, end, milliseconds(now))
            if is_first and goes_on:
                late.look_later(unit, attempt, milliseconds(now + late.FIRST_LOOK))
            return is_first

        if await self._in.db.write(together):
            self._tell_attempt_end(job, attempt, end)
            self._tracing.end_attempt(job, attempt, end)

    async def _store(self, job: Job, attempt: Attempt, finished: Finished) -> tuple[StoredFile, ...]:
        if not finished.outputs or attempt.handle is None:
            raise OutputInvalid("the backend finished without an output")
        files: list[StoredFile] = []
        for index, output in enumerate(finished.outputs):
            key = f"outputs/{job.id}/{index}.mp4"
            stored = await self._in.ingest.find(key)  # by a run before this one, which a crash ended
            if stored is None:
                blob = await self._in.lane_of(job, attempt).backend.collect(attempt.handle, output)
                stored = await self._in.ingest.ingest(blob, key)
            files.append(stored)
        return tuple(files)

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
