"""Who stands where."""

import pytest

from reelrouter.renderer.animatic.brush import Brush
from reelrouter.renderer.animatic.casting import MOST_FIGURES, Role, cast
from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.light import light_of
from reelrouter.renderer.animatic.stage import PLACES
from reelrouter.renderer.animatic.words import read_prompt

WIDE = Canvas(width=320, height=180, fps=24, frames=48, seed=2)
TALL = Canvas(width=180, height=320, fps=24, frames=48, seed=2)


def roles(prompt: str, canvas: Canvas = WIDE, hero: float = 0.36) -> list[Role]:
    scene = read_prompt(prompt, 2)
    brush = Brush(scene=scene, canvas=canvas, light=light_of(scene), hero=hero, disc=(0.7, 0.3), heading=1)
    return cast(brush, PLACES[scene.environment](brush))


@pytest.mark.parametrize("canvas", [WIDE, TALL])
def test_a_single_figure_is_large_and_on_its_third(canvas: Canvas) -> None:
    """About two fifths of a wide picture's height, and never wider than a tall one."""
    (fox,) = roles("a fox in a meadow", canvas)

    assert fox.x == pytest.approx(0.36)
    assert 0.25 < fox.height / canvas.height < 0.5


@pytest.mark.parametrize(
    ("prompt", "spot"),
    [
        ("a fox in a meadow", "floor"),
        ("an eagle over a meadow", "air"),
        ("a ship on the ocean", "water"),
        ("a whale under water", "deep"),
        ("a cat in a room", "perch"),
        ("a bear by a lake", "shore"),
        ("a castle in a meadow", "back"),
        ("an astronaut in space", "deep"),
    ],
)
def test_figures_are_where_they_belong(prompt: str, spot: str) -> None:
    """Feet on the ground, hulls in the water, wings in the air, small ones on the windowsill."""
    assert roles(prompt)[0].spot == spot


def test_a_lighthouse_stands_on_its_headland() -> None:
    """By the sea, what is built has a cliff to stand on."""
    assert roles("a lighthouse by the ocean")[0].spot == "perch"


def test_what_is_built_stands_behind_those_who_walk() -> None:
    """The castle comes first, so that the knight is drawn over it."""
    assert [role.glyph for role in roles("a knight before a castle in a meadow")] == ["🏰", "🤺"]


def test_crowds_are_limited() -> None:
    """Copies of many figures do not fill the stage beyond what can be seen."""
    assert len(roles("nine birds, nine butterflies and nine bees over a meadow")) == MOST_FIGURES


def test_nobody_walks_out_of_the_picture() -> None:
    """Each role knows how far it can go: its middle and half its width stay inside."""
    for role in roles("a horse running in a meadow") + roles("a horse running in a meadow", hero=0.64):
        assert role.x - role.room > 0.0
        assert role.x + role.room < 1.0
