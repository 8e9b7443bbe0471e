"""The pixels that a checked request comes to: those asked for, or those of the video that is given."""

from decimal import Decimal

from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.lengths import unreadable
from reelrouter.catalogue.model import ModelSpec, Shape
from reelrouter.catalogue.request import Inputs, VideoRequest
from reelrouter.catalogue.sizes import SHORT_SIDES, cut_to, floor_even, nearest_ratio, size_name
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.work import Media

PREFERRED_RESOLUTION = "720p"
PREFERRED_ASPECT_RATIO = "16:9"
SIDES = (16, 8192)
"""Pixels of the sides of a video that can be made."""
MOST_PIXELS = 5760 * 3240
"""1080p three times as wide: to encode much more takes more memory than a child process of the renderer has."""


def shape_of(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Shape:
    """Raises `InvalidRequest` where an input's size is needed and unknown, or leads to what cannot be made."""
    return _from_input(request, model, inputs) if model.pixels == "input" else _asked(request, model, inputs)


def upscale_factor(request: VideoRequest, model: ModelSpec) -> float | None:
    return model.defaults.upscale_factor if request.upscale_factor is None else request.upscale_factor


def _asked(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Shape:
    if request.size is not None:
        return model.sizes[request.size]
    resolution = request.resolution or _default_resolution(model, inputs)
    aspect_ratio = request.aspect_ratio or _default_aspect_ratio(model, inputs)
    return model.shapes[f"{resolution} {aspect_ratio}"]


def _default_resolution(model: ModelSpec, inputs: Inputs) -> str:
    """That of the video that is continued, else the row's default, else 720p, else the lowest."""
    listed = model.supported_resolutions or ()
    before = inputs.previous
    same = (shape for shape in model.shapes.values() if before and _has_pixels(before, shape))
    if (shape := next(same, None)) and shape.resolution:
        return shape.resolution
    if model.defaults.resolution is not None:
        return model.defaults.resolution
    return PREFERRED_RESOLUTION if PREFERRED_RESOLUTION in listed else min(listed, key=SHORT_SIDES.__getitem__)


def _has_pixels(media: Media, shape: Shape) -> bool:
    return (media.width, media.height) == (shape.width, shape.height)


def _default_aspect_ratio(model: ModelSpec, inputs: Inputs) -> str:
    """What crops the video that is continued least, else the row's default, else the frame's, else 16:9."""
    listed = model.supported_aspect_ratios or ()
    before = inputs.previous
    if before is not None and before.width and before.height:
        return nearest_ratio(before.width, before.height, listed)
    if model.defaults.aspect_ratio is not None:
        return model.defaults.aspect_ratio
    frame = inputs.first_frame or inputs.last_frame
    if frame is not None and frame.width and frame.height:
        return nearest_ratio(frame.width, frame.height, listed)
    return PREFERRED_ASPECT_RATIO if PREFERRED_ASPECT_RATIO in listed else listed[0]


def _from_input(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Shape:
    """The video's own pixels times the factor, cut to a ratio if one is asked for."""
    video = next((media for media in inputs.references if media.kind == "video"), None)
    if video is None or not video.width or not video.height:
        raise unreadable(_video_field(request, model), "video", "width and height")
    times = Decimal(str(upscale_factor(request, model) or 1))
    width, height = int(video.width * times), int(video.height * times)
    if request.aspect_ratio is not None:
        width, height = cut_to(request.aspect_ratio, width, height)
    shape = Shape(
        width=floor_even(width), height=floor_even(height), resolution=None, aspect_ratio=request.aspect_ratio
    )
    if not _can_be_made(shape):
        most = min(SIDES[1] / max(video.width, video.height), (MOST_PIXELS / (video.width * video.height)) ** 0.5)
        raise InvalidRequest([_cannot_be_made(request, model, shape, most)])
    return shape


def _video_field(request: VideoRequest, model: ModelSpec) -> str:
    return next((url.field for url in wanted(request, model) if url.kind == "video"), "input_references")


def _can_be_made(shape: Shape) -> bool:
    low, high = SIDES
    short, long = sorted((shape.width, shape.height))
    return low <= short and long <= high and short * long <= MOST_PIXELS


def _cannot_be_made(request: VideoRequest, model: ModelSpec, shape: Shape, most: float) -> Problem:
    """`most` is the factor from which on the video would become too large."""
    low, high = SIDES
    limits = f"what can be made has sides of {low} to {high} pixels, and {MOST_PIXELS} pixels in all"
    came_to = f"would make {size_name(shape.width, shape.height)} pixels"
    factor, allowed = upscale_factor(request, model), model.upscale_factor
    if factor is None or allowed is None or not allowed.min <= most < factor:
        return Problem(_video_field(request, model), f"{model.id} {came_to} of this video; {limits}")
    up_to = int(min(most, allowed.max) * 100) / 100
    return Problem("upscale_factor", f"upscale_factor {factor:g} {came_to}; {limits}", (allowed.min, up_to))
