"""One cost at several sizes of what it should not depend on, as one row: the last against the first. Pure."""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field

from bench.figures import Figure, at_most_of_floor

_MOST_GROWTH = 2.0
"""From the first point to the last: above it, something is looked through that should be found."""


@dataclass(slots=True, kw_only=True)
class Series:
    """What it costs, by how much there is; what is proportional by nature is divided out before it comes here."""

    what: str
    unit: str
    _rounds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, point: str, cost: float) -> None:
        """One round at one point. Points stand in the order in which they first come."""
        self._rounds[point].append(cost)

    def figure(self, note: str = "", most: float | None = _MOST_GROWTH) -> Figure:
        """The medians; with `most` None nothing is promised. Raises `ValueError` for fewer than two points."""
        medians = {point: statistics.median(costs) for point, costs in self._rounds.items()}
        if len(medians) < 2:
            raise ValueError(f"{self.what} has {len(medians)} points, and shows no growth")
        costs = list(medians.values())
        shown = " · ".join(f"{point}: {cost:.3g}" for point, cost in medians.items())
        return Figure(
            what=self.what,
            unit=self.unit,
            ours=costs[-1],
            floor=costs[0],
            beside="first",
            target=None if most is None else at_most_of_floor(most),
            note="; ".join(part for part in (shown, note) if part),
            samples=tuple(costs),
        )
