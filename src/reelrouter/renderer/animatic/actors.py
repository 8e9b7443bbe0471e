"""Figures that move: paper puppets on their paths, with what shines from them and the shadow at their feet."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from reelrouter.renderer.animatic.beam import beam
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.casting import Role
from reelrouter.renderer.animatic.glyphs import Cutout, Outline, cutout, paint_of
from reelrouter.renderer.animatic.light import luminance, mix, shifted, times
from reelrouter.renderer.animatic.paper import Pixels
from reelrouter.renderer.animatic.paths import stance_of
from reelrouter.renderer.animatic.puppets import figure
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import LIGHT, Form, Layer, View, lay, overlay_turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A figure as a layer."""

    role: Role
    pixels: Pixels
    anchor: tuple[float, float]
    """The point of `pixels` that stands at the role's place: the feet, or the middle."""
    place: tuple[float, float]
    size: tuple[int, int]
    """The picture's."""
    ground: Pixels | None
    aura: Pixels | None
    trail: Pixels | None

    def draw(self, target: Pixels, view: View) -> None:
        stance = stance_of(self.role, view, self.size)
        scale, x, y = view.at(self.role.depth)
        at = (x + scale * (self.place[0] + stance.x), y + scale * (self.place[1] + stance.y))
        plain = Form(wide=scale, high=scale)
        if self.aura is not None:
            lift = scale * self.role.height * 0.5 if _stands(self.role) else 0.0
            lay(target, self.aura, _middle(self.aura), plain.at((at[0], at[1] - lift)), LIGHT)
        if self.ground is not None:
            shrunk = max(0.55, 1.0 + stance.y / max(1, self.role.height))
            foot = Form(x=at[0], y=y + scale * self.place[1], wide=scale * shrunk, high=scale)
            lay(target, self.ground, _middle(self.ground), foot)
        if self.trail is not None:
            flicker = 1.0 + 0.12 * math.sin(view.seconds * 31.0) + 0.08 * math.sin(view.seconds * 47.0)
            tail = Form(x=at[0], y=at[1] + 0.44 * scale * self.role.height, wide=scale, high=scale * flicker)
            lay(target, self.trail, (self.trail.shape[1] / 2, 0.0), tail)
        posed = Form(wide=scale * stance.wide, high=scale * stance.high, turn=stance.turn)
        lay(target, self.pixels, self.anchor, posed.at(at))


def _middle(pixels: Pixels) -> tuple[float, float]:
    return pixels.shape[1] / 2, pixels.shape[0] / 2


def _stands(role: Role) -> bool:
    return role.spot in ("floor", "water", "perch", "shore", "back")


def act(brush: Brush, setting: Setting, role: Role, *, lead: bool) -> list[Layer]:
    """The layers of one role: the figure, and what shines from it."""
    drawn = _cut(brush, setting, role)
    pixels, anchor = _assembled(brush, setting, role, drawn)
    place = (role.x * brush.canvas.width, role.y)
    if _upright(role):
        pixels, anchor = _turned(pixels, anchor, -45.0)
    actor = Actor(
        role=role, pixels=pixels, anchor=anchor, place=place, size=(brush.canvas.width, brush.canvas.height),
        ground=_ground(brush, drawn.width) if role.spot in ("floor", "back", "perch", "shore") else None,
        aura=_aura(brush, role) if lead else None,
        trail=_flame(role) if _upright(role) else None,
    )  # fmt: skip
    layers: list[Layer] = [actor]
    if role.glyph == "lighthouse" and brush.light.lamps > 0.25:
        layers.insert(0, beam(brush, role))
    return layers


def _upright(role: Role) -> bool:
    """The rocket is drawn aslant; rising, it stands on its flame."""
    return role.glyph == "\N{ROCKET}" and role.motion == "rise"


def _cut(brush: Brush, setting: Setting, role: Role) -> Cutout:
    outline = figure(role.glyph, role.pose)
    if role.heading > 0 and not _upright(role) and role.glyph not in _LOOK_RIGHT:
        outline = _mirrored(outline)
    paint = paint_of(
        figure_paper(brush, role),
        mix(brush.light.disc, brush.light.sky[2], 0.25),
        brush.light.shade,
        shadow=0.0 if setting.surface == "void" else 0.16 if role.spot in ("water", "air") else 0.36,
    )
    return cutout(outline, role.height, paint)


_LOOK_RIGHT = {"\N{ROCKET}", "\N{AIRPLANE}", "\N{AIRPLANE DEPARTURE}", "lighthouse", "windmill"}
"""Drawn looking to the right, or built."""


def _mirrored(outline: Outline) -> Outline:
    return Outline(
        *(np.ascontiguousarray(mask[:, ::-1]) for mask in (outline.silhouette, outline.ink, outline.pale))
    )


def figure_paper(brush: Brush, role: Role) -> Colour:
    """The figure's paper in the stage's light, softened by a lamp of its own, set off from what lies behind it."""
    light = brush.light
    red, green, blue = (factor + (1.0 - factor) * 0.85 for factor in light.key)
    lit = mix(times(role.colour, (red, green, blue)), light.plain(0.7), 0.05 + 0.05 * light.lamps)
    behind = light.sky[2] if role.spot in ("air", "deep") else mix(light.plain(0.4), light.sky[3], 0.25)
    return set_off(lit, behind)


