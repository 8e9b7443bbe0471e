"""Where pictures handed over with a prompt go: photographs on a line across the scene, cut-outs on its floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["photograph", "cutout"]

LINES_ALONE = (0.075, 0.8)
"""Shares of the height between which photographs hang when nothing stands below them."""
LINES_ABOVE = (0.05, 0.5)
FLOOR_ALONE = (0.3, 0.9)
FLOOR_BELOW = (0.54, 0.92)
"""Likewise for cut-outs, alone and below photographs."""
FILLED = 0.87
"""Share of its cell that a picture may fill."""
ON_THE_FLOOR = 4
"""Cut-outs that stand side by side; a floor has no shelves, so only more than these form a second row."""
SIDES = 0.045
"""Share of the width that stays free on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a picture is when nothing moves: its middle and size in pixels, and how it hangs."""

    kind: Kind
    x: float
    y: float
    width: float
    height: float
    tilt: float
    """Radians, clockwise."""
    line: int = 0
    """Which line a photograph hangs on, from the top."""
    swing: float = 0.0
    """Radians to either side."""
    period: float = 4.0
    """Seconds of one swing."""
    phase: float = 0.0
    """Turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    left: float
    top: float
    width: float
    height: float


def arrange(pictures: Sequence[tuple[Kind, float]], size: tuple[int, int], seed: int) -> tuple[Place, ...]:
    """A place for each picture, given what it is and its width over its height; `size` is the frame's.

    Places never overlap, and all pictures of a kind are about as large as there is room for.
    """
    random = np.random.default_rng([seed, 0xCA2D])
    kinds = [kind for kind, _ in pictures]
    both = "photograph" in kinds and "cutout" in kinds
    hung = [ratio for kind, ratio in pictures if kind == "photograph"]
    standing = [ratio for kind, ratio in pictures if kind == "cutout"]
    above = iter(_in_area("photograph", hung, _area(LINES_ABOVE if both else LINES_ALONE, size), random))
    below = iter(_in_area("cutout", standing, _area(FLOOR_BELOW if both else FLOOR_ALONE, size), random))
    return tuple(next(above if kind == "photograph" else below) for kind in kinds)


def _area(rows: tuple[float, float], size: tuple[int, int]) -> _Area:
    width, height = size
    return _Area(
        left=width * SIDES,
        top=height * rows[0],
        width=width * (1 - 2 * SIDES),
        height=height * (rows[1] - rows[0]),
    )


def _in_area(kind: Kind, ratios: Sequence[float], area: _Area, random: np.random.Generator) -> list[Place]:
    rows = _best_rows(ratios, area) if kind == "photograph" else -(-len(ratios) // ON_THE_FLOOR)
    places: list[Place] = []
    start = 0
    for line in range(rows):
        count = (len(ratios) - start) // (rows - line)
        row = _Area(
            left=area.left, top=area.top + area.height * line / rows, width=area.width, height=area.height / rows
        )
        places += _in_row(kind, ratios[start : start + count], row, random, line=line)
        start += count
    return places


def _best_rows(ratios: Sequence[float], area: _Area) -> int:
    """The number of rows that lets the smallest picture be the largest; 0 if there is none."""
    choices = range(1, len(ratios) + 1)
    return max(choices, key=lambda rows: _smallest(ratios, area, rows), default=0)


def _smallest(ratios: Sequence[float], area: _Area, rows: int) -> float:
    columns = -(-len(ratios) // rows)
    cell_width, cell_height = area.width / columns, area.height / rows
    return min(min(cell_height, cell_width / ratio) * min(cell_height * ratio, cell_width) for ratio in ratios)


def _in_row(
    kind: Kind, ratios: Sequence[float], row: _Area, random: np.random.Generator, *, line: int
) -> list[Place]:
    """Side by side; wide pictures get wider cells. A single one in a wide row leaves the middle to the scene."""
    weights = np.array([0.5 + min(ratio, 2.0) for ratio in ratios])
    edges = row.left + row.width * np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    places: list[Place] = []
    for index, ratio in enumerate(ratios):
        cell = float(edges[index + 1] - edges[index])
        height = min(row.height, cell / ratio) * FILLED
        slack = cell - height * ratio
        aside = _aside(len(ratios), slack, random)
        middle = float(edges[index + 1] + edges[index]) / 2 + aside
        hangs = kind == "photograph"
        top = row.top + row.height * 0.07 if hangs else row.top + row.height - height
        places.append(
            Place(
                kind=kind,
                x=middle,
                y=top + height / 2,
                width=height * ratio,
                height=height,
                tilt=float(random.uniform(-0.035, 0.035)),
                line=line,
                swing=float(random.uniform(0.012, 0.026)),
                period=float(random.uniform(3.2, 5.2)),
                phase=float(random.uniform(0, 1)),
            )
        )
    return places


def _aside(count: int, slack: float, random: np.random.Generator) -> float:
    """How far from its cell's middle a picture goes."""
    if count == 1:
        return float(random.choice([-1, 1])) * slack * 0.24
    return float(random.uniform(-0.3, 0.3)) * max(0.0, slack - 0.08 * slack) / 2
