"""How well a queue has been served of late, from how its last attempts ended; pure.

A breaker is replayed over the ends, oldest first. It opens after a few failures of the endpoint's own kind in a
row, or after one that no other job could escape; it stays open for a while that doubles with each new try that
fails, and is half-open after that, until a try succeeds or its failures are forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ldexp
from statistics import median
from typing import Literal

from reelrouter.work import FailureClass

State = Literal["closed", "half_open", "open"]
Place = tuple[str, str]
"""An endpoint and the name of an account there."""

MEMORY_SECONDS = 30 * 60
"""Ends that are older say nothing any more."""
MOST_ENDS = 32
"""Ends of one queue that are looked at, the newest."""
_FAILURES_IN_A_ROW = 3
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 30_000, 600_000
_MOST_DOUBLINGS = 10

_AT_ONCE = frozenset({FailureClass.AUTH, FailureClass.QUOTA_BILLING})
"""Whoever comes next meets the same."""
_OWN = _AT_ONCE | {FailureClass.TRANSIENT, FailureClass.UNKNOWN_SUBMIT, FailureClass.DRIFT}
"""What the endpoint, and not the job, is to blame for."""
_THE_JOBS = frozenset({FailureClass.USER_ERROR, FailureClass.POLICY_INPUT, FailureClass.POLICY_OUTPUT})
"""Well-founded refusals: whoever makes them is at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one attempt ended. Times are Unix milliseconds."""

    began_at: int
    ended_at: int
    finished: bool
    failure: FailureClass | None = None
    """None where it finished, or the gateway itself ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of one account at one endpoint; the default is one of which nothing is known."""

    state: State = "closed"
    open_until: int | None = None
    """Unix milliseconds; None if it is closed."""
    failures: int = 0
    """Of the endpoint's own kind, since the last sign of life."""
    success: float | None = None
    """The share of attempts that finished, among those that did or that the endpoint failed."""
    latency: float | None = None
    """Seconds that finished attempts took, the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How several places are, as far as it matters for choosing between them."""

    trouble: Mapping[Place, State] = field(default_factory=dict)
    """Those that are not closed, and no other."""
    latency: Mapping[str, float] = field(default_factory=dict)
    """Seconds that an endpoint's jobs took of late with its quickest account, where known."""
    drifting: frozenset[str] = frozenset()
    """Endpoints whose answers were not understood of late."""


def health(ends: Sequence[End], now_ms: int) -> Health:
    """`ends` in the order of their end, the oldest first."""
    breaker = _Breaker()
    for end in ends:
        breaker.note(end)
    finished = [end for end in ends if end.finished]
    failed = sum(end.failure in _OWN for end in ends)
    return Health(
        state=breaker.state(now_ms),
        open_until=breaker.open_until,
        failures=breaker.failures,
        success=len(finished) / (len(finished) + failed) if finished or failed else None,
        latency=median(end.ended_at - end.began_at for end in finished) / 1000 if finished else None,
    )


def condition(healths: Mapping[Place, Health], drifting: frozenset[str] = frozenset()) -> Condition:
    """What choosing needs to know of the places whose health is given."""
    latency: dict[str, float] = {}
    for (endpoint, _), one in healths.items():
        if one.latency is not None:
            latency[endpoint] = min(one.latency, latency.get(endpoint, one.latency))
    trouble = {place: one.state for place, one in healths.items() if one.state != "closed"}
    return Condition(trouble=trouble, latency=latency, drifting=drifting)


class _Breaker:
    """Lives for one replay."""

    def __init__(self) -> None:
        self.failures = 0
        self.open_until: int | None = None
        self._openings = 0
        self._newest_failure_began = 0

    def note(self, end: End) -> None:
        if end.finished or end.failure in _THE_JOBS:
            # One that began before the trouble says nothing of what happens to those that begin now.
            if end.began_at >= self._newest_failure_began:
                self.failures, self.open_until, self._openings = 0, None, 0
        elif end.failure in _OWN:
            self.failures += 1
            self._newest_failure_began = max(self._newest_failure_began, end.began_at)
            if self._opens(end):
                pause = min(ldexp(_FIRST_PAUSE_MS, min(self._openings, _MOST_DOUBLINGS)), _LONGEST_PAUSE_MS)
                self.open_until = end.ended_at + int(pause)
                self._openings += 1

    def state(self, now_ms: int) -> State:
        if self.open_until is None:
            return "closed"
        return "open" if now_ms < self.open_until else "half_open"

    def _opens(self, end: End) -> bool:
        """Many fail together when an endpoint goes down; only one that began after the pause makes it longer."""
        if self.open_until is not None:
            return end.began_at >= self.open_until
        return end.failure in _AT_ONCE or self.failures >= _FAILURES_IN_A_ROW
