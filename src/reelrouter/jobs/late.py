"""Asks vendors what became of attempts that outlived their jobs: a job's end does not end what is made for it.

A video that comes late is stored for the job's owner and charged to nobody, what the vendor billed is written
down, and the operator is told. The job's state, its price and its webhook stay as they are.
"""

import asyncio
from functools import partial

from sqlalchemy import bindparam, func, select

from reelrouter.accounts import ledger
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Row, Unit
from reelrouter.db.tables import attempts
from reelrouter.ids import JobId
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.looking import look_at, look_later
from reelrouter.jobs.model import Attempt, Job, sound
from reelrouter.jobs.storing import Kept, Storing, tried_of
from reelrouter.jobs.workshop import Workshop
from reelrouter.money import Nanos
from reelrouter.observe.events import LateOutcome, TaskCrashed
from reelrouter.work import Blob, Failed, FailureClass, Finished, JobLost, Outcome, Running, StoredFile

_LONGEST_PAUSE = 600.0
_PATIENCE = 24 * 3600.0
_MISSING_PATIENCE = 3600.0
"""The same where a vendor says that it knows no such job."""
_INTERVAL = 15.0
_AT_ONCE = 50
_STORING = 8
"""Late videos that are loaded and stored at one time: those of jobs under way do not wait for them."""
_POLL_SECONDS = 60.0
_STORE_SECONDS = 600.0

_SINCE = func.coalesce(attempts.c.ended_at, attempts.c.intent_at)
_DUE = (
    select(
        attempts.c.job_id, attempts.c.n, func.coalesce(attempts.c.ended_at, attempts.c.intent_at).label("since")
    )
    .where(attempts.c.look_at <= bindparam("now"))
    .order_by(attempts.c.look_at)
    .limit(bindparam("most"))
)


