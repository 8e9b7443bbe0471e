"""What a model's TOML tables may hold, and the row that they become; each value is checked alone, see `audit`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reelrouter.catalogue.model import (
    Ability,
    Defaults,
    Endpoint,
    GenerationTime,
    ModelSpec,
    ReferenceLimits,
    Shape,
    UpscaleRange,
)
from reelrouter.catalogue.request import FrameType
from reelrouter.catalogue.sizes import ASPECT_RATIOS, SHORT_SIDES, named_pixels, parse_size, size_name
from reelrouter.work import Mode


def _resolution(name: str) -> str:
    if name not in SHORT_SIDES:
        raise ValueError(f"{name} is not a resolution; there are {', '.join(SHORT_SIDES)}")
    return name


def _aspect_ratio(name: str) -> str:
    if name not in ASPECT_RATIOS:
        raise ValueError(f"{name} is not an aspect ratio; there are {', '.join(ASPECT_RATIOS)}")
    return name


def _size(name: str) -> str:
    pixels = parse_size(name)
    if pixels is None:
        raise ValueError(f"{name} is not WIDTHxHEIGHT")
    if pixels[0] % 2 or pixels[1] % 2:
        raise ValueError(f"{name} has an odd side, which the video format cannot hold")
    return name


Resolution = Annotated[str, AfterValidator(_resolution)]
AspectRatio = Annotated[str, AfterValidator(_aspect_ratio)]
Size = Annotated[str, AfterValidator(_size)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EndpointTable(Table):
    provider: Text
    name: Text | None = None
    native: Text | dict[Mode, Text]
    passthrough: list[Text] = []
    option_slugs: list[Text] = []
    lacks: list[Ability] = []
    accounts: list[Text] = []
    zdr: bool = False


class _ReferencesTable(Table):
    image: Count = 0
    video: Count = 0
    audio: Count = 0


class _UpscaleTable(Table):
    min: float = Field(gt=0)
    max: float = Field(gt=0)


class _GenerationTimeTable(Table):
    median: float = Field(gt=0, allow_inf_nan=False)
    p90: float = Field(gt=0, allow_inf_nan=False)


class _DefaultsTable(Table):
    duration: Positive | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    upscale_factor: float | None = None
    creativity: Count | None = None


class ModelTable(Table):
    id: Text
    canonical_slug: Text
    name: Text
    created: Positive
    description: Text = Field(max_length=190)
    hugging_face_id: Text | None = None
    supported_resolutions: list[Resolution] | None = Field(default=None, min_length=1)
    supported_aspect_ratios: list[AspectRatio] | None = Field(default=None, min_length=1)
    supported_sizes: list[Size] | None = Field(default=None, min_length=1)
    supported_durations: list[Positive] | None = Field(default=None, min_length=1)
    supported_frame_images: list[FrameType] | None = Field(default=None, min_length=1)
    generate_audio: bool | None = None
    audio_switch: bool = True
    seed: bool | None = None
    upscale_factor: _UpscaleTable | None = None
    creativity: list[Count] | None = Field(default=None, min_length=1)
    references: _ReferencesTable = _ReferencesTable()
    last_frame_alone: bool = False
    audio_alone: bool = False
    prompt: Literal["required", "optional_with_input"]
    prompt_max_length: Positive | None = None
    fps: Positive = 24
    modes: list[Mode] = Field(min_length=1)
    length: Literal["asked", "video", "audio"] = "asked"
    longest_input: Positive | None = None
    pixels: Literal["asked", "input"] = "asked"
    generation_time: _GenerationTimeTable | None = None
    defaults: _DefaultsTable = _DefaultsTable()
    size_table: dict[Resolution, dict[AspectRatio, Size]] = {}
    pricing_skus: dict[Text, Text] = Field(min_length=1)
    endpoint: list[EndpointTable] = Field(min_length=1)
    aliases: list[Text] = []


class Misfit(Exception):
    """A table whose parts do not fit together, found while its pixels are worked out."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def spec_of(table: ModelTable) -> ModelSpec:
    shapes = _shapes(table)
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in table
        if name in ModelSpec.__dataclass_fields__
    }
    plain |= {
        "upscale_factor": UpscaleRange(**dict(table.upscale_factor)) if table.upscale_factor else None,
        "generation_time": GenerationTime(**dict(table.generation_time)) if table.generation_time else None,
        "references": ReferenceLimits(**dict(table.references)),
        "defaults": Defaults(**dict(table.defaults)),
        "shapes": shapes,
        "sizes": _sizes(table, shapes),
        "endpoints": tuple(endpoint_of(endpoint, table.modes) for endpoint in table.endpoint),
    }
    return ModelSpec(**plain)


def endpoint_of(table: EndpointTable, modes: Sequence[Mode]) -> Endpoint:
    native: Mapping[Mode, str] = (
        table.native if isinstance(table.native, dict) else dict.fromkeys(modes, table.native)
    )
    return Endpoint(
        name=table.name or table.provider,
        provider=table.provider,
        native=native,
        passthrough=tuple(table.passthrough),
        option_slugs=tuple(table.option_slugs),
        lacks=tuple(table.lacks),
        accounts=tuple(table.accounts),
        zdr=table.zdr,
    )


def _shapes(table: ModelTable) -> dict[str, Shape]:
    """Pixels of each resolution and ratio: the size table's, else those that the names say."""
    shapes: dict[str, Shape] = {}
    for resolution in table.supported_resolutions or ():
        for aspect_ratio in table.supported_aspect_ratios or ():
            exception = table.size_table.get(resolution, {}).get(aspect_ratio)
            named = named_pixels(resolution, aspect_ratio)
            width, height = (exception and parse_size(exception)) or named
            shapes[f"{resolution} {aspect_ratio}"] = Shape(
                width=width, height=height, resolution=resolution, aspect_ratio=aspect_ratio
            )
    for resolution, entries in table.size_table.items():
        for aspect_ratio in entries:
            if f"{resolution} {aspect_ratio}" not in shapes:
                raise Misfit(f"size_table.{resolution}.{aspect_ratio}", "the model lists no such combination")
    return shapes


def _sizes(table: ModelTable, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """What may be asked for as `size`: the pixels that come out, and the listed names of the same shapes.

    A listed size that is neither made nor named by a resolution and ratio could not be put to a vendor.
    """
    made = {size_name(shape.width, shape.height): shape for shape in shapes.values()}
    by_name = {
        size_name(*named_pixels(shape.resolution, shape.aspect_ratio)): shape
        for shape in shapes.values()
        if shape.resolution and shape.aspect_ratio
    }
    sizes = dict(made)
    for index, size in enumerate(table.supported_sizes or ()):
        shape, pixels = made.get(size) or by_name.get(size), parse_size(size)
        if shape is None or pixels is None:
            reason = f"{size} is no supported resolution at a supported ratio; add it to size_table"
            raise Misfit(f"supported_sizes[{index}]", reason)
        sizes[size] = Shape(
            width=pixels[0],
            height=pixels[1],
            resolution=shape.resolution,
            aspect_ratio=shape.aspect_ratio,
        )
    return sizes
