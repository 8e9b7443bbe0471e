"""Small things in the air: flakes, drops, leaves, sparks. Where each is follows from the time alone."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.paper import Pixels, random
from reelrouter.renderer.animatic.scene import Colour
from reelrouter.renderer.animatic.theatre import LIGHT, View, overlay, overlay_turned

Table = NDArray[np.float64]

_MARGIN = 0.08
"""Share of the picture around it through which things leave and come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """Things that drift, sway and wrap around the picture, all columns of equal length."""

    x: Table
    """Shares of the width at the film's beginning."""
    y: Table
    size: Table
    """Pixels: radius of a flake, height of an image."""
    speed_x: Table
    """Widths a second."""
    speed_y: Table
    """Heights a second."""
    sway: Table
    """Pixels."""
    pace: Table
    """Of the swaying and turning, radians a second."""
    phase: Table

    def at(self, view: View, width: int, height: int) -> tuple[Table, Table]:
        """Where each thing is, in pixels."""
        span = 1 + 2 * _MARGIN
        x = np.mod(self.x + self.speed_x * view.seconds + _MARGIN, span) - _MARGIN
        y = np.mod(self.y + self.speed_y * view.seconds + _MARGIN, span) - _MARGIN
        return x * width + self.sway * np.sin(
            self.pace * view.seconds + self.phase
        ) + 0.6 * view.x, y * height + 0.6 * view.y


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a swarm's things move, in the mean; each differs by up to half."""

    count: int
    sizes: tuple[float, float]
    """Units."""
    speed_x: float = 0.0
    speed_y: float = 0.0
    sway: float = 0.0
    """Units."""
    pace: float = 1.0


