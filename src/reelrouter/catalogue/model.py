"""What a model of the catalogue is: its capabilities, limits, prices and endpoints, as plain data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reelrouter.catalogue.request import FrameType
from reelrouter.work import MediaKind, Mode

Ability = Literal[
    "last_frame", "image_references", "video_references", "audio_references", "seed", "audio", "size"
]
"""What a model can do and an endpoint of it may lack. `size`: to make other pixels than those of a resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One way to get a model's work done."""

    name: str
    provider: str
    """The adapter or backend that speaks to it."""
    native: Mapping[Mode, str]
    """The provider's own model id, for each mode that it serves."""
    passthrough: tuple[str, ...] = ()
    """Option names that may be handed on to the provider."""
    option_slugs: tuple[str, ...] = ()
    """Keys of `provider.options` that address this endpoint, beside its name and its provider's."""
    lacks: tuple[Ability, ...] = ()
    """What the model can do and this endpoint cannot: jobs that need it are not sent there."""
    accounts: tuple[str, ...] = ()
    """The provider's accounts that lead to it; all of them if none is named."""
    zdr: bool = False
    """Whether it runs on the operator's own hardware and erases what it was given."""

    def answers_to(self, name: str) -> bool:
        """Whether a caller who writes this name in `order`, `only` or `ignore` means this endpoint.

        Option slugs do not count: a reseller's endpoint has those of the vendors behind it.
        """
        return name in (self.name, self.provider)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLimits:
    """How many references of each kind a request may carry."""

    image: int = 0
    video: int = 0
    audio: int = 0

    def of(self, kind: MediaKind) -> int:
        return {"image": self.image, "video": self.video, "audio": self.audio}[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleRange:
    min: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the row fills in where a request is silent; None leaves it to the catalogue's own rule."""

    duration: int | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    upscale_factor: float | None = None
    creativity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationTime:
    """Seconds that vendors take for a video of 6 s at 720p, as far as is known before any was made here."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A picture's pixels, and what the model's row calls them."""

    width: int
    height: int
    resolution: str | None
    aspect_ratio: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One row. `None` in a `supported_…` field means that the row lists nothing."""

    id: str
    canonical_slug: str
    name: str
    created: int
    """Unix seconds."""
    description: str
    hugging_face_id: str | None = None
    supported_resolutions: tuple[str, ...] | None = None
    supported_aspect_ratios: tuple[str, ...] | None = None
    supported_sizes: tuple[str, ...] | None = None
    supported_durations: tuple[int, ...] | None = None
    """Seconds, in the row's own order."""
    supported_frame_images: tuple[FrameType, ...] | None = None
    generate_audio: bool | None = None
    """Whether it can make sound; None is unknown."""
    audio_switch: bool = True
    """False where the vendor makes sound whether asked to or not."""
    seed: bool | None = None
    upscale_factor: UpscaleRange | None = None
    creativity: tuple[int, ...] | None = None
    references: ReferenceLimits = field(default_factory=ReferenceLimits)
    last_frame_alone: bool = False
    """Whether a last frame may come without a first one."""
    audio_alone: bool = False
    """Whether audio references may come without an image or a video."""
    prompt: Literal["required", "optional_with_input"] = "required"
    prompt_max_length: int | None = None
    """Characters."""
    fps: int = 24
    modes: tuple[Mode, ...] = ("text",)
    length: Literal["asked", "video", "audio"] = "asked"
    """Whether the seconds are asked for, or are those of the video or the sound that is given."""
    longest_input: int | None = None
    """Seconds that this video or sound may last; None where the length is asked for."""
    pixels: Literal["asked", "input"] = "asked"
    """Whether width and height are asked for, or are those of the input video."""
    generation_time: GenerationTime | None = None
    defaults: Defaults = field(default_factory=Defaults)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """The pixels that `<resolution> <aspect ratio>` gives."""
    sizes: Mapping[str, Shape] = field(default_factory=dict)
    """Every `WIDTHxHEIGHT` that it takes."""
    pricing_skus: Mapping[str, str]
    endpoints: tuple[Endpoint, ...]
    aliases: tuple[str, ...] = ()

    @property
    def always_sounds(self) -> bool:
        """Whether a video has sound whatever a request says: a picture that speaks is heard."""
        return self.length == "audio" or (bool(self.generate_audio) and not self.audio_switch)

    @property
    def allowed_passthrough_parameters(self) -> tuple[str, ...]:
        """Option names that any endpoint takes, each once."""
        return tuple(dict.fromkeys(name for endpoint in self.endpoints for name in endpoint.passthrough))


class Catalogue:
    """All models, newest first, found by id, canonical slug or alias."""

    def __init__(self, models: Iterable[ModelSpec]) -> None:
        self._models = tuple(sorted(models, key=lambda model: (-model.created, model.id)))
        self._by_name = {
            name: model for model in self._models for name in (model.id, model.canonical_slug, *model.aliases)
        }

    def find(self, model_id: str) -> ModelSpec | None:
        return self._by_name.get(model_id)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)
