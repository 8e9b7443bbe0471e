"""When a running job is asked for next: from what similar jobs took, or by a fixed ladder. Pure.

A poll costs something only while the job still runs, and is worth the more the likelier the job is to end just
now. So the gap between two polls follows the hazard: the chance of ending within a second, for a job that has
not ended yet. Gaps in proportion to hazard^(-1/2) would give the lowest mean delay for a number of polls; the
exponent used here, -2/3, lowers the typical delay further and lets rare ends wait a little longer.

A learned plan makes as many polls, on average, as the ladder that it replaces would make for the jobs that are
known. It makes fewer where more would bring no news that anybody could notice.
"""

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

from reelrouter.jobs.expectation import Expectation, Guess, expect

LONGEST_GAP = 60.0
"""Seconds between two polls of a learned plan at most."""
_LONGEST_UNSURE = 15.0
"""The same until this kind of job has been measured a few times: as long as a ladder's longest."""
_FEW = 3
"""Measurements."""
_EXPONENT = 2 / 3
_SOON_ENOUGH = 0.8
"""Mean delay in seconds below which more polls are not worth their cost."""
_OVERDUE = 0.02
"""Share of known durations that are longer than those of which a job is said to be overdue."""
_OVERDUE_GAPS = 16.0
_LONGEST_OVERDUE = 30.0
"""An overdue job is asked for each time that it has grown older by a sixteenth, or by half a minute."""
_PHASES = 0.5
"""By how much of a gap polls of jobs that began together are moved apart."""
_ROUNDING = 0.5 + _PHASES / 2
"""Polls counted on average beyond those that have come due when the job ends: the last one, which notices."""


class PollPlan(Protocol):
    """Deterministic: whoever polls adds no jitter."""

    def first(self) -> float:
        """Seconds from acceptance to the first poll."""
        ...

    def after(self, elapsed: float, polls: int) -> float:
        """Seconds until the next poll of a job that still ran at the `polls`th, `elapsed` s after acceptance."""
        ...


def ladder(first: float, ceiling: float) -> PollPlan:
    """The same gaps for every job: `first` twice, then growing by half each time, up to `ceiling`."""
    return Ladder(start=first, ceiling=ceiling)


def learned(
    samples: Sequence[float], otherwise: PollPlan, guesses: Sequence[Guess] = (), *, floor: float = 1.0
) -> PollPlan:
    """A plan from the seconds that similar jobs took, the newest last.

    `otherwise` says how many polls a job may cost, and is the answer where nothing is known. No two polls are
    closer than `floor` seconds.
    """
    if not samples and not guesses:
        return otherwise
    expectation = expect(samples, guesses)
    longest = max(floor, LONGEST_GAP if len(samples) >= _FEW else _LONGEST_UNSURE)
    bounds = _Bounds(densest=1 / floor, sparsest=1 / longest)
    rates = _rates(expectation, bounds, _polls_of(otherwise, expectation, floor))
    due = accumulate((rate * width for rate, width in zip(rates, expectation.widths, strict=True)), initial=0.0)
    return Learned(edges=expectation.edges, due=tuple(due), floor=floor, longest=longest)


