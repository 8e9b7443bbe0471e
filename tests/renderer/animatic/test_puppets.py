"""Figures that the font does not draw whole."""

import numpy as np
import pytest

from reelrouter.renderer.animatic.glyphs import glyph_outline
from reelrouter.renderer.animatic.puppets import figure

ASTRONAUT = "\N{ADULT}\u200d\N{ROCKET}"


@pytest.mark.parametrize("glyph", ["🦊", "🐺", "🦁", "🐻", "🐼", "🐸", ASTRONAUT, "🤖"])
def test_heads_stand_on_a_body(glyph: str) -> None:
    """A fox is more than its face: it is clearly taller than the glyph is wide."""
    assert figure(glyph).aspect < 0.9 * glyph_outline(glyph).aspect


@pytest.mark.parametrize("name", ["lighthouse", "hot-air balloon", "windmill", "🦄", "🦓", "💃"])
def test_things_made_by_hand(name: str) -> None:
    """They have an outline and lines like any glyph."""
    outline = figure(name)

    assert (outline.silhouette > 127).mean() > 0.15
    assert (outline.ink > 127).any()


def test_walking_beasts_have_another_pose() -> None:
    """A fox that runs does not sit."""
    assert figure("🦊", "stride").aspect > figure("🦊").aspect + 0.2


def test_a_rider_sits_lower_than_a_walker() -> None:
    """The seated astronaut is another outline than the standing one."""
    assert not np.array_equal(figure(ASTRONAUT, "ride").silhouette, figure(ASTRONAUT).silhouette)


def test_persons_have_a_face_and_trousers() -> None:
    """The font draws them all black; the puppet has three papers."""
    outline = figure("🚶")

    assert (outline.pale > 127).any()
    assert (outline.ink > 127).any()


def test_an_unknown_name_is_refused() -> None:
    """Neither a glyph nor a puppet."""
    with pytest.raises(LookupError):
        figure("\U0010fffd")
