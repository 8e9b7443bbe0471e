"""The soundtrack of a film: the place's own sound, quiet music over it, and a limiter that never clips."""

from pathlib import Path

import av
import numpy as np

from reelrouter.renderer.animatic.ambience import ambience
from reelrouter.renderer.animatic.music import music
from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound, Wave
from reelrouter.renderer.animatic.scene import Scene

CEILING = 0.8
"""The highest sample: AAC overshoots a little, and 1.0 would clip in players."""
LOUDNESS = 0.085
"""RMS that a whole soundtrack is brought to."""
MUSIC = 0.6
"""RMS of the music where the place's sound is 1: it is heard behind it."""
FADE_IN = 0.08
FADE_OUT = 0.5
"""Seconds."""


def soundtrack(scene: Scene, seconds: float, seed: int) -> Sound:
    """Exactly `seconds` of sound for the scene; the same samples for the same arguments."""
    samples = round(seconds * SAMPLE_RATE)
    random = np.random.default_rng([seed, samples, 0x50])
    place = _at_loudness(ambience(scene, samples, random), 1.0)
    return finished(place + _at_loudness(music(scene, samples, random), MUSIC))


def accompanied(recordings: list[Sound], under: Sound) -> Sound:
    """The recordings, each from the beginning and cut at the film's end, over a lowered soundtrack."""
    mix = under * np.float32(0.35)
    for recording in recordings:
        length = min(mix.shape[1], recording.shape[1])
        mix[:, :length] += _at_loudness(recording[:, :length], LOUDNESS)
    return finished(mix)


def finished(mix: Sound) -> Sound:
    """Brought to the usual loudness, limited and faded."""
    loud = _at_loudness(mix, LOUDNESS)
    limited = CEILING * np.tanh(loud / CEILING)
    return np.asarray(limited * _fades(mix.shape[1]), dtype=np.float32)


def read_sound(path: Path, seconds: float) -> Sound | None:
    """The first `seconds` of a file's first audio stream at our rate, in stereo; None if it has no audio.

    Raises av.error.FFmpegError for a file that is no recording.
    """
    wanted = round(seconds * SAMPLE_RATE)
    blocks: list[Sound] = []
    have = 0
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                blocks.append(frame.to_ndarray().astype(np.float32))
                have += frame.samples
            if have >= wanted:
                break
    joined = np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 0), dtype=np.float32)
    return joined[:, :wanted]


def _at_loudness(sound: Sound, wanted: float) -> Sound:
    """Brought to an RMS; what is silent stays silent."""
    loudness = float(np.sqrt(np.mean(sound**2))) if sound.size else 0.0
    return sound if loudness < 1e-5 else np.asarray(sound * np.float32(wanted / loudness), dtype=np.float32)


def _fades(samples: int) -> Wave:
    time = np.arange(samples, dtype=np.float32) / SAMPLE_RATE
    rise = np.minimum(1, time / FADE_IN)
    fall = np.minimum(1, time[::-1] / FADE_OUT)
    return np.asarray(np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2), dtype=np.float32)
