"""Things that scissors cut: trees, clouds, houses, drawn white into masks. They know no light and no colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.paper import Mask

_SHIFT = 4


def polygon(mask: Mask, points: NDArray[np.floating] | list[tuple[float, float]], value: int = 255) -> None:
    """A filled polygon with smooth edges; points are (x, y) in pixels."""
    whole = np.round(np.asarray(points, np.float64) * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(mask, [whole], (value,), cv2.LINE_AA, _SHIFT)


def disc(mask: Mask, x: float, y: float, radius: float, value: int = 255) -> None:
    scale = 2**_SHIFT
    centre = (round(x * scale), round(y * scale))
    cv2.circle(mask, centre, max(1, round(radius * scale)), (value,), -1, cv2.LINE_AA, _SHIFT)


def stroke(
    mask: Mask, points: NDArray[np.floating] | list[tuple[float, float]], width: float, value: int = 255
) -> None:
    """A line of one width with round ends."""
    whole = np.round(np.asarray(points, np.float64) * 2**_SHIFT).astype(np.int32)
    cv2.polylines(mask, [whole], isClosed=False, color=(value,), thickness=max(1, round(width)),
                  lineType=cv2.LINE_AA, shift=_SHIFT)  # fmt: skip


def taper(mask: Mask, points: NDArray[np.floating], widths: NDArray[np.floating], value: int = 255) -> None:
    """A band along `points` whose half widths are `widths`: branches, tails, blades."""
    line = np.asarray(points, np.float64)
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    half = np.asarray(widths, np.float64)[:, None]
    polygon(mask, np.concatenate([line + normal * half, (line - normal * half)[::-1]]), value)


def curve(
    start: tuple[float, float], bend: tuple[float, float], end: tuple[float, float], steps: int = 16
) -> NDArray[np.float64]:
    """A quadratic Bezier curve as points."""
    t = np.linspace(0, 1, steps)[:, None]
    a, b, c = (np.array(point, np.float64) for point in (start, bend, end))
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c


def conifer(mask: Mask, x: float, foot: float, height: float, rng: np.random.Generator) -> None:
    """A fir of stacked, slightly uneven skirts."""
    tiers = int(rng.integers(4, 6))
    polygon(mask, [(x - height * 0.025, foot + 4), (x + height * 0.025, foot + 4), (x, foot - height * 0.4)])
    for tier in range(tiers):
        share = tier / tiers
        top = foot - height * (1.0 - 0.78 * share)
        low = foot - height * (0.9 - 0.78 * (share + 1.15 / tiers)) - height * 0.06
        half = height * (0.09 + 0.2 * (share + 1 / tiers)) * rng.uniform(0.9, 1.1)
        droop = height * 0.03
        polygon(
            mask,
            [
                (x, top - droop),
                (x + half * 0.55, low - droop * 2.2),
                (x + half, low + droop * 0.4),
                (x + half * 0.35, low - droop * 0.5),
                (x, low + droop * 0.2),
                (x - half * 0.35, low - droop * 0.5),
                (x - half, low + droop * 0.4),
                (x - half * 0.55, low - droop * 2.2),
            ],
        )


def round_tree(mask: Mask, x: float, foot: float, height: float, rng: np.random.Generator) -> None:
    """A broad-leaved tree: a forked trunk below a crown of circles."""
    half = height * 0.035
    polygon(
        mask,
        [
            (x - half * 1.6, foot + 4),
            (x - half * 0.7, foot - height * 0.3),
            (x - height * 0.14, foot - height * 0.55),
            (x, foot - height * 0.42),
            (x + height * 0.15, foot - height * 0.58),
            (x + half * 0.7, foot - height * 0.3),
            (x + half * 1.6, foot + 4),
        ],
    )
    for turn in np.linspace(0, 2 * np.pi, 9)[:-1]:
        reach = height * rng.uniform(0.17, 0.22)
        disc(
            mask,
            x + 1.15 * reach * np.cos(turn),
            foot - height * 0.68 + 0.85 * reach * np.sin(turn),
            height * 0.155,
        )
    disc(mask, x, foot - height * 0.68, height * 0.22)


def cloud(mask: Mask, x: float, y: float, width: float, rng: np.random.Generator) -> None:
    """Puffs over a straight, round-ended base."""
    height = width * 0.11
    stroke(mask, [(x - width * 0.42, y), (x + width * 0.42, y)], height * 1.5)
    count = int(rng.integers(4, 6))
    for index in range(count):
        share = (index + 0.5) / count - 0.5
        lift = (1 - (2 * share) ** 2) * width * 0.13
        size = width * rng.uniform(0.09, 0.12) + lift * 0.4
        disc(mask, x + share * width * 0.74, y - lift * 0.75, size)


def leaf(mask: Mask, x: float, y: float, length: float, angle: float, plump: float = 0.32) -> None:
    """A pointed leaf that grows from (x, y) at `angle` radians."""
    t = np.linspace(0, 1, 12)
    side = plump * length * np.sin(np.pi * t) * (1 - 0.35 * t) * 0.5
    points = np.concatenate([np.stack([t * length, side], 1), np.stack([t * length, -side], 1)[::-1]])
    c, s = np.cos(angle), np.sin(angle)
    polygon(mask, points @ np.array([[c, s], [-s, c]]) + (x, y))


def spray(mask: Mask, x: float, y: float, length: float, angle: float, rng: np.random.Generator) -> None:
    """A bent twig with leaves in pairs: the foliage that frames a stage."""
    bend = angle + rng.uniform(-0.5, 0.5)
    end = (x + length * np.cos(bend), y + length * np.sin(bend))
    middle = (x + 0.55 * length * np.cos(angle), y + 0.55 * length * np.sin(angle))
    line = curve((x, y), middle, end)
    taper(mask, line, np.linspace(length * 0.018, length * 0.006, len(line)))
    for index in range(3, len(line), 2):
        along = line[index] - line[index - 1]
        heading = float(np.arctan2(along[1], along[0]))
        size = length * 0.26 * (1.1 - 0.5 * index / len(line)) * rng.uniform(0.85, 1.15)
        for side in (0.75, -0.75):
            leaf(mask, line[index][0], line[index][1], size, heading + side)
    leaf(mask, line[-1][0], line[-1][1], length * 0.22, bend)


def blade(mask: Mask, x: float, foot: float, height: float, lean: float) -> None:
    """A blade of grass; `lean` is how far its tip goes aside, in heights."""
    line = curve((x, foot), (x + lean * height * 0.2, foot - height * 0.6), (x + lean * height, foot - height), 8)
    taper(mask, line, np.linspace(height * 0.045, 0.3, len(line)))


def rock(mask: Mask, x: float, foot: float, width: float, rng: np.random.Generator) -> None:
    """A faceted boulder."""
    turns = np.linspace(np.pi, 2 * np.pi, 7) + rng.uniform(-0.12, 0.12, 7)
    size = width * 0.5 * rng.uniform(0.8, 1.08, 7)
    points = np.stack([x + size * np.cos(turns), foot + size * 0.72 * np.sin(turns)], 1)
    points[0, 1] = points[-1, 1] = foot + width * 0.1
    polygon(mask, points)


def coral(mask: Mask, foot: tuple[float, float], height: float, angle: float, rng: np.random.Generator) -> None:
    """A coral that forks until its branches are a fifth as long."""
    _branch(mask, foot, (height, angle), height * 0.2, rng)


def _branch(
    mask: Mask, foot: tuple[float, float], reach: tuple[float, float], least: float, rng: np.random.Generator
) -> None:
    height, angle = reach
    end = (foot[0] + height * 0.42 * np.cos(angle), foot[1] + height * 0.42 * np.sin(angle))
    stroke(mask, [foot, end], max(3.0, height * 0.16))
    if height > least:
        for side in (-1, 1):
            turn = angle + side * rng.uniform(0.28, 0.6)
            _branch(mask, end, (height * rng.uniform(0.58, 0.72), turn), least, rng)


def weed(mask: Mask, x: float, foot: float, height: float, rng: np.random.Generator) -> None:
    """A wavy ribbon of seaweed."""
    t = np.linspace(0, 1, 28)
    wave = np.sin(t * rng.uniform(7, 10) + rng.uniform(0, 6)) * height * 0.06
    line = np.stack([x + wave * (0.4 + t), foot - t * height], 1)
    taper(mask, line, height * 0.035 * (1.05 - t) ** 0.5)


def house(mask: Mask, x: float, foot: float, width: float, height: float, pitch: float) -> None:
    """A gabled front: walls `width` by `height`, a roof `pitch` widths high that overhangs a little."""
    half, eave = width / 2, width * 0.09
    polygon(
        mask, [(x - half, foot + 6), (x - half, foot - height), (x + half, foot - height), (x + half, foot + 6)]
    )
    polygon(
        mask,
        [(x - half - eave, foot - height), (x, foot - height - pitch * width), (x + half + eave, foot - height)],
    )


def star(mask: Mask, x: float, y: float, radius: float, points: int = 4, value: int = 255) -> None:
    """A star with thin rays."""
    turns = np.arange(2 * points) * np.pi / points - np.pi / 2
    size = np.where(np.arange(2 * points) % 2 == 0, radius, radius * 0.34)
    polygon(mask, np.stack([x + size * np.cos(turns), y + size * np.sin(turns)], 1), value)
