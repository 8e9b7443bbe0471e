"""The colours that pictures bring along: found by k-means from a fixed start, so that they are always the same."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelrouter.renderer.animatic.scene import Colour, Palette

COLOURS = 5
SAMPLE_SIDE = 48
"""Pixels of the square that each picture is made into; more would not change the colours."""
ROUNDS = 12


def palette_of(pictures: Sequence[Image.Image]) -> Palette:
    """The chief colours of all the pictures together, the most frequent first; transparent parts do not count."""
    pixels = np.concatenate([_samples(picture) for picture in pictures])
    lab = cv2.cvtColor(pixels[None].astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)[0]
    centres, counts = _clusters(np.asarray(lab, dtype=np.float32))
    ranked = centres[np.argsort(-counts, kind="stable")]
    rgb = cv2.cvtColor(ranked[None], cv2.COLOR_LAB2RGB)[0]
    return Palette(colours=tuple(_colour(row) for row in rgb))


def _samples(picture: Image.Image) -> NDArray[np.uint8]:
    """The opaque pixels of a small copy, as rows; all of them if none is opaque."""
    small = np.array(picture.convert("RGBA").resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX))
    rows = small.reshape(-1, 4)
    opaque = rows[rows[:, 3] > 127]
    return np.asarray((opaque if opaque.size else rows)[:, :3], dtype=np.uint8)


def _clusters(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    centres = _spread_start(points)
    nearest = np.zeros(len(points), dtype=np.int64)
    for _ in range(ROUNDS):
        distances = ((points[:, None] - centres[None]) ** 2).sum(axis=2)
        nearest = distances.argmin(axis=1)
        for index in range(len(centres)):
            members = points[nearest == index]
            if members.size:
                centres[index] = members.mean(axis=0)
    return centres, np.bincount(nearest, minlength=len(centres))


def _spread_start(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The point nearest to the mean, then again and again the one farthest from all that are chosen."""
    chosen = [points[((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin()]]
    while len(chosen) < COLOURS:
        distances = [((points - centre) ** 2).sum(axis=1) for centre in chosen]
        chosen.append(points[np.min(distances, axis=0).argmax()])
    return np.array(chosen, dtype=np.float32)


def _colour(row: NDArray[np.float32]) -> Colour:
    red, green, blue = (round(float(value) * 255) for value in np.clip(row, 0, 1))
    return red, green, blue
