"""Open country: mountains and meadow, and what other places borrow from them."""

from dataclasses import dataclass

import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.light import mix
from reelrouter.renderer.animatic.paper import Mark, Mask, Profile
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer


def mountains(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.62)
    far = peaks(brush, "far", 0.56, 0.2, 0.46)
    layers.append(range_of(brush, far, (150, 170, 205), 0.12, snow=0.34))
    middle = peaks(brush, "middle", 0.66, 0.21, 0.36)
    layers.append(range_of(brush, middle, (106, 130, 160), 0.27, snow=0.26))
    air = len(layers)
    layers.append(
        wooded(brush, brush.ridge("hill", 0.75, 0.05, 0.7), 0.45, Wood(ground=(64, 104, 96), sizes=(0.05, 0.09)))
    )
    ground = brush.ridge("meadow", 0.84, 0.03, 0.9, 2)
    layers.append(
        wooded(brush, ground, 0.68, Wood(ground=(78, 120, 74), sizes=(0.09, 0.14), clear=0.24, count=16))
    )
    stage = len(layers)
    layers.extend(front(brush, (44, 74, 58), "pines"))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.035),
        depth=0.7,
    )


def meadow(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.64)
    layers.append(
        brush.sheet(brush.land(brush.ridge("far", 0.6, 0.05, 0.8)), brush.light.paper((150, 186, 190), 0.14), 0.14)
    )
    far = brush.ridge("hill", 0.68, 0.045, 0.62)
    layers.append(wooded(brush, far, 0.3, Wood(ground=(138, 186, 110), sizes=(0.05, 0.08), leafy=True, count=14)))
    air = len(layers)
    near = brush.ridge("near", 0.75, 0.04, 0.8, 2)
    layers.append(
        wooded(brush, near, 0.48, Wood(ground=(112, 168, 82), sizes=(0.16, 0.24), leafy=True, clear=0.3, count=5))
    )
    ground = brush.ridge("ground", 0.83, 0.02, 1.0, 2)
    layers.append(
        brush.sheet(brush.land(ground), brush.light.paper((88, 150, 70), 0.68), 0.68, marks=flowers(brush, ground))
    )
    stage = len(layers)
    layers.extend(front(brush, (48, 104, 56), "flowers"))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.035),
        depth=0.7,
    )


def peaks(brush: Brush, name: str, base: float, height: float, wavelength: float) -> Profile:
    """A jagged skyline: straight slopes between random summits, roughened a little."""
    rng = brush.random(f"peaks-{name}")
    step = wavelength * brush.unit * 0.5
    x, high, points = -step * rng.random(), True, []
    while x < brush.wide + 2 * step:
        lift = rng.uniform(0.55, 1.25) if high else rng.uniform(-0.35, 0.15)
        points.append((x, lift))
        x += step * rng.uniform(0.7, 1.35)
        high = not high
    columns, lifts = zip(*points, strict=True)
    line = np.interp(np.arange(brush.wide), columns, lifts).astype(np.float32)
    rough = brush.ridge(f"rough-{name}", 0.0, 0.016, 0.09, 3) - brush.y(0.0)
    skyline: Profile = (brush.y(base) - line * height * brush.tall + rough).astype(np.float32)
    return skyline


def range_of(brush: Brush, profile: Profile, colour: Colour, depth: float, snow: float) -> Layer:
    """Mountains with a shaded flank and, where they rise high enough, a cap of white paper."""
    mask = brush.land(profile)
    rows = np.arange(brush.high, dtype=np.float32)[:, None]
    slope = np.gradient(profile)
    top = float(profile.min())
    span = float(np.percentile(profile, 80)) - top
    jag = brush.ridge(f"cap{depth}", 0.0, 0.03, 0.07, 2) - brush.y(0.0)
    cap = (rows < (top + snow * 1.6 * span + jag)[None, :]) & (rows > profile[None, :])
    flank = (slope > 0)[None, :] & (rows < (profile + 0.55 * span)[None, :])
    white = mix(brush.light.paper((250, 250, 255), depth, 0.62), brush.light.disc, 0.12)
    body = brush.light.paper(colour, depth)
    return brush.sheet(
        mask,
        body,
        depth,
        marks=[
            Mark(mask=_where(cap), colour=white),
            Mark(mask=_where(flank & (rows > profile[None, :])), colour=brush.light.shade, strength=0.13),
        ],
    )


