"""A lighthouse's light."""

import math
from dataclasses import dataclass

import numpy as np

from reelrouter.renderer.animatic.brush import Brush
from reelrouter.renderer.animatic.casting import Role
from reelrouter.renderer.animatic.paper import Pixels
from reelrouter.renderer.animatic.puppets import figure
from reelrouter.renderer.animatic.theatre import LIGHT, Form, View, lay


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """Two cones of light that turn about the lantern."""

    pixels: Pixels
    place: tuple[float, float]
    depth: float

    def draw(self, target: Pixels, view: View) -> None:
        scale, x, y = view.at(self.depth)
        at = (x + scale * self.place[0], y + scale * self.place[1])
        turn = view.seconds * 0.9 + 0.5
        for way in (1.0, -1.0):
            reach = way * math.cos(turn)
            if abs(reach) > 0.06:
                form = Form(wide=scale * reach, high=scale * (1.2 - 0.4 * abs(reach)), turn=-3.0 * way)
                lay(target, self.pixels, (0.0, self.pixels.shape[0] / 2), form.at(at), LIGHT)


def beam(brush: Brush, role: Role) -> Beam:
    """The beam of a role that is a lighthouse."""
    length, half = int(1.1 * brush.unit), int(0.11 * brush.unit)
    x = np.linspace(0, 1, length, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, 2 * half, dtype=np.float32)[:, None]
    shine = np.clip(1 - (np.abs(y) / (0.06 + 0.94 * x)) ** 2, 0, 1) * (1 - x) ** 1.3
    pixels = np.zeros((2 * half, length, 4), np.uint8)
    strength = 0.4 + 0.6 * brush.light.lamps
    pixels[..., :3] = shine[..., None] * np.array((190, 176, 130), np.float32) * strength
    lantern = role.x * brush.canvas.width - 0.1 * role.height * figure(role.glyph).aspect
    return Beam(pixels=pixels, place=(lantern, role.y - 0.8 * role.height), depth=role.depth)
