"""Frames and sound become an MP4 that plays everywhere: H.264, AAC, index in front.

Nothing is drawn here: the frames come as small jobs, which two threads run a little ahead of the encoder.

The same frames and sound give the same bytes, in any process and after any other films, on every processor with
the same instruction sets, as long as the version of PyAV stays the same. Between processors that differ the bytes
may differ too: OpenCV, FFmpeg and x264 choose their routines by what a processor can do.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from math import ceil
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream
from numpy.typing import NDArray

from reelrouter.renderer.animatic.film import Film, Frame
from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound
from reelrouter.work import Report

Picture = Callable[[], Frame]
"""A frame that is still to be drawn; called in any of the drawing threads."""

DRAWING_THREADS = 2
LOOK_AHEAD = 4
"""Frames drawn before the encoder asks for them; more would only cost memory."""
ENCODER_THREADS = 2
"""x264 divides its work by the number of threads, so that another number would give other bytes."""
QUALITY = 22
"""x264's constant rate factor: paper and photographs look clean, at 100 to 250 kB a second of 720p."""
REPRODUCIBLE = {"mbtree": "0", "ref": "2", "qcomp": "0.8"}
"""x264 without its macroblock tree. With AVX-512 the tree reads memory that nobody wrote, so that the bytes depend
on the films before. A second reference frame, a third B-frame and flatter quantisers win back what it saved: eight
films became 1% smaller, at 0.1 dB less PSNR on average and 0.5 dB more in the worst frame."""
EXACT_QUANTISER = 16
"""On photographs 2.5 dB above `QUALITY`, for some 80 kB a frame of 720p."""
AUDIO_BLOCK = 1024
BT709 = 1
LIMITED_RANGE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """What the file promises."""

    path: Path
    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    fps: Fraction
    frames: int
    comment: str
    """A tag that players show: whose job made the file."""
    exact: frozenset[int] = frozenset()
    """Frames that somebody gave and will compare: they are coded finer than the rest."""


def encode(pictures: Iterable[Picture], sound: Sound | None, encoding: Encoding, report: Report) -> None:
    """Write the film, and give it its name only when it is whole and on disk.

    Progress is reported after each frame. Raises ValueError if the pictures are not as many, or not as large,
    as `encoding` says.
    """
    unfinished = encoding.path.with_name(encoding.path.name + ".part")
    try:
        _write(unfinished, pictures, sound, encoding=encoding, report=report)
        _flush_to_disk(unfinished)
        unfinished.replace(encoding.path)
    finally:
        unfinished.unlink(missing_ok=True)


def pictures_of(film: Film, frames: int) -> Iterator[Picture]:
    """A film's frames, in order, still to be drawn."""
    return (partial(film.frame, index) for index in range(frames))


def _write(
    path: Path, pictures: Iterable[Picture], sound: Sound | None, *, encoding: Encoding, report: Report
) -> None:
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        container.metadata["comment"] = encoding.comment
        video = _video_stream(container, encoding)
        audio = None if sound is None else _audio_stream(container)
        written = 0
        for planes in _drawn_ahead(pictures, encoding):
            container.mux(video.encode(_video_frame(planes, written, encoding)))
            if audio is not None and sound is not None:
                blocks = _sound_beside(sound, written, encoding)
                container.mux([packet for block in blocks for packet in audio.encode(block)])
            written += 1
            report(written / encoding.frames)
        if written != encoding.frames:
            raise ValueError(f"the film has {written} frames; {encoding.frames} were promised")
        for stream in container.streams:
            if isinstance(stream, VideoStream | AudioStream):
                container.mux(stream.encode(None))


