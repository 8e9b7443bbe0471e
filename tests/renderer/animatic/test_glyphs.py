"""Figures cut from the font."""

import numpy as np
import pytest

from reelrouter.renderer.animatic.glyphs import Paint, cutout, font_draws, glyph_outline, paint_of
from reelrouter.renderer.animatic.light import luminance

NOUNS = "🐎🐈🐕🐘🦌🐄🐖🐑🐇🦅🕊🐧🦆🦢🐋🐬🦈🐟🐙🐢🦋🐝🚗🚕🚌🚲🚂🚁🚀⛵🚢🏠🏰⛪🌳🌲🌻🎈☕🎸"

PAINT = Paint(
    paper=(200, 90, 60), line=(60, 20, 20), pale=(250, 240, 230), rim=(255, 255, 255), shade=(0, 0, 0), shadow=0.4
)


@pytest.mark.parametrize("glyph", NOUNS)
def test_common_things_have_a_silhouette_with_lines_in_it(glyph: str) -> None:
    """Each outline fills a good part of its box, and its lines lie on it."""
    outline = glyph_outline(glyph)
    filled = outline.silhouette > 127

    assert filled.mean() > 0.25
    assert 0 < (outline.ink > 127).sum() < filled.sum()
    assert not ((outline.ink > 127) & ~filled).any()


def test_a_glyph_that_the_font_lacks_is_refused_by_name() -> None:
    """The box that stands for unknown characters never becomes a figure."""
    assert not font_draws("\U0010fffd")
    with pytest.raises(LookupError, match="no drawing"):
        glyph_outline("\U0010fffd")


def test_a_cutout_has_the_height_that_was_asked() -> None:
    """Its silhouette is exactly that tall, with room around it for the shadow."""
    figure = cutout(glyph_outline("🐎"), 120, PAINT)
    solid = np.flatnonzero((figure.pixels[..., 3] > 250).any(axis=1))

    assert figure.height == 120
    assert abs((solid[-1] - solid[0] + 1) - 120) <= 4
    assert figure.pixels.shape[0] == 120 + 2 * figure.top


def test_pixels_are_premultiplied() -> None:
    """No colour is brighter than its alpha allows: blending them is one multiplication and one addition."""
    pixels = cutout(glyph_outline("🦋"), 90, PAINT).pixels.astype(int)

    assert (pixels[..., :3] <= pixels[..., 3:] + 1).all()


def test_a_figure_without_shadow_is_clear_outside_its_silhouette() -> None:
    """What floats in space or water casts nothing on it."""
    paint = paint_of((200, 90, 60), (255, 255, 255), (0, 0, 0), shadow=0.0)
    figure = cutout(glyph_outline("🐟"), 90, paint)

    assert not figure.pixels[: figure.top - 1].any()


@pytest.mark.parametrize(("paper", "lighter"), [((40, 30, 60), True), ((240, 200, 120), False)])
def test_lines_are_lighter_on_dark_paper_and_darker_on_light(paper: tuple[int, int, int], lighter: bool) -> None:
    """So that they are seen on either."""
    paint = paint_of(paper, (255, 240, 210), (20, 16, 30))

    assert (luminance(paint.line) > luminance(paper)) is lighter
