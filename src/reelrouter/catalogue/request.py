"""What the HTTP edge parses a submit into: typed, and not yet held against any model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from reelrouter.work import Media, MediaKind

FrameType = Literal["first_frame", "last_frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameImage:
    url: str
    frame_type: FrameType


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    kind: MediaKind
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderWish:
    """The body's `provider` object, with its header twin and the defaults already merged in."""

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By slug, each with or without the inner `parameters`."""
    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allowed: frozenset[str] | None = None
    """What the caller's workspace allows, by endpoint or provider; no request can say so. None is all."""
    allow_fallbacks: bool = True
    sort: Literal["price", "latency"] | None = None
    max_price: Decimal | None = None
    """US dollars for the whole job."""
    zdr: bool = False
    require_parameters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Whose request it is, in the client's own words; kept on the job, never sent to a vendor."""

    referer: str | None = None
    title: str | None = None
    categories: str | None = None
    session_id: str | None = None
    user: str | None = None
    trace: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """One submit. None is absence; nothing has been defaulted."""

    model: str
    models: tuple[str, ...] = ()
    """Fallback model ids, in order."""
    prompt: str | None = None
    duration: int | None = None
    """Seconds."""
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    """`WIDTHxHEIGHT`."""
    frame_images: tuple[FrameImage, ...] = ()
    references: tuple[Reference, ...] = ()
    """The body's `input_references`."""
    generate_audio: bool | None = None
    seed: int | None = None
    callback_url: str | None = None
    previous_job_id: str | None = None
    upscale_factor: float | None = None
    creativity: int | None = None
    provider: ProviderWish = field(default_factory=ProviderWish)
    attribution: Attribution = field(default_factory=Attribution)
    unknown: tuple[str, ...] = ()
    """Paths of keys that the edge did not know, at any level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What intake made of the request's URLs, and what it goes on from.

    Empty where a price is asked for and nothing was fetched.
    """

    first_frame: Media | None = None
    last_frame: Media | None = None
    references: tuple[Media, ...] = ()
    previous: Media | None = None
    """The finished video of the job that is continued; whoever calls `check` looks it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUrl:
    """One input that a request names, and where in the body it stands."""

    field: str
    """E.g. `frame_images[0].image_url.url`."""
    kind: MediaKind
    role: Literal["first_frame", "last_frame", "reference"]
    url: str


def input_urls(request: VideoRequest) -> tuple[InputUrl, ...]:
    """Every input of a request, in the body's order: frames, then references."""
    if not request.frame_images and not request.references:
        return ()  # most requests; it is asked for several times in each
    frames = (
        InputUrl(field=f"frame_images[{index}].image_url.url", kind="image", role=frame.frame_type, url=frame.url)
        for index, frame in enumerate(request.frame_images)
    )
    references = (
        InputUrl(
            field=f"input_references[{index}].{reference.kind}_url.url",
            kind=reference.kind,
            role="reference",
            url=reference.url,
        )
        for index, reference in enumerate(request.references)
    )
    return (*frames, *references)
