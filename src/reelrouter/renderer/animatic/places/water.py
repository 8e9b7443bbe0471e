"""Places with water: ocean, beach, lake."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Perch, Setting
from reelrouter.renderer.animatic.light import mix
from reelrouter.renderer.animatic.paper import Mark, Profile, Sway
from reelrouter.renderer.animatic.places.land import Wood, front, peaks, range_of, wooded
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer

_FAR_SEA, _NEAR_SEA = (120, 190, 205), (20, 96, 140)


def ocean(brush: Brush) -> Setting:
    rough = 1.9 if "storm" in brush.scene.weather else 1.0
    layers = backdrop(brush, 0.58)
    layers.append(_island(brush, 0.575, 0.09))
    layers.append(open_water(brush, 0.57))
    perch = None
    for index, (share, depth) in enumerate(((0.615, 0.2), (0.67, 0.32), (0.735, 0.47))):
        layers.append(waves(brush, f"strip{index}", share, depth, rough))
        if index == 1:
            air = len(layers)
            perch = _cliff(brush, layers)
    stage = len(layers)
    hull = wave_line(brush, "hull", 0.815, 0.66, rough)
    layers.append(_strip(brush, hull, 0.66, phase=0.4))
    layers.append(waves(brush, "front", 0.925, 0.95, rough))
    return Setting(
        layers=tuple(layers), stage_at=stage, air_at=air, floor=brush.floor_on(hull, 0.012), depth=0.6,
        surface="water", perch=perch,
    )  # fmt: skip


def beach(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.54)
    layers.append(_island(brush, 0.535, 0.09))
    layers.append(open_water(brush, 0.53))
    for index, (share, depth) in enumerate(((0.575, 0.2), (0.625, 0.32), (0.68, 0.42))):
        layers.append(waves(brush, f"strip{index}", share, depth, 0.8))
    air = len(layers)
    shore = brush.ridge("shore", 0.755, 0.022, 0.9, 2)
    foam = shore - brush.unit * (0.016 + 0.007 * np.sin(np.arange(brush.wide) / (0.05 * brush.unit)))
    white = brush.light.paper((250, 252, 250), 0.5, 0.7)
    surf = Sway(x=0.008 * brush.unit, y=0.008 * brush.unit, period=3.6)
    layers.append(brush.sheet(brush.land(foam.astype(np.float32)), white, 0.5, sway=surf))
    sand = brush.light.paper((240, 208, 148), 0.5, 0.9)
    layers.append(brush.sheet(brush.land(shore), sand, 0.6, marks=pebbles(brush, shore)))
    stage = len(layers)
    layers.append(_palms(brush))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(shore, 0.085),
        depth=0.66,
    )


def lake(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.56)
    far = peaks(brush, "far", 0.53, 0.17, 0.5)
    layers.append(range_of(brush, far, (140, 164, 196), 0.12, snow=0.3))
    hill = brush.ridge("hill", 0.565, 0.035, 0.6)
    layers.append(wooded(brush, hill, 0.24, Wood(ground=(86, 132, 112), sizes=(0.04, 0.08))))
    layers.append(_mirror(brush, 0.6, far))
    layers.append(waves(brush, "far", 0.67, 0.34, 0.35))
    stage = air = len(layers)
    hull = wave_line(brush, "hull", 0.775, 0.56, 0.4)
    layers.append(_strip(brush, hull, 0.56, phase=0.3))
    bank = brush.ridge("bank", 0.875, 0.018, 0.9, 2)
    layers.append(
        brush.sheet(brush.land(bank), brush.light.paper((96, 148, 92), 0.76), 0.78, marks=pebbles(brush, bank))
    )
    shore = Perch(x=brush.hero, floor=brush.floor_on(bank, 0.035), stage_at=len(layers), depth=0.8)
    layers.extend(front(brush, (56, 98, 70), "reeds"))
    return Setting(
        layers=tuple(layers), stage_at=stage, air_at=air, floor=brush.floor_on(hull, 0.012), depth=0.54,
        surface="water", shore=shore,
    )  # fmt: skip


def sea_colour(brush: Brush, depth: float) -> Colour:
    bright = mix(brush.light.sky[3], brush.light.sky[2], 0.5)
    water = brush.light.paper(mix(_FAR_SEA, _NEAR_SEA, depth), depth, 0.62)
    return mix(water, bright, 0.26 * (1 - depth) ** 2)


def open_water(brush: Brush, horizon: float) -> Layer:
    """The flat sea at the horizon, with the disc's light lying on it in shards."""
    level = np.full(brush.wide, brush.y(horizon), np.float32)
    return brush.sheet(
        brush.land(level),
        sea_colour(brush, 0.06),
        0.1,
        marks=[_glitter(brush, horizon, horizon + 0.06, 16)],
        finish=brush.finish(0.1, fall=0.05),
    )