def set_off(colour: Colour, behind: Colour, least: float = 0.13) -> Colour:
    """The colour, made lighter or darker until it differs from `behind` by `least` in luminance."""
    lighter = luminance(colour) >= luminance(behind) or luminance(behind) < 0.3
    for _ in range(10):
        if abs(luminance(colour) - luminance(behind)) >= least:
            return colour
        colour = mix(colour, (255, 250, 238), 0.12) if lighter else shifted(colour, saturation=1.04, value=0.91)
    return colour


def _assembled(brush: Brush, setting: Setting, role: Role, drawn: Cutout) -> tuple[Pixels, tuple[float, float]]:
    """The figure with its rider glued on, and the point it stands at."""
    anchor = (drawn.left + drawn.width / 2, float(drawn.top + drawn.height * (1.0 if _stands(role) else 0.5)))
    if role.rider is None:
        return drawn.pixels, anchor
    rider = _cut(brush, setting, role.rider)
    seat_x, seat_y = (0.56, 0.72) if role.rider.glyph == "\N{ADULT}\u200d\N{ROCKET}" else (0.5, 0.97)
    saddle_x, saddle_y = _SADDLES.get(role.glyph, (0.52, 0.3))
    if role.heading > 0:
        seat_x, saddle_x = 1 - seat_x, 1 - saddle_x
    left = drawn.left + saddle_x * drawn.width - (rider.left + seat_x * rider.width)
    top = drawn.top + saddle_y * drawn.height - (rider.top + seat_y * rider.height)
    shift = (max(0, math.ceil(-left)), max(0, math.ceil(-top)))
    wide = max(drawn.pixels.shape[1] + shift[0], math.ceil(left) + shift[0] + rider.pixels.shape[1] + 1)
    high = max(drawn.pixels.shape[0] + shift[1], math.ceil(top) + shift[1] + rider.pixels.shape[0] + 1)
    whole = np.zeros((high, wide, 4), np.uint8)
    for pixels, x, y in ((drawn.pixels, shift[0], shift[1]), (rider.pixels, left + shift[0], top + shift[1])):
        overlay_turned(whole, pixels, np.array([[1.0, 0.0, x], [0.0, 1.0, y]]))
    return whole, (anchor[0] + shift[0], anchor[1] + shift[1])


_SADDLES: dict[str, tuple[float, float]] = {
    "\N{HORSE}": (0.5, 0.46),
    "\N{UNICORN FACE}": (0.55, 0.55),
    "\N{ZEBRA FACE}": (0.5, 0.46),
    "\N{BICYCLE}": (0.6, 0.2),
    "\N{ELEPHANT}": (0.6, 0.16),
    "\N{DRAGON}": (0.55, 0.45),
    "\N{TURTLE}": (0.6, 0.12),
    "\N{DOLPHIN}": (0.55, 0.16),
    "\N{WHALE}": (0.45, 0.3),
}


def _turned(pixels: Pixels, anchor: tuple[float, float], degrees: float) -> tuple[Pixels, tuple[float, float]]:
    reach = math.ceil(max(pixels.shape[:2]) * 1.45)
    whole = np.zeros((reach, reach, 4), np.uint8)
    lay(whole, pixels, anchor, Form(x=reach / 2, y=reach / 2, turn=degrees))
    return whole, (reach / 2, reach / 2)


def _ground(brush: Brush, width: int) -> Pixels:
    """The soft shadow where feet touch the floor."""
    wide, high = max(8, int(width * 1.15)), max(4, int(width * 0.15))
    mask = np.zeros((high * 2, wide + high), np.uint8)
    centre = (mask.shape[1] // 2, high)
    cv2.ellipse(mask, centre, (int(wide * 0.42), max(1, int(high * 0.42))), 0, 0, 360, (255,), -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.8, high * 0.22)).astype(np.float32) / 255.0 * 0.5
    colour = np.array([*brush.light.shade, 255], np.float32)
    shadow: Pixels = np.clip(soft[..., None] * colour, 0, 255).astype(np.uint8)
    return shadow


def _aura(brush: Brush, role: Role) -> Pixels | None:
    """A spotlight's glow behind the main figure where the stage is dark."""
    if brush.light.lamps < 0.5:
        return None
    colour = mix((0, 0, 0), mix(brush.light.glow, brush.light.sky[3], 0.4), 0.34 + 0.2 * brush.light.lamps)
    return brush.glow(role.height * 0.9, colour, 1.6)


def _flame(role: Role) -> Pixels:
    """Fire that points down, in two papers."""
    outline = figure("\N{FIRE}")
    upside = Outline(
        *(np.ascontiguousarray(mask[::-1]) for mask in (outline.silhouette, outline.ink, outline.pale))
    )
    paint = paint_of((250, 150, 50), (255, 240, 190), (120, 30, 10), shadow=0.0)
    fire = cutout(upside, max(8, round(role.height * 0.4)), paint)
    return np.ascontiguousarray(fire.pixels[fire.top :])
