"""How near each part of a picture seems to be: a guess from height, colour and sharpness, with no model."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reelrouter.renderer.animatic.film import Frame

Field = NDArray[np.float32]
"""One number for each pixel: (height, width)."""

DEPTH_SIDE = 256
"""Pixels of the longer side at which depth is guessed; finer detail would tear the picture."""


def guess_nearness(picture: Frame) -> Field:
    """0 is far and 1 is near, for each pixel: smooth within things, and turning where their edges are."""
    height, width = picture.shape[:2]
    scale = DEPTH_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    guess = 0.55 * _lower_is_nearer(size) + 0.3 * _unlike_the_top(lab) + 0.15 * _sharpness(lab[..., 0])
    radius = max(3, DEPTH_SIDE // 20)
    smooth = _edge_aware(lab[..., 0] / np.float32(255), guess.astype(np.float32), radius)
    smooth = np.asarray(cv2.GaussianBlur(smooth, (0, 0), 3.0), dtype=np.float32)
    low, high = (float(bound) for bound in np.percentile(smooth, (2, 98)))
    level = np.clip((smooth - low) / max(high - low, 1e-3), 0, 1).astype(np.float32)
    full = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.blur(full, (_odd(width / 160), _odd(width / 160))), dtype=np.float32)


def _lower_is_nearer(size: tuple[int, int]) -> Field:
    """Ground comes nearer towards the bottom; what stands in the middle is likely the subject."""
    width, height = size
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    middle = np.exp(-(x**2) / 0.35 - (y - 0.6) ** 2 / 0.08)
    return np.asarray(np.clip(0.8 * y**1.3 + 0.35 * middle, 0, 1), dtype=np.float32)


def _unlike_the_top(lab: NDArray[np.float32]) -> Field:
    """How much a pixel differs from the upper border above it, which is mostly sky or far wall."""
    strip = lab[: max(2, lab.shape[0] // 16)].mean(axis=0, keepdims=True)
    strip = cv2.blur(strip, (max(3, lab.shape[1] // 4) | 1, 1))
    distance = np.sqrt(np.sum(((lab - strip) * np.array([0.7, 1.6, 1.6], dtype=np.float32)) ** 2, axis=2))
    return np.asarray(np.clip(distance / 60, 0, 1), dtype=np.float32)


def _sharpness(lightness: Field) -> Field:
    detail = np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 2))
    spread = cv2.GaussianBlur(detail, (0, 0), 12)
    return np.asarray(np.clip(spread / max(float(spread.max()), 4.0), 0, 1), dtype=np.float32)


def _edge_aware(guide: Field, values: Field, radius: int) -> Field:
    """The guided filter of He, Sun and Tang (2010): smooth values that keep the guide's edges."""
    window = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_values = cv2.blur(guide, window), cv2.blur(values, window)
    covariance = cv2.blur(guide * values, window) - mean_guide * mean_values
    variance = cv2.blur(guide * guide, window) - mean_guide * mean_guide
    slope = covariance / (variance + 0.004)
    offset = mean_values - slope * mean_guide
    return np.asarray(cv2.blur(slope, window) * guide + cv2.blur(offset, window), dtype=np.float32)


def _odd(length: float) -> int:
    return max(1, int(length)) | 1
