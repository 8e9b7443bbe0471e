"""A volcano, its lava and its smoke."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.light import mix
from reelrouter.renderer.animatic.paper import Mark, Profile, Sway
from reelrouter.renderer.animatic.places.land import peaks
from reelrouter.renderer.animatic.theatre import Layer


def volcano(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.68)
    layers.extend(_cone(brush))
    layers.append(
        brush.sheet(
            brush.land(peaks(brush, "crags", 0.72, 0.07, 0.3)), brush.light.paper((96, 70, 84), 0.34, 0.45), 0.34
        )
    )
    air = len(layers)
    ground = brush.ridge("ground", 0.82, 0.03, 0.5, 4)
    layers.append(
        brush.sheet(
            brush.land(ground), brush.light.paper((70, 52, 62), 0.62, 0.5), 0.64, marks=_cracks(brush, ground)
        )
    )
    stage = len(layers)
    edge = peaks(brush, "front", 1.0, 0.07, 0.22)
    layers.append(brush.sheet(brush.land(edge), brush.light.paper((40, 30, 40), 1.0, 0.3), 0.97))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.05),
        depth=0.68,
    )


def _cone(brush: Brush) -> list[Layer]:
    """The volcano, its lava and the light above it."""
    middle = brush.x(0.5 + (0.2 if brush.hero <= 0.5 else -0.2))
    x = np.arange(brush.wide, dtype=np.float32)
    away = np.abs(x - middle) / brush.unit
    rough = brush.ridge("cone", 0.0, 0.01, 0.07, 4) - brush.y(0.0)
    top = brush.y(0.27)
    line = np.maximum(
        top + 0.012 * brush.unit * np.sin(x / (0.02 * brush.unit)), top + (away - 0.075) * 0.95 * brush.tall
    )
    line = (np.minimum(line, brush.y(0.72)) + rough).astype(np.float32)
    lava = brush.blank()
    rng = brush.random("lava")
    for start in (-0.045, 0.0, 0.05):
        end = middle + start * 5.5 * brush.unit
        bend = (middle + start * brush.unit + rng.uniform(-0.03, 0.03) * brush.unit, brush.y(0.45))
        stream = shapes.curve(
            (middle + start * brush.unit, top - 4), bend, (end, brush.y(rng.uniform(0.6, 0.74))), 20
        )
        shapes.taper(lava, stream, np.linspace(0.022, 0.007, 20) * brush.unit)
    mask = brush.land(line)
    mark = Mark(mask=cv2.min(lava, mask).astype(np.uint8), colour=(255, 130, 40))
    cone = brush.sheet(mask, brush.light.paper((104, 78, 96), 0.2, 0.5), 0.2, marks=[mark])
    glow = brush.glow_at(middle, top, 0.5 * brush.unit, (190, 70, 20), 0.19)
    return [
        glow,
        *_plume(brush, middle, top),
        cone,
        brush.glow_at(middle, top, 0.22 * brush.unit, (120, 50, 12), 0.21),
    ]


def _plume(brush: Brush, x: float, top: float) -> list[Layer]:
    rng = brush.random("plume")
    mask = brush.blank()
    for index in range(16):
        share = index / 15
        size = brush.unit * (0.035 + 0.09 * share)
        shapes.disc(
            mask,
            x + brush.unit * (0.24 * share**1.6 + rng.uniform(-0.05, 0.05) * (0.4 + share)),
            top + 0.02 * brush.unit - share * 0.32 * brush.unit,
            size,
        )
    colour = mix(brush.light.sky[1], brush.light.ramp[2], 0.55)
    return [brush.sheet(mask, colour, 0.17, sway=Sway(x=0.008 * brush.unit, y=0.006 * brush.unit, period=4.0))]


def _cracks(brush: Brush, line: Profile) -> list[Mark]:
    rng = brush.random("cracks")
    mask = brush.blank()
    for _ in range(9):
        x = rng.uniform(0, brush.wide)
        y = float(line[int(min(x, brush.wide - 1))]) + rng.uniform(0.04, 0.12) * brush.unit
        points = [(x, y)]
        for _ in range(4):
            x, y = x + brush.unit * rng.uniform(0.03, 0.07), y + brush.unit * rng.uniform(-0.018, 0.022)
            points.append((x, y))
        shapes.stroke(mask, points, max(1.5, 0.006 * brush.unit))
    return [Mark(mask=mask, colour=(255, 120, 40), strength=0.9)]
