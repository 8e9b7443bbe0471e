"""Where the pixels of one picture lie in another, and how sure that is."""

from dataclasses import dataclass

import cv2
import numpy as np

from reelrouter.renderer.animatic.depth import Field
from reelrouter.renderer.animatic.film import Frame

FLOW_SIDE = 640
"""Pixels of the longer side at which motion is measured."""
FLOW_ERROR = 3.0
"""Pixels, at that size, by which the way there and back may miss."""

Vectors = tuple[Field, Field]
"""How far each pixel goes: x and y, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    onward: Vectors
    """From the first picture to the last, in their own pixels."""
    back: Vectors
    confidence: float
    """Share of pixels, 0 to 1, whose way onward and back ends where it began."""


def correspondence(first: Frame, last: Frame) -> Correspondence:
    """Dense motion both ways between two pictures of one size; a change of light alone is no motion."""
    height, width = first.shape[:2]
    scale = min(1.0, FLOW_SIDE / max(width, height))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    small_first, small_last = _relief(first, size), _relief(last, size)
    onward, back = _motion(small_first, small_last), _motion(small_last, small_first)
    return Correspondence(
        onward=_scaled(onward, width, height),
        back=_scaled(back, width, height),
        confidence=_round_trips(onward, back),
    )


def _relief(picture: Frame, size: tuple[int, int]) -> Frame:
    """A small grey copy without its light: each pixel against the mean and the contrast of its surroundings."""
    small = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    grey = small.astype(np.float32)
    sigma = FLOW_SIDE / 40
    apart = grey - cv2.GaussianBlur(grey, (0, 0), sigma)
    contrast = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), sigma)) + np.float32(4)
    return np.asarray(np.clip(128 + 45 * apart / contrast, 0, 255), dtype=np.uint8)


def _motion(start: Frame, end: Frame) -> Vectors:
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    both = finder.calc(start, end, np.zeros((*start.shape[:2], 2), dtype=np.float32))
    return np.asarray(both[..., 0], dtype=np.float32), np.asarray(both[..., 1], dtype=np.float32)


def _scaled(way: Vectors, width: int, height: int) -> Vectors:
    small_height, small_width = way[0].shape
    x = cv2.resize(way[0] * np.float32(width / small_width), (width, height), interpolation=cv2.INTER_LINEAR)
    y = cv2.resize(way[1] * np.float32(height / small_height), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _round_trips(onward: Vectors, back: Vectors) -> float:
    height, width = onward[0].shape
    from_x = onward[0] + np.arange(width, dtype=np.float32)[None, :]
    from_y = onward[1] + np.arange(height, dtype=np.float32)[:, None]
    misses = [
        there + cv2.remap(again, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for there, again in zip(onward, back, strict=True)
    ]
    return float(np.mean(np.hypot(*misses) < FLOW_ERROR))
