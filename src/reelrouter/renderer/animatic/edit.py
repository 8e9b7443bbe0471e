"""A handed-over video in the theatre's own look: a few tones of lit paper, one above the other."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic import paper
from reelrouter.renderer.animatic.film import Frame
from reelrouter.renderer.animatic.light import Light, light_of, mix
from reelrouter.renderer.animatic.scene import Palette, Scene

TONES = 6
"""Sheets of paper, from the darkest below to the lightest on top."""
KEEP = 0.5
"""Share of the video's own colours; the rest is the scene's light."""
SHADOW = 0.5
"""How dark the shadow of a very high stack is."""
STEP = 40
"""Height of a sheet in eight-bit arithmetic, so that all of them together stay below 256."""
FACTOR_ONE = 200
"""The factor 1 in eight-bit arithmetic."""


def paper_look(scene: Scene, size: tuple[int, int], palette: Palette | None = None) -> Callable[[Frame], Frame]:
    """How a frame of that width and height looks when it is cut from paper in the scene's light."""
    width, height = size
    ramp = _ramp(light_of(scene, palette))
    grain = paper.texture(height, width, scene.seed) * np.float32(FACTOR_ONE)
    unit = max(1.0, min(width, height) / 360)

    def cut(frame: Frame) -> Frame:
        calm = _calmed(frame)
        sheets = _sheets(calm, (width, height))
        toned = cv2.addWeighted(
            cv2.LUT(cv2.merge([sheets] * 3), ramp[None]),
            1 - KEEP,
            _own_colours(calm, ramp, (width, height)),
            KEEP,
            0,
        )
        factors = cv2.convertScaleAbs(cv2.multiply(_relief(sheets, unit), grain))
        lit = cv2.multiply(toned, cv2.merge([factors] * 3), scale=1 / FACTOR_ONE)
        return np.asarray(lit, dtype=np.uint8)

    return cut


def _ramp(light: Light) -> Frame:
    """The light as one colour for each sheet, from dark to light, repeated to 256 entries."""
    top = mix(light.sky[3], light.disc, 0.5)
    stops = np.array([*(light.plain(depth) for depth in (1.0, 0.66, 0.33, 0.0)), top], dtype=np.float32)
    places = np.minimum(np.arange(256), TONES - 1) / (TONES - 1) * (len(stops) - 1)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _calmed(frame: Frame) -> Frame:
    """At half the size, without fine detail but with its edges."""
    height, width = frame.shape[:2]
    half = cv2.resize(frame, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    for _ in range(2):
        half = cv2.bilateralFilter(half, 5, 40, 4)
    return np.asarray(cv2.medianBlur(half, 5), dtype=np.uint8)


def _sheets(calm: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Which sheet is seen at each pixel, with outlines as smooth as scissors leave them."""
    grey = cv2.resize(cv2.cvtColor(calm, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_CUBIC)
    levels = (np.arange(256) * TONES // 256).astype(np.uint8)
    return np.asarray(cv2.medianBlur(cv2.LUT(grey, levels), 5), dtype=np.uint8)


def _own_colours(calm: Frame, ramp: Frame, size: tuple[int, int]) -> Frame:
    """The video's hues, each as light as the sheet that it lies on."""
    grey = cv2.cvtColor(calm, cv2.COLOR_RGB2GRAY)
    tone = ramp @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    lightness = np.arange(256)
    gain = (tone[lightness * TONES // 256] / np.maximum(lightness, 12)).astype(np.float32)
    gains = cv2.LUT(grey, gain)
    own = cv2.convertScaleAbs(cv2.multiply(calm, cv2.merge([gains] * 3), dtype=cv2.CV_32F))
    return np.asarray(cv2.resize(own, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _relief(sheets: NDArray[np.uint8], unit: float) -> NDArray[np.float32]:
    """Factors about 1: shadows below and right of higher sheets, and light on the sheets' edges."""
    high = cv2.convertScaleAbs(sheets, alpha=STEP)
    offset = np.array([[1, 0, unit * 1.2], [0, 1, unit * 2.0]], dtype=np.float32)
    size = (sheets.shape[1], sheets.shape[0])
    cast = cv2.warpAffine(high, offset, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cast = cv2.GaussianBlur(cast, (0, 0), unit * 1.6)
    above = cv2.LUT(cv2.subtract(cast, high), _SHADOWS)
    lit = cv2.LUT(cv2.subtract(high, cv2.GaussianBlur(high, (0, 0), unit * 0.7)), _GLEAMS)
    return np.asarray(cv2.add(above, lit), dtype=np.float32)


def _shadows() -> NDArray[np.float32]:
    """By how many steps the neighbour is higher: what is left of the light; one sheet takes a quarter of it."""
    steps = np.minimum(np.arange(256) / STEP, 2)
    return np.asarray(1 - SHADOW * steps / (steps + 1), dtype=np.float32)


_SHADOWS = _shadows()
_GLEAMS = (0.16 * np.minimum(np.arange(256) / STEP, 0.5)).astype(np.float32)
