"""The wire's shapes, in and out. `parse` turns a body into a `VideoRequest`; nothing else reads a body.

Types are exact (`8.0` is the integer 8, `"8"` is not), `null` means absent, and keys that nobody knows are
collected with their paths, so that the catalogue can warn of them or refuse them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from reelrouter.catalogue.request import Attribution, FrameImage, ProviderWish, Reference, VideoRequest
from reelrouter.errors import InvalidRequest, Problem


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Text = Annotated[str, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


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

    options: dict[str, dict[str, Any]] | None = None
    order: list[Text] | None = None
    only: list[Text] | None = None
    ignore: list[Text] | None = None
    allow_fallbacks: Flag | None = None
    sort: Literal["price", "latency"] | None = None
    max_price: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] | None = None
    zdr: Flag | None = None
    require_parameters: Flag | None = None


class VideoBody(_Shape):
    """The body of `POST /videos`."""

    model: Text = Field(min_length=1, description="A model's id, its dated slug, or an alias.")
    prompt: Text | None = Field(None, description="What the video should show.")
    models: list[Text] | None = Field(None, description="Models to fall back to, in this order.")
    duration: Whole | None = Field(None, ge=1, description="Seconds; one of the model's durations.")
    resolution: Text | None = Field(None, description="One of the model's resolutions, such as 720p.")
    aspect_ratio: Text | None = Field(None, description="One of the model's ratios, such as 16:9.")
    size: Text | None = Field(None, description="Pixels as WIDTHxHEIGHT; wins over resolution and ratio.")
    frame_images: list[FrameImageShape] | None = Field(None, description="Exact first and last frames.")
    input_references: list[ReferenceShape] | None = Field(None, description="Material to be guided by.")
    generate_audio: Flag | None = Field(None, description="Whether the video has a sound track.")
    seed: Annotated[Whole, Field(ge=-(2**63), lt=2**63)] | None = Field(
        None, description="The same seed gives a similar video, where the model can."
    )
    callback_url: Text | None = Field(None, description="HTTPS address that is told of the end.")
    previous_job_id: Text | None = Field(None, description="A completed job to edit or to extend.")
    upscale_factor: Number | None = Field(None, gt=0, description="For upscaling models.")
    creativity: Whole | None = Field(None, description="For upscaling models.")
    provider: ProviderShape | None = None
    session_id: Text | None = Field(None, max_length=256, description="Groups jobs; never sent to a provider.")
    user: Text | None = Field(None, max_length=128, description="Your user's id; never sent to a provider.")
    trace: dict[str, Any] | None = Field(None, description="Kept with the job; never sent to a provider.")


def parse(body: object, headers: Mapping[str, str]) -> VideoRequest:
    """A decoded JSON body to the caller's wish. Raises `InvalidRequest` with every wrong field at once."""
    if not isinstance(body, dict):
        raise InvalidRequest([Problem("", "The body must be a JSON object.")])
    try:
        shape = VideoBody.model_validate(body)
    except ValidationError as error:
        raise InvalidRequest([_problem(detail) for detail in error.errors(include_url=False)]) from None
    return _request(shape, headers)


def _request(shape: VideoBody, headers: Mapping[str, str]) -> VideoRequest:
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
        attribution=_attribution(shape, headers),
        unknown=tuple(_unknown(shape, "")),
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


def _attribution(shape: VideoBody, headers: Mapping[str, str]) -> Attribution:
    return Attribution(
        referer=headers.get("http-referer"),
        title=headers.get("x-openrouter-title") or headers.get("x-title"),
        categories=headers.get("x-openrouter-categories"),
        session_id=shape.session_id or headers.get("x-session-id"),
        user=shape.user,
        trace=shape.trace,
    )


def _unknown(shape: BaseModel, path: str) -> Iterator[str]:
    """Paths of the keys that no shape knows, at any level."""
    for key in shape.model_extra or {}:
        yield f"{path}{key}"
    for name, value in shape.__dict__.items():
        if isinstance(value, BaseModel):
            yield from _unknown(value, f"{path}{name}.")
        elif isinstance(value, list):
            shapes = ((index, item) for index, item in enumerate(value) if isinstance(item, BaseModel))
            for index, item in shapes:
                yield from _unknown(item, f"{path}{name}[{index}].")


_TYPE_WORDS = {
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "missing": "is required",
    "finite_number": "must be a finite number",
}


def _problem(detail: ErrorDetails) -> Problem:
    field = _path(detail["loc"])
    context = detail.get("ctx") or {}
    kind = detail["type"]
    if kind == "literal_error":
        field_of = _ALLOWED.get(str(detail["loc"][-1]), ())
        return Problem(field, f"{field} must be one of: {', '.join(field_of)}", field_of)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return Problem(
            f"{field}.type", f"{field}.type must be one of: {', '.join(_REFERENCE_TYPES)}", _REFERENCE_TYPES
        )
    words = _TYPE_WORDS.get(kind)
    if words is None:
        words = _LIMIT_WORDS[kind].format(**context) if kind in _LIMIT_WORDS else detail["msg"].lower()
    return Problem(field, f"{field} {words}")


_REFERENCE_TYPES = ("image_url", "audio_url", "video_url")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "frame_type": ("first_frame", "last_frame"),
    "sort": ("price", "latency"),
    "type": ("image_url",),
}
_LIMIT_WORDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be greater than {gt}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
}


def _path(location: tuple[int | str, ...]) -> str:
    """`("frame_images", 0, "image_url", "url")` as `frame_images[0].image_url.url`; union tags are left out."""
    path = ""
    for index, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
        elif index == 2 and location[0] == "input_references":  # the tag by which the shape was chosen
            continue
        else:
            path += f".{part}" if path else part
    return path
