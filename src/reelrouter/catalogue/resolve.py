"""Length, pixels and sound that a checked request comes to, with every default filled in."""

from dataclasses import dataclass
from decimal import Decimal

from reelrouter.catalogue.model import ModelSpec, Shape
from reelrouter.catalogue.request import Inputs, VideoRequest, input_urls
from reelrouter.catalogue.sizes import SHORT_SIDES, floor_even, nearest_ratio
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.work import Media

PREFERRED_DURATION = 5
PREFERRED_RESOLUTION = "720p"
PREFERRED_ASPECT_RATIO = "16:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What will be asked of the vendor, in full: no vendor's default may decide a length or a price."""

    duration: int | None
    """Seconds; None where the length follows the input."""
    width: int
    height: int
    resolution: str | None
    aspect_ratio: str | None
    fps: int
    audio: bool
    seed: int | None


def resolve(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Resolved:
    """Expects a request without refusals; raises `InvalidRequest` where an input's size is needed and unknown."""
    find_shape = _input_shape if model.pixels == "input" else _asked_shape
    shape = find_shape(request, model, inputs)
    return Resolved(
        duration=_duration(request, model),
        width=shape.width,
        height=shape.height,
        resolution=shape.resolution,
        aspect_ratio=shape.aspect_ratio,
        fps=model.fps,
        audio=_audio(request, model),
        seed=None if model.seed is False else request.seed,
    )


def seconds(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Decimal:
    """The seconds to price: those asked for, or the input video's."""
    asked = _duration(request, model)
    if asked is not None:
        return Decimal(asked)
    video = _input_video(inputs)
    if video is None or video.duration is None:
        raise _unknown(request, "length")
    return Decimal(str(video.duration))


def upscale_factor(request: VideoRequest, model: ModelSpec) -> float | None:
    return model.defaults.upscale_factor if request.upscale_factor is None else request.upscale_factor


def creativity(request: VideoRequest, model: ModelSpec) -> int | None:
    return model.defaults.creativity if request.creativity is None else request.creativity


def _duration(request: VideoRequest, model: ModelSpec) -> int | None:
    """Asked for, else the row's default, else 5, else the least above, else the greatest."""
    if model.supported_durations is None:
        return None
    if request.duration is not None:
        return request.duration
    if model.defaults.duration is not None:
        return model.defaults.duration
    long_enough = [length for length in model.supported_durations if length >= PREFERRED_DURATION]
    return min(long_enough, default=max(model.supported_durations))


def _asked_shape(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Shape:
    if request.size is not None:
        return model.sizes[request.size]
    resolution = request.resolution or _default_resolution(model)
    aspect_ratio = request.aspect_ratio or _default_aspect_ratio(model, inputs)
    return model.shapes[f"{resolution} {aspect_ratio}"]


def _default_resolution(model: ModelSpec) -> str:
    listed = model.supported_resolutions or ()
    if model.defaults.resolution is not None:
        return model.defaults.resolution
    return PREFERRED_RESOLUTION if PREFERRED_RESOLUTION in listed else min(listed, key=SHORT_SIDES.__getitem__)


def _default_aspect_ratio(model: ModelSpec, inputs: Inputs) -> str:
    """The row's default, else what crops the frame image least, else 16:9, else the first listed."""
    listed = model.supported_aspect_ratios or ()
    if model.defaults.aspect_ratio is not None:
        return model.defaults.aspect_ratio
    frame = inputs.first_frame or inputs.last_frame
    if frame is not None and frame.width and frame.height:
        return nearest_ratio(frame.width, frame.height, listed)
    return PREFERRED_ASPECT_RATIO if PREFERRED_ASPECT_RATIO in listed else listed[0]


def _input_shape(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Shape:
    video = _input_video(inputs)
    if video is None or not video.width or not video.height:
        raise _unknown(request, "width and height")
    factor = Decimal(str(upscale_factor(request, model) or 1))
    return Shape(
        width=floor_even(int(video.width * factor)),
        height=floor_even(int(video.height * factor)),
        resolution=None,
        aspect_ratio=None,
    )


def _input_video(inputs: Inputs) -> Media | None:
    return next((media for media in inputs.references if media.kind == "video"), None)


def _unknown(request: VideoRequest, what: str) -> InvalidRequest:
    field = next((url.field for url in input_urls(request) if url.kind == "video"), "input_references")
    return InvalidRequest([Problem(field, f"The {what} of this video could not be read, and the price needs it")])


def _audio(request: VideoRequest, model: ModelSpec) -> bool:
    capable = bool(model.generate_audio)
    if request.generate_audio is None or (capable and not model.audio_switch):
        return capable
    return request.generate_audio
