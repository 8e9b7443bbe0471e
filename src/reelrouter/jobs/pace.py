"""When a job is asked for next; pure."""

from dataclasses import dataclass
from typing import Protocol


class PollPlan(Protocol):
    def first(self) -> float: ...

    def after(self, elapsed: float, polls: int) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two polls of one job: from `first`, growing by half each time, up to `ceiling`."""

    start: float = 2.0
    ceiling: float = 15.0

    def first(self) -> float:
        return self.start

    def after(self, elapsed: float, polls: int) -> float:
        return min(self.start * 1.5 ** min(polls, 60), self.ceiling)


def ladder(first: float = 2.0, ceiling: float = 15.0) -> Pace:
    return Pace(start=first, ceiling=ceiling)
