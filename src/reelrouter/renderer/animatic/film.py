"""What a film is to those who draw one and to those who encode one: frames by index, and nothing else."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""Pixels of shape (height, width, 3), RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The shape and length of a film, and the seed that everything random in it grows from."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: int
    frames: int
    """How many frames the film has; at least one."""
    seed: int

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


class Film(Protocol):
    def frame(self, index: int) -> Frame:
        """The picture at `index`, 0 ≤ index < canvas.frames.

        A pure function of its index, safe to call from two threads at a time; the array is the caller's.
        """
        ...