def _where(condition: np.ndarray) -> Mask:
    return condition.astype(np.uint8) * 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Wood:
    """The trees on a hill."""

    ground: Colour
    """Of the hill and of its trees, which are one sheet."""
    sizes: tuple[float, float]
    """Units."""
    count: int = 46
    leafy: bool = False
    clear: float = 0.0
    """Units around the hero that stay free."""


def wooded(brush: Brush, profile: Profile, depth: float, wood: Wood) -> Layer:
    """A hill with trees along its edge."""
    mask = brush.land(profile)
    rng = brush.random(f"wood{depth}")
    draw = shapes.round_tree if wood.leafy else shapes.conifer
    for place in rng.random(wood.count):
        x = float(place * brush.wide)
        size = rng.uniform(*wood.sizes) * brush.unit
        if abs(x - brush.x(brush.hero)) > wood.clear * brush.unit:
            draw(mask, x, float(profile[min(int(x), brush.wide - 1)]) + 0.1 * size, size, rng)
    return brush.sheet(mask, brush.light.paper(wood.ground, depth), depth)


def flowers(brush: Brush, profile: Profile) -> list[Mark]:
    """Dots of colour strewn over a meadow."""
    rng = brush.random("flowers")
    marks = []
    accent = brush.light.accent
    for colour in (accent or (244, 96, 108), (252, 214, 92), (250, 240, 244)):
        dots = brush.blank()
        for _ in range(60):
            x = rng.uniform(0, brush.wide)
            y = float(profile[int(min(x, brush.wide - 1))]) + rng.uniform(0.02, 0.2) * brush.unit
            shapes.disc(dots, x, y, brush.unit * rng.uniform(0.003, 0.006))
        marks.append(Mark(mask=dots, colour=brush.light.paper(colour, 0.6, 0.85)))
    return marks


def front(brush: Brush, colour: Colour, kind: str) -> list[Layer]:
    """The foremost strip, and what frames the stage at its sides."""
    rng = brush.random("front")
    edge = brush.ridge("front", 0.955, 0.018, 0.5, 3)
    mask = brush.land(edge)
    for _ in range(0 if kind == "snow" else 150):
        x = rng.uniform(0, brush.wide)
        near = min(1.0, abs(x / brush.wide - brush.hero) * 3.2)
        size = brush.unit * rng.uniform(0.03, 0.055) * (0.6 + 0.8 * near)
        shapes.blade(mask, x, float(edge[int(min(x, brush.wide - 1))]) + 5, size, rng.uniform(-0.45, 0.45))
    if kind == "pines":
        for side in (-0.02, 1.02):
            for _ in range(2):
                x = brush.x(side + rng.uniform(-0.05, 0.05))
                shapes.conifer(mask, x, brush.y(1.06), brush.unit * rng.uniform(0.5, 0.72), rng)
    marks = _blossoms(brush, edge) if kind == "flowers" else []
    return [brush.sheet(mask, brush.light.paper(colour, 1.0, 0.35), 0.98, marks=marks)]


def _blossoms(brush: Brush, edge: Profile) -> list[Mark]:
    rng = brush.random("blossoms")
    petals, hearts = brush.blank(), brush.blank()
    for _ in range(14):
        x = float(rng.uniform(0, brush.wide))
        y = float(edge[int(min(x, brush.wide - 1))]) + rng.uniform(0.005, 0.05) * brush.unit
        size = brush.unit * rng.uniform(0.011, 0.018)
        for turn in np.linspace(0, 2 * np.pi, 6)[:-1]:
            shapes.disc(petals, x + size * np.cos(turn), y + size * np.sin(turn), size * 0.62)
        shapes.disc(hearts, x, y, size * 0.55)
    colour = brush.light.accent or (246, 120, 140)
    return [
        Mark(mask=petals, colour=brush.light.paper(colour, 0.9, 0.8)),
        Mark(mask=hearts, colour=brush.light.paper((255, 214, 90), 0.9, 0.85)),
    ]