def _video_stream(container: OutputContainer, encoding: Encoding) -> VideoStream:
    stream = container.add_stream("libx264", rate=encoding.fps)
    stream.width, stream.height, stream.pix_fmt = encoding.width, encoding.height, "yuv420p"
    stream.time_base = 1 / encoding.fps
    context = stream.codec_context
    context.time_base = 1 / encoding.fps
    context.thread_count = ENCODER_THREADS
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED_RANGE
    context.flags |= Flags.bitexact
    zones = "/".join(f"{index},{index},q={EXACT_QUANTISER}" for index in sorted(encoding.exact))
    params = {**REPRODUCIBLE, "zones": zones} if zones else REPRODUCIBLE
    stream.options = {
        "preset": "veryfast",
        "crf": str(QUALITY),
        "profile": "high",
        "bf": "3",
        "g": str(max(1, round(encoding.fps * 2))),
        "x264-params": ":".join(f"{name}={value}" for name, value in params.items()),
    }
    return stream


def _audio_stream(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=SAMPLE_RATE)
    stream.layout = "stereo"
    stream.bit_rate = 128_000
    stream.codec_context.flags |= Flags.bitexact
    return stream


def _drawn_ahead(pictures: Iterable[Picture], encoding: Encoding) -> Iterator[NDArray[np.uint8]]:
    """The pictures' planes in order, `LOOK_AHEAD` of them under way at a time."""
    with ThreadPoolExecutor(DRAWING_THREADS, thread_name_prefix="draw") as threads:
        drawings = (threads.submit(_draw, picture, encoding) for picture in pictures)
        waiting = deque(islice(drawings, LOOK_AHEAD))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(islice(drawings, 1))


def _draw(picture: Picture, encoding: Encoding) -> NDArray[np.uint8]:
    frame = picture()
    if frame.shape != (encoding.height, encoding.width, 3):
        height, width = frame.shape[:2]
        raise ValueError(f"a frame is {width}x{height}; {encoding.width}x{encoding.height} was promised")
    return _planes(frame)


def _planes(frame: Frame) -> NDArray[np.uint8]:
    """RGB to limited-range BT.709 4:2:0, as one array of planes; twice as fast as FFmpeg's scaler."""
    height, width = frame.shape[:2]
    luma, blue, red = cv2.split(cv2.transform(frame, _RGB_TO_YUV))
    half = (width // 2, height // 2)
    blue = cv2.resize(blue, half, interpolation=cv2.INTER_AREA)
    red = cv2.resize(red, half, interpolation=cv2.INTER_AREA)
    joined = np.concatenate([luma.ravel(), blue.ravel(), red.ravel()]).astype(np.uint8, copy=False)
    return joined.reshape(height * 3 // 2, width)


def _bt709() -> NDArray[np.float64]:
    """The matrix from full-range RGB and 1 to limited-range Y, Cb, Cr (ITU-R BT.709)."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    blue = (np.array([0.0, 0.0, 1.0]) - weights) / (2 * (1 - weights[2]))
    red = (np.array([1.0, 0.0, 0.0]) - weights) / (2 * (1 - weights[0]))
    rows = np.stack([weights * 219, blue * 224, red * 224]) / 255
    return np.column_stack([rows, [16.0, 128.0, 128.0]])


_RGB_TO_YUV = _bt709()


def _video_frame(planes: NDArray[np.uint8], index: int, encoding: Encoding) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = index, 1 / encoding.fps
    frame.colorspace, frame.color_range = BT709, LIMITED_RANGE
    is_end = index in (0, encoding.frames - 1)
    # Both ends are pictures that a caller may have given exactly: they are coded alone, not predicted.
    frame.pict_type = PictureType.I if is_end else PictureType.NONE
    return frame


def _sound_beside(sound: Sound, index: int, encoding: Encoding) -> Iterator[av.AudioFrame]:
    """The sound that begins while video frame `index` is shown; the last frame takes all the rest."""
    per_frame = SAMPLE_RATE / encoding.fps / AUDIO_BLOCK
    is_last = index == encoding.frames - 1
    end = ceil(sound.shape[1] / AUDIO_BLOCK) if is_last else ceil((index + 1) * per_frame)
    for block in range(ceil(index * per_frame), end):
        start = block * AUDIO_BLOCK
        samples = np.ascontiguousarray(sound[:, start : start + AUDIO_BLOCK])
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        yield frame


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
