"""From one given picture to another: they flow into each other where they are alike, else the first is torn away.

The first and the last frame are the given pictures themselves, pixel for pixel.
"""

import cv2
import numpy as np

from reelrouter.renderer.animatic.film import Canvas, Film, Frame
from reelrouter.renderer.animatic.fine import FinePicture
from reelrouter.renderer.animatic.flow import Correspondence, Vectors, correspondence
from reelrouter.renderer.animatic.photo import PhotoFilm
from reelrouter.renderer.animatic.scene import Camera
from reelrouter.renderer.animatic.tear import plan_tear

ALIKE = 0.5
"""Confidence from which two pictures count as views of one thing."""
TEAR_BEGINS = 0.24
TEAR_ENDS = 0.76
"""Shares of the film."""


def between(first: Frame, last: Frame, canvas: Canvas, camera: Camera) -> Film:
    """The film from one picture to the other: a flow if they are alike, else a move through both."""
    found = correspondence(first, last)
    if found.confidence > ALIKE:
        return FlowFilm(first, last, canvas, found)
    return TornFilm(first, last, canvas, camera)


class FlowFilm:
    """Every pixel of both pictures travels along the measured motion while the one fades into the other."""

    def __init__(self, first: Frame, last: Frame, canvas: Canvas, found: Correspondence) -> None:
        self._first, self._last, self._canvas, self._found = first, last, canvas, found
        self._fine_first, self._fine_last = FinePicture(first), FinePicture(last)

    def frame(self, index: int) -> Frame:
        if index in (0, self._canvas.frames - 1):
            return (self._last if index else self._first).copy()
        share = eased(index / (self._canvas.frames - 1))
        leaving = _moved(self._fine_first, self._found.onward, share)
        coming = _moved(self._fine_last, self._found.back, 1 - share)
        mixed = eased(share)
        return np.asarray(cv2.addWeighted(leaving, 1 - mixed, coming, mixed, 0), dtype=np.uint8)


class TornFilm:
    """The camera moves into the first picture, which is torn away like paper; below it the last comes to rest."""

    def __init__(self, first: Frame, last: Frame, canvas: Canvas, camera: Camera) -> None:
        self._canvas = canvas
        self._upper = PhotoFilm(first, canvas, camera)
        self._lower = PhotoFilm(last, canvas, camera, ends_exact=True)
        self._tear = plan_tear(canvas)

    def frame(self, index: int) -> Frame:
        share = index / max(1, self._canvas.frames - 1)
        torn = (share - TEAR_BEGINS) / (TEAR_ENDS - TEAR_BEGINS)
        if torn <= 0:
            return self._upper.frame(index)
        if torn >= 1:
            return self._lower.frame(index)
        return self._tear.over(self._upper.frame(index), self._lower.frame(index), eased(torn))


def eased(share: float) -> float:
    """0 to 1 with a gentle start and end."""
    return share * share * (3 - 2 * share)


def _moved(picture: FinePicture, way: Vectors, share: float) -> Frame:
    """The picture with each pixel carried a share of its way."""
    return picture.displaced(way[0] * np.float32(-share), way[1] * np.float32(-share))
