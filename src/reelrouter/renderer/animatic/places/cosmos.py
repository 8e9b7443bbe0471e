"""Places off the ground: outer space, the Moon, Mars, the open sky."""

from dataclasses import dataclass

import cv2
import numpy as np

from reelrouter.renderer.animatic import paper, shapes
from reelrouter.renderer.animatic.backdrop import backdrop, sky, starlight
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.light import mix, shifted
from reelrouter.renderer.animatic.paper import Mark, Mask, Profile, Sway
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer


def space(brush: Brush) -> Setting:
    rng = brush.random("planets")
    layers: list[Layer] = [sky(brush, 1.05), _nebula(brush), starlight(brush, 1.05)]
    base = float(rng.uniform(0, 1))
    side = 1 if brush.hero <= 0.5 else -1
    layers.append(
        _planet(
            brush,
            Globe(x=0.5 - side * 0.36, y=0.2, size=0.075, depth=0.1, colour=shifted((220, 150, 120), hue=base)),
        )
    )
    layers.append(
        _planet(
            brush,
            Globe(
                x=0.5 + side * 0.27,
                y=0.3,
                size=0.17,
                depth=0.24,
                ringed=True,
                colour=shifted((232, 168, 110), hue=base * 0.4),
            ),
        )
    )
    air = stage = len(layers)
    layers.append(_limb(brush, shifted((90, 150, 200), hue=base * 0.3)))
    level = np.full(brush.wide, brush.y(0.62), np.float32)
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(level),
        depth=0.6,
        surface="void",
    )


def moon(brush: Brush) -> Setting:
    layers: list[Layer] = [sky(brush, 0.7), starlight(brush, 0.62)]
    layers.append(
        _planet(
            brush,
            Globe(x=brush.disc[0], y=0.26, size=0.13, depth=0.06, colour=(84, 150, 214), lands=(120, 176, 110)),
        )
    )
    return _barren(brush, layers, (206, 208, 220))


def mars(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.66)
    layers.append(_mesas(brush, (206, 120, 84)))
    return _barren(brush, layers, (200, 96, 58))


def open_sky(brush: Brush) -> Setting:
    """Above the clouds."""
    layers = backdrop(brush, 0.9)
    for index, (share, depth) in enumerate(((0.7, 0.14), (0.79, 0.3), (0.87, 0.48))):
        layers.append(_cloud_sea(brush, share, depth, index))
    air = stage = len(layers)
    layers.append(_cloud_sea(brush, 0.97, 0.95, 7))
    level = np.full(brush.wide, brush.y(0.6), np.float32)
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(level),
        depth=0.6,
        surface="void",
    )


def _barren(brush: Brush, layers: list[Layer], colour: Colour) -> Setting:
    """Craters, boulders and dust in front of what `layers` already hold."""
    layers.append(
        brush.sheet(brush.land(brush.ridge("far", 0.66, 0.05, 0.5)), brush.light.paper(colour, 0.22, 0.55), 0.22)
    )
    air = len(layers)
    middle = brush.ridge("middle", 0.74, 0.04, 0.6, 3)
    layers.append(_cratered(brush, middle, colour, 0.42, 7))
    ground = brush.ridge("ground", 0.83, 0.022, 0.9, 2)
    layers.append(_cratered(brush, ground, colour, 0.66, 9))
    stage = len(layers)
    edge = brush.ridge("front", 0.965, 0.03, 0.5)
    mask = brush.land(edge)
    rng = brush.random("rocks")
    for share in (-0.02, 0.06, 0.93, 1.02):
        shapes.rock(mask, brush.x(share), brush.y(1.0), brush.unit * rng.uniform(0.16, 0.3), rng)
    layers.append(brush.sheet(mask, brush.light.paper(colour, 1.0, 0.25), 0.97))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.05),
        depth=0.68,
    )


