"""A city street: skyline, lit fronts, signs, a roadway that mirrors them when it is wet."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.backdrop import backdrop
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.light import mix
from reelrouter.renderer.animatic.paper import Mark, Mask
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import Layer

_NEON: tuple[Colour, ...] = ((255, 70, 150), (60, 220, 255), (255, 190, 60), (150, 90, 255))


def city(brush: Brush) -> Setting:
    layers = backdrop(brush, 0.8)
    layers.append(_skyline(brush, "far", 0.1, (0.38, 0.66), 0.11))
    layers.append(_skyline(brush, "middle", 0.26, (0.3, 0.52), 0.14))
    air = len(layers)
    houses, lights = _row(brush)
    layers.append(houses)
    if brush.light.lamps > 0.4:
        layers.append(_shine(brush, lights, 0.42))
    road = np.full(brush.wide, brush.y(0.82), np.float32)
    layers.append(_street(brush, lights))
    stage = len(layers)
    layers.extend(_lamps(brush))
    return Setting(layers=tuple(layers), stage_at=stage, air_at=air, floor=brush.floor_on(road, 0.1), depth=0.66)


def _skyline(brush: Brush, name: str, depth: float, heights: tuple[float, float], width: float) -> Layer:
    rng = brush.random(f"skyline-{name}")
    mask, panes = brush.blank(), brush.blank()
    foot, x = brush.y(0.86), -0.05 * brush.unit
    while x < brush.wide:
        wide = brush.unit * width * rng.uniform(0.6, 1.35)
        high = brush.tall * rng.uniform(*heights)
        top = foot - high
        shapes.polygon(mask, [(x, brush.high), (x, top), (x + wide, top), (x + wide, brush.high)])
        _roof(mask, x, top, wide, rng)
        _panes(panes, (x, top, wide, foot), brush.unit * (0.011 + 0.016 * depth), rng)
        x += wide * rng.uniform(0.92, 1.3)
    mask = brush.land(np.full(brush.wide, foot, np.float32)) | mask
    lit = mix(brush.light.window, brush.light.sky[2], 0.35 if depth < 0.2 else 0.12)
    strength = 0.28 + 0.62 * brush.light.lamps
    return brush.sheet(
        mask,
        brush.light.paper((110, 124, 160), depth),
        depth,
        marks=[Mark(mask=panes, colour=lit, strength=strength)],
    )


def _roof(mask: Mask, x: float, top: float, wide: float, rng: np.random.Generator) -> None:
    kind = rng.integers(0, 4)
    if kind == 0:
        shapes.polygon(
            mask, [(x + wide * 0.2, top + 2), (x + wide * 0.5, top - wide * 0.5), (x + wide * 0.8, top + 2)]
        )
    elif kind == 1:
        for step in (0.18, 0.32):
            low, high = top - wide * step * 1.2, top + 2
            shapes.polygon(
                mask,
                [
                    (x + wide * step, high),
                    (x + wide * step, low),
                    (x + wide * (1 - step), low),
                    (x + wide * (1 - step), high),
                ],
            )
    elif kind == 2:
        shapes.stroke(mask, [(x + wide * 0.5, top), (x + wide * 0.5, top - wide * 0.8)], max(1.5, wide * 0.03))


def _panes(
    panes: Mask,
    block: tuple[float, float, float, float],
    size: float,
    rng: np.random.Generator,
    share: float = 0.5,
) -> None:
    """Lit windows in a grid over a block (left, top, width, foot); whole floors differ in how many are lit."""
    left, top, wide, foot = block
    across = max(2, int(wide / (size * 1.9)))
    step = wide / (across + 0.5)
    y = top + size * 1.6
    while y < foot - size * 2:
        busy = share * rng.uniform(0.3, 1.5)
        for column in range(across):
            if rng.random() < busy:
                x = left + step * (column + 0.5)
                cv2.rectangle(panes, (int(x), int(y)), (int(x + size * 0.85), int(y + size * 1.15)), (255,), -1)
        y += size * 2.3


def _row(brush: Brush) -> tuple[Layer, dict[Colour, Mask]]:
    """The street's fronts, and what shines in them, colour by colour."""
    rng = brush.random("row")
    mask, panes, frames = brush.blank(), brush.blank(), brush.blank()
    signs = {colour: brush.blank() for colour in _NEON}
    foot, x = brush.y(0.83), -0.1 * brush.unit
    neon = "neon" in brush.scene.wonders
    while x < brush.wide:
        wide, high = brush.unit * rng.uniform(0.2, 0.32), brush.tall * rng.uniform(0.2, 0.36)
        top = foot - high
        shapes.polygon(mask, [(x, brush.high), (x, top), (x + wide, top), (x + wide, brush.high)])
        _cornice(mask, x, top, wide)
        _panes(
            panes,
            (x + wide * 0.06, top + wide * 0.08, wide * 0.88, foot - brush.unit * 0.1),
            brush.unit * 0.026,
            rng,
            0.62,
        )
        _shopfront(panes, frames, (x, wide, foot), brush.unit)
        if neon or rng.random() < 0.3 * brush.light.lamps:
            _sign(signs[_NEON[int(rng.integers(0, len(_NEON)))]], (x, top, wide, foot), brush.unit, rng)
        x += wide * rng.uniform(1.0, 1.06)
    warm = brush.light.window
    strength = 0.3 + 0.65 * brush.light.lamps
    marks = [
        Mark(mask=panes, colour=warm, strength=strength),
        Mark(mask=frames, colour=brush.light.shade, strength=0.7),
    ]
    marks += [Mark(mask=sign, colour=colour) for colour, sign in signs.items()]
    layer = brush.sheet(mask, brush.light.paper((120, 84, 92), 0.44), 0.44, marks=marks)
    return layer, {warm: panes, **signs}


