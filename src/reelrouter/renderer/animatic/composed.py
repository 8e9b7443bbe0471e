"""Films made from films: weather in front of them, or a larger size than they were drawn in."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from reelrouter.renderer.animatic.film import Film, Frame


class WeatheredFilm:
    """A film behind falling snow, rain or leaves."""

    def __init__(self, film: Film, weather: Callable[[Frame, int], Frame]) -> None:
        self._film, self._weather = film, weather

    def frame(self, index: int) -> Frame:
        return self._weather(self._film.frame(index), index)


class EnlargedFilm:
    """A film scaled up to a larger size; frames that are given exactly are shown as they are."""

    def __init__(self, film: Film, size: tuple[int, int], exact: Mapping[int, Frame]) -> None:
        self._film, self._size, self._exact = film, size, exact

    def frame(self, index: int) -> Frame:
        if index in self._exact:
            return self._exact[index]
        small = self._film.frame(index)
        return np.asarray(cv2.resize(small, self._size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
