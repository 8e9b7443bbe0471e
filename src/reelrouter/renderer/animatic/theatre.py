"""The theatre itself: layers from back to front, seen through a camera. It draws, and decides nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.paper import Pixels, Plate
from reelrouter.renderer.animatic.scene import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One instant of the film, and where the camera is then."""

    seconds: float
    share: float
    """0 at the first frame, 1 at the last."""
    height: int
    """Pixels of the whole picture: layers are drawn into its upper part only, where the rest is hidden."""
    zoom: float
    """How much the front of the stage is enlarged; the backdrop is hardly."""
    x: float
    y: float
    """Pixels that the front of the stage is moved by."""
    length: float
    """Seconds of the whole film."""
    pivot: tuple[float, float]
    """The point that zooming leaves where it is."""

    def at(self, depth: float) -> tuple[float, float, float]:
        """Scale and offset of things at `depth`: where stage point p is seen is scale · p + offset."""
        near = 0.06 + 0.94 * depth
        scale = 1.0 + (self.zoom - 1.0) * near
        return (
            scale,
            self.pivot[0] * (1 - scale) + self.x * near,
            self.pivot[1] * (1 - scale) + self.y * near,
        )


STRIPS = 8
"""Columns that the picture is drawn in: in each, only the rows that nearer sheets leave open are drawn."""

Rows = NDArray[np.int64]
"""One row of the picture for each strip."""


class Layer(Protocol):
    def draw(self, target: Pixels, view: View) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A plate as a layer."""

    plate: Plate

    def draw(self, target: Pixels, view: View) -> None:
        self.draw_open(target, view, np.full(STRIPS, target.shape[0]))

    def draw_open(self, target: Pixels, view: View, open_rows: Rows) -> None:
        """Draws down to `open_rows` only: what lies lower is hidden anyway."""
        place = self._place(view)
        for strip, (left, right) in enumerate(_strips(target.shape[1])):
            columns = self._columns(place, left, right)
            top = place[2] + place[0] * float(self.plate.tops[columns].min(initial=self.plate.pixels.shape[0]))
            part = target[: open_rows[strip], left:right]
            shifted = (place[0], place[1] - left, place[2])
            extent = Extent(above=math.floor(top) - 1, solid=self._solid(columns), adds=self.plate.adds)
            overlay(part, self.plate.pixels, shifted, extent)

    def hides_from(self, view: View, width: int, height: int) -> Rows:
        """For each strip the row from which on nothing behind this sheet is seen."""
        scale, x, y = self._place(view)
        rows = np.full(STRIPS, height)
        if y + scale * self.plate.pixels.shape[0] < height:
            return rows
        for strip, (left, right) in enumerate(_strips(width)):
            if x > left or x + scale * self.plate.pixels.shape[1] < right:
                continue
            solid = self._solid(self._columns((scale, x, y), left, right))
            if solid < self.plate.pixels.shape[0]:
                rows[strip] = min(height, max(0, math.ceil(y + scale * solid) + 1))
        return rows

    def _place(self, view: View) -> tuple[float, float, float]:
        plate = self.plate
        scale, x, y = view.at(plate.depth)
        sway_x, sway_y = plate.sway.at(view.seconds)
        return scale, x + scale * (plate.left + sway_x), y + scale * (plate.top + sway_y)

    def _columns(self, place: tuple[float, float, float], left: int, right: int) -> slice:
        """The blocks of the plate's columns that may be seen between two columns of the picture."""
        blocks = len(self.plate.tops)
        block = self.plate.pixels.shape[1] / blocks
        first = math.floor(((left - place[1]) / place[0] - 2) / block)
        last = math.floor(((right - place[1]) / place[0] + 2) / block)
        return slice(min(max(first, 0), blocks), min(max(last + 1, 0), blocks))

    def _solid(self, columns: slice) -> int:
        return int(self.plate.solids[columns].max(initial=0)) if columns.stop > columns.start else 0


def _strips(width: int) -> list[tuple[int, int]]:
    edges = [round(width * index / STRIPS) for index in range(STRIPS + 1)]
    return list(pairwise(edges))


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """A film of layers, drawn from back to front."""

    canvas: Canvas
    camera: Camera
    layers: Sequence[Layer]
    pivot: tuple[float, float]
    """Shares of the picture's width and height."""

    def frame(self, index: int) -> Frame:
        view = view_at(self.camera, self.canvas, index, self.pivot)
        target = np.zeros((self.canvas.height, self.canvas.width, 4), np.uint8)
        for layer, open_rows in self._visible(view):
            if isinstance(layer, Sheet):
                layer.draw_open(target, view, open_rows)
            else:
                layer.draw(target[: int(open_rows.max())], view)
        return cv2.cvtColor(target, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)

    def _visible(self, view: View) -> list[tuple[Layer, Rows]]:
        """Each layer with the rows that nearer ones leave open, from back to front."""
        seen: list[tuple[Layer, Rows]] = []
        rows = np.full(STRIPS, self.canvas.height)
        for layer in reversed(self.layers):
            seen.append((layer, rows))
            if isinstance(layer, Sheet):
                rows = np.minimum(rows, layer.hides_from(view, self.canvas.width, self.canvas.height))
        seen.reverse()
        return seen


