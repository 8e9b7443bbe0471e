"""What sound is to those who make it and to those who encode it, and the few ways in which it is shaped."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
"""Samples a second."""

FFT_STEP = 12_000
"""Multiples of it are lengths that Fourier transforms are quick with."""

COARSE = 480
"""Samples between the points of a slow curve; between them it is straight."""

NOISE_LOOP = 2**18
"""Samples until a noise repeats, without a seam: 5.5 seconds, longer than an ear remembers noise."""

Wave = NDArray[np.float32]
"""One channel: samples of shape (n,)."""

Sound = NDArray[np.float32]
"""Left and right: samples of shape (2, n), between -1 and 1 when they are final."""


def silence(samples: int) -> Sound:
    return np.zeros((2, samples), dtype=np.float32)


def band_noise(samples: int, band: tuple[float, float], tilt: float, random: np.random.Generator) -> Sound:
    """Noise between the two frequencies in hertz, at an RMS of 1, different in each ear.

    `tilt` is how fast it darkens upwards: 0 hisses, 1 is a waterfall, 2 rumbles.
    """
    frequencies = np.fft.rfftfreq(NOISE_LOOP, 1 / SAMPLE_RATE).astype(np.float32)
    low, high = np.float32(band[0]), np.float32(band[1])
    rising = 1 / (1 + (low / np.maximum(frequencies, 1)) ** 4)
    falling = 1 / (1 + (frequencies / high) ** 4)
    shape = rising * falling * (np.maximum(frequencies, low) / low) ** np.float32(-tilt)
    parts = random.standard_normal((2, shape.size, 2), dtype=np.float32)
    spectrum = parts.view(np.complex64)[..., 0] * shape
    noise = np.fft.irfft(spectrum, n=NOISE_LOOP, axis=1)
    noise /= np.sqrt(np.mean(noise**2))
    repeats = -(-samples // NOISE_LOOP)
    return np.tile(noise, (1, repeats))[:, :samples].astype(np.float32, copy=False)


def wandering(samples: int, period: float, random: np.random.Generator) -> Wave:
    """A smooth curve between 0 and 1 that turns about every `period` seconds."""
    knots = int(samples / SAMPLE_RATE / period) + 3
    coarse = np.linspace(0, knots - 1, max(2, samples // COARSE))
    before = np.minimum(coarse.astype(np.int64), knots - 2)
    share = coarse - before
    share = share * share * (3 - 2 * share)
    heights = random.uniform(0, 1, knots)
    curve = heights[before] * (1 - share) + heights[before + 1] * share
    places = np.linspace(0, coarse.size - 1, samples)
    return np.asarray(np.interp(places, np.arange(coarse.size), curve), dtype=np.float32)


def add_at(sound: Sound, wave: Wave, start: int, pan: float) -> None:
    """Mix a short wave into the sound at a sample; `pan` goes from -1, left, to 1, right."""
    begin, end = max(0, start), min(sound.shape[1], start + wave.size)
    if begin >= end:
        return
    angle = (pan + 1) * np.pi / 4
    part = wave[begin - start : end - start]
    sound[0, begin:end] += part * np.float32(np.cos(angle))
    sound[1, begin:end] += part * np.float32(np.sin(angle))


def with_echo(sound: Sound, seconds: float, random: np.random.Generator) -> Sound:
    """The sound in a hall whose echo dies away in so many seconds, without the direct sound."""
    length = int(seconds * SAMPLE_RATE)
    decay = np.exp(-6.9 * np.linspace(0, 1, length, dtype=np.float32))
    hall = random.standard_normal((2, length), dtype=np.float32) * decay
    hall /= np.sqrt(np.sum(hall**2, axis=1, keepdims=True))
    size = -(-(sound.shape[1] + length) // FFT_STEP) * FFT_STEP
    spectrum = np.fft.rfft(sound, n=size, axis=1) * np.fft.rfft(hall, n=size, axis=1)
    wet = np.fft.irfft(spectrum, n=size, axis=1)[:, : sound.shape[1]]
    return np.asarray(wet, dtype=np.float32)