def wave_line(brush: Brush, name: str, share: float, depth: float, rough: float) -> Profile:
    """A row of rounded crests that grow towards the front."""
    rng = brush.random(f"wave-{name}")
    length = brush.unit * (0.09 + 0.13 * depth) * rng.uniform(0.9, 1.15) * (1.0 + 0.25 * (rough - 1.0))
    height = brush.unit * (0.007 + 0.02 * depth) * rough
    x = np.arange(brush.wide, dtype=np.float32)
    bend = brush.ridge(f"bend-{name}", 0.0, 0.05, 0.8, 2) - brush.y(0.0)
    turn = (x + bend) / length * np.pi + rng.uniform(0, 6.28)
    swell = 1.0 - np.sqrt(np.sin(turn) ** 2 + 0.012)
    slow = brush.ridge(f"slow-{name}", 0.0, 0.012 * rough, 0.7, 2) - brush.y(0.0)
    return (brush.y(share) - height * (1.5 * swell - 0.4) + slow).astype(np.float32)


def waves(brush: Brush, name: str, share: float, depth: float, rough: float) -> Layer:
    line = wave_line(brush, name, share, depth, rough)
    return _strip(brush, line, depth, phase=float(brush.random(name).random()), glitter=share)


def _strip(brush: Brush, line: Profile, depth: float, phase: float, glitter: float | None = None) -> Layer:
    mask = brush.land(line)
    marks = []
    for offset, strength in ((0.0, 0.5), (0.028 + 0.03 * depth, 0.2), (0.062 + 0.06 * depth, 0.1)):
        top = brush.unit * offset
        thick = brush.unit * (0.005 + 0.007 * depth)
        edge, foot = (line + top).astype(np.float32), (line + top + thick).astype(np.float32)
        band = cv2.subtract(brush.land(edge), brush.land(foot)).astype(np.uint8, copy=False)
        marks.append(
            Mark(mask=band, colour=mix(sea_colour(brush, depth), brush.light.disc, 0.5), strength=strength)
        )
    if glitter is not None and depth < 0.5:
        marks.append(_glitter(brush, glitter + 0.02, glitter + 0.07, 9))
    sway = Sway(
        x=brush.unit * (0.012 + 0.02 * depth),
        y=brush.unit * 0.007 * (0.4 + depth),
        period=3.2 + 2 * phase,
        phase=phase,
    )
    finish = brush.finish(depth, fall=0.3, fall_over=0.2 * brush.unit)
    return brush.sheet(mask, sea_colour(brush, depth), depth, marks=marks, finish=finish, sway=sway)


def _glitter(brush: Brush, top: float, bottom: float, count: int) -> Mark:
    rng = brush.random(f"glitter{top}")
    shards = brush.blank()
    for _ in range(count):
        share = rng.random()
        y = brush.y(top + (bottom - top) * share)
        spread = brush.unit * (0.05 + 0.16 * share + 0.5 * (top - 0.55))
        x = brush.x(brush.disc[0]) + rng.normal(0, 1) * spread
        half = brush.unit * rng.uniform(0.012, 0.05)
        thick = brush.unit * 0.0035
        shapes.polygon(shards, [(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)])
    shine = 0.85 if not {"storm", "rain", "fog"} & set(brush.scene.weather) else 0.25
    return Mark(mask=shards, colour=mix(brush.light.disc, brush.light.sky[2], 0.15), strength=shine)


def _island(brush: Brush, share: float, depth: float) -> Layer:
    rng = brush.random("island")
    x = np.arange(brush.wide, dtype=np.float32)
    lift = np.zeros(brush.wide, np.float32)
    side = -1 if brush.disc[0] > 0.5 else 1
    for _ in range(3):
        middle = brush.x(0.5 + side * rng.uniform(0.2, 0.62))
        half = brush.unit * rng.uniform(0.12, 0.26)
        lift = np.maximum(lift, np.clip(1 - ((x - middle) / half) ** 2, 0, 1) * rng.uniform(0.03, 0.085))
    rough = brush.ridge("island", 0.0, 0.012, 0.08, 3) - brush.y(0.0)
    line = brush.y(share) + 6 - np.where(lift > 0, lift * brush.tall + rough, -20)
    return brush.sheet(brush.land(line.astype(np.float32)), brush.light.paper((120, 140, 170), depth), depth)


