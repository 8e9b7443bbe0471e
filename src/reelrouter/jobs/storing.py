"""Takes finished videos into our storage, trying again until they are there or `verdict` says that it is enough.

What a vendor has finished is paid for. Its file may come late, and our own storage may be away for a while;
neither may cost the video while its vendor still has it. A try holds a permit and the pause after it none, so
that one vendor's slow files keep nobody else waiting.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, assert_never

from reelrouter.clock import milliseconds
from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import StorageFailed
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.model import Attempt, Job
from reelrouter.jobs.permits import Permits
from reelrouter.jobs.trouble import FILE_SECONDS, LONGEST_REST, Trouble, kind_of
from reelrouter.jobs.workshop import Workshop
from reelrouter.observe.events import StoringFailed
from reelrouter.work import (
    Blob,
    Drift,
    Failed,
    FailureClass,
    Finished,
    JobLost,
    NotAnswered,
    Output,
    OutputInvalid,
    Running,
    StoredFile,
    TroubleKind,
)

T = TypeVar("T")
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
_LONGEST_PAUSE = 30.0
"""Seconds between two tries: also how long it may take until a cancel is noticed."""
_KEPT_REASON = 500
"""Characters."""

_INVALID = decide.failed(Failed(failure=FailureClass.OUTPUT_INVALID))

Kept = dict[int, Blob]
"""Outputs that were loaded and are not stored yet, by their index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A try that brought no video."""

    kind: TroubleKind
    reason: str
    final: bool = False
    """Whether another try would find the same."""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """The job ends without its video."""

    ending: decide.Ending
    reason: str
    """For operators."""
    look_later: bool = True
    """Whether the vendor may still have it, so that it is asked for again after the job's end."""


def verdict(tried: Tried, tries: int, began: float, job: Job, now: float) -> Again | GiveUp:
    """What follows the `tries`th try without a video, the first of which was at `began`; pure."""
    if tried.final:
        return GiveUp(ending=_INVALID, reason=tried.reason, look_later=False)
    if job.cancel_requested_at is not None:
        return GiveUp(ending=decide.CANCELLED, reason=tried.reason)
    left = job.deadline_at / 1000 - now
    if tried.kind == "file" and (left <= 0 or now - began >= FILE_SECONDS):
        return GiveUp(ending=_INVALID, reason=tried.reason)
    if left <= 0:
        return GiveUp(ending=decide.EXPIRED, reason=tried.reason)
    pause = _PAUSES[tries - 1] if tries <= len(_PAUSES) else _LONGEST_PAUSE
    wanted = min(tried.retry_after or 0.0, LONGEST_REST)
    return Again(seconds=min(max(pause, wanted), left))


def tried_of(error: Exception) -> Tried:
    """What a try's error says. What nobody expected is our own trouble, and passes like any other."""
    match error:
        case FileNotFoundError():
            return Tried(kind="file", reason="the file that was loaded is gone")
        case OutputInvalid():
            return Tried(kind="file", reason=error.reason, final=error.final, retry_after=error.retry_after)
        case NotAnswered():
            return Tried(kind=kind_of(error), reason=str(error), retry_after=error.retry_after)
        case Drift() | JobLost():
            return Tried(kind="file", reason=str(error))
        case _:
            return Tried(kind="storage", reason=str(error) or type(error).__name__)