def swarm(canvas: Canvas, name: str, habit: Habit) -> Swarm:
    rng = random(canvas.seed, name)
    unit = min(canvas.height, 0.92 * canvas.width)
    crowd = canvas.width * canvas.height / (unit * unit * 1.78)
    count = max(1, round(habit.count * max(0.6, crowd)))
    pick = rng.random((8, count))
    size = (habit.sizes[0] + (habit.sizes[1] - habit.sizes[0]) * pick[2] ** 1.6) * unit
    near = 0.6 + 0.8 * pick[2]
    return Swarm(
        x=pick[0] * (1 + 2 * _MARGIN),
        y=pick[1] * (1 + 2 * _MARGIN),
        size=size,
        speed_x=habit.speed_x * near * (0.75 + 0.5 * pick[3]) * unit / canvas.width,
        speed_y=habit.speed_y * near * (0.75 + 0.5 * pick[4]) * unit / canvas.height,
        sway=habit.sway * unit * (0.5 + pick[5]),
        pace=habit.pace * (0.6 + 0.8 * pick[6]),
        phase=pick[7] * 2 * np.pi,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flakes:
    """Round dots of paper."""

    swarm: Swarm
    colour: Colour

    def draw(self, target: Pixels, view: View) -> None:
        height = target.shape[0]
        x, y = self.swarm.at(view, target.shape[1], view.height)
        for left, top, radius in np.stack([x, y, self.swarm.size], 1):
            if top - radius < height:
                centre = (round(left * 16), round(top * 16))
                cv2.circle(target, centre, max(8, round(radius * 16)), (*self.colour, 255), -1, cv2.LINE_AA, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraps:
    """Small images that tumble as they go: leaves, petals, paper snowflakes, bubbles."""

    swarm: Swarm
    images: tuple[Pixels, ...]
    tumble: float = 1.0
    """0 keeps them flat and upright, 1 turns them over and around."""

    def draw(self, target: Pixels, view: View) -> None:
        x, y = self.swarm.at(view, target.shape[1], view.height)
        for index in range(len(x)):
            image = self.images[index % len(self.images)]
            turn = self.tumble * (self.swarm.pace[index] * 0.8 * view.seconds + self.swarm.phase[index])
            flip = 1.0 - self.tumble * 0.55 * (
                0.5 + 0.5 * np.sin(self.swarm.pace[index] * 2.1 * view.seconds + self.swarm.phase[index])
            )
            scale = self.swarm.size[index] / image.shape[0]
            c, s = np.cos(turn) * scale, np.sin(turn) * scale
            linear = np.array([[c, -s * flip], [s, c * flip]])
            offset = np.array([x[index], y[index]]) - linear @ (np.array(image.shape[1::-1]) / 2)
            overlay_turned(target, image, np.concatenate([linear, offset[:, None]], axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparks:
    """Added light that wanders and pulses: fireflies, embers."""

    swarm: Swarm
    image: Pixels
    pulse: float
    """0 shines steadily, 1 goes out in between."""

    def draw(self, target: Pixels, view: View) -> None:
        x, y = self.swarm.at(view, target.shape[1], view.height)
        beat = 1 - self.pulse * (0.5 + 0.5 * np.sin(self.swarm.pace * 2.2 * view.seconds + 3 * self.swarm.phase))
        for left, top, size in np.stack([x, y, self.swarm.size * np.sqrt(beat)], 1):
            if size > 0.8:
                overlay(target, self.image, (size / self.image.shape[0], left - size / 2, top - size / 2), LIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rain:
    """Slanting strokes of added light."""

    swarm: Swarm
    colour: Colour
    slant: float
    """Widths to the left for each height fallen."""

    def draw(self, target: Pixels, view: View) -> None:
        x, y = self.swarm.at(view, target.shape[1], view.height)
        strokes = np.zeros_like(target)
        fine = 16
        starts = np.stack([x, y], 1) * fine
        ends = starts + np.stack([-self.slant * self.swarm.size, self.swarm.size], 1) * fine
        lines = np.round(np.stack([starts, ends], 1)).astype(np.int32)
        half = len(lines) // 3
        thick = max(1, round(view.height / 720 * 1.6))
        cv2.polylines(
            strokes,
            list(lines[half:]),
            isClosed=False,
            color=(*self.colour, 0),
            thickness=1,
            lineType=cv2.LINE_AA,
            shift=4,
        )
        cv2.polylines(
            strokes,
            list(lines[:half]),
            isClosed=False,
            color=(*self.colour, 0),
            thickness=thick,
            lineType=cv2.LINE_AA,
            shift=4,
        )
        cv2.add(target, strokes, dst=target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lightning:
    """Flashes at moments of the seed's choosing: the whole stage brightens, and a bolt stands in the sky."""

    seed: int
    part: Literal["bolt", "flash"]
    colour: Colour = (150, 160, 190)

    def draw(self, target: Pixels, view: View) -> None:
        strength, number = self._flash(view)
        if strength <= 0.02:
            return
        if self.part == "bolt":
            self._bolt(target, view, number, strength)
            return
        light = np.array([*(round(channel * strength * 0.3) for channel in self.colour), 0.0])
        cv2.add(target, light, dst=target)

    def _flash(self, view: View) -> tuple[float, int]:
        """How bright it is now, 0 to 1, and which flash this is."""
        every = min(3.2, max(1.2, 0.6 * view.length))
        number = int(view.seconds / every)
        start = every * (0.3 + 0.45 * float(random(self.seed, f"flash{number}").random()))
        since = view.seconds - number * every - start
        if not 0 <= since < 0.45:
            return 0.0, number
        return float(np.exp(-since * 9.0) * (1.0 if since < 0.1 or since > 0.17 else 0.35)), number

    def _bolt(self, target: Pixels, view: View, number: int, strength: float) -> None:
        rng = random(self.seed, f"bolt{number}")
        steps = 11
        x = target.shape[1] * rng.uniform(0.15, 0.85) + np.cumsum(rng.normal(0, 0.022, steps)) * view.height
        y = np.linspace(0, view.height * rng.uniform(0.42, 0.58), steps)
        line = np.round(np.stack([x, y], 1) * 16).astype(np.int32)
        fork = line[steps // 2 :].copy()
        fork[:, 0] += ((np.arange(len(fork)) * 0.03 * view.height) * 16).astype(np.int32)
        for path, thick in ((fork[:4], 2), (line, 4)):
            for width, share in ((thick * 4, 0.25), (thick, 1.0)):
                glow = np.zeros_like(target)
                tone = tuple(float(round(channel * strength * share)) for channel in (235, 238, 255))
                scaled = max(1, round(width * view.height / 720))
                cv2.polylines(
                    glow,
                    [path],
                    isClosed=False,
                    color=(*tone, 0.0),
                    thickness=scaled,
                    lineType=cv2.LINE_AA,
                    shift=4,
                )
                cv2.add(target, glow, dst=target)
