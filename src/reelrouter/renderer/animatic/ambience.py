"""What a place sounds like: steady beds of shaped noise and small events scattered over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from reelrouter.renderer.animatic.samples import (
    SAMPLE_RATE,
    Sound,
    Wave,
    add_at,
    band_noise,
    silence,
    wandering,
)
from reelrouter.renderer.animatic.scene import Environment, Scene, Weather

Event = Callable[[np.random.Generator], Wave]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """Noise that goes on for the whole film."""

    band: tuple[float, float]
    """Hertz."""
    tilt: float
    gain: float
    swell: float = 4.0
    """Seconds between a rise and a fall."""
    depth: float = 0.5
    """How far it falls: 0 is steady, 1 goes silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """Short sounds at random moments."""

    event: Event
    rate: float
    """How many in ten seconds."""
    gain: float


Layer = Bed | Scatter


def ambience(scene: Scene, samples: int, random: np.random.Generator) -> Sound:
    """The place's sound with its weather's and its hour's; the RMS stays near 0.1."""
    sound = silence(samples)
    for layer in layers(scene):
        sound += _bed(layer, samples, random) if isinstance(layer, Bed) else _scatter(layer, samples, random)
    return sound


def layers(scene: Scene) -> tuple[Layer, ...]:
    """Everything that is heard: a night has crickets for birds, and rain sends both away."""
    place = PLACES[scene.environment]
    if scene.environment in SINGING_PLACES and not WET.intersection(scene.weather):
        place = (*place, NIGHT_SINGERS if scene.time_of_day in ("dusk", "night") else DAY_SINGERS)
    return (*place, *(layer for weather in scene.weather for layer in WEATHERS[weather]))


def _bed(bed: Bed, samples: int, random: np.random.Generator) -> Sound:
    noise = band_noise(samples, bed.band, bed.tilt, random)
    for ear in range(2):
        swell = 1 - bed.depth * wandering(samples, bed.swell, random)
        noise[ear] *= swell * np.float32(bed.gain)
    return noise


def _scatter(scatter: Scatter, samples: int, random: np.random.Generator) -> Sound:
    sound = silence(samples)
    count = max(1, int(random.poisson(scatter.rate * samples / SAMPLE_RATE / 10)))
    for start in np.sort(random.integers(0, samples, count)):
        wave = scatter.event(random) * np.float32(scatter.gain * random.uniform(0.4, 1.0))
        add_at(sound, wave, int(start), float(random.uniform(-0.9, 0.9)))
    return sound


def _time(seconds: float) -> Wave:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)


def _chirp(time: Wave, start: float, end: float) -> Wave:
    """A tone that slides between two frequencies in hertz, with a rounded beginning and end."""
    span = max(float(time[-1]), 1e-3)
    angle = 2 * np.pi * (start * time + (end - start) * time**2 / (2 * span))
    return np.asarray(np.sin(angle) * np.sin(np.pi * time / span) ** 2, dtype=np.float32)


def bird(random: np.random.Generator) -> Wave:
    """Two to five quick whistles of one bird."""
    low = random.uniform(2300, 3600)
    notes: list[Wave] = []
    for _ in range(int(random.integers(2, 6))):
        time = _time(random.uniform(0.05, 0.13))
        notes += [
            _chirp(time, low * random.uniform(0.9, 1.3), low * random.uniform(0.9, 1.4)),
            np.zeros_like(_time(random.uniform(0.03, 0.12))),
        ]
    return np.concatenate(notes)


def cricket(random: np.random.Generator) -> Wave:
    """Three or four pulses of a high, dry tone."""
    pulse = _chirp(_time(0.028), 4300, 4400)
    gap = np.zeros_like(_time(0.03))
    return np.concatenate([np.concatenate([pulse, gap])] * int(random.integers(3, 5)))


def gull(random: np.random.Generator) -> Wave:
    time = _time(random.uniform(0.25, 0.45))
    top = random.uniform(1100, 1500)
    tone = _chirp(time, top, top * 0.62) + 0.5 * _chirp(time, top * 2, top * 1.24)
    return np.tile(np.concatenate([tone, np.zeros_like(_time(0.12))]), int(random.integers(1, 4)))