class Latecomers:
    def __init__(self, workshop: Workshop) -> None:
        self._in = workshop
        self._storing = Storing(workshop, _STORING)
        self._looks: dict[tuple[str, int], asyncio.Task[None]] = {}
        """Those under way, by job and attempt."""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.begin()
                await asyncio.sleep(_INTERVAL)
        finally:
            for look in self._looks.values():
                look.cancel()
            await asyncio.gather(*self._looks.values(), return_exceptions=True)

    async def sweep(self) -> int:
        """Looks at each that is due now, and waits for what comes of it; how many there were."""
        begun = await self.begin()
        await asyncio.gather(*begun)
        return len(begun)

    async def begin(self) -> list[asyncio.Task[None]]:
        """Begins to look at each that is due now: one that takes its time does not hold up the others."""
        due = await self._in.db.rows(_DUE, now=self._in.now_ms(), most=_AT_ONCE)
        new = {(row["job_id"], row["n"]): row for row in due if (row["job_id"], row["n"]) not in self._looks}
        for name, row in new.items():
            look = self._looks[name] = asyncio.ensure_future(self._look_anyway(row))
            look.add_done_callback(partial(self._forget, name))
        return [self._looks[name] for name in new]

    def _forget(self, name: tuple[str, int], _look: object) -> None:
        self._looks.pop(name, None)

    async def _look_anyway(self, row: Row) -> None:
        """A job that cannot be looked at must not keep the others from it, nor be looked at without end."""
        try:
            await self._look(row["job_id"], row["n"])
        except Exception as error:  # noqa: BLE001 - see above; it is told
            self._in.emit(TaskCrashed(task="late look", error=repr(error)))
            now_ms = self._in.now_ms()
            is_over = now_ms - row["since"] >= _PATIENCE * 1000
            then = None if is_over else now_ms + milliseconds(_LONGEST_PAUSE)
            await self._in.db.write(lambda unit: look_at(unit, row["job_id"], row["n"], then))

    async def _look(self, job_id: JobId, n: int) -> None:
        made = await store.list_attempts(self._in.db, job_id)
        job, attempt = await store.get_even_deleted(self._in.db, job_id), made[n]
        if not job.is_over:  # an engine was away between the attempt's end and the job's
            then = self._in.now_ms() + milliseconds(store.LATE_LOOK)
            await self._in.db.write(lambda unit: look_later(unit, attempt, then))
            return
        lane = self._in.lanes.get(decide.route_of(attempt, job).queue)
        outcome, told = await _asked(lane, attempt)
        try:
            await self._follow(job, attempt, (outcome, told))
        finally:
            # Some vendors hand their video over with every answer; what was stored is gone from there already.
            await self._storing.discard(_blobs_of(outcome))

    async def _follow(self, job: Job, attempt: Attempt, said: tuple[Outcome | None, str]) -> None:
        outcome, told = said
        files: tuple[StoredFile, ...] | None = ()
        if isinstance(outcome, Finished) and not job.outputs:
            files = await self._stored(job, attempt, outcome)
        now, since = self._in.clock.now(), (attempt.ended_at or attempt.intent_at) / 1000
        if now - since < (_MISSING_PATIENCE if told == "lost" else _PATIENCE) and _is_open(outcome, files):
            pause = min(max(store.LATE_LOOK, (now - since) / 2), _LONGEST_PAUSE)
            await self._in.db.write(lambda unit: look_later(unit, attempt, milliseconds(now + pause)))
            return
        await self._close(job, attempt, outcome, (told, files or ()))

    async def _stored(self, job: Job, attempt: Attempt, finished: Finished) -> tuple[StoredFile, ...] | None:
        """One try; None where another may bring more."""
        kept: Kept = {}
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await self._storing.try_once(job, attempt, finished, kept)
        except Exception as error:  # noqa: BLE001 - there is a day for it, and each look is a try
            return () if tried_of(error).final or not finished.outputs else None
        finally:
            await self._storing.discard(kept)

    async def _close(
        self, job: Job, attempt: Attempt, outcome: Outcome | None, found: tuple[str, tuple[StoredFile, ...]]
    ) -> None:
        """The last look: what was found is written down."""
        (told, files), now = found, self._in.clock.now()
        cost = outcome.vendor_cost if isinstance(outcome, Finished | Failed) else None
        until = milliseconds(now + erasure.kept_seconds(job, self._in.retention))

        def together(unit: Unit) -> bool:
            look_later(unit, attempt, None)
            # On a key of the workspace's own the bill is not ours; what the job's end has booked is no new one.
            if cost and not attempt.is_byok and not _is_billed(attempt):
                ledger.note_vendor_cost(unit, job.id, attempt.n, Nanos(cost), now)
            return bool(files) and store.add_outputs(unit, job.id, files, milliseconds(now), until)

        kept = await self._in.db.write(together)
        if files and not kept:  # the job was deleted meanwhile
            await self._in.objects.delete(file.key for file in files)
        self._in.emit(
            LateOutcome(
                job=job.id,
                attempt=attempt.n,
                endpoint=attempt.endpoint,
                outcome=told,
                stored=len(files) if kept else 0,
                vendor_cost=cost,
            )
        )


def _is_open(outcome: Outcome | None, files: tuple[StoredFile, ...] | None) -> bool:
    """Whether another look may bring more. A job that is done and names no video may name it later."""
    is_empty = isinstance(outcome, Failed) and outcome.failure is FailureClass.OUTPUT_INVALID
    return outcome is None or files is None or is_empty


def _is_billed(attempt: Attempt) -> bool:
    said = attempt.end and (attempt.end.finished or attempt.end.failed)
    return bool(said and said.vendor_cost)


def _blobs_of(outcome: Outcome | None) -> Kept:
    outputs = outcome.outputs if isinstance(outcome, Finished) else ()
    return {index: one for index, one in enumerate(outputs) if isinstance(one, Blob)}


async def _asked(lane: Lane | None, attempt: Attempt) -> tuple[Outcome | None, str]:
    """How it ended, and in one word; without an outcome while it is not known."""
    if lane is None or attempt.handle is None:
        return None, "unknown"
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            outcome = sound(await lane.backend.poll(attempt.handle))
    except JobLost:
        return None, "lost"
    except Exception:  # noqa: BLE001 - whatever kept it from answering, it is asked again
        return None, "unknown"
    if isinstance(outcome, Running):
        return None, "unknown"
    return outcome, "finished" if isinstance(outcome, Finished) else outcome.failure.value