def _cornice(mask: Mask, x: float, top: float, wide: float) -> None:
    cv2.rectangle(
        mask,
        (int(x - wide * 0.03), int(top - wide * 0.04)),
        (int(x + wide * 1.03), int(top + wide * 0.03)),
        (255,),
        -1,
    )


def _shopfront(panes: Mask, frames: Mask, place: tuple[float, float, float], unit: float) -> None:
    x, wide, foot = place
    top = foot - 0.082 * unit
    cv2.rectangle(
        panes, (int(x + wide * 0.1), int(top)), (int(x + wide * 0.62), int(foot - 0.014 * unit)), (255,), -1
    )
    cv2.rectangle(panes, (int(x + wide * 0.72), int(top)), (int(x + wide * 0.9), int(foot)), (255,), -1)
    for share in (0.27, 0.45):
        cv2.line(
            frames,
            (int(x + wide * share), int(top)),
            (int(x + wide * share), int(foot)),
            (255,),
            max(1, int(0.003 * unit)),
        )
    awning = [
        (x + wide * 0.06, top - 0.02 * unit),
        (x + wide * 0.66, top - 0.02 * unit),
        (x + wide * 0.69, top + 0.012 * unit),
        (x + wide * 0.03, top + 0.012 * unit),
    ]
    shapes.polygon(frames, awning)


def _sign(mask: Mask, block: tuple[float, float, float, float], unit: float, rng: np.random.Generator) -> None:
    """A glowing sign: an upright board, a ring, an arrow or strokes that could be letters."""
    left, top, wide, foot = block
    x, y = left + wide * rng.uniform(0.2, 0.75), top + (foot - top) * rng.uniform(0.15, 0.5)
    thick, size = max(2.0, 0.007 * unit), unit * rng.uniform(0.03, 0.05)
    kind = rng.integers(0, 3)
    if kind == 0:
        box = [(x, y), (x + size * 0.7, y), (x + size * 0.7, y + size * 2.6), (x, y + size * 2.6), (x, y)]
        shapes.stroke(mask, box, thick)
        for index in range(3):
            row = y + size * (0.5 + 0.8 * index)
            shapes.stroke(
                mask, [(x + size * 0.2, row), (x + size * 0.5, row + size * (0.3 if index % 2 else 0.0))], thick
            )
    elif kind == 1:
        turns = np.linspace(0, 2 * np.pi, 20)
        shapes.stroke(mask, np.stack([x + size * np.cos(turns), y + size * np.sin(turns)], 1), thick)
        shapes.stroke(mask, [(x - size * 0.4, y), (x + size * 0.4, y)], thick)
    else:
        for index in range(4):
            column = x + index * size * 0.7
            tall = size * (1.0 if index % 2 else 0.7)
            shapes.stroke(
                mask,
                [(column, y + size), (column, y + size - tall), (column + size * 0.38, y + size - tall * 0.4)],
                thick,
            )


