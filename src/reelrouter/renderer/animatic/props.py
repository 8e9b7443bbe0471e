"""Things and beasts that the font does not draw, or not whole: a lighthouse, a hot-air balloon, a unicorn."""

import cv2
import numpy as np

from reelrouter.renderer.animatic import shapes
from reelrouter.renderer.animatic.glyphs import Outline, glyph_outline, trimmed
from reelrouter.renderer.animatic.papercraft import Paper, as_mask, blank


def lighthouse() -> Outline:
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


def hot_air_balloon() -> Outline:
    """A hot-air balloon with striped gores."""
    paper = Paper()
    ropes = blank()
    for side in (-1, 1):
        shapes.stroke(ropes, [(360 + 92 * side, 470), (360 + 42 * side, 610)], 7)
    paper.silhouette = as_mask(cv2.max(paper.silhouette, ropes))
    paper.ink = as_mask(cv2.max(paper.ink, ropes))
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


def windmill() -> Outline:
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


def unicorn() -> Outline:
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
    return trimmed(
        as_mask(cv2.max(parts[0], horn)), parts[1], as_mask(cv2.max(parts[2], cv2.subtract(horn, parts[1])))
    )


def zebra() -> Outline:
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
    return trimmed(
        horse.silhouette.copy(), as_mask(cv2.max(horse.ink, cv2.min(stripes, inner))), horse.pale.copy()
    )
