"""Scenes as films."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.scene import (
    Camera,
    Environment,
    Motion,
    Palette,
    Scene,
    Subject,
    TimeOfDay,
    Weather,
)
from reelrouter.renderer.animatic.stage import PLACES, stage
from reelrouter.renderer.animatic.words import read_prompt

pytestmark = pytest.mark.film

SMALL = Canvas(width=192, height=108, fps=24, frames=48, seed=3)
FOX = Subject(glyph="\N{FOX FACE}", name="fox")


def scene(environment: Environment = "meadow", **changes: object) -> Scene:
    return replace(Scene(environment=environment, time_of_day="morning", seed=3), **changes)  # type: ignore[arg-type]


def test_every_environment_has_a_place() -> None:
    """The table is total."""
    assert set(PLACES) == set(get_args(Environment))


@pytest.mark.parametrize("environment", get_args(Environment))
def test_every_place_is_a_picture_that_moves(environment: Environment) -> None:
    """It is no flat colour, and its first and last frame differ."""
    film = stage(scene(environment, subjects=(FOX,)), SMALL)
    first, last = film.frame(0), film.frame(47)

    assert first.shape == (108, 192, 3)
    assert first.dtype == np.uint8
    assert first.std() > 8
    assert (first != last).mean() > 0.1


@pytest.mark.parametrize("hour", get_args(TimeOfDay))
def test_night_is_darker_than_any_other_hour(hour: TimeOfDay) -> None:
    """The hour is seen in the light."""
    night = stage(scene(time_of_day="night"), SMALL).frame(0).mean()

    assert hour == "night" or stage(scene(time_of_day=hour), SMALL).frame(0).mean() > night + 10


@pytest.mark.parametrize("weather", get_args(Weather))
def test_every_weather_is_drawn(weather: Weather) -> None:
    """None of the words breaks the stage, in the open and behind a window."""
    for environment in ("village", "room"):
        assert stage(scene(environment, weather=(weather,)), SMALL).frame(20).any()


@pytest.mark.parametrize("camera", get_args(Camera))
def test_every_camera_move(camera: Camera) -> None:
    """Static leaves the far sky where it is; every other move does not."""
    film = stage(scene(camera=camera), SMALL)
    hills = [film.frame(index)[70:] for index in (0, 47)]

    moved = float((hills[0] != hills[1]).mean())
    assert moved < 0.05 if camera == "static" else moved > 0.2


@pytest.mark.parametrize("motion", get_args(Motion))
def test_every_motion(motion: Motion) -> None:
    """Every verb has a path."""
    film = stage(scene(subjects=(replace(FOX, motion=motion),), camera="static"), SMALL)

    assert (film.frame(0) != film.frame(40)).any()


@pytest.mark.parametrize(
    ("width", "height"),
    [(854, 366), (640, 360), (360, 640), (360, 360), (274, 640), (362, 202)],
)
def test_every_ratio_gives_exactly_its_pixels(width: int, height: int) -> None:
    """21:9, 16:9, 9:16, 1:1, 9:21, and a size that is no multiple of anything."""
    canvas = Canvas(width=width, height=height, fps=24, frames=24, seed=1)

    assert stage(read_prompt("a sailboat on the ocean at sunset", 1), canvas).frame(12).shape == (height, width, 3)


@pytest.mark.parametrize("environment", ["meadow", "ocean", "underwater", "space", "room", "city"])
def test_the_figure_is_seen(environment: Environment) -> None:
    """With the figure, a part of the picture is clearly another one than without it."""
    canvas = Canvas(width=320, height=180, fps=24, frames=24, seed=3)
    whale = Subject(glyph="\N{WHALE}", name="whale")
    with_it = stage(scene(environment, subjects=(whale,)), canvas).frame(12).astype(int)
    without = stage(scene(environment), canvas).frame(12).astype(int)

    changed = (np.abs(with_it - without).max(axis=2) > 24).mean()
    assert 0.015 < changed < 0.4


def test_more_figures_change_more() -> None:
    """Five birds are more than one."""
    bird = Subject(glyph="\N{BIRD}", name="bird", motion="fly")
    empty = stage(scene(), SMALL).frame(24).astype(int)
    changes = []
    for count in (1, 5):
        shown = stage(scene(subjects=(replace(bird, count=count),)), SMALL).frame(24).astype(int)
        changes.append((np.abs(shown - empty).max(axis=2) > 20).mean())

    assert changes[1] > 1.3 * changes[0]


def test_a_palette_grades_the_stage() -> None:
    """Reddish pictures make the scene redder, bluish ones bluer."""
    red = (
        stage(scene(), SMALL, Palette(colours=((200, 40, 30), (90, 10, 10), (250, 180, 160)))).frame(0).astype(int)
    )
    blue = (
        stage(scene(), SMALL, Palette(colours=((30, 60, 200), (10, 10, 90), (160, 190, 250)))).frame(0).astype(int)
    )

    assert (red[..., 0] - red[..., 2]).mean() > (blue[..., 0] - blue[..., 2]).mean() + 40


def test_the_seed_moves_the_picture() -> None:
    """Another seed is another composition; the same seed is the same one to the last pixel."""
    other = replace(SMALL, seed=4)

    assert np.array_equal(stage(scene(), SMALL).frame(5), stage(scene(), SMALL).frame(5))
    assert (stage(scene(), SMALL).frame(5) != stage(scene(), other).frame(5)).mean() > 0.5


def test_frames_depend_on_their_index_alone() -> None:
    """Drawn in any order and from two threads, they are the same."""
    film = stage(read_prompt("a fox in the rain in a city at night", 3), SMALL)
    forward = [film.frame(index) for index in range(0, 48, 6)]
    with ThreadPoolExecutor(2) as threads:
        backward = list(threads.map(film.frame, reversed(range(0, 48, 6))))

    assert all(np.array_equal(one, other) for one, other in zip(forward, reversed(backward), strict=True))


def test_another_process_draws_the_same_pixels() -> None:
    """What a film looks like hangs on prompt, canvas and seed, not on the process that draws it."""
    program = (
        "import hashlib\n"
        "from reelrouter.renderer.animatic.film import Canvas\n"
        "from reelrouter.renderer.animatic.stage import stage\n"
        "from reelrouter.renderer.animatic.words import read_prompt\n"
        "canvas = Canvas(width=192, height=108, fps=24, frames=48, seed=3)\n"
        "film = stage(read_prompt('a dragon over a castle in a storm', 3), canvas)\n"
        "print(hashlib.sha256(film.frame(7).tobytes() + film.frame(40).tobytes()).hexdigest())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]

    assert runs[0] == runs[1] != ""