def _shine(brush: Brush, lights: dict[Colour, Mask], depth: float) -> Layer:
    """The glow that lit windows and signs add to the air."""
    total = np.zeros((brush.high // 4, brush.wide // 4, 3), np.float32)
    for colour, mask in lights.items():
        small = cv2.resize(mask, (brush.wide // 4, brush.high // 4), interpolation=cv2.INTER_AREA).astype(
            np.float32
        )
        soft = cv2.GaussianBlur(small, (0, 0), 0.007 * brush.unit) * 0.5 + cv2.GaussianBlur(
            small, (0, 0), 0.02 * brush.unit
        )
        strength = 0.55 if colour in _NEON else 0.22
        total += soft[..., None] / 255.0 * np.array(colour, np.float32) * (strength * brush.light.lamps)
    pixels = np.zeros((brush.high, brush.wide, 4), np.uint8)
    pixels[..., :3] = np.clip(cv2.resize(total, (brush.wide, brush.high)), 0, 200)
    return brush.hung(pixels, depth)


def _street(brush: Brush, lights: dict[Colour, Mask]) -> Layer:
    """Kerb and roadway; wet, it carries the lights of the fronts upside down."""
    top = int(brush.y(0.82))
    mask = brush.land(np.full(brush.wide, top, np.float32))
    kerb, lines = brush.blank(), brush.blank()
    kerb[top : top + int(0.035 * brush.unit)] = 255
    y = int(brush.y(0.97))
    for x in range(0, brush.wide, max(8, int(0.16 * brush.unit))):
        cv2.rectangle(lines, (x, y), (x + int(0.08 * brush.unit), y + int(0.008 * brush.unit)), (255,), -1)
    marks = [
        Mark(mask=kerb, colour=brush.light.paper((170, 166, 170), 0.6), strength=0.75),
        Mark(mask=lines, colour=brush.light.paper((246, 226, 170), 0.7), strength=0.6),
    ]
    if {"rain", "storm"} & set(brush.scene.weather):
        marks += [_reflection(brush, mask, colour, top) for colour, mask in lights.items()]
    return brush.sheet(mask, brush.light.paper((84, 86, 104), 0.62, 0.4), 0.6, marks=marks)


def _reflection(brush: Brush, mask: Mask, colour: Colour, top: int) -> Mark:
    height = brush.high - top
    above = mask[max(0, top - height * 2) : top]
    flipped = cv2.resize(cv2.flip(above, 0), (brush.wide, height))
    smear = cv2.GaussianBlur(flipped, (0, 0), sigmaX=0.004 * brush.unit, sigmaY=0.035 * brush.unit)
    laid = brush.blank()
    laid[top:] = cv2.convertScaleAbs(smear, alpha=1.7)
    return Mark(mask=laid, colour=colour, strength=0.2 + 0.5 * brush.light.lamps)


def _lamps(brush: Brush) -> list[Layer]:
    """Lanterns along the kerb in front, and the light around them."""
    mask, heads = brush.blank(), brush.blank()
    glows: list[Layer] = []
    for share in (brush.hero - 0.3, brush.hero + 0.4):
        x, top, foot = brush.x(share), brush.y(0.5), brush.y(1.05)
        thick = 0.011 * brush.unit
        shapes.stroke(
            mask, shapes.curve((x, foot), (x, top - 0.05 * brush.unit), (x + 0.07 * brush.unit, top)), thick
        )
        shapes.stroke(mask, [(x, foot), (x, top + 0.2 * brush.unit)], thick * 1.7)
        lamp_x, lamp_y = x + 0.07 * brush.unit, top + 0.012 * brush.unit
        shapes.disc(heads, lamp_x, lamp_y + 0.008 * brush.unit, 0.017 * brush.unit)
        shapes.polygon(
            mask,
            [
                (lamp_x - 0.035 * brush.unit, lamp_y),
                (lamp_x, lamp_y - 0.035 * brush.unit),
                (lamp_x + 0.035 * brush.unit, lamp_y),
            ],
        )
        if brush.light.lamps > 0.4:
            glows.append(brush.glow_at(lamp_x, lamp_y, 0.24 * brush.unit, (110, 84, 44), 0.93))
    whole = cv2.max(mask, heads).astype(np.uint8, copy=False)
    mark = Mark(mask=heads, colour=mix((230, 230, 220), (255, 226, 150), brush.light.lamps))
    return [brush.sheet(whole, brush.light.paper((50, 54, 70), 1.0, 0.3), 0.93, marks=[mark]), *glows]