def _cliff(brush: Brush, layers: list[Layer]) -> Perch | None:
    """A headland on the hero's side, if the prompt has one; what is built stands on it."""
    if "cliff" not in brush.scene.wonders:
        return None
    left = brush.hero <= 0.5
    x = np.arange(brush.wide, dtype=np.float32)
    inland = brush.x(brush.hero) - x if left else x - brush.x(brush.hero)
    edge = 0.2 * brush.unit
    slope = np.clip((inland + edge) / (0.1 * brush.unit), 0, 1)
    rough = brush.ridge("cliff", 0.0, 0.012, 0.12, 4) - brush.y(0.0)
    top = brush.y(0.635) + rough - 0.02 * np.clip(inland / brush.unit, 0, 2) * brush.tall
    line = np.where(slope > 0, top + (1 - slope**0.5) * 0.3 * brush.tall, brush.high + 50).astype(np.float32)
    mask = brush.land(line)
    shadow = [Mark(mask=_strata(brush, line), colour=brush.light.shade, strength=0.22)]
    finish = brush.finish(0.45, fall=0.32, rim_light=0.4)
    layers.append(
        brush.sheet(mask, brush.light.paper((120, 124, 110), 0.5, 0.42), 0.45, marks=shadow, finish=finish)
    )
    flat = brush.floor_on((top + 0.012 * brush.unit).astype(np.float32))
    return Perch(x=brush.hero - 0.02 if left else brush.hero + 0.02, floor=flat, stage_at=len(layers), depth=0.45)


def _strata(brush: Brush, line: Profile) -> np.ndarray:
    """Bands along a cliff's face."""
    bands = brush.blank()
    for index in range(4):
        offset = brush.unit * (0.05 + 0.055 * index)
        band = cv2.subtract(
            brush.land((line + offset).astype(np.float32)),
            brush.land((line + offset + brush.unit * 0.016).astype(np.float32)),
        )
        bands = cv2.max(bands, band).astype(np.uint8, copy=False)
    return bands


def pebbles(brush: Brush, line: Profile) -> list[Mark]:
    rng = brush.random("pebbles")
    dots = brush.blank()
    for _ in range(70):
        x = rng.uniform(0, brush.wide)
        y = float(line[int(min(x, brush.wide - 1))]) + rng.uniform(0.03, 0.25) * brush.unit
        shapes.disc(dots, x, y, brush.unit * rng.uniform(0.0015, 0.004))
    return [Mark(mask=dots, colour=brush.light.shade, strength=0.25)]


def _palms(brush: Brush) -> Layer:
    """A palm that leans in from the side away from the hero."""
    mask = brush.blank()
    side = 1.0 if brush.hero <= 0.5 else 0.0
    lean = -0.2 if side else 0.2
    rng = brush.random("palm")
    foot, top = (brush.x(side), brush.y(1.08)), (brush.x(side) + lean * brush.unit, brush.y(0.36))
    trunk = shapes.curve(foot, (brush.x(side) + 0.1 * lean * brush.unit, brush.y(0.6)), top, 24)
    shapes.taper(mask, trunk, np.linspace(0.024, 0.012, 24) * brush.unit)
    for turn in np.linspace(-2.75, 0.75, 8) + rng.uniform(-0.1, 0.1, 8):
        _frond(mask, top, turn, brush.unit * rng.uniform(0.26, 0.34))
    shapes.disc(mask, *top, 0.02 * brush.unit)
    return brush.sheet(mask, brush.light.paper((46, 92, 74), 0.95, 0.36), 0.95)


def _frond(mask: np.ndarray, top: tuple[float, float], turn: float, length: float) -> None:
    end = (top[0] + length * np.cos(turn), top[1] + length * (np.sin(turn) + 0.42))
    bend = (top[0] + 0.6 * length * np.cos(turn), top[1] + 0.75 * length * np.sin(turn) - 0.08 * length)
    line = shapes.curve(top, bend, end, 18)
    shapes.taper(mask, line, np.linspace(length * 0.02, 1.0, 18))
    for index in range(2, 18):
        along = line[index] - line[index - 1]
        heading = float(np.arctan2(along[1], along[0]))
        size = length * 0.24 * np.sin(np.pi * (index / 18) ** 0.7) + 2
        for aside in (0.95, -0.95):
            shapes.leaf(mask, line[index][0], line[index][1], size, heading + aside, 0.26)


def _mirror(brush: Brush, share: float, far: Profile) -> Layer:
    """Still water with the mountains standing on their heads in it."""
    level = np.full(brush.wide, brush.y(share), np.float32)
    mask = brush.land(level)
    lift = (level - far) * 0.55
    rows = np.arange(brush.high, dtype=np.float32)[:, None]
    reflected = ((rows > level[None, :]) & (rows < (level + lift)[None, :])).astype(np.uint8) * 255
    soft = cv2.GaussianBlur(reflected, (0, 0), 0.006 * brush.unit).astype(np.uint8, copy=False)
    colour = mix(sea_colour(brush, 0.16), brush.light.sky[2], 0.3)
    marks = [
        Mark(mask=soft, colour=brush.light.paper((110, 140, 170), 0.3), strength=0.55),
        _glitter(brush, share, share + 0.09, 14),
    ]
    return brush.sheet(mask, colour, 0.26, marks=marks)
