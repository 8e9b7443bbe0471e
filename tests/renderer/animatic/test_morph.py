import cv2
import numpy as np
import pytest

from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.flow import correspondence
from reelrouter.renderer.animatic.morph import FlowFilm, TornFilm, between
from reelrouter.renderer.animatic.tear import PAPER, plan_tear
from tests.renderer.animatic.pictures import landscape, psnr, stripes

CANVAS = Canvas(width=320, height=180, fps=12, frames=25, seed=5)
FIRST = landscape(320, 180)


def moved(picture: Frame, x: float, y: float) -> Frame:
    matrix = np.array([[1, 0, x], [0, 1, y]], dtype=np.float32)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


@pytest.mark.parametrize("last", [moved(FIRST, 9, 4), stripes(320, 180)], ids=["alike", "unlike"])
def test_ends_are_exact(last: Frame) -> None:
    """Whatever lies between, the film begins and ends with the given pictures."""
    film = between(FIRST, last, CANVAS, "push")
    assert np.array_equal(film.frame(0), FIRST)
    assert np.array_equal(film.frame(24), last)


def test_pictures_that_are_alike_flow() -> None:
    """A moved view is found again, and half-way the picture stands half-way, sharp."""
    film = between(FIRST, moved(FIRST, 10, 0), CANVAS, "push")
    assert isinstance(film, FlowFilm)
    inner = (slice(20, -20), slice(30, -30))
    assert psnr(film.frame(12)[inner], moved(FIRST, 5, 0)[inner]) > 27


def test_change_of_light_is_no_change_of_view() -> None:
    """The same view by day and at dusk counts as alike."""
    dusk = (FIRST * np.array([0.35, 0.4, 0.8])).astype(np.uint8)
    assert correspondence(FIRST, dusk).confidence > 0.8


def test_pictures_that_are_unlike_are_parted_by_a_tear() -> None:
    """Half-way a torn edge of white paper crosses the frame, with one picture on each side."""
    last = stripes(320, 180)
    assert correspondence(FIRST, last).confidence < 0.4
    film = between(FIRST, last, CANVAS, "push")
    assert isinstance(film, TornFilm)
    middle = film.frame(12)
    white = np.abs(middle.astype(int) - PAPER).max(axis=2) < 12
    assert white.any(axis=1).mean() > 0.7
    sides = sorted([psnr(middle[:, :60], FIRST[:, :60]), psnr(middle[:, -60:], FIRST[:, -60:])])
    assert sides[0] < 14
    assert sides[1] > 17


@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
def test_tear_crosses_the_whole_picture(size: tuple[int, int]) -> None:
    """Before its way the upper sheet is whole; after it nothing is left, not even a shadow."""
    canvas = Canvas(width=size[0], height=size[1], fps=12, frames=24, seed=2)
    tear = plan_tear(canvas)
    upper = np.full((size[1], size[0], 3), 200, dtype=np.uint8)
    lower = np.full_like(upper, 100)
    assert np.array_equal(tear.over(upper, lower, 0.0), upper)
    assert np.abs(tear.over(upper, lower, 1.0).astype(int) - lower).max() <= 1


def test_another_seed_tears_another_way() -> None:
    """The line is the seed's."""
    other = Canvas(width=320, height=180, fps=12, frames=25, seed=6)
    assert not np.array_equal(plan_tear(CANVAS).arrival, plan_tear(other).arrival)
