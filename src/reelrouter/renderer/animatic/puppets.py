"""Bodies for those of whom the font has only the head, and the one way from a name to an outline."""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic import props, shapes
from reelrouter.renderer.animatic.glyphs import Outline, glyph_outline, trimmed
from reelrouter.renderer.animatic.papercraft import Paper, as_mask, band, blank

Pose = Literal["rest", "stride", "ride"]


@lru_cache(maxsize=64)
def figure(glyph: str, pose: Pose = "rest") -> Outline:
    """The outline of a glyph or of a puppet's name; raises `LookupError` for neither."""
    if glyph in _SITTERS:
        tail, colour_tip = _SITTERS[glyph]
        return _strider(glyph, tail, tip=colour_tip) if pose != "rest" else _sitter(glyph, tail, tip=colour_tip)
    if glyph in _PEOPLE:
        return _person(glyph, pose)
    if glyph in _DRESSED:
        return _dressed(glyph, _DRESSED[glyph])
    if glyph in _MADE:
        return _MADE[glyph]()
    return glyph_outline(glyph)


def _tail(paper: Paper, kind: str, points: NDArray[np.float64], *, tip: bool) -> None:
    if kind == "brush":
        mask = band(points, [16, 40, 62, 60, 38, 8])
        paper.add(mask)
        if tip:
            end = blank()
            shapes.disc(end, points[-1][0], points[-1][1], 92)
            paper.light(as_mask(cv2.min(mask, end)))
    elif kind == "tuft":
        paper.add(band(points, [11, 11, 11]))
        end = band(points[-4:], [18, 34, 10])
        paper.add(end)
        paper.dark(end)


def _sitter(glyph: str, tail: str, *, tip: bool) -> Outline:
    """A sitting animal seen from the front, the glyph for its face."""
    paper = Paper()
    _tail(paper, tail, shapes.curve((430, 640), (690, 690), (600, 400), 22), tip=tip)
    body = blank()
    left = np.concatenate(
        [shapes.curve((300, 350), (215, 470), (210, 600)), shapes.curve((210, 600), (200, 690), (270, 690))]
    )
    right = np.stack([720 - left[:, 0], left[:, 1]], 1)[::-1]
    shapes.polygon(body, np.concatenate([left, right]))
    paper.add(body)
    chest = blank()
    shapes.polygon(
        chest,
        np.concatenate(
            [shapes.curve((290, 380), (310, 560), (360, 600)), shapes.curve((360, 600), (410, 560), (430, 380))]
        ),
    )
    paper.light(chest)
    for side in (-1, 1):
        leg = band(
            shapes.curve((360 + 42 * side, 470), (360 + 46 * side, 580), (360 + 44 * side, 662)), [30, 32, 34]
        )
        paper.add(leg)
    paper.head(glyph, 360, 235, 400)
    return paper.outline()


def _strider(glyph: str, tail: str, *, tip: bool) -> Outline:
    """The same animal walking to the left."""
    paper = Paper()
    _tail(paper, tail, shapes.curve((560, 420), (650, 440), (675, 270), 22), tip=tip)
    for x, foot in ((300, 240), (545, 590)):
        paper.add(band(shapes.curve((x, 480), (foot + 10, 560), (foot, 645)), [40, 26, 24]))
    body = band(shapes.curve((250, 430), (420, 400), (555, 440), 24), [95, 88, 84, 92])
    paper.add(body)
    for x, foot in ((260, 330), (520, 490)):
        leg = band(shapes.curve((x, 470), (foot - 10, 560), (foot, 655)), [46, 28, 26])
        paper.add(leg)
        joint = band(shapes.curve((x, 440), (x, 460), (x + 2, 470)), [34, 34])
        paper.ink = as_mask(cv2.subtract(paper.ink, joint))
    paper.head(glyph, 205, 320, 330)
    return paper.outline()


def _person(glyph: str, pose: Pose) -> Outline:
    """A suited figure under a head that the font has."""
    wide = _PEOPLE[glyph]
    return _rider(glyph, wide) if pose == "ride" else _walker(glyph, wide, stride=pose == "stride")


def _walker(glyph: str, wide: float, *, stride: bool) -> Outline:
    paper = Paper()
    step = 46.0 if stride else 6.0
    pack = blank()
    shapes.polygon(pack, [(392, 330), (470, 330), (482, 500), (392, 500)])
    paper.add(pack)
    far_arm = shapes.curve((330, 360), (280 - step, 430), (262 - 1.4 * step, 480))
    paper.add(band(far_arm, [32, 28, 30]))
    for foot in (400 + step, 320 - step):
        paper.add(band(shapes.curve((360, 500), ((360 + foot) / 2, 580), (foot, 660)), [46, 38, 38]))
        boot = blank()
        shapes.polygon(boot, [(foot - 66, 702), (foot - 50, 650), (foot + 40, 645), (foot + 42, 702)])
        paper.add(boot)
    paper.add(band(shapes.curve((360, 350), (362, 420), (358, 500)), [84, 80, 70]))
    paper.add(band(shapes.curve((392, 362), (440 + step, 430), (430 + 1.4 * step, 494)), [34, 30, 32]))
    badge = blank()
    shapes.polygon(badge, [(310, 400), (350, 400), (350, 430), (310, 430)])
    paper.dark(badge)
    paper.head(glyph, 355, 200, wide)
    return paper.outline()


