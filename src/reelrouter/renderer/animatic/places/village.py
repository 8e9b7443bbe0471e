"""A village: gabled houses on hills."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.paper import Mark, Profile
from reelrouter.renderer.animatic.places.land import Wood, front, wooded
from reelrouter.renderer.animatic.theatre import Layer


def village(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.62)
    hill = brush.ridge("far", 0.56, 0.06, 0.7)
    layers.append(wooded(brush, hill, 0.14, Wood(ground=(130, 160, 170), sizes=(0.04, 0.07))))
    middle = brush.ridge("middle", 0.66, 0.03, 0.8, 2)
    layers.append(_houses(brush, middle, 0.3, (0.07, 0.1), 11))
    air = len(layers)
    near = brush.ridge("near", 0.76, 0.025, 0.9, 2)
    layers.append(_houses(brush, near, 0.5, (0.13, 0.17), 7))
    ground = brush.ridge("ground", 0.83, 0.012, 1.0, 2)
    layers.append(brush.sheet(brush.land(ground), brush.light.paper((150, 140, 110), 0.68, 0.45), 0.68))
    stage = len(layers)
    layers.extend(front(brush, (60, 92, 60), "flowers"))
    return Setting(
        layers=tuple(layers),
        stage_at=stage,
        air_at=air,
        floor=brush.floor_on(ground, 0.05),
        depth=0.7,
    )


def _houses(brush: Brush, line: Profile, depth: float, sizes: tuple[float, float], count: int) -> Layer:
    """A row of gabled houses on a hill, with doors, windows and roofs of another paper."""
    rng = brush.random(f"houses{depth}")
    ground, walls, roofs, panes = brush.land(line), brush.blank(), brush.blank(), brush.blank()
    for index in range(count):
        x = brush.x((index + rng.uniform(0.2, 0.8)) / count * 1.14 - 0.07)
        wide = brush.unit * rng.uniform(*sizes)
        high = wide * rng.uniform(0.55, 0.95)
        foot = float(line[int(np.clip(x, 0, brush.wide - 1))]) + 0.05 * wide
        tower = index == count // 2 and depth < 0.4
        if tower:
            wide, high = wide * 0.55, wide * 1.7
        shapes.house(walls, x, foot, wide, high, 1.3 if tower else 0.52)
        eave = wide * 0.09
        shapes.polygon(
            roofs,
            [
                (x - wide / 2 - eave, foot - high),
                (x, foot - high - (1.3 if tower else 0.52) * wide),
                (x + wide / 2 + eave, foot - high),
            ],
        )
        for side in (-0.24, 0.24):
            size = wide * 0.085
            cv2.rectangle(
                panes,
                (int(x + side * wide - size), int(foot - high * 0.72)),
                (int(x + side * wide + size), int(foot - high * 0.72 + 2.4 * size)),
                (255,),
                -1,
            )
    snow = "snow" in brush.scene.weather
    cream = brush.light.paper((236, 216, 184), depth, 0.6)
    marks = [
        Mark(mask=cv2.subtract(walls, ground).astype(np.uint8, copy=False), colour=cream),
        Mark(mask=roofs, colour=brush.light.paper((244, 246, 252) if snow else (196, 88, 70), depth, 0.62)),
        Mark(mask=panes, colour=brush.light.window, strength=0.45 + 0.5 * brush.light.lamps),
    ]
    hill = brush.light.paper((236, 240, 248) if snow else (120, 150, 110), depth, 0.5)
    return brush.sheet(cv2.max(walls, ground).astype(np.uint8, copy=False), hill, depth, marks=marks)
