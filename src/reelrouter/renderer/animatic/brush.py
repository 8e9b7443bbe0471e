"""What every place is cut with: one scene's light, randomness and measures, bound together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from reelrouter.renderer.animatic import paper
from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.light import Light, mix
from reelrouter.renderer.animatic.paper import OVERSCAN, Finish, Mark, Mask, Pixels, Profile, Sway
from reelrouter.renderer.animatic.scene import Colour, Scene
from reelrouter.renderer.animatic.theatre import Layer, Sheet

Surface = Literal["ground", "water", "deep", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Perch:
    """A second stand besides the floor, for what is built: a headland, a hilltop, a windowsill."""

    x: float
    """Share of the width."""
    floor: Callable[[float], float]
    stage_at: int
    """How many layers lie behind what stands there."""
    depth: float
    settles: bool = False
    """Whether small figures sit here too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A place, ready for its figures."""

    layers: tuple[Layer, ...]
    """From back to front."""
    stage_at: int
    """How many of the layers lie behind figures that stand, swim or float."""
    air_at: int
    """How many of the layers lie behind figures that fly."""
    floor: Callable[[float], float]
    """For an x in canvas pixels, the y at which feet stand or hulls float."""
    depth: float
    """Of the standing figures."""
    surface: Surface = "ground"
    perch: Perch | None = None
    shore: Perch | None = None
    """Dry land beside water, for what does not swim or float."""
    light: Light | None = None
    """What the figures stand in, where it is not the place's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    scene: Scene
    canvas: Canvas
    light: Light
    hero: float
    """Share of the width at which the main figure plays."""
    disc: tuple[float, float]
    """Shares of width and height of the sun or moon."""
    heading: int
    """Where figures go: 1 to the right, -1 to the left."""
    wide: int = field(init=False)
    """Pixels of a full sheet, overscan included."""
    high: int = field(init=False)
    unit: float = field(init=False)
    """The length that forms are measured by: the height, or less where the picture is narrow."""

    def __post_init__(self) -> None:
        wide = self.canvas.width + 2 * int(np.ceil(self.canvas.width * OVERSCAN))
        high = self.canvas.height + 2 * int(np.ceil(self.canvas.height * OVERSCAN))
        object.__setattr__(self, "wide", wide)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "unit", min(self.canvas.height, 0.92 * self.canvas.width))

    @property
    def tall(self) -> float:
        """The measure for heights: between the unit and the picture's height."""
        return (self.unit + self.canvas.height) / 2

    def x(self, share: float) -> float:
        """A share of the canvas's width as a column of a full sheet."""
        return (self.wide - self.canvas.width) / 2 + share * self.canvas.width

    def y(self, share: float) -> float:
        return (self.high - self.canvas.height) / 2 + share * self.canvas.height

    def random(self, name: str) -> np.random.Generator:
        return paper.random(self.canvas.seed, name)

    def blank(self) -> Mask:
        return np.zeros((self.high, self.wide), np.uint8)

    def ridge(self, name: str, base: float, height: float, wavelength: float, octaves: int = 4) -> Profile:
        """A skyline: `base` is a share of the canvas's height, `height` and `wavelength` are units."""
        line = paper.ridge(self.random(name), self.wide, wavelength * self.unit, octaves)
        return (self.y(base) - line * height * self.tall).astype(np.float32)

    def land(self, profile: Profile) -> Mask:
        return paper.below(profile, self.high)

    def finish(self, depth: float, **changes: float) -> Finish:
        """How paper at `depth` is lit: nearer sheets cast wider and darker shadows."""
        scale = self.unit / 720.0
        usual = Finish(
            rim=mix(self.light.disc, self.light.sky[2], 0.3),
            rim_light=0.12 + 0.16 * (1 - abs(depth - 0.5)),
            shade=self.light.shade,
            shadow=0.2 + 0.22 * depth,
            reach=(7.0 + 15.0 * depth) * scale,
        )
        return replace(usual, **changes)  # type: ignore[arg-type]

    def sheet(
        self,
        mask: Mask,
        colour: Colour,
        depth: float,
        *,
        marks: Sequence[Mark] = (),
        finish: Finish | None = None,
        sway: Sway = paper.STILL,
    ) -> Sheet:
        """A full sheet cut to `mask`."""
        grain = paper.texture(self.high, self.wide, self.canvas.seed)
        pixels, first = paper.cut(mask, colour, grain, finish or self.finish(depth), tuple(marks))
        return self.hung(pixels, depth, row=first, sway=sway)

    def hung(
        self, pixels: Pixels, depth: float, *, row: float = 0, column: float = 0, sway: Sway = paper.STILL
    ) -> Sheet:
        """Pixels hung with their corner at a full sheet's `column` and `row`."""
        corner = (column - (self.wide - self.canvas.width) / 2, row - (self.high - self.canvas.height) / 2)
        return Sheet(plate=paper.plate(pixels, corner, depth, sway))

    def glow(self, radius: float, colour: Colour, power: float = 2.0) -> Pixels:
        """A round patch of added light."""
        size = max(4, int(2 * radius))
        axis = np.linspace(-1, 1, size, dtype=np.float32)
        near = np.clip(1 - np.hypot(axis[:, None], axis[None, :]), 0, 1) ** power
        pixels = np.zeros((size, size, 4), np.uint8)
        pixels[..., :3] = (near[..., None] * np.array(colour, np.float32)).astype(np.uint8)
        return pixels

    def glow_at(self, x: float, y: float, radius: float, colour: Colour, depth: float) -> Sheet:
        """Added light around a full sheet's column and row."""
        return self.hung(self.glow(radius, colour), depth, row=y - radius, column=x - radius)

    def floor_on(self, profile: Profile, sink: float = 0.0) -> Callable[[float], float]:
        """Where feet stand on a profile, `sink` units below its edge."""
        column = (self.wide - self.canvas.width) / 2
        row = (self.high - self.canvas.height) / 2
        smooth = cv2.GaussianBlur(profile[None, :], (0, 0), max(1.0, 0.02 * self.unit))[0]

        def floor(x: float) -> float:
            at = int(min(max(x + column, 0), self.wide - 1))
            return float(smooth[at]) - row + sink * self.unit

        return floor
