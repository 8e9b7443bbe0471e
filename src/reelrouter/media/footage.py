"""Reading a video or a sound: its track, its extent, its two ends. What becomes of them is not said here.

FFmpeg's complaints leave this module as `TaskFailed`. It works on strangers' bytes, so it runs in children only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from reelrouter.media.containers import Container, identify
from reelrouter.work import TaskFailed

VIDEO_MIMES = ("video/mp4", "video/quicktime", "video/webm")
MAX_SIDE = 8192
_DECODER_THREADS = 2
_TAIL_SECONDS = 2
"""Where the end of a sound is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    frames: int
    """Of a sound: its packets."""
    seconds: float


def video_container(path: Path) -> Container:
    """Raises `TaskFailed` unless the file is a complete MP4, MOV or WebM by its outer form."""
    container = identify(path)
    if container is None or not container.mime.startswith("video/"):
        raise TaskFailed("not_a_video", "The file is not a video. Send an MP4, MOV or WebM file.")
    if container.mime not in VIDEO_MIMES:
        raise TaskFailed("unsupported_video_format", f"{container.mime} is not taken. Send MP4, MOV or WebM.")
    _refuse_part(container)
    return container


def sound_container(path: Path) -> Container:
    """Raises `TaskFailed` unless the file is complete and can hold sound."""
    container = identify(path)
    if container is None:
        raise TaskFailed(
            "not_audio", "The file is not a sound. Send an MP3, WAV, M4A, AAC, FLAC, Ogg or WebM file."
        )
    _refuse_part(container)
    return container


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and its first track of moving pictures."""
    container = video_container(path)
    with _naming_damage("damaged_video"), _open(path, container) as file:
        yield file, _video_track(file)


@contextmanager
def open_sound(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The file and its first sound track; a file with moving pictures too is refused."""
    container = sound_container(path)
    with _naming_damage("damaged_audio"), _open(path, container) as file:
        if _moving_pictures(file):
            raise TaskFailed("not_audio", "The file is a video. Send the sound alone.")
        if not file.streams.audio:
            raise TaskFailed("no_audio_stream", "The file holds no sound.")
        if file.streams.audio[0].codec_context is None:
            raise TaskFailed("damaged_audio", "The sound track uses a codec that is not known here.")
        yield file, file.streams.audio[0]


def first_frame(path: Path) -> VideoFrame:
    with open_video(path) as (file, stream):
        return _whole_frame(next(file.decode(stream), None))


def last_frame(path: Path) -> VideoFrame:
    """Only what follows the last key frame is decoded, unless the file does not say where its end is."""
    with open_video(path) as (file, stream):
        end = _end_of(file, stream)
        if end is not None:
            file.seek(end, stream=stream)
        last = None
        for frame in file.decode(stream):
            last = frame
        return _whole_frame(last)


def last_samples(path: Path) -> AudioFrame | None:
    """None if nothing near the end of a sound can be decoded."""
    with open_sound(path) as (file, stream):
        end = _end_of(file, stream)
        if end is not None and stream.time_base:
            file.seek(max(0, end - round(_TAIL_SECONDS / stream.time_base)), stream=stream)
        last = None
        for frame in file.decode(stream):
            last = frame
        return last


def measure(file: InputContainer, stream: VideoStream | AudioStream) -> Extent:
    """From the file's own index where it has an exact one, else by reading every packet; nothing is decoded."""
    base = stream.time_base
    if base and stream.type == "video" and stream.frames and stream.duration:
        return Extent(frames=stream.frames, seconds=float(stream.duration * base))
    spans = [(p.pts, p.pts + (p.duration or 0)) for p in file.demux(stream) if p.size and p.pts is not None]
    if not spans or not base:
        return Extent(frames=0, seconds=0.0)
    start = min(begin for begin, _ in spans)
    end = max(end for _, end in spans)
    return Extent(frames=len(spans), seconds=float((end - start) * base))


def shown_size(frame: VideoFrame) -> tuple[int, int]:
    """Width and height after the turn that phones write beside the picture."""
    return (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)


def _refuse_part(container: Container) -> None:
    if not container.complete:
        raise TaskFailed("truncated", "The file ends too early: a part of it is missing.")


@contextmanager
def _naming_damage(code: str) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise
    except av.FFmpegError as error:
        raise TaskFailed(code, f"The file is damaged and cannot be decoded ({error.strerror}).") from error


def _open(path: Path, container: Container) -> InputContainer:
    return av.open(
        str(path.absolute()),
        format=container.demuxer,
        options={"protocol_whitelist": "file"},
        metadata_errors="replace",
    )


def _video_track(file: InputContainer) -> VideoStream:
    tracks = _moving_pictures(file)
    if not tracks:
        raise TaskFailed("no_video_stream", "The file holds no moving picture.")
    stream = tracks[0]
    context = stream.codec_context
    if context is None:
        raise TaskFailed("unsupported_video_format", "The picture track uses a codec that is not known here.")
    if max(context.width, context.height) > MAX_SIDE:
        raise TaskFailed(
            "video_too_large",
            f"The video has {context.width}x{context.height} pixels, more than {MAX_SIDE} on one side.",
        )
    context.thread_count = _DECODER_THREADS
    context.thread_type = "AUTO"
    return stream


def _moving_pictures(file: InputContainer) -> list[VideoStream]:
    """Video tracks, less the covers that sound files carry."""
    return [stream for stream in file.streams.video if not stream.disposition & Disposition.attached_pic]


def _end_of(file: InputContainer, stream: VideoStream | AudioStream) -> int | None:
    """In the stream's own time base."""
    if stream.time_base is None:
        return None
    if stream.duration:
        return (stream.start_time or 0) + stream.duration
    if file.duration:
        return round(file.duration / av.time_base / stream.time_base)
    return None


def _whole_frame(frame: VideoFrame | None) -> VideoFrame:
    if frame is None:
        raise TaskFailed("no_frames", "The video holds no frame that can be decoded.")
    if frame.is_corrupt:
        raise TaskFailed("damaged_video", "The video is damaged: a frame of it cannot be decoded whole.")
    return frame
