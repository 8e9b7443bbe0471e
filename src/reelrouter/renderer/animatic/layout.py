"""Where pictures handed over with a prompt go: photographs on a line across the scene, cut-outs on its floor.

Pure arithmetic: it knows shapes and sizes, no pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["photograph", "cutout"]
Shape = tuple[Kind, float]
"""What a picture is, and its width over its height."""
Span = tuple[float, float]
"""From left to right, in shares of the width."""

LINES_ALONE = (0.07, 0.8)
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
WORTH_IT = 0.4
"""How much smaller, in area, pictures may become so that they leave the scene's figures in view."""


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
    line: int
    """Which row it belongs to, from the top."""
    swing: float
    """Radians to either side."""
    period: float
    """Seconds of one swing."""
    phase: float
    """Turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Room for one picture, in pixels."""

    left: float
    top: float
    width: float
    height: float


def arrange(
    pictures: Sequence[Shape], size: tuple[int, int], seed: int, figures: Span | None = None
) -> tuple[Place, ...]:
    """A place for each picture in a frame of `size`, beside the scene's `figures` where that leaves enough room.

    No picture covers another's middle, and all of a kind are about as large as there is room for.
    """
    random = np.random.default_rng([seed, 0xCA2D])
    kinds = {kind for kind, _ in pictures}
    both = len(kinds) == 2
    lines = LINES_ABOVE if both or (figures and size[1] > size[0]) else LINES_ALONE
    floor = FLOOR_BELOW if both else FLOOR_ALONE
    places: dict[int, Place] = {}
    for kind, rows in (("photograph", lines), ("cutout", floor)):
        chosen = [index for index, (own, _) in enumerate(pictures) if own == kind]
        ratios = [pictures[index][1] for index in chosen]
        cells = _cells(ratios, _area(rows, size), figures, most_in_row=99 if kind == "photograph" else ON_THE_FLOOR)
        for index, (line, cell) in zip(chosen, cells, strict=True):
            places[index] = _place(pictures[index], cell, line, random)
    return tuple(places[index] for index in range(len(pictures)))


def _area(rows: tuple[float, float], size: tuple[int, int]) -> _Cell:
    width, height = size
    top, bottom = rows
    return _Cell(
        left=width * SIDES, top=height * top, width=width * (1 - 2 * SIDES), height=height * (bottom - top)
    )


def _cells(
    ratios: Sequence[float], area: _Cell, figures: Span | None, *, most_in_row: int
) -> list[tuple[int, _Cell]]:
    """Rows that let the smallest picture be large; a single row with a gap for the figures if that costs little."""
    if not ratios:
        return []
    layouts = [_in_rows(ratios, area, rows) for rows in range(-(-len(ratios) // most_in_row), len(ratios) + 1)]
    if most_in_row < len(ratios) + 1 or area.height < area.width * 0.45:
        layouts = layouts[:2]
    best = max(layouts, key=lambda cells: _smallest(ratios, cells))
    if figures is None:
        return best
    beside = max(_around(ratios, area, figures), key=lambda cells: _smallest(ratios, cells))
    return beside if _smallest(ratios, beside) >= WORTH_IT * _smallest(ratios, best) else best
