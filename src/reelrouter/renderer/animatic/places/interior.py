"""A room with a window: wall, sill, curtains, and what the hour and the weather show outside."""

from dataclasses import replace

import cv2
import numpy as np

from reelrouter.renderer.animatic import paper, shapes
from reelrouter.renderer.animatic.backdrop import sky, starlight, sun_or_moon
from reelrouter.renderer.animatic.brush import Brush, Perch, Setting
from reelrouter.renderer.animatic.light import indoors, mix
from reelrouter.renderer.animatic.paper import Mark, Mask, Sway
from reelrouter.renderer.animatic.places.land import Wood, wooded
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer

_WALLS: tuple[Colour, ...] = ((176, 112, 84), (122, 104, 140), (96, 128, 120), (190, 140, 96))


def room(brush: Brush) -> Setting:
    layers = _outside(brush)
    outside, dark = len(layers), max(brush.light.lamps, 0.5 if brush.light.haze > 0.1 else 0.0)
    brush = replace(brush, light=indoors(brush.light))
    rng = brush.random("room")
    wall = brush.light.paper(_WALLS[int(rng.integers(0, len(_WALLS)))], 0.5, 0.62)
    frame = window_frame(brush)
    layers.append(_wall(brush, frame, wall))
    layers.append(_bars(brush, frame))
    layers.append(_sill(brush, frame))
    perched = len(layers)
    layers.append(_curtains(brush, frame))
    ground = np.full(brush.wide, brush.y(0.87), np.float32)
    layers.append(_floor(brush, ground))
    stage = len(layers)
    layers.extend(_lamp(brush, dark))
    level = brush.floor_on(np.full(brush.wide, frame[3], np.float32), 0.004)
    perch = Perch(x=brush.hero, floor=level, stage_at=perched, depth=0.52, settles=True)
    return Setting(
        layers=tuple(layers), stage_at=stage, air_at=outside,
        floor=brush.floor_on(ground, 0.05), depth=0.62, perch=perch, light=brush.light,
    )  # fmt: skip


