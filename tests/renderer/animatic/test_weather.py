"""Weather over films made from pictures."""

import numpy as np
import pytest

from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.weather import overlay
from reelrouter.renderer.animatic.words import read_prompt

CANVAS = Canvas(width=320, height=180, fps=24, frames=48, seed=5)


def picture() -> Frame:
    return np.random.default_rng(1).integers(40, 160, (180, 320, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "word", ["snow", "rain", "storm", "fog", "falling leaves", "petals", "fireflies", "embers"]
)
def test_weather_shows_and_leaves_its_input_alone(word: str) -> None:
    """In the middle of the film the frame is another one, and the array handed over is as it was."""
    frame = picture()
    before = frame.copy()

    drawn = overlay(read_prompt(f"{word} in a village", 5), CANVAS)(frame, 30)

    assert (drawn != before).any()
    assert np.array_equal(frame, before)


def test_held_frames_come_back_exactly() -> None:
    """With both ends held, the first and the last frame are untouched, and those between are not."""
    frame = picture()
    weather = overlay(read_prompt("snow in a village", 5), CANVAS, hold_first=True, hold_last=True)

    assert np.array_equal(weather(frame, 0), frame)
    assert np.array_equal(weather(frame, 47), frame)
    assert not np.array_equal(weather(frame, 24), frame)


def test_nothing_is_held_unless_asked() -> None:
    """A film that begins in the rain begins in the rain."""
    frame = picture()

    assert not np.array_equal(overlay(read_prompt("rain", 5), CANVAS, hold_first=False)(frame, 0), frame)


def test_weather_fades_in() -> None:
    """The change grows from the held frame on."""
    frame = picture()
    weather = overlay(read_prompt("fog in a village", 5), CANVAS)
    change = [float(np.abs(weather(frame, index).astype(int) - frame).mean()) for index in (0, 3, 8, 20)]

    assert change[0] == 0.0
    assert change == sorted(change)


def test_clear_weather_changes_nothing() -> None:
    """No weather, no layer."""
    frame = picture()

    assert np.array_equal(overlay(read_prompt("a clear day in a village", 5), CANVAS)(frame, 30), frame)


def test_a_film_of_one_frame_is_possible() -> None:
    """Held at both ends, its only frame stays."""
    single = Canvas(width=320, height=180, fps=24, frames=1, seed=5)
    frame = picture()

    assert np.array_equal(overlay(read_prompt("snow", 5), single, hold_last=True)(frame, 0), frame)
