"""The render task: from a prompt and the pictures beside it to an MP4. It runs in a child process."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from reelrouter.renderer.animatic.cards import CardFilm, CardSetting
from reelrouter.renderer.animatic.clip import Clip, first_frame_of, frames_of, last_frame_of, measured, scaled
from reelrouter.renderer.animatic.composed import EnlargedFilm, WeatheredFilm
from reelrouter.renderer.animatic.edit import paper_look
from reelrouter.renderer.animatic.encode import Encoding, Picture, encode, pictures_of
from reelrouter.renderer.animatic.film import Canvas, Film, Frame
from reelrouter.renderer.animatic.job import RenderJob, read_job
from reelrouter.renderer.animatic.morph import between
from reelrouter.renderer.animatic.palette import palette_of
from reelrouter.renderer.animatic.photo import PhotoFilm, fitted, load_picture
from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound
from reelrouter.renderer.animatic.scene import Scene
from reelrouter.renderer.animatic.sound import accompanied, read_sound, soundtrack
from reelrouter.renderer.animatic.stage import stage
from reelrouter.renderer.animatic.weather import overlay
from reelrouter.renderer.animatic.whereabouts import figures_span
from reelrouter.renderer.animatic.words import read_prompt
from reelrouter.work import Mode, Report, TaskFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """All that the encoder is given."""

    pictures: Iterator[Picture]
    frames: int
    fps: Fraction
    sound: Sound | None
    exact: frozenset[int] = frozenset()
    """Frames that were given and must be found again in the film."""


def render(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Make the film that the arguments ask for, and say what it became.

    The same arguments and input files give the same bytes, as far as `encode` promises it. Raises TaskFailed: see
    `job.read_job` for arguments that make no sense; `invalid_image`, `invalid_video` or `invalid_audio` for inputs
    that cannot be read.
    """
    cv2.setNumThreads(1)  # OpenCV's own threads would compete with the drawing threads and the encoder's.
    job = read_job(arguments)
    production = PRODUCTIONS[job.mode](job, read_prompt(job.prompt, job.seed))
    encoding = Encoding(
        path=job.output,
        width=job.width,
        height=job.height,
        fps=production.fps,
        frames=production.frames,
        comment=job.comment,
        exact=production.exact,
    )
    encode(production.pictures, production.sound, encoding, report)
    return {
        "frames": production.frames,
        "width": job.width,
        "height": job.height,
        "duration": float(production.frames / production.fps),
        "audio": production.sound is not None,
    }


def _from_text(job: RenderJob, scene: Scene) -> Production:
    return _drawn(job, stage(scene, job.canvas()), _soundtrack(job, scene), {})


def _from_references(job: RenderJob, scene: Scene) -> Production:
    """Pictures and the first frames of videos as cards; recordings are heard over the scene's own sound."""
    pictures = [_card(reference.path, reference.kind) for reference in job.references if reference.kind != "audio"]
    canvas = job.canvas()
    film = stage(scene, canvas, palette_of(pictures) if pictures else None)
    if pictures:
        figures = figures_span(scene, canvas)
        film = CardFilm(film, pictures, CardSetting(canvas=canvas, camera=scene.camera, figures=figures))
    sound = _soundtrack(job, scene)
    recordings = [_recording(path, job.duration) for path in job.of_kind("audio")]
    if sound is not None and recordings:
        sound = accompanied(recordings, sound)
    return _drawn(job, film, sound, {})


def _from_frames(job: RenderJob, scene: Scene) -> Production:
    size = (job.width, job.height)
    first = None if job.first_frame is None else fitted(load_picture(job.first_frame), *size)
    last = None if job.last_frame is None else fitted(load_picture(job.last_frame), *size)
    return _between(job, scene, first, last)


def _continued(job: RenderJob, scene: Scene) -> Production:
    """On from where a video ended, or from the picture that is given in its place."""
    videos = job.of_kind("video")
    if job.first_frame is not None:
        first = fitted(load_picture(job.first_frame), job.width, job.height)
    elif videos:
        first = scaled(last_frame_of(videos[0]), job.width, job.height)
    else:
        raise TaskFailed("invalid_input", "mode continue needs a first_frame or a reference of the kind video")
    return _between(job, scene, first, None)


