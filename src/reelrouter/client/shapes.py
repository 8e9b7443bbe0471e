"""The seconds and the pixels that a request comes to with a model, as far as its row tells."""

import re
from dataclasses import dataclass
from decimal import Decimal

from reelrouter.catalogue.sizes import SHORT_SIDES, named_pixels, nearest_ratio, parse_size, size_name
from reelrouter.client.results import Model
from reelrouter.client.wishes import Wish

USUAL_SECONDS = 5
USUAL_RESOLUTION = "720p"
USUAL_ASPECT_RATIO = "16:9"
USUAL_FACTOR = 2.0
"""Of upscaling, where the row allows it."""
INPUT_PIXELS = (1280, 720)
"""Assumed of a video that is given, where length and size follow it."""

_RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The pixels that a video would have, and what a row calls them."""

    width: int
    height: int
    resolution: str | None
    aspect_ratio: str | None


class Unlisted(LookupError):
    """The row has no such picture; the message says which."""


def follows_input(model: Model) -> bool:
    """Whether a row leaves the length open, which then is that of a video or a sound that is given."""
    return not model.supported_durations


def works_on_video(model: Model) -> bool:
    """Whether a row leaves both length and size open: such a model changes a video that it is given."""
    return follows_input(model) and not model.supported_resolutions


def seconds_of(wish: Wish, model: Model) -> Decimal:
    """Those asked for, else 5 if the row lists them, else the least above, else the greatest."""
    if wish.duration is not None:
        return Decimal(wish.duration)
    listed = [length for length in model.supported_durations or () if length > 0] or [USUAL_SECONDS]
    return Decimal(min((length for length in listed if length >= USUAL_SECONDS), default=max(listed)))


def picture_of(wish: Wish, model: Model) -> Picture:
    """The pixels asked for, with the usual resolution and ratio where the request is silent. Raises `Unlisted`."""
    if not model.supported_resolutions:
        width, height = (int(side * factor_of(wish, model)) for side in INPUT_PIXELS)
        return Picture(width=width, height=height, resolution=None, aspect_ratio=wish.aspect_ratio)
    known = pictures(model)
    if wish.size is not None and wish.size in known:
        return known[wish.size]
    resolution, ratio = wish.resolution or _usual_resolution(model), wish.aspect_ratio or _usual_ratio(model)
    fitting = [shape for shape in known.values() if (shape.resolution, shape.aspect_ratio) == (resolution, ratio)]
    if not fitting:
        raise Unlisted(f"{model.id} lists no {resolution} at {ratio}")
    return fitting[0]


def pictures(model: Model) -> dict[str, Picture]:
    """The sizes that a row lists or implies, by name; of two for one resolution and ratio the exact one first.

    A listed size that no resolution's name gives belongs to the resolution with about as many pixels.
    """
    named = {
        size_name(*named_pixels(resolution, ratio)): (resolution, ratio)
        for resolution in model.supported_resolutions or ()
        for ratio in _ratios(model) or (USUAL_ASPECT_RATIO,)
        if resolution in SHORT_SIDES
    }
    listed = {size: pixels for size in model.supported_sizes or () if (pixels := parse_size(size))}
    own = {size: _nearest(model, *pixels) for size, pixels in listed.items() if size not in named}
    return {
        size: Picture(width=pixels[0], height=pixels[1], resolution=resolution, aspect_ratio=ratio)
        for size, (resolution, ratio) in {**own, **named}.items()
        if (pixels := parse_size(size))
    }


def factor_of(wish: Wish, model: Model) -> float:
    """How many times larger a video comes back; what is asked for is not judged here."""
    allowed = model.upscale_factor
    if wish.upscale_factor is not None or allowed is None:
        return wish.upscale_factor or 1.0
    return min(max(USUAL_FACTOR, allowed.min), allowed.max)


def _nearest(model: Model, width: int, height: int) -> tuple[str, str]:
    ratio = nearest_ratio(width, height, _ratios(model) or (USUAL_ASPECT_RATIO,))
    known = [name for name in model.supported_resolutions or () if name in SHORT_SIDES] or [USUAL_RESOLUTION]

    def distance(resolution: str) -> float:
        across, down = named_pixels(resolution, USUAL_ASPECT_RATIO)
        area, ours = across * down, width * height
        return max(area / ours, ours / area)

    return min(known, key=distance), ratio


def _ratios(model: Model) -> tuple[str, ...]:
    return tuple(ratio for ratio in model.supported_aspect_ratios or () if _RATIO.fullmatch(ratio))


def _usual_resolution(model: Model) -> str:
    listed = [name for name in model.supported_resolutions or () if name in SHORT_SIDES]
    if not listed:
        raise Unlisted(f"{model.id} lists no resolution whose pixels are known")
    return USUAL_RESOLUTION if USUAL_RESOLUTION in listed else min(listed, key=SHORT_SIDES.__getitem__)


def _usual_ratio(model: Model) -> str:
    listed = _ratios(model)
    return listed[0] if listed and USUAL_ASPECT_RATIO not in listed else USUAL_ASPECT_RATIO
