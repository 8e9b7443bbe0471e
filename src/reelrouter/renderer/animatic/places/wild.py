"""Wild places: forest, desert, arctic."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.paper import Mark, Profile, Sway
from reelrouter.renderer.animatic.places.land import Wood, front, peaks, range_of, wooded
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer


def forest(brush: Brush) -> Setting:
    snowy = _snowy(brush)
    layers = backdrop(brush, 0.8)
    for index, (depth, size, base) in enumerate(((0.12, 0.4, 0.7), (0.28, 0.55, 0.76))):
        colour = (150, 190, 180) if index == 0 else (96, 150, 128)
        line = brush.ridge(f"stand{index}", base, 0.02, 0.6)
        layers.append(
            wooded(brush, line, depth, Wood(ground=colour, sizes=(size * 0.55, size), count=30 - 8 * index))
        )
    if not {"rain", "storm", "fog"} & set(brush.scene.weather) and brush.light.lamps < 0.9:
        layers.append(_shafts(brush, 0.3))
    air = len(layers)
    layers.append(_trunks(brush, 0.46))
    ground = brush.ridge("floor", 0.825, 0.018, 0.8, 2)
    floor: Colour = (226, 234, 244) if snowy else (92, 122, 74)
    layers.append(
        brush.sheet(brush.land(ground), brush.light.paper(floor, 0.62, 0.5), 0.64, marks=_litter(brush, ground))
    )
    stage = len(layers)
    layers.append(_gate(brush))
    layers.extend(front(brush, (214, 224, 240) if snowy else (40, 76, 56), "snow" if snowy else "ferns"))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.045),
        depth=0.68,
    )


def desert(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.64)
    for index, (base, height, depth) in enumerate(((0.6, 0.05, 0.13), (0.67, 0.06, 0.28), (0.745, 0.055, 0.46))):
        layers.append(_dune(brush, f"dune{index}", base, height, depth))
        if index == 1:
            air = len(layers)
    line = _dune_line(brush, "ground", 0.84, 0.03)
    layers.append(
        brush.sheet(
            brush.land(line), brush.light.paper((232, 176, 106), 0.66, 0.55), 0.66, marks=_ripples(brush, line)
        )
    )
    stage = len(layers)
    layers.append(_dune(brush, "front", 0.975, 0.04, 0.97))
    return Setting(layers=tuple(layers), stage_at=stage, air_at=air, floor=brush.floor_on(line, 0.04), depth=0.7)


def arctic(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.62)
    far = peaks(brush, "ice", 0.6, 0.14, 0.44)
    layers.append(range_of(brush, far, (170, 200, 226), 0.12, snow=0.7))
    hill = brush.ridge("hill", 0.685, 0.04, 0.6)
    layers.append(_snowfield(brush, hill, 0.3, (0.07, 0.12), 26, 0.0))
    air = len(layers)
    near = brush.ridge("near", 0.755, 0.035, 0.8, 2)
    layers.append(_snowfield(brush, near, 0.48, (0.15, 0.26), 9, 0.26))
    ground = brush.ridge("ground", 0.835, 0.02, 1.0, 2)
    layers.append(brush.sheet(brush.land(ground), brush.light.paper((244, 248, 255), 0.62, 0.62), 0.66))
    stage = len(layers)
    layers.extend(front(brush, (214, 226, 244), "snow"))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.035),
        depth=0.7,
    )


def _snowy(brush: Brush) -> bool:
    return "snow" in brush.scene.weather or "snowy" in brush.scene.wonders


def _shafts(brush: Brush, depth: float) -> Layer:
    """Slanting light between the trees."""
    rng = brush.random("shafts")
    mask = brush.blank()
    x0, y0 = brush.x(brush.disc[0]), brush.y(brush.disc[1]) - 0.3 * brush.unit
    for _ in range(9):
        turn, half = rng.uniform(0.25, 1.35) * np.pi / 1.6 + 0.3, rng.uniform(0.012, 0.03)
        reach = 2.2 * brush.unit
        ends = [
            (x0 + reach * np.cos(turn + side * half), y0 + reach * np.sin(turn + side * half)) for side in (-1, 1)
        ]
        shapes.polygon(mask, [(x0, y0), *ends])
    soft = cv2.GaussianBlur(mask, (0, 0), 0.01 * brush.unit).astype(np.float32) / 255.0
    fade = np.clip(1.1 - np.arange(brush.high, dtype=np.float32) / brush.high * 1.2, 0, 1)[:, None]
    pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
    pixels[..., :3] = np.clip((soft * fade)[..., None] * np.array(brush.light.glow, np.float32) * 0.7, 0, 255)
    return brush.hung(pixels, depth, sway=Sway(x=0.01 * brush.unit, period=6.0))


def _trunks(brush: Brush, depth: float) -> Layer:
    """Tall trunks that leave the picture above, the middle kept open for the hero."""
    rng = brush.random("trunks")
    mask = brush.land(brush.ridge("roots", 0.8, 0.02, 0.5))
    for _ in range(9):
        share = float(rng.random())
        if abs(share - brush.hero) < 0.17:
            continue
        x, half = brush.x(share), brush.unit * rng.uniform(0.012, 0.024)
        lean = brush.unit * rng.uniform(-0.05, 0.05)
        line = shapes.curve((x, brush.y(0.86)), (x + 0.2 * lean, brush.y(0.45)), (x + lean, -10), 20)
        shapes.taper(mask, line, np.linspace(half * 1.7, half * 0.8, 20) + half * np.exp(-np.arange(20) / 1.2))
        for _ in range(3):
            y = rng.uniform(0.1, 0.5)
            side = 1 if rng.random() < 0.5 else -1
            at = line[int(19 * (0.86 - y) / 0.95)]
            end = (
                at[0] + side * brush.unit * rng.uniform(0.07, 0.15),
                at[1] - brush.unit * rng.uniform(0.03, 0.1),
            )
            branch = shapes.curve((at[0], at[1]), (at[0] + 0.6 * (end[0] - at[0]), at[1]), end, 10)
            shapes.taper(mask, branch, np.linspace(half * 0.45, 0.5, 10))
    return brush.sheet(mask, brush.light.paper((84, 92, 86), depth, 0.45), depth)


def _litter(brush: Brush, line: Profile) -> list[Mark]:
    if _snowy(brush):
        return []
    rng = brush.random("litter")
    autumn = "leaves" in brush.scene.weather or "autumn" in brush.scene.wonders
    marks = []
    for colour in ((224, 120, 50), (240, 180, 70)) if autumn else ((120, 160, 84), (160, 170, 90)):
        mask = brush.blank()
        for _ in range(45):
            x = rng.uniform(0, brush.wide)
            y = float(line[int(min(x, brush.wide - 1))]) + rng.uniform(0.02, 0.16) * brush.unit
            shapes.leaf(mask, x, y, brush.unit * 0.014, rng.uniform(0, 6.28), 0.5)
        marks.append(Mark(mask=mask, colour=brush.light.paper(colour, 0.6, 0.75), strength=0.85))
    return marks


def _gate(brush: Brush) -> Layer:
    """Two dark trees and their foliage: the frame that the forest is looked at through."""
    rng = brush.random("gate")
    mask = brush.blank()
    for side, sign in ((-0.02, 1), (1.02, -1)):
        x = brush.x(side + rng.uniform(-0.02, 0.02))
        bend = x + sign * 0.05 * brush.unit
        line = shapes.curve((x, brush.y(1.08)), (bend, brush.y(0.5)), (x - sign * 0.02 * brush.unit, -20), 20)
        shapes.taper(mask, line, (np.linspace(0.075, 0.05, 20) + 0.07 * np.exp(-np.arange(20) / 1.5)) * brush.unit)
        for turn, y in ((0.25, 0.02), (0.6, 0.0), (0.05, 0.16)):
            heading = turn if sign > 0 else np.pi - turn
            shapes.spray(mask, x, brush.y(y), brush.unit * rng.uniform(0.28, 0.38), heading, rng)
    return brush.sheet(mask, brush.light.paper((38, 58, 52), 1.0, 0.3), 0.9)


def _dune_line(brush: Brush, name: str, base: float, height: float) -> Profile:
    """Long backs that end in a sharp crest."""
    rng = brush.random(name)
    x = np.arange(brush.wide, dtype=np.float32)
    line = np.full(brush.wide, brush.y(base), np.float32)
    for _ in range(4):
        crest, left, right = brush.x(rng.uniform(-0.1, 1.1)), rng.uniform(0.5, 0.95), rng.uniform(0.18, 0.4)
        if rng.random() < 0.5:
            left, right = right, left
        away = (x - crest) / brush.unit
        rise = np.where(away < 0, np.clip(1 + away / left, 0, 1) ** 1.7, np.clip(1 - away / right, 0, 1) ** 1.5)
        line = np.minimum(line, brush.y(base) - rise * height * brush.tall * rng.uniform(0.7, 1.6)).astype(
            np.float32
        )
    return line


def _dune(brush: Brush, name: str, base: float, height: float, depth: float) -> Layer:
    line = _dune_line(brush, name, base, height)
    smooth = cv2.GaussianBlur(line[None, :], (0, 0), 0.03 * brush.unit)[0]
    steep = np.clip(np.gradient(smooth) * 2.2, 0, 1) ** 0.7
    lee = cv2.subtract(brush.land(line), brush.land((line + 0.15 * brush.unit * steep).astype(np.float32)))
    mark = Mark(mask=lee.astype(np.uint8, copy=False), colour=brush.light.shade, strength=0.15)
    return brush.sheet(brush.land(line), brush.light.paper((236, 180, 112), depth, 0.55), depth, marks=[mark])


def _ripples(brush: Brush, line: Profile) -> list[Mark]:
    mask = brush.blank()
    x = np.arange(brush.wide, dtype=np.float32)
    for index in range(5):
        offset = brush.unit * (0.03 + 0.03 * index)
        wave = line + offset + 0.005 * brush.unit * np.sin(x / (0.04 * brush.unit) + index)
        shapes.stroke(mask, np.stack([x[::6], wave[::6]], 1), max(1.0, 0.0025 * brush.unit))
    return [Mark(mask=mask, colour=brush.light.shade, strength=0.16)]


def _snowfield(
    brush: Brush, line: Profile, depth: float, sizes: tuple[float, float], count: int, keep_clear: float
) -> Layer:
    """Snow with dark firs that carry white tips."""
    rng = brush.random(f"firs{depth}")
    trees, caps = brush.blank(), brush.blank()
    for _ in range(count):
        x, size = float(rng.uniform(0, brush.wide)), brush.unit * rng.uniform(*sizes)
        if abs(x - brush.x(brush.hero)) < keep_clear * brush.unit:
            continue
        foot = float(line[int(x)]) + 0.06 * size
        shapes.conifer(trees, x, foot, size, rng)
        shapes.conifer(caps, x - 0.035 * size, foot - 0.05 * size, size * 0.94, rng)
    ground = brush.land(line)
    marks = [
        Mark(mask=cv2.subtract(trees, ground).astype(np.uint8),
             colour=brush.light.paper((64, 112, 120), depth, 0.5)),
        Mark(mask=cv2.subtract(cv2.min(trees, caps), ground).astype(np.uint8),
             colour=brush.light.paper((236, 244, 252), depth, 0.6), strength=0.34),
    ]  # fmt: skip
    whole = cv2.max(ground, trees).astype(np.uint8, copy=False)
    return brush.sheet(whole, brush.light.paper((238, 244, 253), depth, 0.62), depth, marks=marks)