def _cratered(brush: Brush, line: Profile, colour: Colour, depth: float, count: int) -> Layer:
    rng = brush.random(f"craters{depth}")
    mask, pits, lips = brush.land(line), brush.blank(), brush.blank()
    for _ in range(count):
        x = rng.uniform(0, brush.wide)
        y = float(line[int(min(x, brush.wide - 1))]) + rng.uniform(0.03, 0.14) * brush.unit
        half = brush.unit * rng.uniform(0.02, 0.075) * (0.6 + depth)
        centre, axes = (int(x), int(y)), (int(half), max(1, int(half * 0.26)))
        cv2.ellipse(
            lips, (centre[0], centre[1] + max(1, int(half * 0.09))), axes, 0, 0, 360, (255,), -1, cv2.LINE_AA
        )
        cv2.ellipse(pits, centre, axes, 0, 0, 360, (255,), -1, cv2.LINE_AA)
    marks = [
        Mark(mask=lips, colour=mix(brush.light.paper(colour, depth, 0.6), brush.light.disc, 0.35), strength=0.8),
        Mark(mask=pits, colour=brush.light.shade, strength=0.42),
    ]
    return brush.sheet(mask, brush.light.paper(colour, depth, 0.6), depth, marks=marks)


def _mesas(brush: Brush, colour: Colour) -> Layer:
    rng = brush.random("mesas")
    line = brush.ridge("plain", 0.64, 0.012, 0.4)
    x = np.arange(brush.wide, dtype=np.float32)
    for _ in range(5):
        middle, half = brush.x(rng.uniform(-0.05, 1.05)), brush.unit * rng.uniform(0.06, 0.15)
        rise = np.clip((half - np.abs(x - middle)) / (0.035 * brush.unit), 0, 1)
        rise = np.where(rise < 0.45, rise * 0.7, np.where(rise < 0.6, 0.45, rise))
        line = np.minimum(line, brush.y(0.65) - rise * brush.tall * rng.uniform(0.06, 0.17)).astype(np.float32)
    return brush.sheet(brush.land(line), brush.light.paper(colour, 0.12), 0.12)


