"""The music under a film: a soft chord for each few seconds and a few plucked notes, in a key of the seed's."""

import numpy as np

from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound, Wave, add_at, silence, with_echo
from reelrouter.renderer.animatic.scene import Scene

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)

BRIGHT_TURNS = ((0, 4, 5, 3), (0, 3, 0, 4), (0, 5, 3, 4), (3, 0, 4, 0))
"""Chords as degrees of the scale, one line a song."""
DARK_TURNS = ((0, 5, 2, 6), (0, 3, 0, 6), (0, 5, 3, 0), (0, 2, 5, 6))

DARK_WEATHER = frozenset({"storm", "rain", "fog", "embers"})
DARK_MOODS = frozenset({"tense", "melancholy"})
TABLE_SIZE = 4096
HALL = 1.8
"""Seconds until the music's echo has died away."""


def music(scene: Scene, samples: int, random: np.random.Generator) -> Sound:
    """Chords and plucked notes with their echo; peaks stay near 0.5."""
    scale = MINOR if is_dark(scene) else MAJOR
    root = 45 + int(random.integers(0, 8))
    turns = DARK_TURNS if is_dark(scene) else BRIGHT_TURNS
    degrees = turns[int(random.integers(0, len(turns)))]
    count = chord_count(samples / SAMPLE_RATE)
    chords = [_chord(root, scale, degrees[index % 4]) for index in range(count)]
    dry = _pad(chords, samples, random) + _plucks(chords, samples, scene, random)
    return np.asarray(dry * 0.7 + with_echo(dry, HALL, random) * 0.45, dtype=np.float32)


def is_dark(scene: Scene) -> bool:
    """Whether the scene asks for a minor key."""
    weather = DARK_WEATHER.intersection(scene.weather)
    return bool(weather) or scene.time_of_day == "night" or scene.mood in DARK_MOODS


def chord_count(seconds: float) -> int:
    """Three chords for a short film, and about one for every three and a half seconds of a long one."""
    return max(3, round(seconds / 3.5))


def _chord(root: int, scale: tuple[int, ...], degree: int) -> tuple[int, ...]:
    """A bass note and three voices, as MIDI numbers, each voice in the octave above the root."""
    voices = sorted(scale[(degree + step) % 7] for step in (0, 2, 4))
    return (root - 12 + scale[degree % 7], *(root + 12 + voice for voice in voices))


def _pad(chords: list[tuple[int, ...]], samples: int, random: np.random.Generator) -> Sound:
    table = _soft_table()
    sound = silence(samples)
    length = samples / len(chords)
    overlap = int(min(length * 0.5, SAMPLE_RATE * 0.9))
    for index, chord in enumerate(chords):
        start = int(index * length)
        end = min(samples, int((index + 1) * length) + overlap)
        envelope = _swell(end - start, overlap)
        for voice, note in enumerate(chord):
            gain = 0.16 if voice == 0 else 0.1
            for ear, detune in enumerate((-0.0018, 0.0018)):
                wave = _looped(table, _hertz(note) * (1 + detune), end - start, random)
                sound[ear, start:end] += wave * envelope * np.float32(gain)
    return sound


def _plucks(chords: list[tuple[int, ...]], samples: int, scene: Scene, random: np.random.Generator) -> Sound:
    """Single notes of the chord that sounds, some two octaves up, on an even but loosely kept beat."""
    sound = silence(samples)
    beat = {"joyful": 0.3, "epic": 0.4, "tense": 0.45, "calm": 0.55, "melancholy": 0.7}[scene.mood] * SAMPLE_RATE
    for step in range(int(samples / beat)):
        if step % 4 and random.uniform() < 0.45:
            continue
        start = int(step * beat + random.uniform(0, 0.02) * SAMPLE_RATE)
        chord = chords[min(len(chords) - 1, int(start / samples * len(chords)))]
        note = int(random.choice(chord[1:])) + 12 * int(random.integers(0, 2))
        gain = 0.16 if step % 4 == 0 else 0.1
        add_at(sound, _pluck(note) * np.float32(gain), start, float(random.uniform(-0.6, 0.6)))
    return sound


def _pluck(note: int) -> Wave:
    """A tine of a music box: the tone and two overtones that die away faster."""
    time = np.arange(int(1.4 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    angle = time * np.float32(2 * np.pi * _hertz(note))
    wave = np.sin(angle) * np.exp(-time * 4.5) + 0.35 * np.sin(3 * angle) * np.exp(-time * 11)
    wave += 0.12 * np.sin(6.27 * angle) * np.exp(-time * 22)
    return np.asarray(wave * np.minimum(1, time * 400), dtype=np.float32)


def _soft_table() -> Wave:
    """One turn of a mellow tone: eight harmonics that fall off quickly."""
    angle = np.linspace(0, 2 * np.pi, TABLE_SIZE, endpoint=False)
    harmonics = [np.sin(number * angle) / number**2.2 for number in range(1, 9)]
    return np.asarray(np.sum(harmonics, axis=0), dtype=np.float32)


def _looped(table: Wave, hertz: float, samples: int, random: np.random.Generator) -> Wave:
    step = hertz * TABLE_SIZE / SAMPLE_RATE
    phase = np.arange(samples, dtype=np.float64) * step + random.uniform(0, TABLE_SIZE)
    return table[phase.astype(np.int64) % TABLE_SIZE]


def _swell(samples: int, overlap: int) -> Wave:
    """Up and down over `overlap` samples each, so that chords melt into each other."""
    envelope = np.ones(samples, dtype=np.float32)
    ramp = np.sin(np.linspace(0, np.pi / 2, min(overlap, samples // 2), dtype=np.float32))
    envelope[: ramp.size] *= ramp
    envelope[samples - ramp.size :] *= ramp[::-1]
    return envelope


def _hertz(note: int) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))
