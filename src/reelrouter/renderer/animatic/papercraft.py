"""Gluing figures together by hand: parts laid over each other, each with its own drawn edge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.glyphs import Outline, glyph_outline, trimmed
from reelrouter.renderer.animatic.paper import Mask

SIDE = 720
"""Pixels of the square that puppets are cut from."""


INK = 13
"""Pixels: the thickness of their drawn lines, matched to the font's."""


class Paper:
    """Parts glued one over the other: each hides the lines of those beneath it and brings its own edge."""

    def __init__(self) -> None:
        self.silhouette, self.ink, self.pale = (np.zeros((SIDE, SIDE), np.uint8) for _ in range(3))

    def add(self, mask: Mask, *, pale: bool = False, edge: bool = True) -> None:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * INK - 1, 2 * INK - 1))
        core = cv2.erode(mask, kernel)
        self._cover(mask)
        if edge:
            self.ink = as_mask(cv2.max(self.ink, cv2.subtract(mask, core)))
        if pale:
            self.pale = as_mask(cv2.max(self.pale, mask))

    def dark(self, mask: Mask) -> None:
        """Lines and dark parts, within what is there."""
        self.ink = as_mask(cv2.max(self.ink, cv2.min(mask, self.silhouette)))

    def light(self, mask: Mask) -> None:
        """Parts of lighter paper, within what is there and beneath the lines."""
        self.pale = as_mask(cv2.max(self.pale, cv2.min(mask, self.silhouette)))

    def head(self, glyph: str, x: float, y: float, width: float) -> None:
        """A glyph glued on with its middle at (x, y)."""
        outline = glyph_outline(glyph)
        high = round(width / outline.aspect)
        size = (round(width), high)
        left, top = round(x - width / 2), round(y - high / 2)
        masks = []
        for part in (outline.silhouette, outline.ink):
            mask = blank()
            mask[top : top + high, left : left + size[0]] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            masks.append(mask)
        self._cover(masks[0])
        self.ink = as_mask(cv2.max(self.ink, masks[1]))

    def outline(self) -> Outline:
        return trimmed(self.silhouette, self.ink, self.pale)

    def _cover(self, mask: Mask) -> None:
        self.ink = as_mask(cv2.subtract(self.ink, mask))
        self.pale = as_mask(cv2.subtract(self.pale, mask))
        self.silhouette = as_mask(cv2.max(self.silhouette, mask))


def blank() -> Mask:
    return np.zeros((SIDE, SIDE), np.uint8)


def as_mask(array: cv2.typing.MatLike) -> Mask:
    return array.astype(np.uint8, copy=False)


def band(points: NDArray[np.float64], widths: list[float]) -> Mask:
    """A limb along `points`, its half widths spread evenly from those given."""
    mask = blank()
    half = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(widths)), widths)
    shapes.taper(mask, points, half)
    shapes.disc(mask, points[0][0], points[0][1], widths[0])
    shapes.disc(mask, points[-1][0], points[-1][1], widths[-1])
    return mask
