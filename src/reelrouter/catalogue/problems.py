"""The first class of trouble: what a model cannot do, and a request may not be bent to fit.

Everything here can be said before any input is fetched.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reelrouter.catalogue.inputs import mode_of, wanted
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import VideoRequest, input_urls
from reelrouter.catalogue.script import take_apart
from reelrouter.catalogue.sizes import parse_size
from reelrouter.errors import Problem
from reelrouter.work import MediaKind

SESSION_ID_LENGTH = 256
USER_LENGTH = 128

_JOB_ID = re.compile(r"gen-vid-[0-9]+-[0-9A-Za-z]{20}")
_KINDS: tuple[MediaKind, ...] = ("image", "video", "audio")


def refusals(request: VideoRequest, model: ModelSpec, *, test: bool) -> tuple[Problem, ...]:
    """Every problem, in the order in which the contract lists the fields."""
    found = list(_prompt(request, model, test=test))
    for rule in _RULES:
        found.extend(rule(request, model))
    return tuple(found)


def _prompt(request: VideoRequest, model: ModelSpec, *, test: bool) -> Iterator[Problem]:
    if request.prompt is None or not request.prompt.strip():
        yield from _missing_prompt(request, model)
        return
    text = request.prompt
    if test:
        reading = take_apart(text)
        yield from reading.problems
        text = reading.prompt
    limit = model.prompt_max_length
    if limit is not None and len(text) > limit:
        yield Problem(
            "prompt",
            f"The prompt has {len(text)} characters; {model.id} takes at most {limit}",
            error_type="invalid_prompt",
        )


def _missing_prompt(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if model.length == "audio" and any(url.kind == "audio" for url in wanted(request, model)):
        return  # what is to be said is in the recording
    if model.length == "audio":
        message = f"{model.id} requires a prompt when no audio input is given: it is what the picture says"
        yield Problem("prompt", message, error_type="invalid_prompt")
    elif model.prompt == "required":
        yield Problem("prompt", f"{model.id} requires a prompt", error_type="invalid_prompt")
    elif not wanted(request, model):
        yield Problem(
            "prompt",
            f"{model.id} requires a prompt when no image, video or audio input is given",
            error_type="invalid_prompt",
        )


def _duration(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.duration is None or request.duration in (model.supported_durations or ()):
        return
    message = f"Duration {request.duration}s is not supported for this model. Supported durations: "
    if model.supported_durations is None:
        yield Problem("duration", f"{message}none, since the video is as long as its input; leave it out", ())
        return
    durations = sorted(model.supported_durations)
    yield Problem("duration", f"{message}{_listed(durations)}s", durations)


def _resolution(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    asked, allowed = request.resolution, model.supported_resolutions
    if asked is not None and asked not in (allowed or ()):
        yield _unsupported("resolution", "Resolution", asked, allowed)


def _aspect_ratio(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    asked, allowed = request.aspect_ratio, model.supported_aspect_ratios
    if asked is not None and asked not in (allowed or ()):
        yield _unsupported("aspect_ratio", "Aspect ratio", asked, allowed)


def _size(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    size = request.size
    if size is None:
        return
    shape = model.sizes.get(size)
    if shape is None:
        malformed = parse_size(size) is None
        hint = " A size is written WIDTHxHEIGHT, in pixels." if malformed else ""
        problem = _unsupported("size", "Size", size, model.supported_sizes or tuple(model.sizes) or None)
        yield Problem("size", problem.message + hint, problem.allowed)
        return
    names = {"resolution": shape.resolution, "aspect_ratio": shape.aspect_ratio}
    asked = {"resolution": request.resolution, "aspect_ratio": request.aspect_ratio}
    against = [f"{name} {asked[name]}" for name in names if asked[name] not in (None, names[name])]
    if against:
        yield Problem(
            "size",
            f"size {size} contradicts {' and '.join(against)}: it is {shape.resolution} at "
            f"{shape.aspect_ratio}. Send either size, or resolution and aspect_ratio",
        )


def _unsupported(field: str, title: str, asked: str, allowed: Sequence[str] | None) -> Problem:
    message = f"{title} {asked} is not supported for this model. Supported {title.lower()}s: "
    if allowed is None:
        return Problem(field, f"{message}none, since the video has its input's pixels; leave it out", ())
    return Problem(field, message + _listed(allowed), tuple(allowed))


def _frame_images(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    allowed = model.supported_frame_images
    if request.frame_images and allowed is None:
        yield Problem("frame_images", f"{model.id} does not take frame images", ())
        return
    seen: set[str] = set()
    for index, frame in enumerate(request.frame_images):
        field = f"frame_images[{index}].frame_type"
        if frame.frame_type not in (allowed or ()):
            message = f"{model.id} does not take a {frame.frame_type}. Supported frame types: "
            yield Problem(field, message + _listed(allowed or ()), allowed)
        elif frame.frame_type in seen:
            yield Problem(field, f"There is already a {frame.frame_type}; a video has one of each")
        seen.add(frame.frame_type)
    if seen == {"last_frame"} and "last_frame" in (allowed or ()) and not model.last_frame_alone:
        yield Problem("frame_images", f"{model.id} takes a last_frame only together with a first_frame")


def _references(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.frame_images or request.previous_job_id is not None:
        return  # frames win, and the references are named in the warnings; beside an earlier job neither has a use
    kept = {url.kind for url in wanted(request, model)}
    for kind in _KINDS:
        yield from _too_many(request, model, kind, dropped=kind != "image" and bool(kept))
    if kept == {"audio"} and not model.audio_alone:
        image, video = (model.references.of(kind) > 0 for kind in _KINDS[:2])
        seen = "a video" if not image else "an image or video" if video else "an image"
        yield Problem("input_references", f"An audio reference needs {seen} reference beside it; add one")


def _too_many(request: VideoRequest, model: ModelSpec, kind: MediaKind, *, dropped: bool) -> Iterator[Problem]:
    """`dropped`: references of this kind, if the model takes none, go into the warnings."""
    given = [url for url in input_urls(request) if url.role == "reference" and url.kind == kind]
    limit = model.references.of(kind)
    if limit == 0 and not dropped:
        for url in given:
            yield Problem(url.field, f"{model.id} does not take {kind} references")
    elif len(given) > limit > 0:
        yield Problem(
            "input_references", f"{model.id} takes at most {limit} {kind} references; {len(given)} were given"
        )


def _kind_of_job(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    """What is missing for the only kind of job that the model does."""
    mode = mode_of(request, model)
    has_video = any(url.kind == "video" for url in wanted(request, model))
    if mode in {"edit", "upscale"} and not has_video:
        yield Problem(
            "input_references",
            f"{model.id} works on a video: give it as an input_references item of type video_url",
        )
    elif mode == "text" and mode not in model.modes and not request.references:
        fields = {"frames": "frame_images", "references": "input_references"}
        needed = " or ".join(name for needed_mode, name in fields.items() if needed_mode in model.modes)
        yield Problem("prompt", f"{model.id} does not make videos from a prompt alone: add {needed}")
    elif mode == "references" and mode not in model.modes:
        yield Problem("input_references", f"{model.id} takes these references only beside a video to work on")


def _generate_audio(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.generate_audio and model.generate_audio is False and not model.always_sounds:
        yield Problem("generate_audio", f"{model.id} does not make sound", (False,))


def _previous_job(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.previous_job_id is None:
        return
    if "continue" not in model.modes:
        yield Problem("previous_job_id", f"{model.canonical_slug} does not support previous_job_id")
        return
    if not _JOB_ID.fullmatch(request.previous_job_id):
        yield Problem("previous_job_id", "A job id looks like gen-vid-<seconds>-<20 letters and digits>")
    given = {"frame_images": request.frame_images, "input_references": request.references}
    for field, items in given.items():
        if items:
            yield Problem(field, "A job with previous_job_id begins where that job's video ends; leave this out")


def _upscale_factor(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    asked, allowed = request.upscale_factor, model.upscale_factor
    if asked is None:
        return
    if allowed is None:
        yield Problem("upscale_factor", f"{model.id} does not upscale videos; leave it out")
    elif not allowed.min <= asked <= allowed.max:
        message = f"upscale_factor {asked:g} is outside {allowed.min:g} to {allowed.max:g}"
        yield Problem("upscale_factor", message, (allowed.min, allowed.max))


def _creativity(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    asked, allowed = request.creativity, model.creativity
    if asked is None or asked in (allowed or ()):
        return
    values = _listed(allowed) if allowed else "none; leave it out"
    message = f"creativity {asked} is not supported for this model. Supported values: {values}"
    yield Problem("creativity", message, allowed or ())


def _max_price(request: VideoRequest, _model: ModelSpec) -> Iterator[Problem]:
    limit = request.provider.max_price
    if limit is not None and (not limit.is_finite() or limit < 0):
        yield Problem("provider.max_price", "max_price is an amount of US dollars, 0 or more")


def _attribution(request: VideoRequest, _model: ModelSpec) -> Iterator[Problem]:
    said = request.attribution
    texts = (("session_id", said.session_id, SESSION_ID_LENGTH), ("user", said.user, USER_LENGTH))
    for field, text, limit in texts:
        if text is not None and len(text) > limit:
            yield Problem(field, f"{field} has {len(text)} characters; at most {limit} are kept")


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)


_RULES: tuple[Callable[[VideoRequest, ModelSpec], Iterator[Problem]], ...] = (
    _duration,
    _resolution,
    _aspect_ratio,
    _size,
    _frame_images,
    _references,
    _kind_of_job,
    _generate_audio,
    _previous_job,
    _upscale_factor,
    _creativity,
    _max_price,
    _attribution,
)
