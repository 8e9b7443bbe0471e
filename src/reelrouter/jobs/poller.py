"""One poller per process: a heap of jobs by the hour they are next due, however many there are.

A wait ends with an outcome, a cancel that the backend agreed to, or the deadline. Nothing here touches the
database but through `on_drift` and `on_progress`, and that is called when something changed, at most once a
second a job.
"""

import asyncio
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from reelrouter.clock import Clock
from reelrouter.observe.events import CancelAnswered, Emit, PollFailed
from reelrouter.waiting import wait_at_most
from reelrouter.work import Backend, Drift, Failed, FailureClass, Finished, Handle, JobLost, NotAnswered, Running

_AT_ONCE = 256
"""Polls under way at one time in this process."""
_PROGRESS_SECONDS = 1.0
_JITTER = 0.1
_MOST_MISSES = 5
_LONGEST_PAUSE = 600.0
"""Seconds; a backend that asks for more is asked again after these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two polls of one job: from `first`, growing by half each time, up to `ceiling`."""

    first: float = 2.0
    ceiling: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A job to wait for."""

    job_id: str
    handle: Handle
    backend: Backend
    pace: Pace
    deadline: float
    """Unix seconds."""
    first_poll: float = 0.0
    """Seconds from now."""
    cancel: bool = False
    """Whether its owner wanted it to end before anybody waited for it."""
    on_progress: Callable[[float], None] = lambda _progress: None
    on_drift: Callable[[Drift], None] = lambda _drift: None
    describe: Callable[[Exception], str] = repr
    """What may be told of an error."""


Awaited = Finished | Failed | Literal["cancelled", "expired"]


@dataclass(slots=True)
class _Entry:
    watch: Watch
    done: asyncio.Future[Awaited]
    interval: float
    cancel: Literal["no", "wanted", "asked"] = "no"
    polling: bool = False
    nudged: bool = False
    progress: float = -1.0
    told_at: float = 0.0
    misses: int = 0
    """Polls in a row to which the backend knew no such job."""
    due: float = 0.0


@dataclass(order=True, slots=True)
class _Slot:
    due: float
    order: int
    entry: _Entry = field(compare=False)


class Poller:
    def __init__(
        self, clock: Clock, emit: Emit, note_lag: Callable[[float], None] = lambda _seconds: None
    ) -> None:
        """`note_lag` is told of each poll how many seconds after its hour it begins."""
        self._clock = clock
        self._emit = emit
        self._note_lag = note_lag
        self._heap: list[_Slot] = []
        self._entries: dict[str, _Entry] = {}
        self._order = 0
        self._looked_at = 0.0
        """The hour at which it last looked for what is due."""
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._polls: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Jobs that are being waited for."""
        return len(self._entries)

    async def wait(self, watch: Watch) -> Awaited:
        """Returns when the job ended, one way or another; however long it takes."""
        entry = _Entry(watch, asyncio.get_running_loop().create_future(), watch.pace.first)
        self._entries[watch.job_id] = entry
        self._schedule(entry, self._clock.now() + watch.first_poll)
        if watch.cancel:
            self.cancel(watch.job_id)
        try:
            return await entry.done
        finally:
            self._entries.pop(watch.job_id, None)

    def nudge(self, job_id: str) -> None:
        """Somebody heard that there is news of this job: look at once."""
        entry = self._entries.get(job_id)
        if entry is None:
            return
        if entry.polling:
            entry.nudged = True
        else:
            self._schedule(entry, self._clock.now())

    def cancel(self, job_id: str) -> None:
        """Asks the backend to stop, once; the wait goes on if it will not."""
        entry = self._entries.get(job_id)
        if entry is not None and entry.cancel == "no":
            entry.cancel = "wanted"
            self.nudge(job_id)

    async def run(self) -> None:
        """Polls what is due, until cancelled."""
        try:
            while True:
                self._changed.clear()
                delay = self._start_due()
                await wait_at_most(self._changed, delay)
        finally:
            for poll in self._polls:
                poll.cancel()
            await asyncio.gather(*self._polls, return_exceptions=True)

    def _schedule(self, entry: _Entry, due: float) -> None:
        entry.due = min(due, entry.watch.deadline)
        self._order += 1
        heapq.heappush(self._heap, _Slot(entry.due, self._order, entry))
        if self._heap[0].entry is entry:
            self._changed.set()

    def _start_due(self) -> float | None:
        """Starts every poll whose hour has come; the seconds until the next one, None if there is none."""
        now = self._clock.now()
        if now < self._looked_at:
            self._bring_forward(self._looked_at - now)
        self._looked_at = now
        while self._heap:
            slot = self._heap[0]
            if slot.due > now:
                return slot.due - now
            heapq.heappop(self._heap)
            # A slot that is not the entry's newest hour is left over from before a nudge.
            if slot.entry.due == slot.due and not slot.entry.polling and not slot.entry.done.done():
                slot.entry.polling = True
                poll = asyncio.ensure_future(self._look(slot.entry))
                self._polls.add(poll)
                poll.add_done_callback(self._polls.discard)
        return None

    def _bring_forward(self, seconds: float) -> None:
        """The clock was set back: what was to be asked in a moment would wait for as long as that."""
        for entry in self._entries.values():
            entry.due -= seconds
        slots = enumerate(self._entries.values())
        self._heap = [_Slot(entry.due, order, entry) for order, entry in slots if not entry.polling]
        self._order = len(self._entries)
        heapq.heapify(self._heap)

    async def _look(self, entry: _Entry) -> None:
        async with self._slots:
            self._note_lag(max(0.0, self._clock.now() - entry.due))
            result = await self._ask(entry)
        entry.polling = False
        if entry.done.done():
            return
        if result is not None:
            entry.done.set_result(result)
        elif self._clock.now() >= entry.watch.deadline:
            entry.done.set_result("expired")
        else:
            self._schedule(entry, self._next_due(entry))

    def _next_due(self, entry: _Entry) -> float:
        if entry.nudged or entry.cancel == "wanted":
            entry.nudged = False
            return self._clock.now()
        delay = entry.interval * random.uniform(1 - _JITTER, 1 + _JITTER)
        entry.interval = min(entry.interval * 1.5, entry.watch.pace.ceiling)
        return self._clock.now() + delay

    async def _ask(self, entry: _Entry) -> Awaited | None:
        """None while the job is still running, or its backend could not be asked."""
        watch = entry.watch
        try:
            if entry.cancel == "wanted":
                entry.cancel = "asked"
                answer = await watch.backend.cancel(watch.handle)
                self._emit(CancelAnswered(job=watch.job_id, endpoint=watch.handle.endpoint, answer=answer))
                if answer == "cancelled":
                    return "cancelled"
            outcome = await watch.backend.poll(watch.handle)
        except JobLost as lost:
            return self._missed(entry, lost)
        except Exception as error:  # noqa: BLE001 - a paid job is not thrown away over a bad poll: it is asked again
            self._emit(PollFailed(job=watch.job_id, endpoint=watch.handle.endpoint, reason=watch.describe(error)))
            if isinstance(error, Drift):
                watch.on_drift(error)
            if isinstance(error, NotAnswered) and error.retry_after is not None:
                entry.interval = max(entry.interval, min(error.retry_after, _LONGEST_PAUSE))
            return None
        entry.misses = 0
        if isinstance(outcome, Running):
            self._note(entry, outcome)
            return None
        return outcome

    def _missed(self, entry: _Entry, lost: JobLost) -> Failed | None:
        """What its backend does not know once may only be too new; what it never knows again is over there."""
        watch = entry.watch
        self._emit(PollFailed(job=watch.job_id, endpoint=watch.handle.endpoint, reason=watch.describe(lost)))
        entry.misses += 1
        if entry.misses < _MOST_MISSES:
            return None
        return Failed(failure=FailureClass.EXPIRED, vendor_code="not_found", vendor_text=str(lost))

    def _note(self, entry: _Entry, running: Running) -> None:
        if running.poll_after is not None:
            entry.interval = running.poll_after
        now = self._clock.now()
        progress = running.progress
        if progress is None or progress <= entry.progress or 0 <= now - entry.told_at < _PROGRESS_SECONDS:
            return
        entry.progress = progress
        entry.told_at = now
        entry.watch.on_progress(progress)