def bubble(random: np.random.Generator) -> Wave:
    start = random.uniform(250, 700)
    return _chirp(_time(random.uniform(0.04, 0.12)), start, start * random.uniform(1.5, 2.4))


def whale_call(random: np.random.Generator) -> Wave:
    start = random.uniform(120, 240)
    time = _time(random.uniform(1.4, 2.4))
    return _chirp(time, start, start * random.uniform(1.3, 2.0)) + 0.3 * _chirp(time, start * 2, start * 3.1)


def drop(random: np.random.Generator) -> Wave:
    time = _time(0.03)
    return np.asarray(_chirp(time, random.uniform(1800, 4200), 1500) * np.exp(-time * 120), dtype=np.float32)


def crackle(random: np.random.Generator) -> Wave:
    time = _time(random.uniform(0.004, 0.02))
    burst = random.standard_normal(time.size, dtype=np.float32) * np.exp(-time * 350)
    return np.asarray(burst, dtype=np.float32)


def thunder(random: np.random.Generator) -> Wave:
    """A low roll that arrives, breaks a few times and goes."""
    time = _time(random.uniform(2.2, 3.2))
    roll = band_noise(time.size, (35, 180), 1.0, random)[0]
    breaks = sum(np.exp(-((time - at) ** 2) / 0.05) for at in random.uniform(0.15, 1.2, 3))
    loudness = (0.5 * np.exp(-time * 1.2) + 0.5 * breaks) * np.minimum(1, time * 12)
    return np.asarray(roll * loudness, dtype=np.float32)


def passing_car(random: np.random.Generator) -> Wave:
    time = _time(2.4)
    tyres = band_noise(time.size, (180, 1400), 1.0, random)[0]
    return np.asarray(tyres * np.exp(-((time - 1.2) ** 2) / 0.28), dtype=np.float32)


def rustle(random: np.random.Generator) -> Wave:
    time = _time(random.uniform(0.25, 0.6))
    leaves = random.standard_normal(time.size, dtype=np.float32)
    leaves[1:] -= leaves[:-1]
    gate = random.uniform(0, 1, 24)
    grains = np.interp(np.linspace(0, 23, time.size), np.arange(24), gate**3)
    return np.asarray(leaves * grains * np.sin(np.pi * time / time[-1]), dtype=np.float32)


def tick(random: np.random.Generator) -> Wave:
    time = _time(0.05)
    return np.asarray(np.sin(2 * np.pi * 1900 * time) * np.exp(-time * 160), dtype=np.float32)


def glimmer(random: np.random.Generator) -> Wave:
    """A high bell that is more felt than heard."""
    time = _time(1.6)
    tone = float(random.choice([1046.5, 1318.5, 1568.0, 2093.0]))
    loudness = np.exp(-time * 3) * np.minimum(1, time * 60)
    return np.asarray(np.sin(2 * np.pi * tone * time) * loudness, dtype=np.float32)


SURF = Bed(band=(120, 3200), tilt=0.8, gain=0.1, swell=2.6, depth=0.85)
HISSING_FOAM = Bed(band=(1500, 9000), tilt=0.4, gain=0.03, swell=2.6, depth=0.95)
LIGHT_WIND = Bed(band=(150, 900), tilt=0.9, gain=0.06, swell=3.0, depth=0.7)
HIGH_WIND = Bed(band=(300, 1600), tilt=0.6, gain=0.07, swell=2.2, depth=0.8)
WHISTLING_WIND = Bed(band=(700, 1200), tilt=0.2, gain=0.025, swell=1.8, depth=0.95)
LOW_DRONE = Bed(band=(45, 160), tilt=1.0, gain=0.09, swell=6.0, depth=0.35)
LEAVES = Bed(band=(2500, 9000), tilt=0.5, gain=0.016, swell=2.4, depth=0.8)
RAIN = Bed(band=(900, 11_000), tilt=0.35, gain=0.065, swell=3.5, depth=0.25)
ROOM_TONE = Bed(band=(60, 500), tilt=1.2, gain=0.035, swell=6.0, depth=0.2)
STREAM = Bed(band=(500, 5000), tilt=0.6, gain=0.035, swell=1.2, depth=0.5)

