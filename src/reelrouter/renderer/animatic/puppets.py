"""Figures that the font lacks or has only the head of: bodies, a lighthouse, a balloon, cut by hand."""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.glyphs import Outline, glyph_outline, trimmed
from reelrouter.renderer.animatic.paper import Mask

Pose = Literal["rest", "stride", "ride"]

SIDE = 720
"""Pixels of the square that puppets are cut from."""
INK = 13
"""Pixels: the thickness of their drawn lines, matched to the font's."""


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


class Paper:
    """Parts glued one over the other: each hides the lines of those beneath it and brings its own edge."""

    def __init__(self) -> None:
        self.silhouette, self.ink, self.pale = (np.zeros((SIDE, SIDE), np.uint8) for _ in range(3))

    def add(self, mask: Mask, *, pale: bool = False, edge: bool = True) -> None:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * INK - 1, 2 * INK - 1))
        core = cv2.erode(mask, kernel)
        self._cover(mask)
        if edge:
            self.ink = _u8(cv2.max(self.ink, cv2.subtract(mask, core)))
        if pale:
            self.pale = _u8(cv2.max(self.pale, mask))

    def dark(self, mask: Mask) -> None:
        """Lines and dark parts, within what is there."""
        self.ink = _u8(cv2.max(self.ink, cv2.min(mask, self.silhouette)))

    def light(self, mask: Mask) -> None:
        """Parts of lighter paper, within what is there and beneath the lines."""
        self.pale = _u8(cv2.max(self.pale, cv2.min(mask, self.silhouette)))

    def head(self, glyph: str, x: float, y: float, width: float) -> None:
        """A glyph glued on with its middle at (x, y)."""
        outline = glyph_outline(glyph)
        high = round(width / outline.aspect)
        size = (round(width), high)
        left, top = round(x - width / 2), round(y - high / 2)
        masks = []
        for part in (outline.silhouette, outline.ink):
            mask = blank()
            mask[top : top + high, left : left + size[0]] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            masks.append(mask)
        self._cover(masks[0])
        self.ink = _u8(cv2.max(self.ink, masks[1]))

    def outline(self) -> Outline:
        return trimmed(self.silhouette, self.ink, self.pale)

    def _cover(self, mask: Mask) -> None:
        self.ink = _u8(cv2.subtract(self.ink, mask))
        self.pale = _u8(cv2.subtract(self.pale, mask))
        self.silhouette = _u8(cv2.max(self.silhouette, mask))


def blank() -> Mask:
    return np.zeros((SIDE, SIDE), np.uint8)


def _u8(array: cv2.typing.MatLike) -> Mask:
    return array.astype(np.uint8, copy=False)


def _band(points: NDArray[np.float64], widths: list[float]) -> Mask:
    """A limb along `points`, its half widths spread evenly from those given."""
    mask = blank()
    half = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(widths)), widths)
    shapes.taper(mask, points, half)
    shapes.disc(mask, points[0][0], points[0][1], widths[0])
    shapes.disc(mask, points[-1][0], points[-1][1], widths[-1])
    return mask


