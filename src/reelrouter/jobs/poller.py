"""One poller per process: a heap of jobs by the time they are next due, however many there are.

A wait ends with an outcome, a cancel, the deadline, or a trouble that lasted too long (`trouble`). Nothing here
touches the database but through the `on_…` callables of a `Watch`, which are called when something changed:
progress at most once a second a job, trouble when it begins, becomes another and ends.
"""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from reelrouter.clock import Clock
from reelrouter.jobs import trouble
from reelrouter.jobs.pace import PollPlan
from reelrouter.jobs.trouble import CALM, Bout, Trouble
from reelrouter.observe.events import CancelAnswered, Emit, PollFailed
from reelrouter.waiting import wait_at_most
from reelrouter.work import Backend, Drift, Failed, Finished, Handle, NotAnswered, Outcome, Running

_AT_ONCE = 256
"""Polls under way at one time in this process."""
_POLL_SECONDS = 120.0
"""For one poll; backends have shorter limits of their own."""
_PROGRESS_SECONDS = 1.0
_SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds: a backend that names its own pace is asked no more often and no more rarely than this."""
_TOLD_AFTER = 2
"""Polls in a row that did not help, before it is worth writing down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A job to wait for."""

    job_id: str
    handle: Handle
    backend: Backend
    plan: PollPlan
    deadline: float
    """Unix seconds."""
    accepted_at: float
    """When its backend took it, in Unix seconds."""
    first_poll: float = 0.0
    """Seconds from now."""
    cancel: bool = False
    """Whether its owner wanted it to end before anybody waited for it."""
    on_progress: Callable[[float], None] = lambda _progress: None
    on_drift: Callable[[Drift], None] = lambda _drift: None
    on_trouble: Callable[[Trouble | None], None] = lambda _trouble: None
    """None says that polls are understood again."""
    on_finish: Callable[[float], None] = lambda _seconds: None
    """Told how many seconds after the acceptance the video was finished, as well as polls can tell."""
    describe: Callable[[Exception], str] = repr
    """What may be told of an error."""
    sound: Callable[[Outcome], Outcome] = lambda outcome: outcome
    """Makes of an outcome one that can be stored and loaded again. Raises `Drift` where that cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """The wait ended by this gateway's own decision: the backend may have the job still, and may finish it."""

    end: Failed | Literal["cancelled"]


Awaited = Finished | Failed | Abandoned | Literal["cancelled", "expired"]


