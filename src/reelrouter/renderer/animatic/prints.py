"""Pictures on paper: photographs with a white border, and cut-outs with a paper edge, each with its shadow."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageOps

from reelrouter.renderer.animatic.depth import Field
from reelrouter.renderer.animatic.layout import Kind
from reelrouter.renderer.animatic.paper import Pixels

PAPER = (250, 247, 240)
BORDER = 0.035
"""Width of a photograph's border, as a share of its longer side."""
CORNER = 0.025
EDGE = 0.016
"""Width of a cut-out's paper edge, as a share of its longer side."""
MARGIN = 0.12
"""Room around the paper for its shadow, as a share of its longer side."""
RATIOS = (0.56, 1.9)
"""Width over height: what is narrower or wider than this is cut around its centre."""
SMOOTHER = 2
"""How much larger forms are drawn before they are scaled down, for soft edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """Paper with its shadow, as premultiplied pixels with a margin on each side."""

    pixels: Pixels
    margin: int
    """Pixels."""


def kind_of(picture: Image.Image) -> Kind:
    """A picture with clear parts is cut out; any other is a photograph."""
    if picture.mode != "RGBA":
        return "photograph"
    alpha = np.asarray(picture.getchannel("A"))
    clear = float(np.mean(alpha < 128))
    return "cutout" if 0.02 < clear < 0.995 else "photograph"


def trimmed(picture: Image.Image) -> Image.Image:
    """What of the picture is shown: a cut-out without its empty margins, a photograph of a usual shape."""
    if kind_of(picture) == "cutout":
        box = picture.getchannel("A").point([0] * 32 + [255] * 224).getbbox()
        return picture.crop(box)
    width, height = picture.size
    shape = min(max(width / height, RATIOS[0]), RATIOS[1])
    wanted = (round(min(width, height * shape)), round(min(height, width / shape)))
    return ImageOps.fit(_flattened(picture), wanted, Image.Resampling.LANCZOS)


def photograph(picture: Image.Image, width: int, height: int) -> Print:
    """The picture within a white border on rounded paper of the given size."""
    side = max(width, height)
    border = max(2, round(side * BORDER))
    paper = Image.new("RGB", (width, height), PAPER)
    inside = (max(1, width - 2 * border), max(1, height - 2 * border))
    paper.paste(ImageOps.fit(_flattened(picture), inside, Image.Resampling.LANCZOS), (border, border))
    return _with_shadow(np.array(paper), _rounded(width, height, max(2, round(side * CORNER))))


def cutout(picture: Image.Image, width: int, height: int) -> Print:
    """The picture's opaque part with a rim of white paper around it, all within the given size."""
    rim = max(2, round(max(width, height) * EDGE))
    inside = (max(1, width - 2 * rim), max(1, height - 2 * rim))
    small = np.array(picture.convert("RGBa").resize(inside, Image.Resampling.LANCZOS))
    small = cv2.copyMakeBorder(small, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    grown = cv2.dilate(small[..., 3], disc)
    sheet = cv2.GaussianBlur(grown, (0, 0), max(0.6, rim / 5))
    colour = small[..., :3] + np.array(PAPER) * (1 - small[..., 3:].astype(np.float32) / 255)
    return _with_shadow(np.clip(colour, 0, 255).astype(np.uint8), np.asarray(sheet, dtype=np.uint8))


def _flattened(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, (*PAPER, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _rounded(width: int, height: int, corner: int) -> Pixels:
    large = Image.new("L", (width * SMOOTHER, height * SMOOTHER))
    box = (0, 0, width * SMOOTHER - 1, height * SMOOTHER - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, corner * SMOOTHER, fill=255)
    return np.array(large.resize((width, height), Image.Resampling.BOX))


def _with_shadow(colour: Pixels, sheet: Pixels) -> Print:
    """The sheet over a contact shadow and a wide soft one that falls down and to the right."""
    side = max(sheet.shape)
    margin = max(4, round(side * MARGIN))
    room = (margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    alpha = cv2.copyMakeBorder(sheet, *room, value=0).astype(np.float32) / np.float32(255)
    lit = cv2.copyMakeBorder(colour, *room, value=(0, 0, 0)).astype(np.float32)
    shadow = np.maximum(0.34 * _fallen(alpha, side * 0.03, side * 0.026), 0.3 * _fallen(alpha, side * 0.006, 1.5))
    pixels = np.empty((*alpha.shape, 4), dtype=np.float32)
    pixels[..., :3] = lit * alpha[..., None]
    pixels[..., 3] = 255 * (alpha + (1 - alpha) * shadow)
    return Print(pixels=np.round(pixels).astype(np.uint8), margin=margin)


def _fallen(alpha: Field, offset: float, softness: float) -> Field:
    moved = np.array([[1, 0, offset * 0.6], [0, 1, offset]], dtype=np.float32)
    height, width = alpha.shape
    fallen = cv2.warpAffine(alpha, moved, (width, height))
    return np.asarray(cv2.GaussianBlur(fallen, (0, 0), softness), dtype=np.float32)
