"""A picture becomes a film: the camera moves through it as if near things stood before far ones.

Pixels only change their places: nothing is invented that the picture does not show.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from reelrouter.renderer.animatic.depth import Field, guess_nearness
from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.fine import FinePicture
from reelrouter.renderer.animatic.scene import Camera
from reelrouter.work import TaskFailed

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")

SWAY_PERIOD = 7.0
"""Seconds of one slow breath of the camera."""


def load_picture(path: Path) -> Image.Image:
    """The picture as it should be seen: upright, in sRGB, as RGB, or RGBA if parts of it are transparent."""
    try:
        with Image.open(path, formats=FORMATS) as file:
            return _as_seen(ImageOps.exif_transpose(file))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise TaskFailed(
            "invalid_image", f"the picture {path.name} could not be read: PNG, JPEG, WebP, GIF and AVIF would do"
        ) from error


def fitted(picture: Image.Image, width: int, height: int) -> Frame:
    """Cut around the centre to the exact size; transparent parts become black."""
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(ground, picture).convert("RGB")
    return np.array(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))


def _as_seen(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    if profile and not has_alpha:
        picture = _in_srgb(picture, profile)
    return picture.convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """With its colours converted; as it is if its profile makes no sense."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if converted is None else converted


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A camera move as two displacement fields; each frame adds a share of both to every pixel's place."""

    along: tuple[Field, Field]
    """Where the move ends: x and y, in pixels."""
    sway: tuple[Field, Field]
    """How far a breath goes."""


class PhotoFilm:
    """A still picture with a moving camera. The first frame is the picture itself; with `ends_exact`, the last."""

    def __init__(self, picture: Frame, canvas: Canvas, camera: Camera, *, ends_exact: bool = False) -> None:
        self._picture = picture
        self._canvas = canvas
        self._ends_exact = ends_exact
        self._move = plan_move(guess_nearness(picture), camera, canvas.seed)
        self._fine = FinePicture(picture)

    def frame(self, index: int) -> Frame:
        away = self._canvas.frames - 1 - index if self._ends_exact else index
        if away == 0:
            return self._picture.copy()
        along, sway = self._shares(away)
        move = self._move
        return self._fine.displaced(
            move.along[0] * along + move.sway[0] * sway, move.along[1] * along + move.sway[1] * sway
        )

    def _shares(self, away: int) -> tuple[np.float32, np.float32]:
        """How much of the move and of the breath has happened, `away` frames from the exact picture."""
        share = away / max(1, self._canvas.frames - 1)
        eased = 0.55 * share + 0.45 * share * share * (3 - 2 * share)
        breath = np.sin(2 * np.pi * away / self._canvas.fps / SWAY_PERIOD)
        return np.float32(eased), np.float32(breath)


def plan_move(nearness: Field, camera: Camera, seed: int) -> Move:
    """The displacement of every pixel for a camera move; near things move more than far ones."""
    height, width = nearness.shape
    random = np.random.default_rng([seed, 0xCA])
    focus_x = width * random.uniform(0.44, 0.56)
    focus_y = height * random.uniform(0.42, 0.52)
    to_x = np.arange(width, dtype=np.float32)[None, :] - np.float32(focus_x)
    to_y = np.arange(height, dtype=np.float32)[:, None] - np.float32(focus_y)
    reach = REACHES[camera]
    zoom = np.float32(reach.zoom) + np.float32(reach.zoom_near) * nearness
    depth = np.float32(1 - reach.parallax) + np.float32(reach.parallax) * nearness - np.float32(reach.pivot)
    along_x = np.float32(reach.x * reach.zoom * width / 2) * depth - to_x * zoom
    along_y = np.float32(reach.y * reach.zoom * height / 2) * depth - to_y * zoom
    swing = (
        np.float32(0.006 * min(width, height)) * (nearness - np.float32(0.45)) * np.float32(random.choice([-1, 1]))
    )
    return Move(along=(along_x, along_y), sway=(swing, swing * np.float32(0.3)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a move goes by the film's end."""

    x: float = 0.0
    """Where the view drifts to, as a share of the margin that the zoom has made: -1 is the left edge."""
    y: float = 0.0
    parallax: float = 0.35
    """How much of the drift depends on depth."""
    pivot: float = 0.0
    """The depth that stands still: around 0.5 the drift becomes an orbit."""
    zoom: float = 0.0
    """Growth of everything."""
    zoom_near: float = 0.0
    """Further growth of what is near."""


REACHES: dict[Camera, Reach] = {
    "push": Reach(zoom=0.07, zoom_near=0.09),
    "pull": Reach(zoom=-0.02, zoom_near=-0.05),
    "left": Reach(x=-1.0, zoom=0.12),
    "right": Reach(x=1.0, zoom=0.12),
    "up": Reach(y=-1.0, zoom=0.14),
    "down": Reach(y=1.0, zoom=0.14),
    "orbit": Reach(x=0.8, pivot=0.5, parallax=1.0, zoom=0.08),
    "static": Reach(zoom=0.01, zoom_near=0.01),
    "track": Reach(x=1.0, parallax=0.45, zoom=0.17),
}