def moved_apart(plan: PollPlan, job_id: str) -> PollPlan:
    """The plan for one job: those of jobs that began at the same moment do not all poll at the same moments."""
    if not isinstance(plan, Learned):
        return plan
    return replace(plan, phase=_PHASES * zlib.crc32(job_id.encode()) / 2**32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """For backends on this machine, for an interval that an operator has fixed, and where nothing is known."""

    start: float
    ceiling: float

    def first(self) -> float:
        return self.start

    def after(self, elapsed: float, polls: int) -> float:
        if polls <= 1:
            return self.start
        # A job of a day is polled thousands of times, more often than 1.5 can be raised to a power.
        return min(self.start * 1.5 ** min(polls - 1, 100), self.ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Follows a curve: how many polls are due by when."""

    edges: tuple[float, ...]
    """Seconds since acceptance."""
    due: tuple[float, ...]
    """Polls due by each edge; never falls."""
    floor: float
    longest: float
    phase: float = 0.0
    """By how much of a gap all polls are early."""

    def first(self) -> float:
        return self._bounded(self._when(1.0 - self.phase))

    def after(self, elapsed: float, polls: int) -> float:
        if elapsed >= self.edges[-1]:
            return self._bounded(_overdue_gap(elapsed))
        return self._bounded(self._when(self._due_by(elapsed) + 1.0) - elapsed)

    def _bounded(self, gap: float) -> float:
        return min(max(gap, self.floor), self.longest)

    def _due_by(self, elapsed: float) -> float:
        return _interpolated(elapsed, self.edges, self.due)

    def _when(self, polls: float) -> float:
        """When so many polls are due; beyond the curve the job is overdue."""
        if polls >= self.due[-1]:
            return self.edges[-1] + (polls - self.due[-1]) * _overdue_gap(self.edges[-1])
        return _interpolated(polls, self.due, self.edges)


def _overdue_gap(elapsed: float) -> float:
    return min(elapsed / _OVERDUE_GAPS, _LONGEST_OVERDUE)


def _interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """`ys` at `x`, along straight lines; `xs` rise. Below the first it is the first."""
    index = max(1, bisect_right(xs, x))
    low, high = xs[index - 1], xs[index]
    return ys[index - 1] + (ys[index] - ys[index - 1]) * max(0.0, x - low) / (high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Polls a second."""

    densest: float
    sparsest: float

    def within(self, rate: float) -> float:
        return min(max(rate, self.sparsest), self.densest)


def _rates(expectation: Expectation, bounds: _Bounds, polls: float) -> list[float]:
    """Polls a second in each cell: as dense as `polls` a job allow, and no denser than anybody could notice."""
    shape = _shape(expectation)
    overdue = _overdue(expectation)
    low, high = 1e-2, 1e3
    for _ in range(12):
        middle = (low * high) ** 0.5
        rates = _scaled(shape, middle, overdue, bounds)
        if _mean_polls(expectation, rates) > polls or _mean_delay(expectation, rates) < _SOON_ENOUGH:
            high = middle
        else:
            low = middle
    return _scaled(shape, low, overdue, bounds)


def _scaled(shape: Sequence[float], scale: float, overdue: Sequence[float], bounds: _Bounds) -> list[float]:
    rates = [bounds.within(value * scale) for value in shape[: len(shape) - len(overdue)]]
    return rates + [bounds.within(rate) for rate in overdue]


def _shape(expectation: Expectation) -> list[float]:
    """The hazard of each cell, raised to the exponent."""
    shape: list[float] = []
    running = 1.0
    for chance, width in zip(expectation.chance, expectation.widths, strict=True):
        still = running - chance / 2
        shape.append((chance / (still * width)) ** _EXPONENT)
        running -= chance
    return shape


def _overdue(expectation: Expectation) -> list[float]:
    """Rates of the last cells, which a job reaches that takes longer than nearly all known ones."""
    longer, cells = 0.0, len(expectation.known)
    while cells and longer + expectation.known[cells - 1] < _OVERDUE:
        cells -= 1
        longer += expectation.known[cells]
    return [1 / _overdue_gap(edge) for edge in expectation.edges[cells + 1 :]]


def _mean_polls(expectation: Expectation, rates: Sequence[float]) -> float:
    due = mean = 0.0
    for chance, rate, width in zip(expectation.known, rates, expectation.widths, strict=True):
        mean += chance * (due + rate * width / 2)
        due += rate * width
    return mean + _ROUNDING


def _mean_delay(expectation: Expectation, rates: Sequence[float]) -> float:
    """Seconds, for the jobs that end as known ones did."""
    return sum(known / rate for known, rate in zip(expectation.known, rates, strict=True)) / 2


def _polls_of(plan: PollPlan, expectation: Expectation, floor: float) -> float:
    """Polls a job, on average, that another plan would make."""
    at, polls, mean = plan.first(), 1, 0.0
    for chance, edge in zip(expectation.known, expectation.edges[1:], strict=True):
        mean += chance * polls / 2
        while at < edge:
            at += max(plan.after(at, polls), floor)
            polls += 1
        mean += chance * polls / 2
    return mean