def _tail(paper: Paper, kind: str, points: NDArray[np.float64], *, tip: bool) -> None:
    if kind == "brush":
        mask = _band(points, [16, 40, 62, 60, 38, 8])
        paper.add(mask)
        if tip:
            end = blank()
            shapes.disc(end, points[-1][0], points[-1][1], 92)
            paper.light(_u8(cv2.min(mask, end)))
    elif kind == "tuft":
        paper.add(_band(points, [11, 11, 11]))
        end = _band(points[-4:], [18, 34, 10])
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
        leg = _band(
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
        paper.add(_band(shapes.curve((x, 480), (foot + 10, 560), (foot, 645)), [40, 26, 24]))
    body = _band(shapes.curve((250, 430), (420, 400), (555, 440), 24), [95, 88, 84, 92])
    paper.add(body)
    for x, foot in ((260, 330), (520, 490)):
        leg = _band(shapes.curve((x, 470), (foot - 10, 560), (foot, 655)), [46, 28, 26])
        paper.add(leg)
        joint = _band(shapes.curve((x, 440), (x, 460), (x + 2, 470)), [34, 34])
        paper.ink = _u8(cv2.subtract(paper.ink, joint))
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
    paper.add(_band(far_arm, [32, 28, 30]))
    for foot in (400 + step, 320 - step):
        paper.add(_band(shapes.curve((360, 500), ((360 + foot) / 2, 580), (foot, 660)), [46, 38, 38]))
        boot = blank()
        shapes.polygon(boot, [(foot - 66, 702), (foot - 50, 650), (foot + 40, 645), (foot + 42, 702)])
        paper.add(boot)
    paper.add(_band(shapes.curve((360, 350), (362, 420), (358, 500)), [84, 80, 70]))
    paper.add(_band(shapes.curve((392, 362), (440 + step, 430), (430 + 1.4 * step, 494)), [34, 30, 32]))
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
    paper.add(_band(shapes.curve((380, 330), (385, 400), (392, 480)), [82, 78, 70]))
    paper.add(_band(shapes.curve((380, 500), (250, 490), (255, 610)), [52, 44, 36]))
    boot = blank()
    shapes.polygon(boot, [(190, 690), (215, 610), (300, 610), (302, 690)])
    paper.add(boot)
    paper.add(_band(shapes.curve((372, 350), (330, 440), (220, 420)), [36, 30, 32]))
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
    return trimmed(silhouette, _u8(cv2.min(legs, silhouette)), _u8(cv2.min(head, silhouette)))


def _dancer() -> Outline:
    """A dancer on one foot, arms raised, in a swinging skirt."""
    paper = Paper()
    paper.add(_band(shapes.curve((352, 470), (330, 580), (345, 690)), [30, 22, 14]))
    paper.add(_band(shapes.curve((380, 470), (480, 560), (560, 590)), [30, 22, 13]))
    for hand, bend in (((245, 60), (210, 240)), ((500, 70), (530, 250))):
        paper.add(_band(shapes.curve((362, 300), bend, hand), [26, 20, 16]))
    paper.add(_band(shapes.curve((362, 270), (356, 350), (364, 430)), [44, 50, 40]))
    skirt = blank()
    hem = np.concatenate([shapes.curve((590, 520), (470, 500), (390, 590)), shapes.curve((390, 590), (290, 540), (190, 570))])
    shapes.polygon(skirt, np.concatenate([[[332, 398], [398, 398]], shapes.curve((398, 398), (500, 430), (590, 520)), hem, shapes.curve((190, 570), (270, 440), (332, 398))]))
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
        paper.add(_band(np.array([[x, 520.0], [x, 580.0], [x, 640.0]]), [26, 26]))
        foot = blank()
        shapes.polygon(foot, [(x - 56, 700), (x - 44, 640), (x + 44, 640), (x + 56, 700)])
        paper.add(foot)
    for x, bend, hand in ((240, 170, 190), (480, 560, 540)):
        paper.add(_band(shapes.curve((x, 380), (bend, 430), (hand, 520)), [22, 22, 30]))
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


def _lighthouse() -> Outline:
    paper = Paper()
    tower = blank()
    shapes.polygon(tower, [(280, 700), (312, 240), (408, 240), (440, 700)])
    paper.add(tower)
    bands = blank()
    for top, bottom in ((300, 380), (460, 545), (630, 720)):
        cv2.rectangle(bands, (200, top), (520, bottom), (255,), -1)
    paper.dark(bands)
    house = blank()
    shapes.polygon(house, [(440, 700), (440, 610), (500, 560), (565, 610), (565, 700)])
    paper.add(house)
    gallery, room, roof = blank(), blank(), blank()
    shapes.polygon(gallery, [(286, 246), (286, 222), (434, 222), (434, 246)])
    shapes.polygon(room, [(322, 224), (322, 138), (398, 138), (398, 224)])
    shapes.polygon(
        roof,
        np.concatenate(
            [shapes.curve((300, 142), (330, 70), (360, 50)), shapes.curve((360, 50), (390, 70), (420, 142))]
        ),
    )
    paper.add(room)
    paper.light(room)
    paper.add(gallery)
    paper.dark(gallery)
    paper.add(roof)
    paper.dark(roof)
    return paper.outline()


def _balloon() -> Outline:
    """A hot-air balloon with striped gores."""
    paper = Paper()
    ropes = blank()
    for side in (-1, 1):
        shapes.stroke(ropes, [(360 + 92 * side, 470), (360 + 42 * side, 610)], 7)
    paper.silhouette = _u8(cv2.max(paper.silhouette, ropes))
    paper.ink = _u8(cv2.max(paper.ink, ropes))
    half = np.concatenate(
        [shapes.curve((360, 30), (595, 25), (592, 240), 20), shapes.curve((592, 240), (585, 370), (455, 490), 16)]
    )
    envelope = blank()
    shapes.polygon(envelope, np.concatenate([half, np.stack([720 - half[:, 0], half[:, 1]], 1)[::-1]]))
    paper.add(envelope)
    for inner, outer in ((0.16, 0.5), (0.8, 1.0)):
        for side in (-1, 1):
            gore = blank()
            a, b = half.copy(), half.copy()
            a[:, 0], b[:, 0] = 360 + side * (half[:, 0] - 360) * inner, 360 + side * (half[:, 0] - 360) * outer
            shapes.polygon(gore, np.concatenate([a, b[::-1]]))
            paper.light(gore)
    skirt, basket = blank(), blank()
    cv2.rectangle(skirt, (266, 470), (454, 492), (255,), -1)
    shapes.polygon(basket, [(306, 606), (414, 606), (404, 696), (316, 696)])
    paper.dark(skirt)
    paper.add(basket)
    paper.dark(basket)
    return paper.outline()


def _windmill() -> Outline:
    paper = Paper()
    tower = blank()
    shapes.polygon(tower, [(258, 700), (304, 300), (360, 236), (416, 300), (462, 700)])
    paper.add(tower)
    door = blank()
    shapes.polygon(door, [(332, 700), (332, 620), (360, 596), (388, 620), (388, 700)])
    paper.dark(door)
    for turn in np.arange(4) * np.pi / 2 + 0.5:
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        sail = blank()
        centre = np.array([360.0, 300.0])
        corners = [
            centre + along * 40,
            centre + along * 285,
            centre + along * 285 + across * 66,
            centre + along * 90 + across * 66,
        ]
        shapes.polygon(sail, np.array(corners))
        paper.add(sail, pale=True)
    hub = blank()
    shapes.disc(hub, 360, 300, 24)
    paper.add(hub)
    paper.dark(hub)
    return paper.outline()


def _with_horn() -> Outline:
    """The horse, with a horn and a paler mane."""
    horse = glyph_outline("\N{HORSE}")
    room = horse.silhouette.shape[0] // 5
    parts = [np.pad(mask, ((room, 0), (room, 0))) for mask in (horse.silhouette, horse.ink, horse.pale)]
    height, width = horse.silhouette.shape
    horn = np.zeros_like(parts[0])
    base = (room + 0.13 * width, room + 0.15 * height)
    shapes.polygon(
        horn,
        [
            (base[0] - 0.025 * width, base[1] + 4),
            (base[0] - 0.13 * width, base[1] - 0.3 * height),
            (base[0] + 0.045 * width, base[1] - 0.02 * height),
        ],
    )
    return trimmed(_u8(cv2.max(parts[0], horn)), parts[1], _u8(cv2.max(parts[2], cv2.subtract(horn, parts[1]))))


def _striped() -> Outline:
    """The horse with stripes across its body."""
    horse = glyph_outline("\N{HORSE}")
    height, width = horse.silhouette.shape
    stripes = np.zeros((height, width), np.uint8)
    for share in np.arange(0.2, 1.0, 0.075):
        x = share * width
        shapes.taper(
            stripes,
            shapes.curve((x, 0), (x + 0.05 * width, 0.4 * height), (x - 0.02 * width, height)),
            np.full(16, 0.013 * width),
        )
    inner = cv2.erode(horse.silhouette, np.ones((9, 9), np.uint8))
    return trimmed(horse.silhouette.copy(), _u8(cv2.max(horse.ink, cv2.min(stripes, inner))), horse.pale.copy())


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
    "lighthouse": _lighthouse,
    "hot-air balloon": _balloon,
    "windmill": _windmill,
    "\N{UNICORN FACE}": _with_horn,
    "\N{ZEBRA FACE}": _striped,
}
