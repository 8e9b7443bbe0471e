"""The sky behind every outdoor place: layered paper rings around a sun or moon, stars, aurora, clouds."""

from dataclasses import dataclass

import cv2
import numpy as np

from reelrouter.renderer.animatic import paper, shapes
from reelrouter.renderer.animatic.brush import Brush
from reelrouter.renderer.animatic.light import luminance, mix
from reelrouter.renderer.animatic.paper import Pixels, Profile, Sway
from reelrouter.renderer.animatic.theatre import Layer, View, overlay


def backdrop(brush: Brush, horizon: float) -> list[Layer]:
    """Everything behind the first hill; `horizon` is a share of the height."""
    layers: list[Layer] = [sky(brush, horizon)]
    if brush.light.stars > 0.05 and not _overcast(brush):
        layers.append(starlight(brush, horizon))
    if "aurora" in brush.scene.weather:
        layers.extend(aurora(brush, horizon))
    if not _overcast(brush):
        layers.extend(sun_or_moon(brush))
    if "rainbow" in brush.scene.wonders:
        layers.append(rainbow(brush, horizon))
    layers.extend(cloud_banks(brush, horizon))
    return layers


def sky(brush: Brush, horizon: float) -> Layer:
    """The one sheet that is opaque everywhere."""
    stops = np.array(brush.light.sky, np.float32)
    at = np.clip(np.arange(brush.high, dtype=np.float32) / brush.y(horizon), 0, 1)
    grain = paper.texture(brush.high, brush.wide, brush.canvas.seed)
    rings = not _overcast(brush) and brush.scene.environment not in ("underwater", "space")
    keep, gain = _rings(brush) if rings else (grain, None)
    bright = mix(brush.light.disc, brush.light.sky[3], 0.45)
    planes = []
    for channel in range(3):
        column = np.interp(at, [0.0, 0.42, 0.78, 1.0], stops[:, channel]).astype(np.float32)
        plane = column[:, None] * keep
        if gain is not None:
            plane = cv2.multiply(cv2.add(plane, gain * np.float32(bright[channel])), grain)
        planes.append(plane)
    body = cv2.merge([*planes, np.full_like(grain, 255.0)])
    return brush.hung(cv2.convertScaleAbs(body).astype(np.uint8, copy=False), 0.0)


def _overcast(brush: Brush) -> bool:
    return bool({"storm", "rain", "fog"} & set(brush.scene.weather))


def _rings(brush: Brush) -> tuple[Profile, Profile]:
    """Holes cut into stacked sheets around the disc: each lets more light through and is shaded by its edge.

    Given as what is kept of the sky's own colour, and how much of the disc's light is added, by pixel.
    """
    radius = disc_radius(brush)
    away = np.arange(0, 7.0 * radius, 0.25, dtype=np.float32)
    keep, gain = np.ones_like(away), np.zeros_like(away)
    for times, share in ((6.4, 0.1), (4.4, 0.16), (2.8, 0.24), (1.75, 0.34)):
        inside = np.clip(times * radius - away + 0.5, 0, 1) * (share * brush.light.openness)
        lip = np.exp(-np.clip(times * radius - away, 0, None) / (0.012 * brush.unit)) * (away <= times * radius)
        dim = 1.0 - 0.13 * lip
        keep, gain = keep * (1 - inside) * dim, (gain * (1 - inside) + inside) * dim
    halo = np.clip(1 - away / (4.2 * radius), 0, 1) ** 2 * (luminance(brush.light.glow) * 0.9)
    gain = gain + halo * (1 - gain)
    x = np.arange(brush.wide, dtype=np.float32)[None, :] - brush.x(brush.disc[0])
    y = np.arange(brush.high, dtype=np.float32)[:, None] - brush.y(brush.disc[1])
    place = np.minimum(cv2.sqrt(x * x + y * y) * 4, len(away) - 1).astype(np.int32)
    return keep.astype(np.float32)[place], gain.astype(np.float32)[place]


