"""The wire's shapes, in and out. `parse` turns a body into a `VideoRequest`; nothing else reads a body.

Types are exact (`8.0` is the integer 8, `"8"` is not), `null` means absent, and keys that nobody knows are
collected with their paths, so that the catalogue can warn of them or refuse them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)
from pydantic_core import PydanticCustomError, to_json

from reelrouter.api.complaints import not_a_request, shown
from reelrouter.brand import Brand
from reelrouter.catalogue.request import Attribution, FrameImage, ProviderWish, Reference, VideoRequest
from reelrouter.errors import InvalidRequest, Problem

MOST_PROMPT = 100_000
"""Characters, whatever the model; most models take far fewer."""
MOST_REFERENCES = 64
"""More than any model takes; how many this one takes is the catalogue's to say."""
MOST_UNKNOWN = 100
"""Unknown keys that are named in warnings; a body with more of them was not written for this API."""
MOST_KEPT = 64 * 1024
"""Bytes of JSON of an object that is kept as it is."""
_MOST_NAMES = 200
_MOST_FRAMES = 16
_MOST_NAME = 256


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def as_amount(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    raise PydanticCustomError("amount_type", "must be a number")


def _kept(value: dict[str, Any]) -> dict[str, Any]:
    size = len(to_json(value))
    if size > MOST_KEPT:
        raise PydanticCustomError(
            "kept_too_large",
            "has {size} bytes as JSON; at most {most} are kept",
            {"size": size, "most": MOST_KEPT},
        )
    return value


def _few_keys(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if len(value) > MOST_UNKNOWN or any(len(key) > _MOST_NAME for key in value):
        raise PydanticCustomError(
            "too_many_keys",
            "must have at most {most} keys of at most {length} characters",
            {"most": MOST_UNKNOWN, "length": _MOST_NAME},
        )
    return value


Whole = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63), BeforeValidator(_whole)]
Text = Annotated[str, Field(strict=True)]
Name = Annotated[str, Field(strict=True, max_length=_MOST_NAME)]
Names = Annotated[list[Annotated[Name, Field(min_length=1)]], Field(max_length=_MOST_NAMES)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, le=10**9, allow_inf_nan=False), BeforeValidator(as_amount)]
Kept = Annotated[dict[str, Any], AfterValidator(_kept)]
Options = Annotated[dict[str, Annotated[dict[str, Any], BeforeValidator(_few_keys)]], BeforeValidator(_few_keys)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class UrlShape(_Shape):
    url: Text = Field(min_length=1)


class FrameImageShape(_Shape):
    """A picture that the video begins or ends with, exactly."""

    type: Literal["image_url"]
    image_url: UrlShape
    frame_type: Literal["first_frame", "last_frame"]


class ImageReferenceShape(_Shape):
    type: Literal["image_url"]
    image_url: UrlShape


class AudioReferenceShape(_Shape):
    type: Literal["audio_url"]
    audio_url: UrlShape


class VideoReferenceShape(_Shape):
    type: Literal["video_url"]
    video_url: UrlShape


def _kind_of_reference(value: object) -> str | None:
    found = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return found if isinstance(found, str) else None


_Image = Annotated[ImageReferenceShape, Tag("image_url")]
_Audio = Annotated[AudioReferenceShape, Tag("audio_url")]
_Video = Annotated[VideoReferenceShape, Tag("video_url")]
ReferenceShape = Annotated[_Image | _Audio | _Video, Discriminator(_kind_of_reference)]


class ProviderShape(_Shape):
    """How the job may be routed, and options that go to the serving provider alone."""

    options: Options | None = None
    order: Names | None = None
    only: Names | None = None
    ignore: Names | None = None
    allow_fallbacks: Flag | None = None
    sort: Literal["price", "latency"] | None = None
    max_price: Amount | None = None
    zdr: Flag | None = None
    require_parameters: Flag | None = None


class VideoBody(_Shape):
    """The body of `POST /videos`."""

    model: Name = Field(min_length=1, description="A model's id, its dated slug, or an alias.")
    prompt: Text | None = Field(None, max_length=MOST_PROMPT, description="What the video should show.")
    models: Names | None = Field(
        None,
        description="Models to fall back to, in this order: at the submit, and while the job runs, when the "
        "endpoints of the model before have refused it, or failed without billing it.",
    )
    duration: Whole | None = Field(None, ge=1, description="Seconds; one of the model's durations.")
    resolution: Name | None = Field(None, description="One of the model's resolutions, such as 720p.")
    aspect_ratio: Name | None = Field(None, description="One of the model's ratios, such as 16:9.")
    size: Name | None = Field(None, description="Pixels as WIDTHxHEIGHT; wins over resolution and ratio.")
    frame_images: list[FrameImageShape] | None = Field(
        None, max_length=_MOST_FRAMES, description="Exact first and last frames."
    )
    input_references: list[ReferenceShape] | None = Field(
        None, max_length=MOST_REFERENCES, description="Material to be guided by."
    )
    generate_audio: Flag | None = Field(None, description="Whether the video has a sound track.")
    seed: Whole | None = Field(None, description="The same seed gives a similar video, where the model can.")
    callback_url: Text | None = Field(None, description="HTTPS address that is told of the end.")
    previous_job_id: Name | None = Field(None, description="A completed job to edit or to extend.")
    upscale_factor: Number | None = Field(None, gt=0, description="For upscaling models.")
    creativity: Whole | None = Field(None, description="For upscaling models.")
    provider: ProviderShape | None = None
    session_id: Text | None = Field(None, max_length=256, description="Groups jobs; never sent to a provider.")
    user: Text | None = Field(None, max_length=128, description="Your user's id; never sent to a provider.")
    trace: Kept | None = Field(None, description="Kept with the job; never sent to a provider.")


def parse(body: object, headers: Mapping[str, str], brand: Brand) -> VideoRequest:
    """A decoded JSON body to the caller's wish. Raises `InvalidRequest` with every wrong field at once."""
    if not isinstance(body, dict):
        raise InvalidRequest([Problem("", "The body must be a JSON object.")])
    try:
        shape = VideoBody.model_validate(body)
    except ValidationError as error:
        raise not_a_request(error) from None
    return _request(shape, headers, brand)


def _request(shape: VideoBody, headers: Mapping[str, str], brand: Brand) -> VideoRequest:
    return VideoRequest(
        model=shape.model,
        models=tuple(shape.models or ()),
        prompt=shape.prompt,
        duration=shape.duration,
        resolution=shape.resolution,
        aspect_ratio=shape.aspect_ratio,
        size=shape.size,
        frame_images=tuple(
            FrameImage(url=frame.image_url.url, frame_type=frame.frame_type) for frame in shape.frame_images or ()
        ),
        references=tuple(_reference(reference) for reference in shape.input_references or ()),
        generate_audio=shape.generate_audio,
        seed=shape.seed,
        callback_url=shape.callback_url,
        previous_job_id=shape.previous_job_id,
        upscale_factor=shape.upscale_factor,
        creativity=shape.creativity,
        provider=_wish(shape.provider),
        attribution=_attribution(shape, headers, brand),
        unknown=_unknown_keys(shape),
    )


def _reference(shape: ImageReferenceShape | AudioReferenceShape | VideoReferenceShape) -> Reference:
    match shape:
        case ImageReferenceShape():
            return Reference(kind="image", url=shape.image_url.url)
        case AudioReferenceShape():
            return Reference(kind="audio", url=shape.audio_url.url)
        case VideoReferenceShape():
            return Reference(kind="video", url=shape.video_url.url)


def _wish(shape: ProviderShape | None) -> ProviderWish:
    if shape is None:
        return ProviderWish()
    return ProviderWish(
        options=shape.options or {},
        order=tuple(shape.order or ()),
        only=tuple(shape.only or ()),
        ignore=tuple(shape.ignore or ()),
        allow_fallbacks=shape.allow_fallbacks is not False,
        sort=shape.sort,
        max_price=shape.max_price,
        zdr=bool(shape.zdr),
        require_parameters=bool(shape.require_parameters),
    )


def _attribution(shape: VideoBody, headers: Mapping[str, str], brand: Brand) -> Attribution:
    return Attribution(
        referer=headers.get("http-referer"),
        title=headers.get(brand.header("Title")) or headers.get("x-title"),
        categories=headers.get(brand.header("Categories")),
        session_id=shape.session_id or headers.get("x-session-id"),
        user=shape.user,
        trace=shape.trace,
    )


def _unknown_keys(shape: VideoBody) -> tuple[str, ...]:
    found = tuple(islice(_unknown(shape, ""), MOST_UNKNOWN + 1))
    if len(found) > MOST_UNKNOWN:
        message = f"{found[-1]}: the body has more than {MOST_UNKNOWN} keys that are not parameters"
        raise InvalidRequest([Problem(found[-1], message)])
    return found


def _unknown(shape: BaseModel, path: str) -> Iterator[str]:
    """Paths of the keys that no shape knows, at any level."""
    for key in shape.model_extra or {}:
        yield f"{path}{shown(key)}"
    for name, value in shape.__dict__.items():
        if isinstance(value, BaseModel):
            yield from _unknown(value, f"{path}{name}.")
        elif isinstance(value, list):
            shapes = ((index, item) for index, item in enumerate(value) if isinstance(item, BaseModel))
            for index, item in shapes:
                yield from _unknown(item, f"{path}{name}[{index}].")