BIRDS = Scatter(event=bird, rate=9, gain=0.07)
CRICKETS = Scatter(event=cricket, rate=26, gain=0.035)

PLACES: Mapping[Environment, tuple[Layer, ...]] = {
    "ocean": (SURF, HISSING_FOAM, LIGHT_WIND),
    "beach": (SURF, HISSING_FOAM, Scatter(event=gull, rate=3, gain=0.05)),
    "forest": (LIGHT_WIND, LEAVES, Scatter(event=rustle, rate=6, gain=0.03)),
    "mountains": (HIGH_WIND, LOW_DRONE),
    "desert": (HIGH_WIND, WHISTLING_WIND),
    "city": (
        Bed(band=(50, 700), tilt=1.1, gain=0.08, swell=3.5, depth=0.4),
        Scatter(event=passing_car, rate=4, gain=0.07),
    ),
    "village": (LIGHT_WIND, ROOM_TONE, Scatter(event=rustle, rate=4, gain=0.02)),
    "meadow": (LIGHT_WIND, LEAVES),
    "arctic": (HIGH_WIND, WHISTLING_WIND),
    "underwater": (
        Bed(band=(40, 320), tilt=1.1, gain=0.12, swell=3.0, depth=0.5),
        Scatter(event=bubble, rate=22, gain=0.05),
        Scatter(event=whale_call, rate=1.6, gain=0.06),
    ),
    "space": (LOW_DRONE, Scatter(event=glimmer, rate=6, gain=0.03)),
    "moon": (LOW_DRONE, Scatter(event=glimmer, rate=3, gain=0.025)),
    "mars": (LOW_DRONE, HIGH_WIND),
    "room": (ROOM_TONE, Scatter(event=tick, rate=10, gain=0.04)),
    "lake": (STREAM, LIGHT_WIND, Scatter(event=bubble, rate=6, gain=0.025)),
    "sky": (HIGH_WIND,),
    "volcano": (
        Bed(band=(30, 220), tilt=1.0, gain=0.14, swell=2.0, depth=0.5),
        Scatter(event=crackle, rate=60, gain=0.12),
    ),
}

WEATHERS: Mapping[Weather, tuple[Layer, ...]] = {
    "clear": (),
    "clouds": (),
    "rain": (RAIN, Scatter(event=drop, rate=160, gain=0.05)),
    "storm": (
        Bed(band=(900, 11_000), tilt=0.3, gain=0.09, swell=2.0, depth=0.4),
        Bed(band=(150, 1100), tilt=0.7, gain=0.1, swell=1.6, depth=0.8),
        Scatter(event=thunder, rate=3, gain=0.22),
    ),
    "snow": (Bed(band=(200, 700), tilt=1.1, gain=0.035, swell=4.0, depth=0.6),),
    "fog": (Bed(band=(60, 300), tilt=1.0, gain=0.05, swell=5.0, depth=0.4),),
    "wind": (HIGH_WIND, WHISTLING_WIND),
    "leaves": (LEAVES, Scatter(event=rustle, rate=14, gain=0.04)),
    "petals": (Bed(band=(300, 1400), tilt=0.8, gain=0.025, swell=2.5, depth=0.7),),
    "stars": (Scatter(event=glimmer, rate=4, gain=0.025),),
    "aurora": (LOW_DRONE, Scatter(event=glimmer, rate=8, gain=0.025)),
    "fireflies": (CRICKETS,),
    "embers": (Scatter(event=crackle, rate=90, gain=0.12),),
}

SINGING_PLACES = frozenset({"forest", "meadow", "village", "lake", "mountains"})
WET: frozenset[Weather] = frozenset({"rain", "storm", "snow"})
DAY_SINGERS = BIRDS
NIGHT_SINGERS = CRICKETS
