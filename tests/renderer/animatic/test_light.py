"""The light of a stage."""

import numpy as np
import pytest

from reelrouter.renderer.animatic.light import indoors, light_of, luminance, mix
from reelrouter.renderer.animatic.scene import Scene, TimeOfDay, Weather


def scene(hour: TimeOfDay = "noon", weather: Weather = "clear") -> Scene:
    return Scene(environment="meadow", time_of_day=hour, weather=(weather,))


@pytest.mark.parametrize("hour", ["dawn", "morning", "noon", "golden", "sunset", "dusk", "night"])
def test_paper_darkens_from_the_backdrop_to_the_front(hour: TimeOfDay) -> None:
    """Distance is pale: that is what gives the layers their depth."""
    tones = [luminance(light_of(scene(hour)).plain(depth)) for depth in np.linspace(0, 1, 7)]

    assert tones == sorted(tones, reverse=True)
    assert tones[0] > tones[-1] + 0.15


@pytest.mark.parametrize("weather", ["rain", "storm"])
def test_bad_weather_dims_the_day(weather: Weather) -> None:
    """Rain and storm hang a veil before the sky."""
    assert luminance(light_of(scene(weather=weather)).sky[1]) < luminance(light_of(scene()).sky[1])


def test_fog_swallows_what_is_far() -> None:
    """In fog, black paper at the back is nearly as pale as the horizon."""
    fog = light_of(scene(weather="fog"))
    clear = light_of(scene())

    assert luminance(fog.paper((0, 0, 0), 0.1)) > luminance(clear.paper((0, 0, 0), 0.1)) + 0.05


def test_rooms_are_lit_by_lamps_when_it_is_dark_outside() -> None:
    """A room at night is warmer and brighter than the night."""
    night = light_of(scene("night"))
    inside = indoors(night)

    assert luminance(inside.plain(0.3)) > luminance(night.plain(0.3)) + 0.2
    assert inside.plain(0.3)[0] > inside.plain(0.3)[2]


def test_mixing() -> None:
    """Share 0 is the first colour, 1 the second."""
    assert mix((0, 10, 20), (100, 110, 120), 0.0) == (0, 10, 20)
    assert mix((0, 10, 20), (100, 110, 120), 1.0) == (100, 110, 120)
    assert mix((0, 10, 20), (100, 110, 120), 0.5) == (50, 60, 70)