def disc_radius(brush: Brush) -> float:
    low = brush.scene.time_of_day in ("dawn", "golden", "sunset", "dusk")
    return brush.unit * (0.098 if low else 0.062 if brush.light.lamps < 0.5 else 0.07)


def sun_or_moon(brush: Brush) -> list[Layer]:
    x, y, radius = brush.x(brush.disc[0]), brush.y(brush.disc[1]), disc_radius(brush)
    face = brush.blank()
    shapes.disc(face, x, y, radius)
    marks = []
    if brush.scene.time_of_day in ("night", "dusk"):
        spots = brush.blank()
        rng = brush.random("moon")
        for _ in range(7):
            turn, away = rng.uniform(0, 6.28), radius * rng.uniform(0.1, 0.75)
            size = radius * rng.uniform(0.08, 0.22)
            shapes.disc(spots, x + away * np.cos(turn), y + away * np.sin(turn), size)
        spots = cv2.bitwise_and(spots, face).astype(np.uint8, copy=False)
        marks.append(paper.Mark(mask=spots, colour=mix(brush.light.disc, brush.light.sky[1], 0.22), strength=0.8))
    return [
        brush.sheet(face, brush.light.disc, 0.04, marks=marks, finish=brush.finish(0.1, shadow=0.12, fall=0.06))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twinkle:
    """Stars cut from paper: some steady, some that grow and shrink."""

    spots: tuple[tuple[float, float, float, float], ...]
    """x, y in canvas pixels, radius, phase."""
    image: Pixels

    def draw(self, target: Pixels, view: View) -> None:
        scale, x, y = view.at(0.02)
        half = self.image.shape[0] / 2
        for left, top, radius, phase in self.spots:
            pulse = 0.72 + 0.28 * np.sin(view.seconds * 2.4 + phase)
            size = radius * pulse / half
            overlay(target, self.image, (size, x + scale * left - size * half, y + scale * top - size * half))


def starlight(brush: Brush, horizon: float) -> Layer:
    rng = brush.random("stars")
    count = int(70 * brush.light.stars * max(1.0, brush.canvas.width * brush.canvas.height / brush.unit**2 / 1.8))
    spots = []
    for index in range(count):
        left, top = rng.uniform(-0.05, 1.05), rng.uniform(-0.05, horizon) * (1 if horizon > 0.95 else 0.95)
        near = np.hypot((left - brush.disc[0]) * brush.canvas.width, (top - brush.disc[1]) * brush.canvas.height)
        radius = brush.unit * (rng.uniform(0.0022, 0.0042) if index % 5 else rng.uniform(0.006, 0.011))
        if near > disc_radius(brush) * 2.2:
            spots.append((left * brush.canvas.width, top * brush.canvas.height, radius, rng.uniform(0, 6.28)))
    half = 24
    mask = np.zeros((2 * half, 2 * half), np.uint8)
    shapes.star(mask, half, half, half - 1)
    shapes.disc(mask, half, half, half * 0.34)
    colour = mix(brush.light.disc, (255, 255, 255), 0.4)
    pixels = (mask[..., None] * (np.array([*colour, 255], np.float32) / 255.0)).astype(np.uint8)
    return Twinkle(spots=tuple(spots), image=pixels)


def aurora(brush: Brush, horizon: float) -> list[Layer]:
    """Two curtains of added light that drift."""
    layers: list[Layer] = []
    for index, colour in enumerate(((40, 190, 130), (90, 80, 190))):
        rng = brush.random(f"aurora{index}")
        foot = brush.y(horizon * (0.62 - 0.16 * index)) + 0.09 * brush.tall * paper.ridge(
            rng, brush.wide, 0.7 * brush.unit, 2
        )
        rays = 0.55 + 0.45 * paper.ridge(rng, brush.wide, 0.05 * brush.unit, 3)
        rows = np.arange(brush.high, dtype=np.float32)[:, None]
        up = (foot[None, :] - rows) / (0.42 * brush.tall)
        shine = np.where(up < 0, np.exp(up * 26), np.exp(-up * 2.6)) * np.clip(rays, 0, 1.2)[None, :]
        pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
        pixels[..., :3] = np.clip(shine[..., None] * np.array(colour, np.float32) * 0.75, 0, 255)
        sway = Sway(x=0.03 * brush.unit, period=7.0 + 2 * index, phase=0.3 * index)
        layers.append(brush.hung(pixels, 0.03, sway=sway))
    return layers


def rainbow(brush: Brush, horizon: float) -> Layer:
    """Six bands of thin paper from hill to hill, opposite the sun."""
    pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
    centre = (round(brush.x(1.0 - brush.disc[0])), round(brush.y(horizon + 0.06)))
    width = 0.026 * brush.unit
    for index, colour in enumerate(_RAINBOW):
        band = brush.blank()
        radius = round(0.52 * brush.unit - index * width)
        cv2.circle(band, centre, radius, (150,), round(width) + 1, cv2.LINE_AA)
        share = band.astype(np.float32)[..., None] / 255.0
        tone = np.array([*mix(colour, brush.light.sky[2], 0.25), 255], np.float32)
        pixels = (pixels * (1 - share) + share * tone).astype(np.uint8)
    return brush.hung(pixels, 0.05)


_RAINBOW = ((226, 84, 78), (240, 150, 66), (248, 214, 96), (112, 186, 110), (82, 144, 212), (142, 104, 190))


_SCREENED = ("forest", "city")
"""Where trees or towers hide so much sky that one bank of clouds is enough."""


def cloud_banks(brush: Brush, horizon: float) -> list[Layer]:
    """Paper clouds on two depths, more of them when the prompt asks."""
    rng = brush.random("clouds")
    weather = set(brush.scene.weather)
    heavy = bool({"storm", "rain", "clouds"} & weather)
    count = 6 if heavy else 3 if "fog" not in weather and brush.light.stars < 0.5 else 2
    layers: list[Layer] = []
    for depth in (0.12,) if heavy or brush.scene.environment in _SCREENED else (0.07, 0.16):
        mask = brush.blank()
        for _ in range(count):
            x = brush.x(rng.uniform(-0.05, 1.05))
            y = brush.y(rng.uniform(0.08, max(0.14, horizon * (0.5 if heavy else 0.62))))
            shapes.cloud(mask, x, y, brush.unit * rng.uniform(0.22, 0.42) * (1.5 if heavy else 1.0), rng)
        drift = brush.unit * 0.012 * (1.0 + 2 * depth) * (2.2 if "wind" in weather or "storm" in weather else 1.0)
        finish = brush.finish(depth, shadow=0.16, fall=0.2, reach=9.0 * brush.unit / 720)
        layers.append(
            brush.sheet(mask, _cloud_colour(brush, depth), depth, finish=finish, sway=Sway(drift=-drift))
        )
    if heavy:
        layers.append(ceiling(brush, rng))
    return layers


def _cloud_colour(brush: Brush, depth: float) -> tuple[int, int, int]:
    light = brush.light
    if {"storm", "rain"} & set(brush.scene.weather):
        return mix(light.sky[1], light.ramp[2], 0.25 + 2.0 * depth)
    white = mix((255, 255, 255), light.sky[2], 0.45)
    body = (
        mix(white, light.sky[1], 0.25 - depth)
        if luminance(light.sky[1]) > 0.3
        else mix(light.sky[2], light.ramp[0], 0.5)
    )
    return mix(body, light.disc, 0.12)


def ceiling(brush: Brush, rng: np.random.Generator) -> Layer:
    """The dark underside of a cloudy sky, along the top of the stage."""
    mask = brush.blank()
    x = brush.x(-0.12)
    while x < brush.x(1.12):
        size = brush.unit * rng.uniform(0.09, 0.16)
        shapes.disc(mask, x, brush.y(0.0) + brush.unit * rng.uniform(-0.04, 0.02), size)
        x += size * 0.95
    mask[: int(brush.y(0.0))] = 255
    colour = mix(brush.light.sky[0], brush.light.ramp[3], 0.4)
    return brush.sheet(
        mask, colour, 0.3, finish=brush.finish(0.3, fall=0.25), sway=Sway(x=0.01 * brush.unit, period=9.0)
    )
