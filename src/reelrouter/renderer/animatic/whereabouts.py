"""Which part of a scene its figures play in, found by looking: the scene with them and without them."""

from dataclasses import replace

import numpy as np

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.layout import Span
from reelrouter.renderer.animatic.scene import Scene
from reelrouter.renderer.animatic.stage import stage

LOOKED_AT = 128
"""Pixels of the shorter side: enough to tell where something is."""
DIFFERENT = 24
"""Levels of any channel from which on a pixel counts as changed."""
TALL = 0.06
"""Share of a column that must have changed for it to belong to a figure."""
WIDEST = 0.62
"""Share of the width beyond which figures are everywhere, and nobody can keep out of their way."""


def figures_span(scene: Scene, canvas: Canvas) -> Span | None:
    """Where the figures are at some time of the film; None if there are none, or if they are everywhere."""
    if not scene.subjects:
        return None
    scale = LOOKED_AT / min(canvas.width, canvas.height)
    small = replace(canvas, width=round(canvas.width * scale / 2) * 2, height=round(canvas.height * scale / 2) * 2)
    full, empty = stage(scene, small), stage(replace(scene, subjects=()), small)
    changed = np.zeros(small.width, dtype=bool)
    for index in sorted({0, canvas.frames // 2, canvas.frames - 1}):
        apart = np.abs(full.frame(index).astype(np.int16) - empty.frame(index)).max(axis=2)
        changed |= (apart > DIFFERENT).mean(axis=0) > TALL
    columns = np.flatnonzero(changed)
    if columns.size == 0:
        return None
    span = (float(columns[0]) / small.width, float(columns[-1] + 1) / small.width)
    return span if span[1] - span[0] <= WIDEST else None
