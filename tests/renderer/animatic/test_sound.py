from pathlib import Path

import numpy as np
import pytest

from reelrouter.renderer.animatic.ambience import PLACES, WEATHERS, layers
from reelrouter.renderer.animatic.music import is_dark
from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound
from reelrouter.renderer.animatic.scene import Environment, Scene, Weather
from reelrouter.renderer.animatic.sound import CEILING, accompanied, read_sound, soundtrack
from tests.renderer.animatic.pictures import quarters, write_video

OCEAN = Scene(environment="ocean", time_of_day="noon")


def loudness(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def brightness(sound: Sound) -> float:
    """The frequency, in hertz, around which the energy lies."""
    energy = np.abs(np.fft.rfft(sound[0])) ** 2
    return float((energy * np.fft.rfftfreq(sound.shape[1], 1 / SAMPLE_RATE)).sum() / energy.sum())


@pytest.mark.parametrize("seconds", [1.0, 1.5, 4.0, 101 / 24])
def test_length_is_exact(seconds: float) -> None:
    """As many samples as the film lasts, left and right."""
    sound = soundtrack(OCEAN, seconds, 1)
    assert sound.shape == (2, round(seconds * SAMPLE_RATE))
    assert sound.dtype == np.float32


@pytest.mark.parametrize("environment", sorted(PLACES))
def test_no_place_is_silent_or_too_loud(environment: Environment) -> None:
    """Every place is heard all along, and nowhere comes near clipping."""
    sound = soundtrack(Scene(environment=environment, time_of_day="dusk"), 2.0, 3)
    assert np.abs(sound).max() < CEILING
    assert 0.03 < loudness(sound) < 0.15
    middle = sound[:, SAMPLE_RATE // 5 : -SAMPLE_RATE // 2]
    tenths = middle[:, : middle.shape[1] // 4800 * 4800].reshape(2, -1, 4800)
    assert np.sqrt((tenths**2).mean(axis=(0, 2))).min() > 0.002


@pytest.mark.parametrize("weather", sorted(WEATHERS))
def test_no_weather_clips(weather: Weather) -> None:
    """Thunder included."""
    sound = soundtrack(Scene(environment="city", time_of_day="night", weather=(weather,)), 2.0, 3)
    assert np.abs(sound).max() < CEILING


def test_begins_and_ends_softly() -> None:
    """Neither end clicks."""
    sound = soundtrack(OCEAN, 2.0, 1)
    assert np.abs(sound[:, :24]).max() < 0.02
    assert np.abs(sound[:, -24:]).max() < 0.005


def test_seed_is_the_composer() -> None:
    """One seed is one piece, to the sample; another seed is another."""
    assert np.array_equal(soundtrack(OCEAN, 1.0, 1), soundtrack(OCEAN, 1.0, 1))
    assert not np.array_equal(soundtrack(OCEAN, 1.0, 1), soundtrack(OCEAN, 1.0, 2))


def test_places_sound_different() -> None:
    """Rain hisses where the deep sea rumbles."""
    rain = soundtrack(Scene(environment="city", time_of_day="noon", weather=("rain",)), 2.0, 1)
    deep = soundtrack(Scene(environment="underwater", time_of_day="noon"), 2.0, 1)
    assert brightness(rain) > 2 * brightness(deep)


def test_birds_sleep_at_night_and_in_the_rain() -> None:
    """A meadow's singers change with the hour and fall silent when it is wet."""
    day = layers(Scene(environment="meadow", time_of_day="noon"))
    night = layers(Scene(environment="meadow", time_of_day="night"))
    wet = layers(Scene(environment="meadow", time_of_day="noon", weather=("rain",)))
    assert day != night
    assert not set(day) - set(night) <= set(wet)


@pytest.mark.parametrize(
    ("scene", "dark"),
    [
        (OCEAN, False),
        (Scene(environment="city", time_of_day="night"), True),
        (Scene(environment="meadow", time_of_day="noon", weather=("storm",)), True),
        (Scene(environment="meadow", time_of_day="noon", mood="melancholy"), True),
    ],
)
def test_night_storm_and_sorrow_are_minor(scene: Scene, dark: bool) -> None:
    """The key follows the scene."""
    assert is_dark(scene) is dark


def test_recording_is_heard_over_the_scene() -> None:
    """A tone that was handed over stands out of the mix, as long as it lasts, and the mix does not clip."""
    under = soundtrack(OCEAN, 2.0, 1)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = np.tile(np.sin(2 * np.pi * 1000 * time), (2, 1)).astype(np.float32)
    mix = accompanied([tone], under)
    assert mix.shape == under.shape
    assert np.abs(mix).max() < CEILING
    at_tone = [np.abs(np.fft.rfft(part[0]))[1000] for part in (mix[:, :SAMPLE_RATE], mix[:, SAMPLE_RATE:])]
    assert at_tone[0] > 20 * at_tone[1]


def test_sound_of_a_video_is_read(tmp_path: Path) -> None:
    """At our rate, in stereo, no longer than asked for; a silent video has none."""
    frames = [quarters(64, 64)] * 12
    loud = write_video(tmp_path / "loud.mp4", frames, seconds_of_sound=1.0)
    sound = read_sound(loud, 0.5)
    assert sound is not None
    assert sound.shape == (2, SAMPLE_RATE // 2)
    assert loudness(sound) > 0.1
    assert read_sound(write_video(tmp_path / "silent.mp4", frames), 1.0) is None