def _edited(job: RenderJob, scene: Scene) -> Production:
    """The first video cut from paper in the light of prompt and pictures, behind the prompt's weather."""
    clip = measured(job.of_kind("video")[0])
    pictures = [load_picture(path) for path in job.of_kind("image")]
    look = paper_look(scene, (job.width, job.height), palette_of(pictures) if pictures else None)
    fps = max(1, round(clip.fps))
    canvas = Canvas(width=job.width, height=job.height, fps=fps, frames=clip.frames, seed=job.seed)
    weather = overlay(scene, canvas, hold_first=False)

    def cut(frame: Frame, index: int) -> Frame:
        return weather(look(scaled(frame, job.width, job.height)), index)

    return _from_clip(
        job, scene, clip, (partial(cut, frame, index) for index, frame in enumerate(frames_of(clip)))
    )


def _upscaled(job: RenderJob, scene: Scene) -> Production:
    clip = measured(job.of_kind("video")[0])
    pictures = (partial(scaled, frame, job.width, job.height) for frame in frames_of(clip))
    return _from_clip(job, scene, clip, pictures)


PRODUCTIONS: Mapping[Mode, Callable[[RenderJob, Scene], Production]] = {
    "text": _from_text,
    "frames": _from_frames,
    "references": _from_references,
    "edit": _edited,
    "upscale": _upscaled,
    "continue": _continued,
}


def _between(job: RenderJob, scene: Scene, first: Frame | None, last: Frame | None) -> Production:
    """From the first picture, to the last, or from the one to the other; both have the film's full size."""
    canvas = job.canvas()
    weather = overlay(scene, canvas, hold_first=first is not None, hold_last=last is not None)
    film = WeatheredFilm(_moving(scene, canvas, first, last), weather)
    ends = {0: first, job.frames - 1: last}
    exact = {index: frame for index, frame in ends.items() if frame is not None}
    return _drawn(job, film, _soundtrack(job, scene), exact)


def _moving(scene: Scene, canvas: Canvas, first: Frame | None, last: Frame | None) -> Film:
    small_first = None if first is None else scaled(first, canvas.width, canvas.height)
    small_last = None if last is None else scaled(last, canvas.width, canvas.height)
    if small_first is not None and small_last is not None:
        return between(small_first, small_last, canvas, scene.camera)
    if small_first is not None:
        return PhotoFilm(small_first, canvas, scene.camera)
    if small_last is not None:
        return PhotoFilm(small_last, canvas, scene.camera, ends_exact=True)
    raise TaskFailed("invalid_input", "a film from frames needs a first_frame or a last_frame")


def _drawn(job: RenderJob, film: Film, sound: Sound | None, exact: Mapping[int, Frame]) -> Production:
    canvas = job.canvas()
    if (canvas.width, canvas.height) != (job.width, job.height):
        film = EnlargedFilm(film, (job.width, job.height), exact)
    return Production(
        pictures=pictures_of(film, job.frames),
        frames=job.frames,
        fps=Fraction(job.fps),
        sound=sound,
        exact=frozenset(exact),
    )


def _from_clip(job: RenderJob, scene: Scene, clip: Clip, pictures: Iterator[Picture]) -> Production:
    """With the video's own sound; a silent one gets the scene's, so that asking for sound is never in vain."""
    sound = None
    if job.audio:
        own = read_sound(clip.path, clip.seconds)
        sound = soundtrack(scene, clip.seconds, job.seed) if own is None else _to_length(own, clip.seconds)
    return Production(pictures=pictures, frames=clip.frames, fps=clip.fps, sound=sound)


def _soundtrack(job: RenderJob, scene: Scene) -> Sound | None:
    return soundtrack(scene, job.duration, job.seed) if job.audio else None


def _card(path: Path, kind: str) -> Image.Image:
    return load_picture(path) if kind == "image" else Image.fromarray(first_frame_of(path))


def _recording(path: Path, seconds: float) -> Sound:
    try:
        sound = read_sound(path, seconds)
    except av.error.FFmpegError as error:
        raise TaskFailed("invalid_audio", f"the recording {path.name} could not be decoded") from error
    if sound is None:
        raise TaskFailed("invalid_audio", f"the recording {path.name} holds no sound")
    return sound


def _to_length(sound: Sound, seconds: float) -> Sound:
    """Followed by silence up to the film's end, and never louder than full scale."""
    missing = max(0, round(seconds * SAMPLE_RATE) - sound.shape[1])
    return np.clip(np.pad(sound, ((0, 0), (0, missing))), -1, 1)