def _nebula(brush: Brush) -> Layer:
    """Coloured dust, added light."""
    height, width = brush.high // 4, brush.wide // 4
    pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
    total = np.zeros((height, width, 3), np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    rng = brush.random("nebula")
    lean = rng.uniform(-0.7, 0.7)
    band = np.exp(-(((y - lean * x) / 0.55) ** 2))
    for name, colour in (("a", (150, 60, 150)), ("b", (50, 100, 190))):
        field = paper.clouds(brush.random(f"nebula-{name}"), (height, width), 0.13 * brush.unit)
        total += (np.clip((field - 0.42) * 2.6, 0, 1) ** 1.3 * band)[..., None] * np.array(colour, np.float32)
    bands = np.floor(total / 28) * 28 * 0.75 + total * 0.25
    soft = cv2.GaussianBlur(bands, (0, 0), 0.8)
    pixels[..., :3] = np.clip(cv2.resize(soft, (brush.wide, brush.high), interpolation=cv2.INTER_CUBIC), 0, 200)
    return brush.hung(pixels, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Globe:
    """A world in the sky."""

    x: float
    """Share of the width."""
    y: float
    size: float
    """Radius in units."""
    colour: Colour
    depth: float
    ringed: bool = False
    lands: Colour | None = None
    """Of its continents; a world without them has bands."""


def _planet(brush: Brush, globe: Globe) -> Layer:
    """A disc with bands or continents and a night side."""
    rng = brush.random(f"planet{globe.size}")
    x, y, radius = brush.x(globe.x), brush.y(globe.y), globe.size * brush.unit
    body, lit, face = brush.blank(), brush.blank(), brush.blank()
    shapes.disc(body, x, y, radius)
    shapes.disc(lit, x - radius * 0.35, y - radius * 0.3, radius * 1.12)
    colour = globe.lands or mix(globe.colour, (255, 240, 220), 0.4)
    (_continents if globe.lands else _bands)(face, (x, y, radius), rng)
    marks = [
        Mark(mask=_u8(cv2.min(face, body)), colour=colour, strength=0.9 if globe.lands else 0.55),
        Mark(mask=_u8(cv2.subtract(body, lit)), colour=brush.light.shade, strength=0.5),
    ]
    if globe.ringed:
        band = _ring(brush, (x, y, radius))
        body = _u8(cv2.max(body, band))
        marks.append(Mark(mask=band, colour=mix(globe.colour, (255, 244, 220), 0.62)))
    sway = Sway(y=0.004 * brush.unit, period=9.0, phase=globe.size)
    plain = mix(globe.colour, brush.light.plain(globe.depth), 0.18)
    return brush.sheet(body, plain, globe.depth, marks=marks, sway=sway)


def _u8(array: cv2.typing.MatLike) -> Mask:
    return array.astype(np.uint8, copy=False)


def _continents(mask: Mask, globe: tuple[float, float, float], rng: np.random.Generator) -> None:
    x, y, radius = globe
    for _ in range(6):
        turn, away = rng.uniform(0, 6.28), radius * rng.uniform(0.1, 0.9)
        middle = (x + away * np.cos(turn), y + away * np.sin(turn))
        turns = np.linspace(0, 6.28, 10)[:-1]
        sizes = radius * rng.uniform(0.12, 0.4, 9)
        coast = np.stack([middle[0] + sizes * np.cos(turns), middle[1] + 0.7 * sizes * np.sin(turns)], 1)
        shapes.polygon(mask, coast)


def _bands(mask: Mask, globe: tuple[float, float, float], rng: np.random.Generator) -> None:
    x, y, radius = globe
    for share in (-0.62, -0.2, 0.16, 0.55):
        half, row = radius * rng.uniform(0.05, 0.12), y + share * radius
        ends = (x - radius, row - 0.1 * radius), (x + radius, row - 0.1 * radius)
        line = shapes.curve(ends[0], (x, row + 0.24 * radius), ends[1])
        shapes.taper(mask, line, np.full(len(line), half))


def _ring(brush: Brush, globe: tuple[float, float, float]) -> Mask:
    """A planet's ring, its far half hidden."""
    x, y, radius = globe
    band = brush.blank()
    centre, axes = (int(x), int(y)), (int(radius * 1.75), int(radius * 0.36))
    cv2.ellipse(band, centre, axes, -16, 0, 360, (255,), max(2, int(radius * 0.12)), cv2.LINE_AA)
    hidden = brush.blank()
    turns = np.radians(np.linspace(180, 360, 24))
    points = np.stack([1.02 * radius * np.cos(turns), 1.02 * radius * np.sin(turns)], 1)
    lean = np.radians(-16)
    turned = points @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    shapes.polygon(hidden, turned + np.array((x, y)))
    return cv2.subtract(band, hidden).astype(np.uint8, copy=False)


def _limb(brush: Brush, colour: Colour) -> Layer:
    """The curved edge of a world below, with its thin bright air."""
    x = np.arange(brush.wide, dtype=np.float32)
    radius = max(1.6 * brush.unit, 1.15 * brush.canvas.width)
    drop = np.sqrt(np.maximum(radius**2 - (x - brush.x(0.5)) ** 2, 1.0))
    line = (brush.y(0.86) + radius - drop).astype(np.float32)
    mask, inner = brush.land(line), brush.land((line + 0.022 * brush.unit).astype(np.float32))
    air = cv2.subtract(mask, inner).astype(np.uint8, copy=False)
    field = paper.clouds(brush.random("limb"), (brush.high, brush.wide), 0.22 * brush.unit, 3)
    lands = cv2.min(inner, ((field > 0.54) * 255).astype(np.uint8)).astype(np.uint8, copy=False)
    marks = [
        Mark(mask=lands, colour=shifted(colour, hue=-0.16, value=0.8), strength=0.6),
        Mark(mask=air, colour=mix(colour, (255, 255, 255), 0.55)),
    ]
    return brush.sheet(
        mask, mix(colour, brush.light.ramp[2], 0.35), 0.9, marks=marks, finish=brush.finish(0.9, fall=0.5)
    )


def _cloud_sea(brush: Brush, share: float, depth: float, index: int) -> Layer:
    rng = brush.random(f"cloud-sea{index}")
    mask = brush.blank()
    size = brush.unit * (0.05 + 0.1 * depth)
    x = 0.0
    while x < brush.wide + size:
        radius = size * rng.uniform(0.55, 1.25)
        shapes.disc(mask, x, brush.y(share) + size * rng.uniform(-0.1, 0.35), radius)
        x += radius * rng.uniform(0.8, 1.3)
    mask[int(brush.y(share) + size * 0.3) :] = 255
    white = mix((255, 255, 255), brush.light.sky[3], 0.4)
    colour = brush.light.paper(white, 0.1 + 0.4 * depth, 0.75 - 0.25 * depth)
    sway = Sway(x=0.02 * brush.unit * (0.4 + depth), period=8.0 + index, phase=0.3 * index)
    finish = brush.finish(depth, fall=0.3, fall_over=0.22 * brush.unit)
    return brush.sheet(mask, colour, depth, finish=finish, sway=sway)
