"""What a request asks for, read from the JSON that would be submitted; no model is looked at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from reelrouter.client.errors import Unusable
from reelrouter.work import MediaKind

T = TypeVar("T")

_KINDS: Mapping[str, MediaKind] = {"image_url": "image", "video_url": "video", "audio_url": "audio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The requirements of a request. None is absence."""

    duration: int | None = None
    """Seconds."""
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    frames: tuple[str, ...] = ()
    """`first_frame`, `last_frame`, in the request's order."""
    references: tuple[MediaKind, ...] = ()
    generate_audio: bool | None = None
    seed: int | None = None
    upscale_factor: float | None = None
    creativity: int | None = None
    previous_job_id: str | None = None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of passthrough options, by provider slug."""
    max_price: Decimal | None = None
    """US dollars for the whole job."""

    def count(self, kind: MediaKind) -> int:
        return self.references.count(kind)


def read_wish(request: Mapping[str, Any]) -> Wish:
    """Raises `Unusable`, which names the field, where a value has the wrong type."""
    provider = _typed(request, "provider", dict, "an object") or {}
    return Wish(
        duration=_integer(request, "duration"),
        resolution=_typed(request, "resolution", str, "a text such as 720p"),
        aspect_ratio=_typed(request, "aspect_ratio", str, "a text such as 16:9"),
        size=_typed(request, "size", str, "a text such as 1280x720"),
        frames=tuple(_frames(request)),
        references=tuple(_references(request)),
        generate_audio=_typed(request, "generate_audio", bool, "true or false"),
        seed=_integer(request, "seed"),
        upscale_factor=_number(request, "upscale_factor"),
        creativity=_integer(request, "creativity"),
        previous_job_id=_typed(request, "previous_job_id", str, "a job's id"),
        options=dict(_options(provider)),
        max_price=_max_price(provider),
    )


def _typed(request: Mapping[str, Any], name: str, kind: type[T], wanted: str) -> T | None:
    value = request.get(name)
    if value is not None and not isinstance(value, kind):
        _refuse(name, wanted, value)
    return value


def _integer(request: Mapping[str, Any], name: str) -> int | None:
    """8.0 is the integer 8, as on the wire."""
    value = _number(request, name)
    if value is None:
        return None
    if value != int(value):
        _refuse(name, "a whole number", value)
    return int(value)


def _number(request: Mapping[str, Any], name: str) -> int | float | None:
    value = request.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        _refuse(name, "a number", value)
    if isinstance(value, float) and not -1e15 < value < 1e15:  # infinities and what is no number fail here too
        _refuse(name, "a number", value)
    return value


def _frames(request: Mapping[str, Any]) -> Iterator[str]:
    for path, item in _items(request, "frame_images"):
        frame = item.get("frame_type")
        if frame not in ("first_frame", "last_frame"):
            _refuse(f"{path}.frame_type", "first_frame or last_frame", frame)
        yield frame


def _references(request: Mapping[str, Any]) -> Iterator[MediaKind]:
    for path, item in _items(request, "input_references"):
        kind = item.get("type")
        if not isinstance(kind, str) or kind not in _KINDS:
            _refuse(f"{path}.type", "image_url, video_url or audio_url", kind)
        yield _KINDS[kind]


def _items(request: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = request.get(name)
    if items is None:
        return
    if not isinstance(items, Sequence) or isinstance(items, str):
        _refuse(name, "a list", items)
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            _refuse(f"{name}[{index}]", "an object", item)
        yield f"{name}[{index}]", item


def _options(provider: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whether they stand under `parameters` or not: upstream's documents show both."""
    for slug, given in (_typed(provider, "options", dict, "an object") or {}).items():
        if not isinstance(given, Mapping):
            _refuse(f"provider.options.{slug}", "an object", given)
        inner = given.get("parameters")
        nested = tuple(inner) if isinstance(inner, Mapping) else ()
        flat = tuple(name for name in given if name != "parameters" or not isinstance(inner, Mapping))
        yield slug, tuple(dict.fromkeys((*flat, *nested)))


def _max_price(provider: Mapping[str, Any]) -> Decimal | None:
    value = provider.get("max_price")
    if isinstance(value, Decimal):
        return value
    number = _number(provider, "max_price")
    return None if number is None else Decimal(str(number))


def _refuse(name: str, wanted: str, value: object) -> NoReturn:
    raise Unusable(f"{name} must be {wanted}, not {str(value)[:60]!r}", f"correct {name} in the request")
