"""Paper and scissors: noise, masks, and sheets with an edge, a grain and a shadow. It knows no scene."""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.scene import Colour

Pixels = NDArray[np.uint8]
"""(height, width, 4): red, green, blue multiplied by alpha, and alpha. Alpha 0 with a colour adds light."""
Mask = NDArray[np.uint8]
"""(height, width): 255 where there is paper."""
Profile = NDArray[np.float32]
"""(width,): the row where paper begins, in pixels from the top, column by column."""

OVERSCAN = 0.08
"""How far sheets reach beyond each side of the canvas, as a share of its size: the camera's room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway:
    """How a sheet moves by itself, as a pure function of time. Pixels and seconds."""

    x: float = 0.0
    y: float = 0.0
    period: float = 1.0
    phase: float = 0.0
    drift: float = 0.0

    def at(self, seconds: float) -> tuple[float, float]:
        turn = 2 * np.pi * (seconds / self.period + self.phase)
        return self.x * np.sin(turn) + self.drift * seconds, self.y * np.sin(turn * 1.0 + 1.1)


STILL = Sway()

BLOCKS = 48
"""Blocks of columns that a plate knows its empty and its solid rows for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A cut sheet hanging in the stage."""

    pixels: Pixels
    left: float
    top: float
    """Where its corner hangs, in canvas pixels, before the camera moves."""
    depth: float
    """0 is the backdrop, which hardly moves; 1 the front."""
    tops: NDArray[np.int64]
    """For each of several equal blocks of columns, the first row that is not empty."""
    solids: NDArray[np.int64]
    """For each block the row from which on it hides all that lies behind; its height if none does."""
    adds: bool
    """Whether it only adds light."""
    sway: Sway = STILL


def plate(pixels: Pixels, corner: tuple[float, float], depth: float, sway: Sway = STILL) -> Plate:
    """`pixels` hung with their `corner` at canvas pixels (x, y)."""
    height = pixels.shape[0]
    tops, solids = [], []
    for block in np.array_split(pixels, BLOCKS, axis=1):
        rows = np.flatnonzero(block.any(axis=(1, 2))) if block.size else np.zeros(0, np.int64)
        clear = np.flatnonzero(block[..., 3].min(axis=1) < 255) if block.size else np.zeros(0, np.int64)
        tops.append(int(rows[0]) if rows.size else height)
        solids.append(int(clear[-1]) + 1 if clear.size else 0)
    return Plate(
        pixels=pixels, left=corner[0], top=corner[1], depth=depth, sway=sway,
        adds=not pixels[..., 3].any(), tops=np.array(tops, np.int64), solids=np.array(solids, np.int64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How a sheet is lit and lies over the next one."""

    rim: Colour = (255, 255, 255)
    rim_light: float = 0.16
    """0 to 1: the lit cut edge."""
    shade: Colour = (10, 10, 20)
    shadow: float = 0.34
    """0 to 1: the darkness of the shadow it casts on what is behind."""
    reach: float = 14.0
    """Pixels: the softness of that shadow."""
    fall: float = 0.14
    """How much darker its foot is than its edge."""
    fall_over: float = 0.0
    """Pixels from its top edge to its foot's tone; 0 is its whole height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A second, smaller sheet glued on the first: windows, snow caps, stripes."""

    mask: Mask
    colour: Colour
    strength: float = 1.0


def random(seed: int, name: str) -> np.random.Generator:
    """Randomness that belongs to `name` alone: drawing one thing more does not move the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def ridge(rng: np.random.Generator, width: int, wavelength: float, octaves: int = 4) -> Profile:
    """One line of fractal noise, about -1 to 1; `wavelength` in pixels."""
    line = np.zeros(width, np.float32)
    total, strength = 0.0, 1.0
    for octave in range(octaves):
        count = max(4, int(width / max(wavelength / 2**octave, 2.0)) + 4)
        knots = rng.uniform(-1, 1, (1, count)).astype(np.float32)
        line += strength * cv2.resize(knots, (width, 1), interpolation=cv2.INTER_CUBIC)[0]
        total += strength
        strength *= 0.45
    skyline: Profile = line / np.float32(total * 0.75)
    return skyline


def clouds(rng: np.random.Generator, shape: tuple[int, int], scale: float, octaves: int = 4) -> Profile:
    """A field of fractal noise, 0 to 1; `scale` is the size of its largest forms in pixels."""
    height, width = shape
    field = np.zeros(shape, np.float32)
    total, strength = 0.0, 1.0
    for octave in range(octaves):
        step = max(scale / 2**octave, 1.0)
        knots = rng.random((int(height / step) + 3, int(width / step) + 3), np.float32)
        field += strength * cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
        total += strength
        strength *= 0.5
    share: Profile = np.clip(field / total, 0.0, 1.0)
    return share


@lru_cache(maxsize=4)
def texture(height: int, width: int, seed: int) -> Profile:
    """Paper's grain and the dimming towards the picture's edge, as factors about 1. Read-only."""
    rng = random(seed, "grain")
    tile = np.pad(rng.normal(0.0, 1.0, (256, 256)).astype(np.float32), 16, mode="wrap")
    fine = cv2.GaussianBlur(tile, (0, 0), 0.8)
    fibre = cv2.GaussianBlur(tile[:, ::-1], (0, 0), sigmaX=4.0, sigmaY=0.7)
    grain = (1.0 + 0.009 * fine / fine.std() + 0.008 * fibre / fibre.std())[16:-16, 16:-16]
    whole = np.tile(grain, (height // 256 + 1, width // 256 + 1))[:height, :width]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    dim = 1.0 - 0.3 * np.clip((x * x + y * y) / 2.0, 0, 1) ** 1.6
    result = (whole * dim).astype(np.float32)
    result.setflags(write=False)
    return result


def below(profile: Profile, height: int) -> Mask:
    """Paper from the profile down to the bottom, its edge smoothed within one pixel."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    mask: Mask = (np.clip(rows - profile[None, :] + 0.5, 0, 1) * 255).astype(np.uint8)
    return mask


