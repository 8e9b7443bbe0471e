"""Weather in front of and behind the figures of a stage, and over films made from pictures."""

from collections.abc import Callable

import cv2
import numpy as np

from reelrouter.renderer.animatic import paper, shapes
from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.glyphs import cutout, paint_of
from reelrouter.renderer.animatic.light import Light, light_of, mix
from reelrouter.renderer.animatic.paper import Pixels, Sway
from reelrouter.renderer.animatic.particles import Flakes, Habit, Lightning, Rain, Scraps, Sparks, swarm
from reelrouter.renderer.animatic.puppets import figure
from reelrouter.renderer.animatic.scene import Colour, Scene, Weather
from reelrouter.renderer.animatic.theatre import Layer, Sheet, view_at

FADE = 0.7
"""Seconds in which weather fades in from a held first frame, and out towards a held last one."""


def overlay(
    scene: Scene, canvas: Canvas, *, hold_first: bool = True, hold_last: bool = False
) -> Callable[[Frame, int], Frame]:
    """What lays the scene's weather over a frame, by index, without changing the frame it is given.

    With `hold_first` frame 0 comes back exactly as it is, with `hold_last` the last frame does.
    """
    behind, before = weather_layers(scene, canvas, light_of(scene))
    layers = [*behind, *before]

    def laid(frame: Frame, index: int) -> Frame:
        strength = _strength(canvas, index, hold_first=hold_first, hold_last=hold_last)
        if strength == 0.0 or not layers:
            return frame.copy()
        target = cv2.cvtColor(frame, cv2.COLOR_RGB2RGBA)
        view = view_at("static", canvas, index, (0.5, 0.5))
        for layer in layers:
            layer.draw(target.astype(np.uint8, copy=False), view)
        drawn = cv2.cvtColor(target, cv2.COLOR_RGBA2RGB)
        if strength < 1.0:
            drawn = cv2.addWeighted(drawn, strength, frame, 1.0 - strength, 0.0)
        return drawn.astype(np.uint8, copy=False)

    return laid


def _strength(canvas: Canvas, index: int, *, hold_first: bool, hold_last: bool) -> float:
    fade = min(FADE * canvas.fps, max(1.0, (canvas.frames - 1) / 2))
    share = 1.0
    if hold_first:
        share = min(share, index / fade)
    if hold_last:
        share = min(share, (canvas.frames - 1 - index) / fade)
    return share * share * (3 - 2 * share)


def weather_layers(scene: Scene, canvas: Canvas, light: Light) -> tuple[list[Layer], list[Layer]]:
    """The layers that belong behind the figures, and those that belong before them."""
    behind: list[Layer] = []
    before: list[Layer] = []
    for weather in scene.weather:
        back, front = _of(weather, canvas, light)
        behind.extend(back)
        before.extend(front)
    return behind, before