def window_frame(brush: Brush) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the window, in pixels of a full sheet."""
    middle = brush.x(0.5 + 0.45 * (brush.hero - 0.5))
    half = min(0.46 * brush.unit, 0.36 * brush.canvas.width)
    bottom = brush.y(0.7)
    return middle - half, max(brush.y(0.08), bottom - 0.62 * brush.tall), middle + half, bottom


def _outside(brush: Brush) -> list[Layer]:
    layers: list[Layer] = [sky(brush, 0.66)]
    if brush.light.stars > 0.2 and "rain" not in brush.scene.weather:
        layers.append(starlight(brush, 0.6))
    if not {"rain", "storm", "fog"} & set(brush.scene.weather):
        layers.extend(sun_or_moon(brush))
    layers.append(
        wooded(
            brush,
            brush.ridge("far", 0.5, 0.03, 0.5),
            0.1,
            Wood(ground=(120, 150, 160), sizes=(0.03, 0.06), leafy=True, count=26),
        )
    )
    layers.append(
        wooded(
            brush,
            brush.ridge("near", 0.6, 0.03, 0.5),
            0.22,
            Wood(ground=(84, 124, 110), sizes=(0.06, 0.12), leafy=True, count=18),
        )
    )
    return layers


def _wall(brush: Brush, frame: tuple[float, float, float, float], colour: Colour) -> Layer:
    """Wallpaper around a window opening, with a skirting at its foot."""
    left, top, right, bottom = frame
    mask = np.full((brush.high, brush.wide), 255, np.uint8)
    mask[int(top) : int(bottom), int(left) : int(right)] = 0
    stripes, motif = brush.blank(), brush.blank()
    step = 0.13 * brush.unit
    for index in range(int(brush.wide / step) + 2):
        x = index * step
        cv2.rectangle(stripes, (int(x), 0), (int(x + step * 0.46), brush.high), (255,), -1)
        for row in range(int(brush.high / step) + 2):
            y = (row + (0.5 if index % 2 else 0.0)) * step
            shapes.star(motif, x + step * 0.73, y, 0.014 * brush.unit, 4)
    wood = brush.blank()
    edge = 0.03 * brush.unit
    cv2.rectangle(wood, (int(left - edge), int(top - edge)), (int(right + edge), int(bottom + edge)), (255,), -1)
    marks = [
        Mark(mask=stripes, colour=mix(colour, brush.light.shade, 0.14), strength=0.6),
        Mark(mask=motif, colour=mix(colour, (255, 236, 200), 0.3), strength=0.55),
        Mark(mask=wood, colour=brush.light.paper((240, 226, 200), 0.5, 0.62)),
    ]
    finish = brush.finish(0.6, fall=0.26, shadow=0.5, reach=0.03 * brush.unit)
    return brush.sheet(mask, colour, 0.5, marks=marks, finish=finish)


def _bars(brush: Brush, frame: tuple[float, float, float, float]) -> Layer:
    left, top, right, bottom = frame
    mask = brush.blank()
    thick = max(2, int(0.016 * brush.unit))
    middle, cross = (left + right) / 2, top + (bottom - top) * 0.36
    cv2.rectangle(mask, (int(middle) - thick // 2, int(top)), (int(middle) + thick // 2, int(bottom)), (255,), -1)
    cv2.rectangle(mask, (int(left), int(cross) - thick // 2), (int(right), int(cross) + thick // 2), (255,), -1)
    return brush.sheet(
        mask, brush.light.paper((232, 216, 188), 0.5, 0.6), 0.5, finish=brush.finish(0.4, shadow=0.3)
    )


def _sill(brush: Brush, frame: tuple[float, float, float, float]) -> Layer:
    left, _, right, bottom = frame
    mask = brush.blank()
    over, thick = 0.07 * brush.unit, 0.045 * brush.unit
    cv2.rectangle(mask, (int(left - over), int(bottom)), (int(right + over), int(bottom + thick)), (255,), -1)
    plant = _plant(brush, right - 0.1 * brush.unit if brush.hero <= 0.5 else left + 0.1 * brush.unit, bottom)
    whole = cv2.max(mask, cv2.max(plant[0], plant[1])).astype(np.uint8, copy=False)
    marks = [
        Mark(mask=plant[0], colour=brush.light.paper((96, 150, 96), 0.6, 0.62)),
        Mark(mask=plant[1], colour=brush.light.paper((206, 104, 70), 0.6, 0.7)),
    ]
    return brush.sheet(whole, brush.light.paper((250, 238, 214), 0.5, 0.66), 0.51, marks=marks)


def _plant(brush: Brush, x: float, foot: float) -> tuple[Mask, Mask]:
    leaves, pot = brush.blank(), brush.blank()
    size = 0.05 * brush.unit
    shapes.polygon(
        pot,
        [
            (x - size * 0.8, foot),
            (x - size, foot - 1.5 * size),
            (x + size, foot - 1.5 * size),
            (x + size * 0.8, foot),
        ],
    )
    for turn in np.linspace(-2.7, -0.44, 9):
        shapes.leaf(
            leaves, x, foot - 1.4 * size, size * (3.4 if abs(turn + 1.57) < 0.8 else 2.6), float(turn), 0.3
        )
    return leaves, pot


def _curtains(brush: Brush, frame: tuple[float, float, float, float]) -> Layer:
    left, top, right, bottom = frame
    mask, folds = brush.blank(), brush.blank()
    rail = top - 0.06 * brush.unit
    for side, edge in ((-1, left), (1, right)):
        outer, inner = edge + side * 0.14 * brush.unit, edge - side * 0.1 * brush.unit
        tie, hem = bottom - 0.2 * brush.unit, bottom + 0.1 * brush.unit
        line = shapes.curve((inner, rail), (inner, tie - 0.2 * brush.unit), (edge + side * 0.03 * brush.unit, tie))
        low = shapes.curve(
            (edge + side * 0.03 * brush.unit, tie),
            (edge - side * 0.02 * brush.unit, tie + 0.1 * brush.unit),
            (edge - side * 0.03 * brush.unit, hem),
        )
        shapes.polygon(mask, np.concatenate([line, low, [[outer, hem], [outer, rail]]]))
        for share in (0.25, 0.5, 0.75):
            x0 = inner + share * (outer - inner)
            fold = shapes.curve(
                (x0, rail),
                (x0, tie - 0.2 * brush.unit),
                (edge + side * (0.03 + 0.09 * share) * brush.unit, tie),
                14,
            )
            shapes.taper(folds, fold, np.full(14, 0.006 * brush.unit))
    cv2.rectangle(
        mask,
        (int(left - 0.2 * brush.unit), int(rail - 0.018 * brush.unit)),
        (int(right + 0.2 * brush.unit), int(rail)),
        (255,),
        -1,
    )
    colour = brush.light.paper(brush.light.accent or (190, 70, 80), 0.62, 0.66)
    marks = [Mark(mask=folds, colour=brush.light.shade, strength=0.28)]
    sway = Sway(x=0.003 * brush.unit, period=5.0)
    return brush.sheet(mask, colour, 0.56, marks=marks, sway=sway)


def _floor(brush: Brush, ground: paper.Profile) -> Layer:
    mask, boards = brush.land(ground), brush.blank()
    y = float(ground[0]) + 0.03 * brush.unit
    while y < brush.high:
        cv2.line(boards, (0, int(y)), (brush.wide, int(y)), (255,), max(1, int(0.003 * brush.unit)))
        y += 0.035 * brush.unit
    marks = [Mark(mask=boards, colour=brush.light.shade, strength=0.3)]
    return brush.sheet(mask, brush.light.paper((150, 100, 70), 0.66, 0.55), 0.66, marks=marks)


def _lamp(brush: Brush, glow: float) -> list[Layer]:
    """A standing lamp on the side away from the hero, lit when it is dark outside."""
    x = brush.x(0.88 if brush.hero <= 0.5 else 0.12)
    top, foot, size = brush.y(0.42), brush.y(0.93), 0.085 * brush.unit
    mask, shade = brush.blank(), brush.blank()
    shapes.stroke(mask, [(x, top), (x, foot)], 0.011 * brush.unit)
    cv2.ellipse(mask, (int(x), int(foot)), (int(size * 0.8), int(size * 0.22)), 0, 0, 360, (255,), -1, cv2.LINE_AA)
    shapes.polygon(
        shade,
        [
            (x - size, top + 0.6 * size),
            (x - 0.55 * size, top - size),
            (x + 0.55 * size, top - size),
            (x + size, top + 0.6 * size),
        ],
    )
    whole = cv2.max(mask, shade).astype(np.uint8, copy=False)
    mark = Mark(mask=shade, colour=mix((238, 214, 170), (255, 220, 140), glow))
    layers: list[Layer] = [brush.sheet(whole, brush.light.paper((90, 66, 60), 0.8, 0.4), 0.74, marks=[mark])]
    if glow > 0.3:
        warm = mix((0, 0, 0), (150, 100, 44), glow)
        layers.append(brush.glow_at(x, top, 0.62 * brush.unit, warm, 0.74))
    return layers