def cut(
    mask: Mask, colour: Colour, grain: Profile, finish: Finish, marks: tuple[Mark, ...] = ()
) -> tuple[Pixels, int]:
    """A lit sheet from its mask: pixels, and the row of the mask they begin at."""
    reach = int(finish.reach * 2.2) + 2
    rows = np.flatnonzero(mask.max(axis=1))
    if rows.size == 0:
        return np.zeros((1, mask.shape[1], 4), np.uint8), 0
    first, last = max(0, int(rows[0]) - reach), min(mask.shape[0], int(rows[-1]) + reach + 1)
    part = np.ascontiguousarray(mask[first:last])
    tone = _tone(part.shape[0], colour, finish, int(rows[0]) - first)
    lit = cv2.subtract(part, cv2.GaussianBlur(_moved(part, 1, 2), (0, 0), 0.9))
    dark = _soft(_moved(part, -int(finish.reach * 0.25), -int(finish.reach * 0.2)), finish.reach)
    pixels = np.empty((*part.shape, 4), np.uint8)
    for top in range(0, part.shape[0], _BAND):
        band = slice(top, min(top + _BAND, part.shape[0]))
        whole = slice(first + band.start, first + band.stop)
        glued = [(mark.mask[whole] * np.float32(mark.strength / 255.0), mark.colour) for mark in marks]
        light = lit[band] * np.float32(finish.rim_light / 255.0)
        planes = _body(tone[band], grain[whole], [*glued, (light, None)], finish.rim)
        pixels[band] = _over_shadow(
            planes, part[band], dark[band] * np.float32(finish.shadow / 255.0), finish.shade
        )
    return pixels, first


_BAND = 40
"""Rows worked on at a time, so that what lies between stays in the processor's cache."""


def _tone(height: int, colour: Colour, finish: Finish, edge: int) -> Profile:
    """The sheet's colour row by row: it darkens from its edge to its foot."""
    over = finish.fall_over or max(1.0, height - edge)
    down = np.clip((np.arange(height, dtype=np.float32) - edge) / over, 0, 1)
    tone: Profile = np.array(colour, np.float32)[None, :] * (1.04 - finish.fall * down)[:, None].astype(np.float32)
    return tone


def _body(tone: Profile, grain: Profile, glued: list[tuple[Profile, Colour | None]], rim: Colour) -> list[Profile]:
    """The three colour planes of some rows: paper, what is glued on it, and the light on its edge."""
    planes = []
    for channel in range(3):
        plane = tone[:, channel, None] * grain
        for share, colour in glued:
            other = rim[channel] if colour is None else grain * np.float32(colour[channel])
            plane += (other - plane) * share
        planes.append(plane)
    return planes


def _over_shadow(planes: list[Profile], part: Mask, dark: Profile, shade: Colour) -> Pixels:
    alpha = part * np.float32(1 / 255.0)
    under = dark * (1.0 - alpha)
    colours = [plane * alpha + under * np.float32(shade[channel]) for channel, plane in enumerate(planes)]
    whole = cv2.merge([*colours, (alpha + under) * np.float32(255.0)])
    return cv2.convertScaleAbs(whole).astype(np.uint8, copy=False)


def _soft(mask: Mask, sigma: float) -> Mask:
    """The mask blurred; worked out at a quarter of the size, since nobody sees the difference."""
    height, width = mask.shape
    small = cv2.resize(mask, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(0.6, sigma / 4), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _moved(mask: Mask, x: int, y: int) -> Mask:
    """The mask pushed by whole pixels, its border repeated."""
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = (mask.shape[1], mask.shape[0])
    return cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8, copy=False
    )
