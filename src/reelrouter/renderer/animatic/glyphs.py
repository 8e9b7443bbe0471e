"""From a glyph's name to a figure cut from paper: outline, colours, lit edge, shadow."""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reelrouter.renderer.animatic.light import luminance, mix
from reelrouter.renderer.animatic.paper import Mask, Pixels
from reelrouter.renderer.animatic.scene import Colour

FONT = "NotoEmoji[wght].ttf"
EM = 420
"""Pixels of the em that outlines are taken at: above what any film shows them at."""
WEIGHT = 420
"""Of the variable font: the thickness of the lines inside a figure."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A figure without colour, its three masks of one size and trimmed to the silhouette."""

    silhouette: Mask
    ink: Mask
    """The drawn lines and dark parts."""
    pale: Mask
    """Parts of lighter paper: a belly, a tail's tip, lit panes."""

    @property
    def aspect(self) -> float:
        return float(self.silhouette.shape[1] / self.silhouette.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """The papers of a figure, and how it is lit."""

    paper: Colour
    line: Colour
    pale: Colour
    rim: Colour
    shade: Colour
    shadow: float = 0.4
    """0 to 1; nothing casts a shadow on water or in space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A figure ready to be laid into a frame."""

    pixels: Pixels
    left: int
    top: int
    """Where the silhouette begins inside `pixels`: around it lies room for the shadow."""
    width: int
    height: int
    """Of the silhouette."""
    drawn: Outline = field(repr=False)


def paint_of(paper: Colour, rim: Colour, shade: Colour, shadow: float = 0.4) -> Paint:
    """Papers that go with one colour: on dark paper the lines are lighter, on light paper darker."""
    dark = luminance(paper) < 0.3
    line = mix(paper, rim, 0.62) if dark else mix(paper, shade, 0.72)
    return Paint(
        paper=paper, line=line, pale=mix(paper, (255, 242, 222), 0.72), rim=rim, shade=shade, shadow=shadow
    )


def cutout(outline: Outline, height: int, paint: Paint) -> Cutout:
    """The figure at `height` pixels, its width following."""
    width = max(2, round(height * outline.aspect))
    room = max(4, height // 9)
    silhouette, ink, pale = (
        cv2.copyMakeBorder(_sized(mask, width, height), room, room, room, room, cv2.BORDER_CONSTANT).astype(
            np.uint8
        )
        for mask in (outline.silhouette, outline.ink, outline.pale)
    )
    body = _lit(silhouette, ink, pale, paint)
    shape = silhouette.astype(np.float32)[..., None] / 255.0
    fallen = _shifted(silhouette, room * 0.32, room * 0.36)
    dark = cv2.GaussianBlur(fallen, (0, 0), max(0.8, room * 0.26)).astype(np.float32)[..., None] / 255.0
    under = dark * paint.shadow * (1 - shape)
    pixels = np.concatenate(
        [body * shape + np.array(paint.shade, np.float32) * under, (shape + under) * 255], axis=2
    )
    return Cutout(
        pixels=np.clip(pixels + 0.5, 0, 255).astype(np.uint8),
        left=room,
        top=room,
        width=width,
        height=height,
        drawn=outline,
    )


def _lit(silhouette: Mask, ink: Mask, pale: Mask, paint: Paint) -> NDArray[np.float32]:
    """The figure's colours: light from above, a bright cut edge towards it, and the lines inset a little."""
    height = silhouette.shape[0]
    tone = np.linspace(1.1, 0.86, height, dtype=np.float32)[:, None, None]
    body = np.broadcast_to(np.array(paint.paper, np.float32) * tone, (*silhouette.shape, 3)).copy()
    for mask, colour in ((pale, paint.pale), (ink, paint.line)):
        body += (np.array(colour, np.float32) * tone - body) * (mask.astype(np.float32)[..., None] / 255.0)
    step = max(1.0, height / 150)
    edge = cv2.subtract(silhouette, _shifted(silhouette, step, step * 1.3)).astype(np.float32)[..., None] / 255.0
    body += (np.array(paint.rim, np.float32) - body) * (edge * 0.6)
    return np.clip(body, 0, 255).astype(np.float32)


def glyph_outline(glyph: str) -> Outline:
    """The outline of an emoji in the font; raises `LookupError` if the font does not draw it."""
    ink = _drawn(glyph)
    if ink is None:
        raise LookupError(f"the font has no drawing for {glyph!r}")
    silhouette = _filled(ink)
    solid = float(ink.sum()) / float(silhouette.sum())
    if solid > 0.78:
        return trimmed(silhouette, *_opened(silhouette, ink))
    return trimmed(silhouette, ink, np.zeros_like(ink))


def _opened(silhouette: Mask, ink: Mask) -> tuple[Mask, Mask]:
    """Lines and pale parts of a glyph drawn white on black: small openings are eyes, large ones lighter fur.

    What stands dark inside a large opening, such as a nose, is a line again.
    """
    holes = cv2.subtract(cv2.erode(silhouette, np.ones((5, 5), np.uint8)), ink)
    contours, _ = cv2.findContours((holes > 100).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    lines, pale = np.zeros_like(ink), np.zeros_like(ink)
    for contour in contours:
        large = cv2.contourArea(contour) > 0.025 * float((silhouette > 127).sum())
        cv2.drawContours(pale if large else lines, [contour], -1, (255,), -1, cv2.LINE_AA)
    noses = cv2.min(cv2.subtract(pale, holes), cv2.erode(pale, np.ones((7, 7), np.uint8)))
    return cv2.max(lines, noses).astype(np.uint8), pale


def trimmed(silhouette: Mask, ink: Mask, pale: Mask) -> Outline:
    """Masks cut down to the silhouette's box."""
    x, y, width, height = cv2.boundingRect((silhouette > 20).astype(np.uint8))
    parts = [np.ascontiguousarray(mask[y : y + height, x : x + width]) for mask in (silhouette, ink, pale)]
    for part in parts:
        part.setflags(write=False)
    return Outline(*parts)


def font_draws(glyph: str) -> bool:
    return _drawn(glyph) is not None


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(files("manimgx_fonts").joinpath(FONT)), EM)
    font.set_variation_by_axes([WEIGHT])
    return font


@lru_cache(maxsize=128)
def _drawn(glyph: str) -> Mask | None:
    """The glyph's ink, or None where the font only has its box for unknown characters."""
    ink, unknown = _ink(glyph.replace("\ufe0f", "")), _ink(_UNKNOWN)
    return None if ink.size == 0 or np.array_equal(ink, unknown) else ink


_UNKNOWN = "\U0010fffd"
"""A private character that no font draws."""


def _ink(text: str) -> Mask:
    """What the font draws for a text; nothing if it is empty or breaks up into several glyphs."""
    left, top, right, bottom = (round(side) for side in _font().getbbox(text))
    if right <= left or bottom <= top or right - left > 2 * EM:
        return np.zeros((0, 0), np.uint8)
    image = Image.new("L", (right - left + 24, bottom - top + 24))
    ImageDraw.Draw(image).text((12 - left, 12 - top), text, font=_font(), fill=255)
    return np.array(image)


def _filled(ink: Mask) -> Mask:
    """All that the outer contours enclose; gaps of a few pixels in a line do not let the paper out."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel)
    contours, _ = cv2.findContours((closed > 100).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(ink)
    cv2.drawContours(filled, contours, -1, (255,), -1, cv2.LINE_AA)
    return cv2.max(filled, ink).astype(np.uint8, copy=False)


def _sized(mask: Mask, width: int, height: int) -> Mask:
    way = cv2.INTER_AREA if height <= mask.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(mask, (width, height), interpolation=way).astype(np.uint8, copy=False)


def _shifted(mask: Mask, x: float, y: float) -> Mask:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(mask, matrix, (mask.shape[1], mask.shape[0])).astype(np.uint8, copy=False)
