"""Which models a search of the catalogue means, and what the listing says each of them takes; pure."""

from collections.abc import Collection
from dataclasses import dataclass

from reelrouter.catalogue.model import ModelSpec
from reelrouter.work import Mode

ANY_OUTPUT = "all"
OUTPUT = "video"
"""What every model of the catalogue makes."""
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The listing's filters; the default is the listing's own, which no video model answers to."""

    output_modalities: Collection[str] = ("text",)
    """A model that makes any of them is meant."""
    input_modalities: Collection[str] = ()
    """A model that takes all of them is meant; likewise for `parameters`."""
    parameters: Collection[str] = ()
    text: str = ""
    """A part of the id, the dated slug or the name."""
    authors: Collection[str] = ()
    providers: Collection[str] = ()
    zdr: bool = False
    least_days: int | None = None
    """Age of the model."""
    most_days: int | None = None
    beyond_video: bool = False
    """Whether it asks for what no video model has, such as a context length or a score in a text benchmark."""
    offset: int = 0
    limit: int | None = None


def is_wanted(model: ModelSpec, search: Search, now: float) -> bool:
    return (
        not search.beyond_video
        and any(kind in (OUTPUT, ANY_OUTPUT) for kind in search.output_modalities)
        and set(search.input_modalities) <= set(input_modalities(model))
        and set(search.parameters) <= set(supported_parameters(model, model.modes))
        and _is_named(model, search)
        and _is_hosted(model, search)
        and _is_of_age(model, search, now)
    )


def input_modalities(model: ModelSpec) -> tuple[str, ...]:
    """What a request may be made of: every model takes a prompt."""
    takes = {
        "text": True,
        "image": bool(model.supported_frame_images) or model.references.image > 0,
        "audio": model.references.audio > 0,
        "video": model.references.video > 0,
    }
    return tuple(name for name, taken in takes.items() if taken)


def supported_parameters(model: ModelSpec, modes: Collection[Mode]) -> tuple[str, ...]:
    """The request's optional fields that have an effect, where these modes are served."""
    limits = model.references
    takes = {
        "duration": model.supported_durations is not None,
        "resolution": model.supported_resolutions is not None,
        "aspect_ratio": model.supported_aspect_ratios is not None,
        "size": bool(model.sizes),
        "frame_images": "frames" in modes and bool(model.supported_frame_images),
        "input_references": not {"references", "edit", "upscale"}.isdisjoint(modes)
        and limits.image + limits.video + limits.audio > 0,
        "generate_audio": bool(model.generate_audio) and not model.always_sounds,
        "seed": bool(model.seed),
        "previous_job_id": "continue" in modes,
        "upscale_factor": model.upscale_factor is not None,
        "creativity": model.creativity is not None,
    }
    return tuple(name for name, taken in takes.items() if taken)


def _is_named(model: ModelSpec, search: Search) -> bool:
    names = (model.id, model.canonical_slug, model.name)
    author = model.id.partition("/")[0]
    return any(search.text.casefold() in name.casefold() for name in names) and (
        not search.authors or author in search.authors
    )


def _is_hosted(model: ModelSpec, search: Search) -> bool:
    """Whether one endpoint is all that is asked of it."""
    return any(
        (not search.providers or endpoint.provider in search.providers) and (endpoint.zdr or not search.zdr)
        for endpoint in model.endpoints
    )


def _is_of_age(model: ModelSpec, search: Search, now: float) -> bool:
    days = (now - model.created) / _DAY
    return (search.least_days is None or days >= search.least_days) and (
        search.most_days is None or days <= search.most_days
    )
