"""A torn paper edge that crosses the picture and takes the upper sheet away."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.depth import Field
from reelrouter.renderer.animatic.film import Canvas, Frame

PAPER = (247, 243, 234)
SHADE = 0.55
"""How dark the edge's shadow is where it begins."""
SHADOW_REACH = 5
"""Shadow lengths after which nothing of it is left to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tear:
    """The line, given by when it arrives at each pixel."""

    arrival: Field
    """Pixels that the line has gone when it arrives here."""
    fibre: Field
    """Width of the white edge, in pixels."""
    start: float
    end: float
    shadow: float
    """Pixels until the shadow on the lower sheet has faded to a third."""

    def over(self, upper: Frame, lower: Frame, share: float) -> Frame:
        """What is seen when the line has gone a share of its way, 0 to 1."""
        ahead = self.arrival - np.float32(self.start + (self.end - self.start) * share)
        frame = lower.copy()
        cv2.copyTo(upper, (ahead > 0).astype(np.uint8), frame)
        band = (ahead > -SHADOW_REACH * self.shadow) & (ahead < self.fibre + 2)
        frame[band] = self._edge(upper[band], lower[band], ahead[band], self.fibre[band])
        return frame

    def _edge(self, upper: Frame, lower: Frame, ahead: Field, fibre: Field) -> NDArray[np.uint8]:
        """The pixels near the line, as rows of colours: picture, white fibre, shadow."""
        sheet = np.clip(ahead + np.float32(0.5), 0, 1)[:, None]
        printed = sheet * np.clip((ahead - fibre) * np.float32(0.7), 0, 1)[:, None]
        dark = np.float32(SHADE) * np.exp(np.minimum(ahead, 0) / np.float32(self.shadow))[:, None]
        seen = lower * (1 - dark) * (1 - sheet) + np.array(PAPER, dtype=np.float32) * (sheet - printed)
        return np.asarray(seen + upper * printed + np.float32(0.5), dtype=np.uint8)


def plan_tear(canvas: Canvas) -> Tear:
    """A line that leans a little and goes left or right across wide pictures, up or down through tall ones."""
    random = np.random.default_rng([canvas.seed, 0x7E])
    side = min(canvas.width, canvas.height)
    angle = random.uniform(-0.35, 0.35) + np.pi * random.integers(0, 2)
    if canvas.height > canvas.width:
        angle += np.pi / 2
    x = np.arange(canvas.width, dtype=np.float32)[None, :]
    y = np.arange(canvas.height, dtype=np.float32)[:, None]
    straight = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    arrival = straight + _ragged(canvas, random) * np.float32(side * 0.045)
    fibre = np.abs(_ragged(canvas, random)) * np.float32(side * 0.012) + np.float32(side * 0.005)
    shadow = side * 0.035
    return Tear(
        arrival=arrival,
        fibre=fibre,
        start=float((arrival - fibre).min()) - 2,
        end=float(arrival.max()) + shadow * SHADOW_REACH,
        shadow=shadow,
    )


def _ragged(canvas: Canvas, random: np.random.Generator) -> Field:
    """Noise of about -1 to 1: coarse waves and fine fibres."""
    size = (canvas.width, canvas.height)
    noise = np.zeros((canvas.height, canvas.width), dtype=np.float32)
    for cells, weight in ((4, 0.55), (12, 0.22), (40, 0.1), (120, 0.05)):
        rows = max(2, round(cells * canvas.height / canvas.width)) + 1
        coarse = random.standard_normal((rows, cells + 1), dtype=np.float32) * np.float32(weight)
        noise += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return noise
