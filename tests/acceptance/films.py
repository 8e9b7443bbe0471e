"""What is in an MP4, found by decoding all of it."""

from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    width: int
    height: int
    fps: Fraction
    frames: int
    first: Picture
    last: Picture
    sound: NDArray[np.float32] | None
    """Samples by channel; None without a sound track."""
    sample_rate: int
    codecs: tuple[str, ...]
    comment: str

    @property
    def sound_seconds(self) -> float:
        return 0.0 if self.sound is None else self.sound.shape[1] / self.sample_rate


def decoded(mp4: bytes) -> Film:
    """Every frame and every sample; raises if one of them cannot be decoded, or has another size."""
    with av.open(BytesIO(mp4), "r") as container:
        video = container.streams.video[0]
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in container.decode(video)
        ]
        assert {picture.shape for picture in pictures} == {(video.height, video.width, 3)}
        assert video.average_rate is not None
        audio = container.streams.audio[0] if container.streams.audio else None
        return Film(
            width=video.width,
            height=video.height,
            fps=video.average_rate,
            frames=len(pictures),
            first=pictures[0],
            last=pictures[-1],
            sound=_sound(mp4) if audio else None,
            sample_rate=audio.sample_rate if audio else 0,
            codecs=tuple(stream.codec_context.name for stream in container.streams),
            comment=container.metadata.get("comment", ""),
        )


def psnr(shown: Picture, given: Image.Image) -> float:
    """Decibels between a frame and the picture that it was made from, cut to the frame's shape."""
    height, width = shown.shape[:2]
    wanted = np.asarray(ImageOps.fit(given.convert("RGB"), (width, height), Image.Resampling.LANCZOS))
    error = float(np.mean((shown.astype(np.float64) - wanted.astype(np.float64)) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else 100.0


def as_picture(frame: Picture) -> Image.Image:
    return Image.fromarray(frame)


def _sound(mp4: bytes) -> NDArray[np.float32]:
    with av.open(BytesIO(mp4), "r") as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