def _of(weather: Weather, canvas: Canvas, light: Light) -> tuple[list[Layer], list[Layer]]:
    match weather:
        case "rain":
            return [_rain(canvas, light, "far", 90, 0.05)], [_rain(canvas, light, "near", 70, 0.1)]
        case "storm":
            back: list[Layer] = [
                Lightning(seed=canvas.seed, part="bolt"),
                _rain(canvas, light, "far", 130, 0.06, slant=0.34),
            ]
            return back, [
                _rain(canvas, light, "near", 100, 0.12, slant=0.34),
                Lightning(seed=canvas.seed, part="flash"),
            ]
        case "snow":
            return [_snow(canvas, light, "far", 130, (0.0018, 0.004))], _near_snow(canvas, light)
        case "fog":
            return [_bank(canvas, light, 0.3, 0.34, 0.5)], [_bank(canvas, light, 0.85, 0.3, 0.88)]
        case "wind" | "leaves":
            many = 40 if weather == "leaves" else 12
            return [_scraps(canvas, "leaves-far", _leaves(), many, (0.018, 0.032))], [
                _scraps(canvas, "leaves", _leaves(), many // 2, (0.035, 0.062))
            ]
        case "petals":
            return [_scraps(canvas, "petals-far", _petals(), 44, (0.013, 0.022))], [
                _scraps(canvas, "petals", _petals(), 22, (0.024, 0.042))
            ]
        case "fireflies":
            return [_fireflies(canvas, "far", 16, 0.05)], [_fireflies(canvas, "near", 14, 0.085)]
        case "embers":
            return [_embers(canvas, "far", 30, 0.02)], [_embers(canvas, "near", 26, 0.034)]
        case "clear" | "clouds" | "stars" | "aurora":
            return [], []


def bubbles(canvas: Canvas) -> Layer:
    """What rises under water."""
    habit = Habit(count=24, sizes=(0.01, 0.032), speed_y=-0.09, sway=0.012, pace=2.0)
    return Scraps(swarm=swarm(canvas, "bubbles", habit), images=(_bubble(),), tumble=0.0)


def _rain(canvas: Canvas, light: Light, name: str, count: int, length: float, slant: float = 0.14) -> Layer:
    habit = Habit(count=count, sizes=(length * 0.6, length * 1.3), speed_x=-1.25 * slant, speed_y=1.25)
    tone = mix((58, 66, 80), (104, 114, 132), light.lamps * 0.3 + (0.3 if name == "near" else 0.0))
    return Rain(swarm=swarm(canvas, f"rain-{name}", habit), colour=tone, slant=slant)


def _snow(canvas: Canvas, light: Light, name: str, count: int, sizes: tuple[float, float]) -> Flakes:
    habit = Habit(count=count, sizes=sizes, speed_x=-0.02, speed_y=0.075, sway=0.02, pace=1.1)
    return Flakes(swarm=swarm(canvas, f"snow-{name}", habit), colour=_white(light))


def _white(light: Light) -> Colour:
    return mix((255, 255, 255), light.sky[3], 0.12 + 0.22 * light.lamps)


def _near_snow(canvas: Canvas, light: Light) -> list[Layer]:
    habit = Habit(count=12, sizes=(0.03, 0.07), speed_x=-0.03, speed_y=0.12, sway=0.03, pace=0.9)
    paint = paint_of(_white(light), (255, 255, 255), (40, 50, 80), shadow=0.25)
    star = cutout(figure("\N{SNOWFLAKE}"), 96, paint).pixels
    scraps = Scraps(swarm=swarm(canvas, "crystals", habit), images=(star,), tumble=0.6)
    return [_snow(canvas, light, "near", 60, (0.004, 0.0085)), scraps]


def _bank(canvas: Canvas, light: Light, depth: float, density: float, height: float) -> Layer:
    """A drifting bank of fog, thickest at `height`."""
    wide, high = int(canvas.width * 1.5), int(canvas.height * 1.16)
    field = paper.clouds(
        paper.random(canvas.seed, f"fog{depth}"), (high // 4, wide // 4), 0.16 * min(wide, high), 3
    )
    rows = np.linspace(-0.08, 1.08, high // 4, dtype=np.float32)[:, None]
    alpha = np.clip((field - 0.25) * 1.7, 0, 1) * np.exp(-(((rows - height) / 0.24) ** 2)) * density * 2.0
    small = np.clip(alpha, 0, 0.8)[..., None] * np.array(
        [*mix(light.sky[3], (255, 255, 255), 0.2), 255], np.float32
    )
    pixels = cv2.resize(np.clip(small, 0, 255).astype(np.uint8), (wide, high), interpolation=cv2.INTER_CUBIC)
    sway = Sway(drift=-0.012 * canvas.width * (0.5 + depth))
    corner = (-0.08 * canvas.width, -0.08 * canvas.height)
    return Sheet(plate=paper.plate(pixels.astype(np.uint8, copy=False), corner, depth, sway))


def _scraps(
    canvas: Canvas, name: str, images: tuple[Pixels, ...], count: int, sizes: tuple[float, float]
) -> Layer:
    habit = Habit(count=count, sizes=sizes, speed_x=-0.1, speed_y=0.085, sway=0.035, pace=1.7)
    return Scraps(swarm=swarm(canvas, name, habit), images=images)


def _leaves() -> tuple[Pixels, ...]:
    return tuple(_leaf(colour, 0.5) for colour in ((226, 110, 44), (242, 176, 64), (190, 72, 46), (214, 140, 52)))


def _petals() -> tuple[Pixels, ...]:
    return tuple(_leaf(colour, 0.85) for colour in ((252, 196, 212), (246, 160, 186), (255, 226, 234)))


def _leaf(colour: Colour, plump: float) -> Pixels:
    side = 96
    mask, rib = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    shapes.leaf(mask, 6, side / 2, side - 12, 0.0, plump)
    shapes.stroke(rib, [(2.0, side / 2), (side * 0.7, side / 2)], 2)
    share = mask.astype(np.float32)[..., None] / 255.0
    tone = np.linspace(1.12, 0.82, side, dtype=np.float32)[:, None, None]
    body = np.array(colour, np.float32) * tone * (1 - 0.25 * (rib.astype(np.float32)[..., None] / 255.0))
    pixels: Pixels = np.clip(np.concatenate([body * share, 255 * share], axis=2), 0, 255).astype(np.uint8)
    return pixels


def _bubble() -> Pixels:
    side = 64
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (side // 2, side // 2), side // 2 - 5, (190,), 4, cv2.LINE_AA)
    cv2.ellipse(mask, (side // 2, side // 2), (side // 3, side // 3), 0, 200, 250, (255,), 5, cv2.LINE_AA)
    fill = np.zeros((side, side), np.uint8)
    cv2.circle(fill, (side // 2, side // 2), side // 2 - 5, (36,), -1, cv2.LINE_AA)
    alpha = cv2.max(mask, fill).astype(np.float32)[..., None] / 255.0
    ring: Pixels = (alpha * np.array([225, 248, 255, 255], np.float32)).astype(np.uint8)
    return ring


def _spark(colour: Colour) -> Pixels:
    axis = np.linspace(-1, 1, 64, dtype=np.float32)
    away = np.hypot(axis[:, None], axis[None, :])
    shine = np.clip(1 - away, 0, 1) ** 2.4 * 0.6 + np.clip(1 - away / 0.2, 0, 1)
    pixels: Pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., :3] = np.clip(shine[..., None] * np.array(colour, np.float32), 0, 255)
    return pixels


def _fireflies(canvas: Canvas, name: str, count: int, size: float) -> Layer:
    habit = Habit(count=count, sizes=(size * 0.6, size), speed_x=0.012, speed_y=-0.01, sway=0.05, pace=0.9)
    return Sparks(swarm=swarm(canvas, f"fireflies-{name}", habit), image=_spark((220, 235, 110)), pulse=1.0)


def _embers(canvas: Canvas, name: str, count: int, size: float) -> Layer:
    habit = Habit(count=count, sizes=(size * 0.5, size), speed_x=0.03, speed_y=-0.13, sway=0.025, pace=2.2)
    return Sparks(swarm=swarm(canvas, f"embers-{name}", habit), image=_spark((255, 140, 50)), pulse=0.6)
