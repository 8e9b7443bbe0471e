"""Pictures that the tests draw for themselves: something like a landscape, and pictures that are unlike it."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from reelrouter.renderer.animatic.film import Frame


def landscape(width: int, height: int, seed: int = 1) -> Frame:
    """A sky that brightens downwards, hills, a dark house and some grain, as a camera would have it."""
    random = np.random.default_rng(seed)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    picture = np.array([70, 120, 190]) * (1 - y) + np.array([240, 200, 150]) * y
    picture = np.broadcast_to(picture, (height, width, 3)).copy()
    for base, colour in ((0.45, (110, 130, 150)), (0.6, (70, 110, 80)), (0.78, (50, 80, 40))):
        knots = random.uniform(-1, 1, (1, 9)).astype(np.float32)
        ridge = cv2.resize(knots, (width, 1), interpolation=cv2.INTER_CUBIC)[0]
        below = np.arange(height)[:, None] > (base + 0.06 * ridge[None, :]) * height
        picture[below] = colour
    left, top = int(width * 0.55), int(height * 0.6)
    picture[top : top + height // 5, left : left + width // 6] = (120, 60, 40)
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
    grain = cv2.GaussianBlur(random.normal(0, 6, (height, width)), (0, 0), 0.8)
    return np.asarray(np.clip(soft + grain[..., None], 0, 255), dtype=np.uint8)


def quarters(width: int, height: int, turn: int = 0) -> Frame:
    """Four plain colours, one in each corner: a picture that can be told from any other."""
    colours = np.roll([[220, 40, 40], [40, 190, 70], [50, 80, 220], [240, 210, 60]], turn, axis=0)
    small = colours.reshape(2, 2, 3).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def stripes(width: int, height: int, seed: int = 3) -> Frame:
    """Leaning bands of unrelated colours."""
    random = np.random.default_rng(seed)
    bands = random.integers(0, 256, (14, 3))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    index = ((x * 1.7 + y) / (width * 1.7 + height) * 14).astype(int)
    return np.asarray(cv2.GaussianBlur(bands[index].astype(np.uint8), (0, 0), 1.5), dtype=np.uint8)


def saved(picture: Frame, path: Path) -> Path:
    Image.fromarray(picture).save(path)
    return path


def psnr(first: Frame, second: Frame) -> float:
    """Decibels; infinite for equal pictures."""
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def decoded(path: Path) -> list[Frame]:
    with av.open(str(path)) as container:
        return [
            np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in container.decode(video=0)
        ]


def write_video(
    path: Path, frames: list[Frame], *, fps: int = 12, seconds_of_sound: float = 0, turn: int = 0
) -> Path:
    """A small MP4; with `turn` it carries the note by which phones say that it is to be turned."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "12"}
        if turn:
            stream.set_display_rotation(turn)
        audio = container.add_stream("aac", rate=44_100) if seconds_of_sound else None
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            time = np.arange(int(44_100 * seconds_of_sound)) / 44_100
            tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
            block = av.AudioFrame.from_ndarray(tone[None, :], format="fltp", layout="mono")
            block.sample_rate, block.pts = 44_100, 0
            container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path
