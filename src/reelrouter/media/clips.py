"""Child tasks that say what a video or a sound file holds, and that it really plays."""

from pathlib import Path
from typing import Any, cast

from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.video.stream import VideoStream

from reelrouter.media.footage import (
    Extent,
    first_frame,
    last_frame,
    last_samples,
    measure,
    open_sound,
    open_video,
    shown_size,
    sound_container,
    video_container,
)
from reelrouter.work import Report, TaskFailed

_SOUND_MIMES = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
"""What a container is called when it holds sound alone."""


def probe(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """A video: `{"path"}` in, and its facts out once its first and its last frame have been decoded.

    The answer is `{"mime", "width", "height", "duration", "fps", "frames", "codec", "audio_codec",
    "faststart"}`: the size as it is shown, seconds of the picture track, `audio_codec` None if it is silent.
    Raises `TaskFailed` with `not_a_video`, `unsupported_video_format`, `truncated`, `no_video_stream`,
    `no_frames`, `damaged_video` or `video_too_large`.
    """
    path = Path(arguments["path"])
    container = video_container(path)
    width, height = shown_size(first_frame(path))
    last_frame(path)
    with open_video(path) as (file, stream):
        extent = measure(file, stream)
        return {
            "mime": container.mime,
            "width": width,
            "height": height,
            "duration": round(extent.seconds, 6),
            "fps": _rate(stream, extent),
            "frames": extent.frames,
            "codec": stream.codec_context.codec.canonical_name,
            "audio_codec": _sound_codec(file),
            "faststart": container.faststart,
        }


def probe_audio(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """A sound: `{"path"}` in, `{"mime", "duration", "codec"}` out once its end has been decoded.

    Raises `TaskFailed` with `not_audio`, `truncated`, `no_audio_stream` or `damaged_audio`.
    """
    path = Path(arguments["path"])
    container = sound_container(path)
    if last_samples(path) is None:
        raise TaskFailed("damaged_audio", "The sound is damaged: its end cannot be decoded.")
    with open_sound(path) as (file, stream):
        return {
            "mime": _SOUND_MIMES.get(container.mime, container.mime),
            "duration": round(measure(file, stream).seconds, 6),
            "codec": stream.codec_context.codec.canonical_name,
        }


def _rate(stream: VideoStream, extent: Extent) -> float:
    """Frames a second: as the file states it, else as it comes out."""
    if stream.average_rate:
        return round(float(stream.average_rate), 3)
    return round(extent.frames / extent.seconds, 3) if extent.seconds else 0.0


def _sound_codec(file: InputContainer) -> str | None:
    """`unknown` for a track that is there and cannot be decoded."""
    if not file.streams.audio:
        return None
    context = cast("AudioCodecContext | None", file.streams.audio[0].codec_context)
    return context.codec.canonical_name if context else "unknown"