def view_at(camera: Camera, canvas: Canvas, index: int, pivot: tuple[float, float]) -> View:
    """Where the camera is at a frame: each move eases in and out and stays within the sheets' overscan."""
    share = index / max(1, canvas.frames - 1)
    eased = share * share * (3.0 - 2.0 * share) * 0.6 + share * 0.4
    swing = 2.0 * eased - 1.0
    wide, high = canvas.width, canvas.height
    zoom, x, y = {
        "push": (1.0 + 0.15 * eased, 0.0, 0.0),
        "pull": (1.15 - 0.15 * eased, 0.0, 0.0),
        "left": (1.02, 0.055 * swing, 0.0),
        "right": (1.02, -0.055 * swing, 0.0),
        "up": (1.02, 0.0, 0.055 * swing),
        "down": (1.02, 0.0, -0.055 * swing),
        "orbit": (1.04, 0.05 * math.sin(math.pi * swing / 2), 0.0),
        "track": (1.03, 0.06 * swing, 0.0),
        "static": (1.0, 0.0, 0.0),
    }[camera]
    middle = (pivot[0] * wide, pivot[1] * high)
    return View(
        seconds=index / canvas.fps,
        length=canvas.seconds,
        share=share,
        height=high,
        zoom=zoom,
        x=x * wide,
        y=y * high,
        pivot=middle,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What is known of some pixels before they are laid, so that less needs to be worked out."""

    above: int = 0
    """The row of the target above which they are empty."""
    solid: int | None = None
    """Their own row from which on they are opaque."""
    adds: bool = False
    """Whether they only add light."""


UNKNOWN = Extent()
LIGHT = Extent(adds=True)


def overlay(target: Pixels, pixels: Pixels, place: tuple[float, float, float], extent: Extent = UNKNOWN) -> None:
    """Lays premultiplied `pixels` over `target`; `place` is scale and the position of their corner."""
    scale, x, y = place
    height, width = pixels.shape[:2]
    left, right = max(0, math.floor(x)), min(target.shape[1], math.ceil(x + scale * width) + 1)
    top = max(0, extent.above, math.floor(y))
    bottom = min(target.shape[0], math.ceil(y + scale * height) + 1)
    if left >= right or top >= bottom:
        return
    split = bottom
    if extent.solid is not None and not extent.adds:
        split = min(bottom, max(top, math.ceil(y + scale * extent.solid) + 1))
    matrix = np.array([[scale, 0, x - left], [0, scale, 0]], np.float32)
    if split > top:
        matrix[1, 2] = y - top
        blend(
            target[top:split, left:right], _warped(pixels, matrix, (right - left, split - top)), adds=extent.adds
        )
    if bottom > split:
        matrix[1, 2] = y - split
        target[split:bottom, left:right] = _warped(
            pixels, matrix, (right - left, bottom - split), cv2.BORDER_REPLICATE
        )


def overlay_turned(target: Pixels, pixels: Pixels, matrix: NDArray[np.float64], extent: Extent = UNKNOWN) -> None:
    """Lays `pixels` over `target` through a whole affine map, 2 x 3, from their pixels to the target's."""
    height, width = pixels.shape[:2]
    corners = matrix[:, :2] @ np.array([[0, width, 0, width], [0, 0, height, height]]) + matrix[:, 2:]
    left, top = np.floor(corners.min(axis=1)).astype(int)
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + 1
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(target.shape[1], int(right)), min(target.shape[0], int(bottom))
    if left >= right or top >= bottom:
        return
    moved = matrix.astype(np.float64).copy()
    moved[:, 2] -= (left, top)
    blend(target[top:bottom, left:right], _warped(pixels, moved, (right - left, bottom - top)), adds=extent.adds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Where and how some pixels are laid: the place of their anchor, size factors, degrees."""

    x: float = 0.0
    y: float = 0.0
    wide: float = 1.0
    high: float = 1.0
    turn: float = 0.0

    def at(self, place: tuple[float, float]) -> "Form":
        return replace(self, x=place[0], y=place[1])


def lay(target: Pixels, pixels: Pixels, anchor: tuple[float, float], form: Form, extent: Extent = UNKNOWN) -> None:
    """Lays `pixels` so that their point `anchor` comes to the form's place."""
    c, s = math.cos(math.radians(form.turn)), math.sin(math.radians(form.turn))
    linear = np.array([[c * form.wide, -s * form.high], [s * form.wide, c * form.high]])
    offset = np.array((form.x, form.y)) - linear @ np.array(anchor)
    overlay_turned(target, pixels, np.concatenate([linear, offset[:, None]], axis=1), extent)


def blend(target: Pixels, pixels: Pixels, *, adds: bool = False) -> None:
    """Premultiplied over, in place; alpha 0 with a colour adds light, and `adds` says that all of it is so."""
    if adds:
        cv2.add(target, pixels, dst=target)
        return
    clear = cv2.bitwise_not(cv2.extractChannel(pixels, 3))
    cv2.multiply(target, cv2.merge([clear] * 4), dst=target, scale=1 / 255.0)
    cv2.add(target, pixels, dst=target)


def _warped(
    pixels: Pixels, matrix: NDArray[np.floating], size: tuple[int, int], border: int = cv2.BORDER_CONSTANT
) -> Pixels:
    warped = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return warped.astype(np.uint8, copy=False)
