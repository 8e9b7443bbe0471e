"""A video that was handed over: what it measures, and its frames one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer

from reelrouter.renderer.animatic.film import Frame
from reelrouter.renderer.animatic.job import LONGEST
from reelrouter.work import TaskFailed

SLACK = 0.5
"""Seconds: files tell their length in several ways, which differ by some frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    path: Path
    width: int
    """Pixels as seen, after the turn that phones note beside their pictures."""
    height: int
    frames: int
    fps: Fraction
    """On average."""

    @property
    def seconds(self) -> float:
        return float(self.frames / self.fps)


def measured(path: Path) -> Clip:
    """Raises TaskFailed(`invalid_video`) for what cannot be decoded, `invalid_duration` for what is too long."""
    try:
        with av.open(str(path)) as container:
            clip = _measured(path, container)
    except (av.error.FFmpegError, StopIteration) as error:
        raise TaskFailed(
            "invalid_video", f"the video {path.name} could not be decoded: an MP4 would do"
        ) from error
    if clip.seconds > LONGEST + SLACK:
        raise TaskFailed(
            "invalid_duration", f"the video lasts {clip.seconds:.1f} s; up to {LONGEST} s can be worked on"
        )
    return clip


def frames_of(clip: Clip) -> Iterator[Frame]:
    """As many frames as the clip was measured to have: a file that holds fewer repeats its last one."""
    given = 0
    frame: Frame | None = None
    with av.open(str(clip.path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for decoded in container.decode(video=0):
            frame = _upright(decoded)
            given += 1
            yield frame
            if given == clip.frames:
                return
    if frame is None:
        raise TaskFailed("invalid_video", f"the video {clip.path.name} holds no frame")
    for _ in range(clip.frames - given):
        yield frame


def first_frame_of(path: Path) -> Frame:
    return next(frames_of(measured(path)))


def last_frame_of(path: Path) -> Frame:
    *_, last = frames_of(measured(path))
    return last


def scaled(frame: Frame, width: int, height: int) -> Frame:
    """Cut around the centre and scaled to the exact size; the frame itself if it has that size."""
    if frame.shape[:2] == (height, width):
        return frame
    scale = max(width / frame.shape[1], height / frame.shape[0])
    kept = (min(frame.shape[0], round(height / scale)), min(frame.shape[1], round(width / scale)))
    top, left = (frame.shape[0] - kept[0]) // 2, (frame.shape[1] - kept[1]) // 2
    middle = frame[top : top + kept[0], left : left + kept[1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(middle, (width, height), interpolation=way), dtype=np.uint8)


def _measured(path: Path, container: InputContainer) -> Clip:
    if not container.streams.video:
        raise TaskFailed("invalid_video", f"{path.name} holds no moving picture: an MP4 would do")
    stream = container.streams.video[0]
    rate = stream.average_rate or stream.guessed_rate
    first = next(container.decode(video=0))
    turned = first.rotation % 180 != 0
    container.seek(0)
    packets = sum(1 for packet in container.demux(stream) if packet.pts is not None)
    if not rate or not packets:
        raise TaskFailed("invalid_video", f"the video {path.name} says no frame rate: an MP4 would do")
    width, height = (first.height, first.width) if turned else (first.width, first.height)
    return Clip(path=path, width=width, height=height, frames=packets, fps=Fraction(rate))


def _upright(decoded: av.VideoFrame) -> Frame:
    turns = round(decoded.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(decoded.to_ndarray(format="rgb24"), turns))