def _rider(glyph: str, wide: float) -> Outline:
    """Seated, facing left; the seat is the lowest middle of the figure."""
    paper = Paper()
    pack = blank()
    shapes.polygon(pack, [(420, 300), (500, 310), (500, 470), (420, 470)])
    paper.add(pack)
    paper.add(band(shapes.curve((380, 330), (385, 400), (392, 480)), [82, 78, 70]))
    paper.add(band(shapes.curve((380, 500), (250, 490), (255, 610)), [52, 44, 36]))
    boot = blank()
    shapes.polygon(boot, [(190, 690), (215, 610), (300, 610), (302, 690)])
    paper.add(boot)
    paper.add(band(shapes.curve((372, 350), (330, 440), (220, 420)), [36, 30, 32]))
    paper.head(glyph, 370, 190, wide)
    return paper.outline()


def _dressed(glyph: str, hip: float) -> Outline:
    """A figure that the font draws all black, with a paler head and legs that are darker from `hip` down.

    The head is the largest circle that fits into the figure's upper third; `hip` is a share of its height.
    """
    whole = glyph_outline(glyph)
    height, width = whole.silhouette.shape
    head, legs = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    upper = (whole.silhouette > 127).astype(np.uint8)
    upper[int(0.36 * height) :] = 0
    _, radius, _, (x, y) = cv2.minMaxLoc(cv2.distanceTransform(np.pad(upper, 1), cv2.DIST_L2, 5))
    shapes.disc(head, x - 1, y - 1, radius + 2)
    legs[int(hip * height) :] = 255
    silhouette = whole.silhouette.copy()
    return trimmed(silhouette, as_mask(cv2.min(legs, silhouette)), as_mask(cv2.min(head, silhouette)))


def _dancer() -> Outline:
    """A dancer on one foot, arms raised, in a swinging skirt."""
    paper = Paper()
    paper.add(band(shapes.curve((352, 470), (330, 580), (345, 690)), [30, 22, 14]))
    paper.add(band(shapes.curve((380, 470), (480, 560), (560, 590)), [30, 22, 13]))
    for hand, bend in (((245, 60), (210, 240)), ((500, 70), (530, 250))):
        paper.add(band(shapes.curve((362, 300), bend, hand), [26, 20, 16]))
    paper.add(band(shapes.curve((362, 270), (356, 350), (364, 430)), [44, 50, 40]))
    skirt = blank()
    hem = np.concatenate(
        [shapes.curve((590, 520), (470, 500), (390, 590)), shapes.curve((390, 590), (290, 540), (190, 570))]
    )
    shapes.polygon(
        skirt,
        np.concatenate(
            [
                [[332, 398], [398, 398]],
                shapes.curve((398, 398), (500, 430), (590, 520)),
                hem,
                shapes.curve((190, 570), (270, 440), (332, 398)),
            ]
        ),
    )
    paper.add(skirt)
    folds = blank()
    for end in ((285, 545), (390, 580), (480, 515)):
        shapes.stroke(folds, [(365, 425), end], 9)
    paper.dark(folds)
    head, hair = blank(), blank()
    shapes.disc(head, 366, 170, 72)
    shapes.disc(hair, 412, 112, 34)
    paper.add(hair)
    paper.dark(hair)
    paper.add(head, pale=True)
    return paper.outline()


def _robot() -> Outline:
    paper = Paper()
    for x in (300, 420):
        paper.add(band(np.array([[x, 520.0], [x, 580.0], [x, 640.0]]), [26, 26]))
        foot = blank()
        shapes.polygon(foot, [(x - 56, 700), (x - 44, 640), (x + 44, 640), (x + 56, 700)])
        paper.add(foot)
    for x, bend, hand in ((240, 170, 190), (480, 560, 540)):
        paper.add(band(shapes.curve((x, 380), (bend, 430), (hand, 520)), [22, 22, 30]))
    body = blank()
    shapes.polygon(body, [(230, 340), (490, 340), (470, 550), (250, 550)])
    paper.add(body)
    panel = blank()
    shapes.polygon(panel, [(290, 390), (430, 390), (424, 480), (296, 480)])
    paper.light(panel)
    lines = blank()
    for y in (410, 435, 460):
        cv2.line(lines, (312, y), (408 - (y % 50), y), (255,), 9)
    paper.dark(lines)
    paper.head("\N{ROBOT FACE}", 360, 200, 300)
    return paper.outline()


_SITTERS: dict[str, tuple[str, bool]] = {
    "\N{FOX FACE}": ("brush", True),
    "\N{WOLF FACE}": ("brush", False),
    "\N{RACCOON}": ("brush", False),
    "\N{LION FACE}": ("tuft", False),
    "\N{BEAR FACE}": ("none", False),
    "\N{PANDA FACE}": ("none", False),
    "\N{KOALA}": ("none", False),
    "\N{HAMSTER FACE}": ("none", False),
    "\N{FROG FACE}": ("none", False),
}


_DRESSED: dict[str, float] = {
    "\N{STANDING PERSON}": 0.62,
    "\N{PEDESTRIAN}": 0.6,
    "\N{RUNNER}": 0.66,
    "\N{KNEELING PERSON}": 0.68,
    "\N{PERSON IN LOTUS POSITION}": 0.74,
}


_PEOPLE: dict[str, float] = {"\N{ADULT}\u200d\N{ROCKET}": 300.0, "\N{ADULT}\u200d\N{FIRE ENGINE}": 260.0}


_MADE: dict[str, Callable[[], Outline]] = {
    "\N{ROBOT FACE}": _robot,
    "\N{DANCER}": _dancer,
    "\N{MAN DANCING}": _dancer,
    "lighthouse": props.lighthouse,
    "hot-air balloon": props.hot_air_balloon,
    "windmill": props.windmill,
    "\N{UNICORN FACE}": props.unicorn,
    "\N{ZEBRA FACE}": props.zebra,
}