@dataclass(slots=True)
class _Entry:
    watch: Watch
    done: asyncio.Future[Awaited]
    cancel: Literal["no", "wanted", "asked"] = "no"
    cancel_asked_at: float = inf
    polling: bool = False
    nudged: bool = False
    polls: int = 0
    """Answered or not."""
    running_at: float = 0.0
    """When the backend last said that it works on the job; at first, when it took it."""
    progress: float = -1.0
    told_at: float = 0.0
    bout: Bout = CALM
    failures: int = 0
    """Polls in a row that did not help."""
    told: Trouble | None = None
    """What `on_trouble` was last called with."""
    pause: float | None = None
    """Seconds that the backend asked for with its last answer."""
    not_before: float = 0.0
    """The backend asked to be left alone until then; no nudge overrules that."""
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
        """`note_lag` is told of each poll how many seconds after its time it begins."""
        self._clock = clock
        self._emit = emit
        self._note_lag = note_lag
        self._heap: list[_Slot] = []
        self._entries: dict[str, _Entry] = {}
        self._order = 0
        self._looked_at = 0.0
        """When it last looked for what is due."""
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._polls: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Jobs that are being waited for."""
        return len(self._entries)

    async def wait(self, watch: Watch) -> Awaited:
        """Returns when the job ended, one way or another; however long it takes."""
        entry = _Entry(watch, asyncio.get_running_loop().create_future(), running_at=watch.accepted_at)
        self._entries[watch.job_id] = entry
        self._schedule(entry, self._clock.now() + watch.first_poll)
        if watch.cancel:
            self.cancel(watch.job_id)
        try:
            return await entry.done
        finally:
            if self._entries.get(watch.job_id) is entry:  # else another run of the job waits for it by now
                del self._entries[watch.job_id]

    def nudge(self, job_id: str) -> None:
        """Somebody heard that there is news of this job: look at once."""
        entry = self._entries.get(job_id)
        if entry is None:
            return
        if entry.polling:
            entry.nudged = True
        else:
            self._schedule(entry, max(self._clock.now(), entry.not_before))

    def cancel(self, job_id: str) -> None:
        """Asks the backend to stop, once; the wait goes on if it will not."""
        entry = self._entries.get(job_id)
        if entry is not None and entry.cancel == "no":
            entry.cancel = "wanted"
            entry.not_before = 0.0  # a cancel is no poll, and comes once
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
            entry.not_before -= seconds
        slots = enumerate(self._entries.values())
        self._heap = [_Slot(entry.due, order, entry) for order, entry in slots if not entry.polling]
        self._order = len(self._entries)
        heapq.heapify(self._heap)

    async def _look(self, entry: _Entry) -> None:
        try:
            async with self._slots:
                self._note_lag(max(0.0, self._clock.now() - entry.due))
                result = await self._ask(entry)
        except Exception as error:  # noqa: BLE001 - a wait that nobody polls for any more must not look alive
            if not entry.done.done():
                entry.done.set_exception(error)
            return
        entry.polling = False
        entry.polls += 1
        if entry.done.done():
            return
        if result is not None:
            entry.done.set_result(result)
        elif self._clock.now() >= entry.watch.deadline:
            entry.done.set_result("expired")
        else:
            self._schedule(entry, self._next_due(entry))

    def _next_due(self, entry: _Entry) -> float:
        now = self._clock.now()
        if entry.cancel == "wanted":
            return now
        pause = entry.pause
        if pause is None:
            pause = entry.watch.plan.after(now - entry.watch.accepted_at, entry.polls)
        if entry.nudged:
            entry.nudged, pause = False, 0.0
        due = max(now + pause, entry.not_before)
        # Whoever wants to cancel does not wait for as long as a vendor in trouble wants to be left alone.
        return min(due, max(now, entry.cancel_asked_at + trouble.CANCEL_SECONDS)) if entry.failures else due

    async def _ask(self, entry: _Entry) -> Awaited | None:
        """None while the job is still running, or its backend could not be asked."""
        watch = entry.watch
        if entry.cancel == "asked" and trouble.may_leave(entry.bout, entry.cancel_asked_at, self._clock.now()):
            return Abandoned(end="cancelled")
        if entry.cancel == "wanted" and await self._cancelled(entry):
            return "cancelled"
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                outcome = trouble.with_video(watch.sound(await watch.backend.poll(watch.handle)))
        except Exception as error:  # noqa: BLE001 - a paid job is not thrown away over a bad poll: it is asked again
            return self._failed(entry, error)
        self._calm(entry)
        if isinstance(outcome, Running):
            self._note(entry, outcome)
            return None
        if isinstance(outcome, Finished):
            # It ended at some time between two polls.
            watch.on_finish((entry.running_at + self._clock.now()) / 2 - watch.accepted_at)
        return outcome

    async def _cancelled(self, entry: _Entry) -> bool:
        """Asks the backend to stop, once; whether it did."""
        watch = entry.watch
        entry.cancel, entry.cancel_asked_at = "asked", self._clock.now()
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                answer = await watch.backend.cancel(watch.handle)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from stopping, the poll tells how the job is
            self._tell(entry, error)
            return False
        self._emit(CancelAnswered(job=watch.job_id, endpoint=watch.handle.endpoint, answer=answer))
        return answer == "cancelled"

    def _failed(self, entry: _Entry, error: Exception) -> Abandoned | None:
        """A poll that did not help: the job is asked for again, unless that has gone on for too long."""
        watch, now = entry.watch, self._clock.now()
        self._tell(entry, error)
        entry.pause = None
        entry.failures += 1
        entry.bout = trouble.noted(entry.bout, trouble.kind_of(error), watch.describe(error), now)
        if entry.failures >= _TOLD_AFTER and (entry.told is None or entry.told.kind != trouble.kind_of(error)):
            entry.told = entry.bout.newest
            watch.on_trouble(entry.told)
        if isinstance(error, Drift):
            watch.on_drift(error)
        if isinstance(error, NotAnswered) and error.retry_after is not None:
            entry.not_before = now + min(error.retry_after, trouble.LONGEST_REST)
        if entry.cancel == "asked" and trouble.may_leave(entry.bout, entry.cancel_asked_at, now):
            return Abandoned(end="cancelled")
        failed = trouble.given_up(entry.bout, error, watch.accepted_at, now)
        return None if failed is None else Abandoned(end=failed)

    def _tell(self, entry: _Entry, error: Exception) -> None:
        watch = entry.watch
        self._emit(
            PollFailed(
                job=watch.job_id,
                endpoint=watch.handle.endpoint,
                kind=trouble.kind_of(error),
                reason=watch.describe(error),
            )
        )

    def _calm(self, entry: _Entry) -> None:
        """The backend answered, and was understood."""
        entry.bout, entry.failures = CALM, 0
        if entry.told is not None:
            entry.told = None
            entry.watch.on_trouble(None)

    def _note(self, entry: _Entry, running: Running) -> None:
        entry.running_at = now = self._clock.now()
        wanted = running.poll_after
        entry.pause = None if wanted is None else min(max(wanted, _SHORTEST_PAUSE), LONGEST_PAUSE)
        progress = running.progress
        if progress is None or progress <= entry.progress or 0 <= now - entry.told_at < _PROGRESS_SECONDS:
            return
        entry.progress = progress
        entry.told_at = now
        entry.watch.on_progress(progress)
