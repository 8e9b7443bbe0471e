"""References within a scene: photographs pegged to a line that sags across it, cut-outs that stand in front."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelrouter.renderer.animatic.film import Canvas, Film, Frame
from reelrouter.renderer.animatic.layout import Place, Span, arrange
from reelrouter.renderer.animatic.paper import Pixels
from reelrouter.renderer.animatic.prints import Print, cutout, kind_of, photograph, trimmed
from reelrouter.renderer.animatic.scene import Camera
from reelrouter.renderer.animatic.theatre import View, overlay_turned, view_at

PHOTOGRAPH_DEPTH = 0.5
CUTOUT_DEPTH = 0.9
"""How much the camera moves them: 1 is the front of the stage."""
FINER = 1.12
"""How much larger prints are drawn than they are shown, so that a camera that comes nearer finds them sharp."""
SAG = 0.035
"""How far a line hangs through, as a share of the frame's width."""
ROPE = (236, 226, 206)
PEG = (198, 152, 96)
PEG_SHADE = (150, 108, 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSetting:
    """What cards need to know of the film that they stand in."""

    canvas: Canvas
    camera: Camera
    figures: Span | None = None
    """The part of the width that should stay in view, in shares."""


class CardFilm:
    """A film with the references in front of it."""

    def __init__(self, scenery: Film, pictures: Sequence[Image.Image], setting: CardSetting) -> None:
        canvas = setting.canvas
        self._scenery, self._canvas, self._camera = scenery, canvas, setting.camera
        shown = [trimmed(picture) for picture in pictures]
        shapes = [(kind_of(picture), picture.width / picture.height) for picture in shown]
        self.places = arrange(shapes, (canvas.width, canvas.height), canvas.seed, setting.figures)
        self._prints = [_printed(picture, place) for picture, place in zip(shown, self.places, strict=True)]
        self._lines = _lines(self.places, canvas)
        self._peg = _peg(max(6.0, 0.05 * min(canvas.width, canvas.height)))

    def frame(self, index: int) -> Frame:
        view = view_at(self._camera, self._canvas, index, (0.5, 0.5))
        target = np.asarray(cv2.cvtColor(self._scenery.frame(index), cv2.COLOR_RGB2RGBA), dtype=np.uint8)
        for line in self._lines:
            _draw_line(target, line, view)
        for place, sheet in zip(self.places, self._prints, strict=True):
            matrix = placement(place, view, self._canvas)
            overlay_turned(target, sheet.pixels, (matrix @ _from_print(sheet, place))[:2])
            if place.kind == "photograph":
                overlay_turned(target, self._peg, (matrix @ _from_peg(self._peg, place))[:2])
        return np.asarray(cv2.cvtColor(target, cv2.COLOR_RGBA2RGB), dtype=np.uint8)


Affine = NDArray[np.float64]
"""3 x 3, on columns (x, y, 1)."""


def placement(place: Place, view: View, canvas: Canvas) -> Affine:
    """Where a print is at an instant: from pixels around its middle to pixels of the frame."""
    hangs = place.kind == "photograph"
    scale, x, y = view.at(PHOTOGRAPH_DEPTH if hangs else CUTOUT_DEPTH)
    turn = math.sin(2 * math.pi * (view.seconds / place.period + place.phase))
    angle = place.tilt + place.swing * turn if hangs else 0.35 * place.swing * turn
    held = -place.height / 2 if hangs else place.height / 2
    fixed = _shift(place.x, place.y + (_sag(place.x, canvas) if hangs else 0) + held)
    camera = np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])
    return np.asarray(camera @ fixed @ _turn(angle) @ _shift(0, -held), dtype=np.float64)


def _printed(picture: Image.Image, place: Place) -> Print:
    size = (max(8, round(place.width * FINER)), max(8, round(place.height * FINER)))
    return photograph(picture, *size) if place.kind == "photograph" else cutout(picture, *size)


def _from_print(sheet: Print, place: Place) -> Affine:
    """From a print's own pixels to pixels around its middle."""
    height, width = sheet.pixels.shape[:2]
    scale = place.height / (height - 2 * sheet.margin)
    return _scale(scale) @ _shift(-width / 2, -height / 2)


def _from_peg(peg: Pixels, place: Place) -> Affine:
    """A peg holds its print's upper edge at about the middle of its own length."""
    height, width = peg.shape[:2]
    return _shift(-width / 2, -place.height / 2 - height * 0.5)


def _sag(x: float, canvas: Canvas) -> float:
    """How far a line hangs below its ends, at a column of the frame."""
    share = 2 * x / canvas.width - 1
    return SAG * canvas.width * (1 - share * share) * 0.5


def _lines(places: Sequence[Place], canvas: Canvas) -> list[NDArray[np.float64]]:
    """Points along each line, from beyond the left side to beyond the right."""
    tops = {place.line: place.y - place.height / 2 for place in places if place.kind == "photograph"}
    columns = np.linspace(-0.15 * canvas.width, 1.15 * canvas.width, 40)
    return [
        np.stack([columns, [top + _sag(float(x), canvas) for x in columns]], axis=1)
        for _, top in sorted(tops.items())
    ]


def _draw_line(target: Pixels, points: NDArray[np.float64], view: View) -> None:
    scale, x, y = view.at(PHOTOGRAPH_DEPTH)
    seen = points * scale + np.array([x, y])
    thick = max(1, round(min(target.shape[:2]) / 300))
    for offset, colour in ((1.2 * thick, (60, 46, 40, 255)), (0.0, (*ROPE, 255))):
        fixed = np.round((seen + np.array([0, offset])) * 16).astype(np.int32)
        cv2.polylines(
            target, [fixed], isClosed=False, color=colour, thickness=thick, lineType=cv2.LINE_AA, shift=4
        )


def _peg(length: float) -> Pixels:
    """A wooden clothes peg, upright, with its shadow."""
    finer = 4
    high, wide = int(length * finer), int(length * 0.42 * finer)
    mask = Image.new("RGBA", (wide, high))
    pixels = np.array(mask)
    left, right = int(wide * 0.16), int(wide * 0.78)
    pixels[int(high * 0.07) :, int(wide * 0.26) : int(wide * 0.88)] = (0, 0, 0, 70)
    pixels[: int(high * 0.94), left:right] = (*PEG, 255)
    pixels[: int(high * 0.94), (left + right) // 2 - finer : (left + right) // 2 + finer] = (*PEG_SHADE, 255)
    pixels[int(high * 0.42) : int(high * 0.5), left:right] = (*PEG_SHADE, 255)
    size = (max(3, wide // finer), max(6, high // finer))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _shift(x: float, y: float) -> Affine:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def _scale(factor: float) -> Affine:
    return np.array([[factor, 0, 0], [0, factor, 0], [0, 0, 1]], dtype=np.float64)


def _turn(angle: float) -> Affine:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=np.float64)
