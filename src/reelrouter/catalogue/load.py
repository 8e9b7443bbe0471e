"""Reads the catalogue from TOML, one file per model family; the first mistake stops with its place.

A file holds `[[model]]` tables, named as in `ModelSpec`, with these differences: `endpoint` tables in place
of `endpoints`, where `native` is one id for every mode or a table by mode; and `size_table`, which gives
the pixels of those resolutions and ratios whose names do not say them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from reelrouter.catalogue.audit import faults
from reelrouter.catalogue.model import (
    Catalogue,
    Defaults,
    Endpoint,
    ModelSpec,
    ReferenceLimits,
    Shape,
    UpscaleRange,
)
from reelrouter.catalogue.request import FrameType
from reelrouter.catalogue.sizes import ASPECT_RATIOS, SHORT_SIDES, named_pixels, parse_size, size_name
from reelrouter.work import Mode


class CatalogueError(Exception):
    """A catalogue that cannot be used: which file, which key in it, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


def load_catalogue(directory: Traversable | Path | None = None, aliases: Mapping[str, str] = {}) -> Catalogue:
    """The models in a directory's `*.toml` files, by default the packaged ones; raises `CatalogueError`.

    `aliases` are an operator's own names, each for the model of some other name.
    """
    folder = files("reelrouter.catalogue") / "models" if directory is None else directory
    models: list[ModelSpec] = []
    owners: dict[str, str] = {}
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    if not paths:
        raise CatalogueError(str(folder), "*.toml", "there is no model file")
    for path in paths:
        for model in _read_file(path):
            _claim_names(model, path.name, owners)
            models.append(model)
    return Catalogue(_with_aliases(models, aliases))


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


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _EndpointTable(_Table):
    provider: Text
    name: Text | None = None
    native: Text | dict[Mode, Text]
    passthrough: list[Text] = []
    option_slugs: list[Text] = []
    zdr: bool = False


class _ReferencesTable(_Table):
    image: Count = 0
    video: Count = 0
    audio: Count = 0


class _UpscaleTable(_Table):
    min: float = Field(gt=0)
    max: float = Field(gt=0)


class _DefaultsTable(_Table):
    duration: Positive | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    upscale_factor: float | None = None
    creativity: Count | None = None


class _ModelTable(_Table):
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
    defaults: _DefaultsTable = _DefaultsTable()
    size_table: dict[Resolution, dict[AspectRatio, Size]] = {}
    pricing_skus: dict[Text, Text] = Field(min_length=1)
    endpoint: list[_EndpointTable] = Field(min_length=1)
    aliases: list[Text] = []


class _File(_Table):
    model: list[_ModelTable] = Field(min_length=1)


def _read_file(path: Traversable | Path) -> Iterator[ModelSpec]:
    try:
        content = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(path.name, "(syntax)", str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise CatalogueError(path.name, _key(first["loc"]), reason) from error
    for index, table in enumerate(content.model):
        try:
            model = _spec(table)
        except _Misfit as misfit:
            raise CatalogueError(path.name, f"model[{index}].{misfit.key}", misfit.reason) from misfit
        for key, reason in faults(model):
            raise CatalogueError(path.name, f"model[{index}].{key}", reason)
        yield model


def _key(location: tuple[int | str, ...]) -> str:
    """`("model", 0, "id")` as `model[0].id`; the names of union branches are left in, as a hint."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _claim_names(model: ModelSpec, file: str, owners: dict[str, str]) -> None:
    """Every id, canonical slug and alias leads to one model; `owners` is filled in."""
    for name in dict.fromkeys((model.id, model.canonical_slug)):
        _claim(name, model, file, owners)
    for alias in model.aliases:
        _claim(alias, model, file, owners)


def _claim(name: str, model: ModelSpec, file: str, owners: dict[str, str]) -> None:
    if name in owners:
        raise CatalogueError(file, model.id, f"the name {name} is taken already, by {owners[name]}")
    owners[name] = f"{model.id} in {file}"


def _with_aliases(models: list[ModelSpec], aliases: Mapping[str, str]) -> Iterator[ModelSpec]:
    catalogue = Catalogue(models)
    given: dict[str, tuple[str, ...]] = {}
    for alias, name in aliases.items():
        model = catalogue.find(name)
        if reason := _alias_fault(alias, name, catalogue):
            raise CatalogueError("settings", f"aliases.{alias}", reason)
        if model is not None:
            given[model.id] = (*given.get(model.id, ()), alias)
    return (replace(model, aliases=(*model.aliases, *given.get(model.id, ()))) for model in models)


def _alias_fault(alias: str, name: str, catalogue: Catalogue) -> str | None:
    if not alias.strip():
        return "an alias is a name, and this one is blank"
    if owner := catalogue.find(alias):
        return f"the name {alias} is taken already, by {owner.id}"
    return None if catalogue.find(name) else f"{name} is no model of the catalogue"


class _Misfit(Exception):
    """A table whose parts do not fit together, found while its pixels are worked out."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def _spec(table: _ModelTable) -> ModelSpec:
    shapes = _shapes(table)
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in table
        if name in ModelSpec.__dataclass_fields__
    }
    plain |= {
        "upscale_factor": UpscaleRange(**dict(table.upscale_factor)) if table.upscale_factor else None,
        "references": ReferenceLimits(**dict(table.references)),
        "defaults": Defaults(**dict(table.defaults)),
        "shapes": shapes,
        "sizes": _sizes(table, shapes),
        "endpoints": tuple(_endpoint(endpoint, table.modes) for endpoint in table.endpoint),
    }
    return ModelSpec(**plain)


def _endpoint(table: _EndpointTable, modes: list[Mode]) -> Endpoint:
    native: Mapping[Mode, str] = (
        table.native if isinstance(table.native, dict) else dict.fromkeys(modes, table.native)
    )
    return Endpoint(
        name=table.name or table.provider,
        provider=table.provider,
        native=native,
        passthrough=tuple(table.passthrough),
        option_slugs=tuple(table.option_slugs),
        zdr=table.zdr,
    )


def _shapes(table: _ModelTable) -> dict[str, Shape]:
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
                raise _Misfit(f"size_table.{resolution}.{aspect_ratio}", "the model lists no such combination")
    return shapes


def _sizes(table: _ModelTable, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
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
            raise _Misfit(f"supported_sizes[{index}]", reason)
        sizes[size] = Shape(
            width=pixels[0],
            height=pixels[1],
            resolution=shape.resolution,
            aspect_ratio=shape.aspect_ratio,
        )
    return sizes
