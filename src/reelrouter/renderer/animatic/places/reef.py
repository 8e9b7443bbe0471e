"""The world below the surface: shafts of light, rocks, corals, weeds."""

from dataclasses import dataclass

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import sky
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.light import mix, shifted
from reelrouter.renderer.animatic.paper import Mark, Mask, Pixels, Sway
from reelrouter.renderer.animatic.places.water import pebbles
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer


def underwater(brush: Brush) -> Setting:
    layers: list[Layer] = [sky(brush, 1.0)]
    layers.append(_rays(brush))
    layers.append(_reef(brush, Reef(name="far", base=0.8, depth=0.18, count=8, colour=(70, 130, 170))))
    layers.append(_reef(brush, Reef(name="middle", base=0.86, depth=0.36, count=7, colour=(196, 96, 130))))
    air = len(layers)
    floor = brush.ridge("sand", 0.885, 0.025, 0.7, 2)
    sand = brush.light.paper((196, 180, 140), 0.6, 0.34)
    layers.append(brush.sheet(brush.land(floor), sand, 0.55, marks=pebbles(brush, floor)))
    layers.append(_weeds(brush, 0.5, 9, 0.24, 0.96))
    stage = len(layers)
    layers.append(_weeds(brush, 0.9, 8, 0.4, 1.06))
    layers.append(
        _reef(brush, Reef(name="front", base=1.01, depth=0.97, count=6, colour=(220, 92, 90), aside=True))
    )
    return Setting(
        layers=tuple(layers), stage_at=stage, air_at=air, floor=brush.floor_on(floor, 0.05), depth=0.66,
        surface="deep",
    )  # fmt: skip


def _rays(brush: Brush) -> Layer:
    """Shafts of sunlight from the surface, swaying."""
    rng = brush.random("rays")
    shafts = brush.blank()
    for _ in range(9):
        x, half = brush.x(rng.uniform(-0.1, 1.0)), brush.unit * rng.uniform(0.018, 0.05)
        lean, foot = brush.unit * rng.uniform(0.2, 0.34), brush.y(rng.uniform(0.75, 1.1))
        shapes.polygon(
            shafts, [(x - half, 0), (x + half, 0), (x + lean + 3 * half, foot), (x + lean - half, foot)]
        )
    soft = cv2.GaussianBlur(shafts, (0, 0), 0.012 * brush.unit).astype(np.float32) / 255.0
    fade = np.clip(1.05 - np.arange(brush.high, dtype=np.float32) / brush.high * 1.15, 0, 1)[:, None] ** 1.3
    glow = np.array(mix(brush.light.glow, brush.light.disc, 0.3), np.float32)
    strength = 1.0 if "rays" in brush.scene.wonders else 0.7
    pixels: Pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
    pixels[..., :3] = np.clip((soft * fade)[..., None] * glow * strength, 0, 255)
    return brush.hung(pixels, 0.2, sway=Sway(x=0.03 * brush.unit, period=6.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reef:
    """Rocks and corals at one depth."""

    name: str
    base: float
    """Share of the height."""
    depth: float
    count: int
    colour: Colour
    aside: bool = False
    """Whether the middle stays free."""


def _reef(brush: Brush, reef: Reef) -> Layer:
    rng = brush.random(f"reef-{reef.name}")
    line = brush.ridge(f"reef-{reef.name}", reef.base, 0.04, 0.45)
    mask = brush.land(line)
    bloom = brush.blank()
    for index in range(reef.count):
        share = (index + rng.uniform(0.1, 0.9)) / reef.count
        if reef.aside:
            share = share * 0.34 if index % 2 else 1 - share * 0.34
        x = brush.x(share * 1.1 - 0.05)
        foot = float(line[int(np.clip(x, 0, brush.wide - 1))])
        if rng.random() < 0.35:
            shapes.rock(mask, x, foot + 6, brush.unit * rng.uniform(0.12, 0.26), rng)
        size = brush.unit * rng.uniform(0.12, 0.2) * (0.7 + 0.6 * reef.depth)
        _growth(bloom, (x, foot + 8), size, rng)
    tint = shifted(reef.colour, hue=float(rng.uniform(-0.06, 0.06)))
    rocks = brush.light.paper((60, 96, 130), reef.depth, 0.4)
    whole = cv2.max(mask, bloom).astype(np.uint8, copy=False)
    mark = Mark(mask=bloom, colour=brush.light.paper(tint, reef.depth, 0.25 + 0.45 * reef.depth))
    return brush.sheet(whole, rocks, reef.depth, marks=[mark])


def _growth(mask: Mask, foot: tuple[float, float], height: float, rng: np.random.Generator) -> None:
    """One coral: branches, a cluster of tubes, or a ribbed fan."""
    kind = int(rng.integers(0, 4))
    if kind < 2:
        shapes.coral(mask, foot, height * 1.1, -np.pi / 2, rng)
    elif kind == 2:
        for turn in np.linspace(-0.5, 0.5, 5):
            high = height * rng.uniform(0.5, 0.95)
            end = (foot[0] + high * np.sin(turn), foot[1] - high * np.cos(turn))
            shapes.stroke(mask, [foot, end], height * 0.14)
            shapes.disc(mask, *end, height * 0.1)
    else:
        for turn in np.linspace(-1.1, 1.1, 13):
            end = (foot[0] + height * 0.85 * np.sin(turn), foot[1] - height * 0.85 * np.cos(turn))
            shapes.stroke(mask, [foot, end], max(2.0, height * 0.045))
            shapes.disc(mask, *end, height * 0.06)


def _weeds(brush: Brush, depth: float, count: int, height: float, foot: float) -> Layer:
    rng = brush.random(f"weeds{depth}")
    mask = brush.blank()
    for _ in range(count):
        share = rng.uniform(-0.05, 0.3) if rng.random() < 0.5 else rng.uniform(0.7, 1.05)
        shapes.weed(mask, brush.x(share), brush.y(foot), brush.unit * height * rng.uniform(0.6, 1.15), rng)
    sway = Sway(x=0.012 * brush.unit, period=4.2, phase=depth)
    return brush.sheet(mask, brush.light.paper((58, 150, 120), depth, 0.42), depth, sway=sway)
