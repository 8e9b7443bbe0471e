"""Small videos, sounds and pictures, made where a test needs them."""

from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

RATE = 48_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A grey that grows lighter from frame to frame, with a red square in the upper left corner."""

    frames: int = 24
    fps: int = 24
    size: tuple[int, int] = (96, 64)
    codec: str = "libx264"
    audio: str | None = None
    movflags: str = ""
    rotation: int = 0
    key_every: int = 12

    def grey(self, index: int) -> int:
        return 40 + index * 160 // max(1, self.frames - 1)

    def pixels(self, index: int) -> NDArray[np.uint8]:
        width, height = self.size
        picture = np.full((height, width, 3), self.grey(index), np.uint8)
        picture[: height // 2, : width // 2] = (200, 30, 30)
        return picture


def write_film(path: Path, film: Film) -> Path:
    options = {"movflags": film.movflags} if film.movflags else {}
    with av.open(str(path), "w", options=options) as file:
        pictures = _add_pictures(file, film)
        sound = file.add_stream(film.audio, rate=RATE, layout="stereo") if film.audio else None
        for index in range(film.frames):
            frame = av.VideoFrame.from_ndarray(film.pixels(index), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = index, Fraction(1, film.fps)
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode())
        if sound is not None:
            _play(file, cast("AudioStream", sound), film.frames / film.fps)
    return path


def write_sound(path: Path, codec: str, container: str | None = None, seconds: float = 1.0) -> Path:
    with av.open(str(path), "w", format=container) as file:
        _play(file, cast("AudioStream", file.add_stream(codec, rate=RATE, layout="stereo")), seconds)
    return path


def picture_bytes(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """A picture that does not compress, so that half of its file is half of it."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def _add_pictures(file: OutputContainer, film: Film) -> VideoStream:
    stream = cast("VideoStream", file.add_stream(film.codec, rate=film.fps))
    stream.width, stream.height = film.size
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = Fraction(1, film.fps)
    stream.codec_context.gop_size = film.key_every
    stream.codec_context.colorspace = 1
    stream.codec_context.color_range = 1
    if film.rotation:
        stream.set_display_rotation(film.rotation)
    return stream


def _play(file: OutputContainer, stream: AudioStream, seconds: float) -> None:
    """A tone of 440 Hz."""
    context = stream.codec_context
    resampler = av.AudioResampler(
        format=context.format.name, layout="stereo", rate=RATE, frame_size=context.frame_size or 1024
    )
    moments = np.arange(round(RATE * seconds)) / RATE
    wave = (0.3 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)
    tone = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    tone.sample_rate, tone.pts, tone.time_base = RATE, 0, Fraction(1, RATE)
    for frame in [*resampler.resample(tone), *resampler.resample(None)]:
        file.mux(stream.encode(frame))
    file.mux(stream.encode())
