"""Looking at jobs, and ending them: get, wait, list, cancel, delete."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from reelrouter.accounts import ledger
from reelrouter.accounts.keys import Caller
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.errors import Conflict, NotFound
from reelrouter.gateway import cursors
from reelrouter.gateway.answers import JobAnswer, answer_of
from reelrouter.gateway.stations import Stations
from reelrouter.ids import JobId
from reelrouter.jobs import decide, erasure, store
from reelrouter.jobs.announce import announce
from reelrouter.jobs.listing import END_OF_TIME, Filter, Page, list_jobs
from reelrouter.jobs.machine import State, is_terminal
from reelrouter.jobs.model import Job, JobView
from reelrouter.observe.events import JobEnded
from reelrouter.waiting import wait_at_most
from reelrouter.webhooks.store import enqueue

_CANCEL_PATIENCE = 1.0
"""Seconds that a cancel waits to hear what came of it."""
_GONE_SECONDS = 1.0
"""How often somebody who waits is asked whether they are still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    jobs: tuple[JobAnswer, ...]
    next_cursor: str | None


class Jobs:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    async def get(self, caller: Caller, job_id: str) -> JobAnswer:
        """Raises `NotFound` for a job that is not this caller's, in the words used for one that never was."""
        return await answer_of(await self._view(caller, job_id), self._at)

    async def wait(
        self, caller: Caller, job_id: str, seconds: float, is_gone: Callable[[], Awaitable[bool]]
    ) -> JobAnswer:
        """The job once it has ended, or as it is after `seconds`, or when it is no use to wait any longer."""
        until = asyncio.get_running_loop().time() + seconds
        async with self._at.signals.subscribe(job_id) as changed:
            while True:
                view = await self._view(caller, job_id)
                left = until - asyncio.get_running_loop().time()
                if is_terminal(State(view.status)) or left <= 0 or self._at.signals.is_over or await is_gone():
                    return await answer_of(view, self._at)
                await wait_at_most(changed, min(left, _GONE_SECONDS))
                changed.clear()

    async def watch(
        self, caller: Caller, job_id: str, seen: int | None, pause: float
    ) -> AsyncIterator[JobAnswer | None]:
        """The job whenever it has changed since version `seen`, until its end or this process's; None after a
        `pause` without news.

        Raises `NotFound` as `get` does, also when the job is deleted meanwhile.
        """
        async with self._at.signals.subscribe(job_id) as changed:
            while True:
                view = await self._view(caller, job_id)
                yield await answer_of(view, self._at) if view.version != seen else None
                seen = view.version
                if is_terminal(State(view.status)) or self._at.signals.is_over:
                    return
                await wait_at_most(changed, pause)
                changed.clear()

    async def list_jobs(self, caller: Caller, wanted: Filter, limit: int, cursor: str | None) -> JobPage:
        """The newest first. `cursor` is a former page's; raises `InvalidRequest` for any other text."""
        page = Page(
            workspace=caller.workspace,
            mode=caller.mode,
            most=limit + 1,
            before=cursors.read(cursor) if cursor else END_OF_TIME,
            filter=replace(wanted, model=self._model_id(wanted.model)),
        )
        views = await list_jobs(self._at.db, page)
        answers = [await answer_of(view, self._at) for view in views[:limit]]
        next_cursor = cursors.after(views, limit, lambda view: (view.created_at, view.id))
        return JobPage(jobs=tuple(answers), next_cursor=next_cursor)

    async def cancel(self, caller: Caller, job_id: str) -> tuple[JobAnswer, str]:
        """The job as it is then, and what came of the wish: `cancelled` or `cancel_requested`.

        Raises `Conflict` for a job that has ended.
        """
        view = await self._view(caller, job_id)
        if is_terminal(State(view.status)):
            raise Conflict(f"Job {job_id} is {view.status} and cannot be cancelled any more.")
        now = self._at.clock.now()
        ended = await self._at.db.write(lambda unit: _cancel(unit, JobId(job_id), now))
        if ended is not None:
            self._at.emit(_end_of(ended.job, now))
            await self._at.objects.delete(ended.unused)
        answer = await self.wait(caller, job_id, _CANCEL_PATIENCE, _still_there)
        outcome = "cancelled" if answer.view.status == State.CANCELLED else "cancel_requested"
        return answer, outcome

    async def delete(self, caller: Caller, job_id: str) -> None:
        """Removes the job and its files. Raises `Conflict` while it runs."""
        view = await self._view(caller, job_id)
        now_ms = milliseconds(self._at.clock.now())
        unused = await self._at.db.write(lambda unit: store.mark_deleted(unit, JobId(job_id), now_ms))
        if unused is None:
            raise Conflict(f"Job {job_id} is {view.status}; cancel it before you delete it.")
        # At once, and not with the next sweep; that one finds what a crash leaves here.
        await self._at.objects.delete_below(f"outputs/{job_id}")
        await self._at.objects.delete(unused)
        await self._at.db.write(lambda unit: store.drop_outputs(unit, JobId(job_id), now_ms))

    def _model_id(self, name: str | None) -> str | None:
        """A model goes by its id, also for those who know it by another name; one that is gone does, too."""
        known = self._at.catalogue.find(name) if name is not None else None
        return known.id if known else name

    async def _view(self, caller: Caller, job_id: str) -> JobView:
        view = await store.view(self._at.db, job_id)
        if view is None or (view.workspace, view.mode) != (caller.workspace, caller.mode):
            raise NotFound(f"Job {job_id} not found")
        return view


async def _still_there() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    job: Job
    unused: Sequence[str]
    """The storage keys of inputs that nobody uses now."""


def _end_of(job: Job, now: float) -> JobEnded:
    return JobEnded(
        **job.log_context(),
        status=State.CANCELLED.value,
        error_type=decide.CANCELLED.failure.error_type if decide.CANCELLED.failure else None,
        price=None,
        overrun=0,
        seconds=round(now - job.created_at / 1000, 3),
    )


def _cancel(unit: Unit, job_id: JobId, now: float) -> _Ended | None:
    """Ends a job that nobody has started. Any other is marked, its engine asks the backend, and this is None."""
    store.request_cancel(unit, job_id, milliseconds(now))
    job = store.unstarted(unit, job_id)
    if job is None or not store.end_unstarted(unit, job_id, decide.CANCELLED, milliseconds(now)):
        return None
    ledger.release(unit, job_id)
    last = store.End(event=decide.CANCELLED.event, at=milliseconds(now), failure=decide.CANCELLED.failure)
    delivery = announce(job, last)
    if delivery is not None:
        enqueue(unit, delivery, last.at)
    return _Ended(job=job, unused=erasure.erase(unit, job_id))
