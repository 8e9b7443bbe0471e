"""How likely a job is to end at each moment, estimated from the durations of similar jobs. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_STEP = 0.05
"""Width of a cell, in natural logarithms of seconds: durations vary by factors, not by seconds."""
_SHORTEST = 1.0
_LONGEST = 6 * 3600.0
"""Seconds. What is shorter or longer counts as these; the cells reach from one to the other at most."""
_HALF_LIFE = 10
"""Jobs after which a measured duration counts half: a vendor's speed changes."""
_PRIOR_SPREAD = 0.3
"""The spread assumed before there is one to measure, with the weight of one sample."""
_NARROWEST = 0.02
_WIDEST = 0.5
"""Bounds of how far a measured duration is smoothed: each is known only to within the gap between two polls."""
_REACH = 3.5
"""How many standard deviations of a smoothed duration are worth counting."""
_HALF_OF_A_BELL = 1.349
"""Standard deviations across the middle half of a normal distribution."""
_UNEXPECTED = 0.05
_UNEXPECTED_UNMEASURED = 0.15
"""Chance that a job is like none before. It is what keeps a few polls early and late."""
_UNEXPECTED_SHAPE = 2.0
"""Exponent of the log-logistic curve of such jobs: one in ten takes over three times the median."""
_HEADROOM = math.log(4.0)
"""How far beyond the median the cells reach at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A belief about durations that no measurement of the same kind of job supports: log-normal."""

    median: float
    """Seconds."""
    spread: float
    """Standard deviation of the natural logarithm of the seconds."""
    weight: float = 2.0
    """The number of measured durations that it counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Chances of ending in each of consecutive cells of time."""

    edges: tuple[float, ...]
    """Seconds since acceptance; one more than there are cells."""
    widths: tuple[float, ...]
    """Seconds; of each cell."""
    known: tuple[float, ...]
    """For each cell, the chance according to measurements and guesses; they add up to 1."""
    chance: tuple[float, ...]
    """The same with the unexpected mixed in; what is missing to 1 is the chance of ending after the last edge."""


def expect(samples: Sequence[float], guesses: Sequence[Guess] = ()) -> Expectation:
    """`samples` are in seconds, the newest last. Raises `ValueError` if there is neither a sample nor a guess."""
    kernels = [*_kernels(samples), *(_kernel(guess) for guess in guesses)]
    if not kernels:
        raise ValueError("nothing is known")
    median = _quantile(kernels, 0.5)
    highest = max(kernel.centre + _REACH * kernel.width for kernel in kernels)
    cells = math.ceil(min(max(highest, median + _HEADROOM), _logarithm(_LONGEST) + _STEP) / _STEP)
    logarithms = [_STEP * cell for cell in range(cells + 1)]
    edges = [_SHORTEST * math.exp(logarithm) for logarithm in logarithms]
    known = _smoothed(kernels, cells)
    share = max(_UNEXPECTED, 1 / (len(samples) + 3)) if samples else _UNEXPECTED_UNMEASURED
    wide = [1 / (1 + math.exp(_UNEXPECTED_SHAPE * (median - logarithm))) for logarithm in logarithms]
    wide[0] = 0.0
    chance = ((1 - share) * known[cell] + share * (wide[cell + 1] - wide[cell]) for cell in range(cells))
    return Expectation(
        edges=tuple(edges),
        widths=tuple(high - low for low, high in pairwise(edges)),
        known=tuple(known),
        chance=tuple(chance),
    )


@dataclass(frozen=True, slots=True)
class _Kernel:
    """A bell curve over the logarithm of the seconds."""

    centre: float
    width: float
    weight: float


def _kernel(guess: Guess) -> _Kernel:
    return _Kernel(_logarithm(guess.median), max(guess.spread, _NARROWEST), guess.weight)


def _kernels(samples: Sequence[float]) -> Iterator[_Kernel]:
    points = [_Kernel(_logarithm(seconds), 0.0, weight) for seconds, weight in _aged(samples)]
    if points:
        width = _bandwidth(points)
        yield from (_Kernel(point.centre, width, point.weight) for point in points)


def _logarithm(seconds: float) -> float:
    return math.log(min(max(seconds, _SHORTEST), _LONGEST) / _SHORTEST)


def _aged(samples: Sequence[float]) -> Iterator[tuple[float, float]]:
    newest = len(samples) - 1
    return ((seconds, 0.5 ** ((newest - index) / _HALF_LIFE)) for index, seconds in enumerate(samples))


def _bandwidth(points: Sequence[_Kernel]) -> float:
    """Silverman's rule with weights, and with the spread of the densest half where that is less.

    So neither outliers nor a second kind of job blur the rest.
    """
    total = sum(point.weight for point in points)
    effective = total * total / sum(point.weight**2 for point in points)
    mean = sum(point.weight * point.centre for point in points) / total
    variance = sum(point.weight * (point.centre - mean) ** 2 for point in points) / total
    variance = min(variance, (_densest_half(points) / _HALF_OF_A_BELL) ** 2)
    spread = math.sqrt((variance * total + _PRIOR_SPREAD**2) / (total + 1))
    return min(max(_NARROWEST, 0.9 * spread / math.pow(effective, 0.2)), _WIDEST)


def _densest_half(points: Sequence[_Kernel]) -> float:
    """The width of the narrowest range that half of the weight lies in."""
    ordered = sorted(points, key=lambda point: point.centre)
    half = sum(point.weight for point in points) / 2
    narrowest, weight, first = math.inf, 0.0, 0
    for last in ordered:
        weight += last.weight
        while weight - ordered[first].weight >= half:
            weight -= ordered[first].weight
            first += 1
        if weight >= half:
            narrowest = min(narrowest, last.centre - ordered[first].centre)
    return narrowest


def _quantile(points: Sequence[_Kernel], share: float) -> float:
    left = share * sum(point.weight for point in points)
    for point in sorted(points, key=lambda point: point.centre):
        left -= point.weight
        if left <= 0:
            return point.centre
    return max(point.centre for point in points)  # rounding may leave a crumb


def _smoothed(kernels: Sequence[_Kernel], cells: int) -> list[float]:
    """Each kernel's weight spread over the cells that it reaches; in all 1."""
    total = sum(kernel.weight for kernel in kernels)
    known = [0.0] * cells
    for kernel in kernels:
        reach = max(_REACH * kernel.width, _STEP)
        first = max(0, int((kernel.centre - reach) / _STEP))
        last = min(cells - 1, int((kernel.centre + reach) / _STEP))
        heights = [
            math.exp(-0.5 * ((_STEP * (cell + 0.5) - kernel.centre) / kernel.width) ** 2)
            for cell in range(first, last + 1)
        ]
        portion = kernel.weight / total / sum(heights)
        for cell, height in enumerate(heights, first):
            known[cell] += height * portion
    return known
