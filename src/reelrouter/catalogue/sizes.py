"""Names of picture sizes and their pixels: `720p` at `16:9` is 1280x720."""

import math
import re
from collections.abc import Iterable

SHORT_SIDES = {
    "360p": 360,
    "480p": 480,
    "1K": 576,  # upstream gives no pixels for this name; 1024x576 at 16:9 is our reading
    "720p": 720,
    "768p": 768,
    "1080p": 1080,
    "2K": 1440,
    "4K": 2160,
}
"""Pixels of the shorter side, the smallest first."""

ASPECT_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")

_SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")


def named_pixels(resolution: str, aspect_ratio: str) -> tuple[int, int]:
    """The short side from the resolution's name, the long side by the ratio, rounded to even."""
    short = SHORT_SIDES[resolution]
    across, down = _sides(aspect_ratio)
    if across >= down:
        return _nearest_even(short * across, down), short
    return short, _nearest_even(short * down, across)


def parse_size(size: str) -> tuple[int, int] | None:
    """`1280x720` as numbers; None for anything else."""
    match = _SIZE.fullmatch(size)
    return (int(match[1]), int(match[2])) if match else None


def size_name(width: int, height: int) -> str:
    return f"{width}x{height}"


def nearest_ratio(width: int, height: int, among: Iterable[str]) -> str:
    """The listed ratio that crops a picture least, as wide and tall ones weigh the same."""

    def distance(aspect_ratio: str) -> float:
        across, down = _sides(aspect_ratio)
        return abs(math.log(width * down / (height * across)))

    return min(among, key=distance)


def cut_to(aspect_ratio: str, width: int, height: int) -> tuple[int, int]:
    """What is left of a picture that is cut to a ratio around its middle, and not scaled."""
    across, down = _sides(aspect_ratio)
    if width * down > height * across:
        return height * across // down, height
    return width, width * down // across


def floor_even(pixels: int) -> int:
    """The even number at or below: what the video format can hold."""
    return max(2, pixels - pixels % 2)


def _sides(aspect_ratio: str) -> tuple[int, int]:
    across, down = aspect_ratio.split(":")
    return int(across), int(down)


def _nearest_even(numerator: int, denominator: int) -> int:
    return 2 * ((numerator + denominator) // (2 * denominator))
