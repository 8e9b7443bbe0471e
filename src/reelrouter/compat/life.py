"""The life of a job as a client sees it: polls from its submit to its end, and one look at its video too early."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reelrouter.compat.exchange import Ask, Exchange, clipped
from reelrouter.compat.session import NoAnswer

FRUITLESS = frozenset({"failed", "cancelled", "expired"})
TERMINAL = FRUITLESS | {"completed"}
_MOST_MISSES = 5

Send = Callable[[Ask], Awaitable[Exchange]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, and for how long; seconds."""

    first_pause: float = 0.25
    longest_pause: float = 10.0
    growth: float = 1.4
    patience: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    submitted: Exchange
    polls: tuple[Exchange, ...]
    """From the first to the last; the last two were made after the end, if there was one."""
    early: Exchange | None
    """The video, asked for between the first and the second poll; None if the first poll found the end."""

    @property
    def last(self) -> Exchange | None:
        """The last poll that could be read."""
        readable = [poll for poll in self.polls if poll.status == 200 and poll.fields() is not None]
        return readable[-1] if readable else None


def placed_id(submitted: Exchange) -> str | None:
    job_id = (submitted.fields() or {}).get("id")
    return job_id if isinstance(job_id, str) and job_id else None


def has_ended(poll: Exchange) -> bool:
    return status_of(poll) in TERMINAL


def status_of(poll: Exchange) -> str | None:
    status = (poll.fields() or {}).get("status")
    return status if isinstance(status, str) else None


async def live(send: Send, submitted: Exchange, pace: Pace, tell: Callable[[str], None]) -> Life:
    """Polls until the end, or until patience or five looks in a row without an answer end it."""
    job_id = placed_id(submitted)
    ask = Ask(path=f"videos/{job_id}")
    tell(f"{clipped(job_id)} is placed")
    polls: list[Exchange] = []
    early, misses, pause, started = None, 0, pace.first_pause, time.monotonic()
    while misses < _MOST_MISSES and time.monotonic() - started < pace.patience:
        poll = await _look(send, ask)
        polls += [] if poll is None else [poll]
        misses = 0 if poll is not None and poll.status == 200 else misses + 1
        tell(f"the job is {clipped(_status(poll))}, poll {len(polls)}")
        if poll is not None and has_ended(poll):
            break
        if len(polls) == 1 and early is None:  # the next poll follows at once: it shows whether this was too early
            early = await _look(send, Ask(path=f"videos/{job_id}/content?index=0", whole=False))
            continue
        await asyncio.sleep(pause)
        pause = min(pause * pace.growth, pace.longest_pause)
    if polls and has_ended(polls[-1]):
        again = await _look(send, ask)
        polls += [] if again is None else [again]
    return Life(submitted=submitted, polls=tuple(polls), early=early)


async def _look(send: Send, ask: Ask) -> Exchange | None:
    try:
        return await send(ask)
    except NoAnswer:
        return None


def _status(poll: Exchange | None) -> str:
    return (None if poll is None else status_of(poll)) or "unreadable"
