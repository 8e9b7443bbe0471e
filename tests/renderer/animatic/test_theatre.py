"""Layers through a camera."""

import numpy as np
import pytest

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.paper import Pixels, plate
from reelrouter.renderer.animatic.theatre import Sheet, Theatre, blend, overlay, view_at

CANVAS = Canvas(width=160, height=90, fps=24, frames=48, seed=1)
MIDDLE = (0.5, 0.5)


def filled(height: int, width: int, colour: tuple[int, int, int, int]) -> Pixels:
    return np.full((height, width, 4), colour, np.uint8)


def test_opaque_pixels_replace_and_clear_ones_leave() -> None:
    """Premultiplied over."""
    target = filled(4, 4, (100, 100, 100, 255))
    half = filled(4, 4, (60, 0, 0, 127))
    half[0] = (10, 20, 30, 255)
    half[1] = 0

    blend(target, half)

    assert target[0, 0, :3].tolist() == [10, 20, 30]
    assert target[1, 0, :3].tolist() == [100, 100, 100]
    assert target[2, 0, :3].tolist() == [110, 50, 50]


def test_alpha_zero_with_a_colour_adds_light() -> None:
    """A glow brightens and never darkens."""
    target = filled(2, 2, (100, 250, 0, 255))

    blend(target, filled(2, 2, (20, 20, 20, 0)))

    assert target[0, 0, :3].tolist() == [120, 255, 20]


@pytest.mark.parametrize("place", [(1.0, -300.0, 0.0), (1.0, 0.0, 500.0), (0.01, 10.0, 10.0)])
def test_what_lies_outside_is_not_drawn(place: tuple[float, float, float]) -> None:
    """Pixels beyond the picture, or too small to see, leave it as it is."""
    target = filled(30, 30, (9, 9, 9, 255))

    overlay(target, filled(20, 20, (255, 255, 255, 0)), place)

    assert (target[..., :3] <= 255).all()
    assert (target[20:, :5, :3] == 9).all()


@pytest.mark.parametrize("camera", ["push", "pull", "left", "right", "up", "down", "orbit", "static", "track"])
@pytest.mark.parametrize("depth", [0.0, 0.5, 1.0])
def test_sheets_reach_beyond_the_picture_wherever_the_camera_goes(camera: str, depth: float) -> None:
    """With the overscan that every sheet has, no move shows its edge."""
    wide, high = 160 + 2 * 13, 90 + 2 * 8
    sheet = Sheet(plate=plate(filled(high, wide, (200, 100, 50, 255)), (-13.0, -8.0), depth))
    theatre = Theatre(canvas=CANVAS, camera=camera, layers=(sheet,), pivot=MIDDLE)  # type: ignore[arg-type]

    for index in (0, 24, 47):
        assert (theatre.frame(index) == (200, 100, 50)).all()


def test_near_sheets_move_more_than_far_ones() -> None:
    """That is parallax."""
    view = view_at("right", CANVAS, 47, MIDDLE)

    assert abs(view.at(1.0)[1]) > 5 * abs(view.at(0.0)[1])


def test_what_near_sheets_hide_is_left_out_without_a_trace() -> None:
    """Drawing with the hidden rows left out gives the picture that drawing everything gives."""
    rng = np.random.default_rng(4)
    back = filled(106, 186, (0, 0, 0, 255))
    back[..., :3] = rng.integers(0, 255, (106, 186, 3))
    near = filled(106, 186, (30, 60, 90, 255))
    edge = (40 + 12 * np.sin(np.arange(186) / 9)).astype(int)
    for column, row in enumerate(edge):
        near[:row, column] = 0
    layers = tuple(
        Sheet(plate=plate(pixels, (-13.0, -8.0), depth)) for pixels, depth in ((back, 0.1), (near, 0.8))
    )
    theatre = Theatre(canvas=CANVAS, camera="push", layers=layers, pivot=MIDDLE)
    whole = np.zeros((90, 160, 4), np.uint8)
    for layer in layers:
        layer.draw(whole, view_at("push", CANVAS, 20, MIDDLE))

    assert np.array_equal(theatre.frame(20), whole[..., :3])
