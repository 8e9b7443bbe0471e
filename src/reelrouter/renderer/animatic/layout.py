"""Where pictures handed over with a prompt go: photographs on a line across the scene, cut-outs on its floor.

Pure arithmetic: it knows shapes and sizes, no pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

Kind = Literal["photograph", "cutout"]
Shape = tuple[Kind, float]
"""What a picture is, and its width over its height."""
Span = tuple[float, float]
"""From left to right, in shares of the width."""

Rows = tuple[float, float]
"""From top to bottom, in shares of the height."""

LINES_ALONE: Rows = (0.07, 0.8)
"""Where photographs hang when nothing stands below them."""
LINES_ABOVE: Rows = (0.05, 0.52)
FLOOR_ALONE: Rows = (0.3, 0.9)
"""Where cut-outs stand when nothing hangs above them."""
FLOOR_BELOW: Rows = (0.54, 0.92)
FLOOR_BEFORE: Rows = (0.68, 0.96)
"""Where they stand before the scene's figures, if there is no room beside them."""
FILLED = 0.87
"""Share of its cell that a picture may fill."""
ON_THE_FLOOR = 4
"""Cut-outs that stand side by side; a floor has no shelves, so only more than these form a second row."""
SIDES = 0.045
"""Share of the width that stays free on either side."""
WORTH_IT = 0.3
"""How much smaller, in area, pictures may become for a place beside the scene's figures."""

TOO_SMALL = 0.018
"""Share of the frame that a picture beside the figures must fill at least."""


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
    both = len({kind for kind, _ in pictures}) == 2
    places: dict[int, Place] = {}
    for room in _rooms(both=both):
        chosen = [index for index, (kind, _) in enumerate(pictures) if kind == room.kind]
        cells = _cells(room, [pictures[index][1] for index in chosen], size, figures)
        for index, (line, cell) in zip(chosen, cells, strict=True):
            places[index] = _place(pictures[index], line, cell, random)
    return tuple(places[index] for index in range(len(pictures)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """Which part of the height a kind of picture gets."""

    kind: Kind
    alone: Rows
    """Where it has the scene to itself, or its figures beside it."""
    shared: Rows
    """Where it must leave the figures above or below it."""


def _rooms(*, both: bool) -> tuple[_Room, _Room]:
    return (
        _Room(kind="photograph", alone=LINES_ABOVE if both else LINES_ALONE, shared=LINES_ABOVE),
        _Room(kind="cutout", alone=FLOOR_BELOW if both else FLOOR_ALONE, shared=FLOOR_BEFORE),
    )


def _area(rows: Rows, size: tuple[int, int]) -> _Cell:
    width, height = size
    top, bottom = rows
    side = width * SIDES
    return _Cell(left=side, top=height * top, width=width - 2 * side, height=height * (bottom - top))


_Cells = list[tuple[int, _Cell]]
"""The row and the room of each picture."""


def _cells(room: _Room, ratios: Sequence[float], size: tuple[int, int], figures: Span | None) -> _Cells:
    """The rows that let the smallest picture be the largest, or one row beside the figures if it loses little."""
    fewest = 1 if room.kind == "photograph" else -(-len(ratios) // ON_THE_FLOOR)
    most = len(ratios) if room.kind == "photograph" else fewest
    area = _area(room.alone if figures is None else room.shared, size)
    layouts = [_in_rows(ratios, area, rows) for rows in range(fewest, most + 1)]
    best = max(layouts, key=lambda cells: _smallest(ratios, cells), default=[])
    if figures is None or not ratios:
        return best
    layouts = _beside(ratios, _area(room.alone, size), figures)
    beside = max(layouts, key=lambda cells: _smallest(ratios, cells))
    enough = max(WORTH_IT * _smallest(ratios, best), TOO_SMALL * size[0] * size[1])
    return beside if _smallest(ratios, beside) >= enough else best


def _in_rows(ratios: Sequence[float], area: _Cell, rows: int) -> _Cells:
    """As even as can be, the longer rows last."""
    cells: _Cells = []
    for row in range(rows):
        start, end = len(ratios) * row // rows, len(ratios) * (row + 1) // rows
        strip = replace(area, top=area.top + area.height * row / rows, height=area.height / rows)
        cells += [(row, cell) for cell in _side_by_side(ratios[start:end], strip)]
    return cells


def _beside(ratios: Sequence[float], area: _Cell, figures: Span) -> list[_Cells]:
    """One row in every way of dividing it: so many left of the figures, the rest right of them."""
    whole = area.left + area.width + area.left
    left = replace(area, width=max(1.0, figures[0] * whole - area.left))
    right = replace(area, left=figures[1] * whole, width=max(1.0, area.left + area.width - figures[1] * whole))
    return [
        [(0, cell) for cell in (*_side_by_side(ratios[:count], left), *_side_by_side(ratios[count:], right))]
        for count in range(len(ratios) + 1)
    ]


def _side_by_side(ratios: Sequence[float], strip: _Cell) -> list[_Cell]:
    """Wide pictures get wider cells, but not in proportion: a tall one needs air too."""
    weights = np.array([0.5 + min(ratio, 2.0) for ratio in ratios])
    edges = strip.left + strip.width * np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    return [replace(strip, left=float(start), width=float(end - start)) for start, end in pairwise(edges)]


def _height(ratio: float, cell: _Cell) -> float:
    return min(cell.height, cell.width / ratio) * FILLED


def _smallest(ratios: Sequence[float], cells: _Cells) -> float:
    """The area of the smallest picture."""
    return min(
        (_height(ratio, cell) ** 2 * ratio for ratio, (_, cell) in zip(ratios, cells, strict=True)), default=0
    )


def _place(shape: Shape, line: int, cell: _Cell, random: np.random.Generator) -> Place:
    """Somewhere around the middle of its cell: a photograph from its line down, a cut-out on its floor."""
    kind, ratio = shape
    height = _height(ratio, cell)
    top = cell.top + (cell.height * 0.07 if kind == "photograph" else cell.height - height)
    slack = cell.width - height * ratio / FILLED
    return Place(
        kind=kind,
        x=cell.left + cell.width / 2 + float(random.uniform(-0.35, 0.35)) * slack,
        y=top + height / 2,
        width=height * ratio,
        height=height,
        tilt=float(random.uniform(-0.035, 0.035)),
        line=line,
        swing=float(random.uniform(0.012, 0.026)),
        period=float(random.uniform(3.2, 5.2)),
        phase=float(random.uniform(0, 1)),
    )
