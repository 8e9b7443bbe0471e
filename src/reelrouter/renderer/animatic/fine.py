"""A picture that can be read between its pixels, quickly and without losing its sharpness."""

import cv2
import numpy as np

from reelrouter.renderer.animatic.depth import Field
from reelrouter.renderer.animatic.film import Frame


class FinePicture:
    """The picture at twice its size: linear reading there is as sharp as cubic here, in a third of the time."""

    def __init__(self, picture: Frame) -> None:
        height, width = picture.shape[:2]
        self._double = cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_LANCZOS4)
        self._columns = 2 * np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5)
        self._rows = 2 * np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)

    def displaced(self, x: Field, y: Field) -> Frame:
        """Each pixel shows what lies so many pixels right of it and below; beyond the edges lies a mirror."""
        from_x = x * np.float32(2)
        from_y = y * np.float32(2)
        from_x += self._columns
        from_y += self._rows
        seen = cv2.remap(self._double, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(seen, dtype=np.uint8)