class Storing:
    def __init__(self, workshop: Workshop, at_once: int) -> None:
        """At most `at_once` videos are loaded and stored at one time."""
        self._in = workshop
        self._permits = Permits(at_once)

    async def store(self, job: Job, attempt: Attempt, finished: Finished) -> tuple[StoredFile, ...] | GiveUp:
        """However long it takes."""
        began, tries = self._in.clock.now(), 0
        kept: Kept = {}
        while True:
            try:
                return await self._watched(job, self.try_once(job, attempt, finished, kept))
            except Exception as error:  # noqa: BLE001 - a finished video is not thrown away over one bad try
                tried = tried_of(error)
            tries += 1
            job = await self._newest(job)
            step = verdict(tried, tries, began, job, self._in.clock.now())
            await self._tell(job, attempt, tried, step)
            if isinstance(step, GiveUp):
                await self.discard(kept)
                return await self._those_stored(job, finished) or step
            job = await self._rested(job, step.seconds)
            if tried.kind in ("file", "unanswered"):
                renewed = await self._renewed(job, attempt, kept)
                if isinstance(renewed, Failed):
                    await self.discard(kept)
                    reason = renewed.vendor_text or "the vendor says that it failed after all"
                    return GiveUp(ending=decide.failed(renewed), reason=reason, look_later=False)
                finished = renewed or finished

    async def try_once(self, job: Job, attempt: Attempt, finished: Finished, kept: Kept) -> tuple[StoredFile, ...]:
        """Stores all outputs, or raises what kept it from that.

        What was loaded stays in `kept`: our own trouble does not have a file loaded twice.
        """
        if not finished.outputs or attempt.handle is None:
            raise OutputInvalid("the backend finished without an output", final=attempt.handle is None)
        files: list[StoredFile] = []
        trouble: OutputInvalid | None = None
        async with self._permits.of(decide.route_of(attempt, job).queue):
            for one in enumerate(finished.outputs):
                try:
                    files.append(await self._stored(job, attempt, one, kept))
                except OutputInvalid as error:  # the others may be there
                    trouble = trouble or error
        if trouble is not None:
            raise trouble
        return tuple(files)

    async def _stored(self, job: Job, attempt: Attempt, one: tuple[int, Output], kept: Kept) -> StoredFile:
        index, output = one
        key = _key_of(job, index)
        stored = await self._in.ingest.find(key)  # by a run before this one, which a crash ended
        if stored is not None:
            return stored
        if index not in kept and attempt.handle is not None:
            kept[index] = await self._in.lane_of(job, attempt).backend.collect(attempt.handle, output)
        try:
            return await self._in.ingest.ingest(kept[index], key)
        except OutputInvalid:
            await self._discard([kept.pop(index)])
            raise

    async def _those_stored(self, job: Job, finished: Finished) -> tuple[StoredFile, ...]:
        """Some vendors name a picture among a job's videos: the videos are delivered all the same."""
        if job.cancel_requested_at is not None or len(finished.outputs) < 2:
            return ()
        try:
            found = [await self._in.ingest.find(_key_of(job, index)) for index in range(len(finished.outputs))]
        except StorageFailed:
            return ()
        return tuple(one for one in found if one is not None)

    async def _watched(self, job: Job, trying: Coroutine[Any, Any, T]) -> T:
        """A try that is broken off where it is not worth its time any more: a trickle can last for an hour."""
        task, began = asyncio.ensure_future(trying), self._in.clock.now()
        try:
            while not (await asyncio.wait({task}, timeout=self._in.look_seconds))[0]:
                job, now = await self._newest(job), self._in.clock.now()
                is_late = now >= max(job.deadline_at / 1000, began + FILE_SECONDS)
                if is_late or job.cancel_requested_at is not None:
                    raise OutputInvalid("its file did not come in time")
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _renewed(self, job: Job, attempt: Attempt, kept: Kept) -> Finished | Failed | None:
        """What the vendor says now: another address perhaps, or that it failed after all; None for nothing new."""
        if attempt.handle is None:
            return None
        try:
            outcome = await self._in.lane_of(job, attempt).backend.poll(attempt.handle)
        except Exception:  # noqa: BLE001 - what the vendor said before still counts
            return None
        match outcome:
            case Finished() if outcome.outputs:
                again = [one for index, one in enumerate(outcome.outputs) if index in kept]
                await self._discard([one for one in again if isinstance(one, Blob) and one not in kept.values()])
                return outcome
            case Failed() if outcome.failure is not FailureClass.OUTPUT_INVALID:
                return outcome
            case Running() | Finished() | Failed():
                return None
            case _:
                assert_never(outcome)

    async def _rested(self, job: Job, seconds: float) -> Job:
        """Waits, and no longer than until a cancel is noticed."""
        while seconds > 0 and job.cancel_requested_at is None:
            await self._in.rest(min(seconds, _LONGEST_PAUSE))
            seconds -= _LONGEST_PAUSE
            job = await self._newest(job)
        return job

    async def _newest(self, job: Job) -> Job:
        """As its row is now, or was when the database was last there."""
        try:
            return await store.get_even_deleted(self._in.db, job.id)
        except DatabaseGone:
            return job

    async def _tell(self, job: Job, attempt: Attempt, tried: Tried, step: Again | GiveUp) -> None:
        reason = erasure.fit_to_log(job, tried.reason)[:_KEPT_REASON]
        pause = step.seconds if isinstance(step, Again) else None
        self._in.emit(
            StoringFailed(job=job.id, endpoint=attempt.endpoint, kind=tried.kind, reason=reason, retry_in=pause)
        )
        trouble = Trouble(kind=tried.kind, since=milliseconds(self._in.clock.now()), reason=reason)
        with suppress(DatabaseGone):  # it is only for people to look at
            await self._in.db.write(lambda unit: store.note_trouble(unit, attempt, trouble))

    async def discard(self, kept: Kept) -> None:
        """Removes what was loaded and not stored."""
        await self._discard(kept.values())

    async def _discard(self, blobs: Iterable[Blob]) -> None:
        for blob in list(blobs):
            await self._in.objects.in_thread(partial(blob.path.unlink, missing_ok=True))


def _key_of(job: Job, index: int) -> str:
    return f"outputs/{job.id}/{index}.mp4"
