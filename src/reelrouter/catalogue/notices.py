"""The second class of trouble: what is accepted, not used, and never kept silent about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.request import VideoRequest, input_urls
from reelrouter.catalogue.resolve import Resolved
from reelrouter.errors import Problem

Options = Mapping[str, Mapping[str, Any]]
"""Passthrough options by endpoint name, filtered by each endpoint's list."""


def notices(request: VideoRequest, model: ModelSpec) -> tuple[Problem, ...]:
    """What a warning is due for; a strict caller refuses the request over it."""
    return (
        *_references(request, model),
        *_sound(request, model),
        *_seed(request, model),
        *_options(request, model),
        *_unknown_keys(request),
    )


def filtered_options(request: VideoRequest, model: ModelSpec) -> Options:
    """For each endpoint that is given any, the options that it takes."""
    taken = {endpoint.name: _taken(request, endpoint) for endpoint in model.endpoints}
    return {name: {option.name: option.value for option in options} for name, options in taken.items() if options}


def contradictions(request: VideoRequest, model: ModelSpec, resolved: Resolved) -> tuple[Problem, ...]:
    """Options that would have the vendor make other pixels than those that are priced."""
    size = f"{resolved.width}x{resolved.height}"
    said = {
        "aspectRatio": ("aspect_ratio", resolved.aspect_ratio),
        "ratio": ("aspect_ratio", resolved.aspect_ratio),
        "size": ("size", size),
    }
    given = {option.path: option for endpoint in model.endpoints for option in _taken(request, endpoint)}
    return tuple(
        Problem(path, f"{path} is {option.value!r}, and the request comes to {value}. Set {field} instead.")
        for path, option in given.items()
        for field, value in [said.get(option.name, ("", None))]
        if field and str(option.value).replace("*", "x") != str(value)
    )


def _references(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.frame_images and request.references:
        yield Problem("input_references", "not used, since frame_images take precedence")
        return
    kept = wanted(request, model)
    if not kept:
        return  # nothing remains without them, which is a refusal
    for url in input_urls(request):
        if url.kind != "image" and url not in kept:
            yield Problem(url.field, f"not used, since {model.id} does not take {url.kind} references")


def _sound(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.generate_audio is False and model.always_sounds:
        yield Problem("generate_audio", f"not used, since {model.id} always makes sound")


def _seed(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    if request.seed is not None and model.seed is False:
        yield Problem("seed", f"not used, since {model.id} does not take a seed")


def _unknown_keys(request: VideoRequest) -> Iterator[Problem]:
    for path in request.unknown:
        yield Problem(path, "not used, since there is no such parameter")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    path: str
    name: str
    value: Any


def _options(request: VideoRequest, model: ModelSpec) -> Iterator[Problem]:
    used = {option.path: option.name for endpoint in model.endpoints for option in _taken(request, endpoint)}
    allowed = model.allowed_passthrough_parameters
    for slug, given in request.provider.options.items():
        if not any(slug in _slugs(endpoint) for endpoint in model.endpoints):
            yield Problem(f"provider.options.{slug}", f"not used, since no provider of {model.id} has this name")
            continue
        for option in _flat(slug, given, allowed):
            if option.path in used:
                continue
            if option.name in used.values():
                yield Problem(option.path, f"not used, since {option.name} is given twice")
            else:
                takes = ", ".join(allowed) or "no options"
                yield Problem(option.path, f"not used, since {model.id} takes {takes}", allowed)


def _taken(request: VideoRequest, endpoint: Endpoint) -> tuple[_Option, ...]:
    """The first of each option that the endpoint takes, its own name's before its aliases'."""
    if not request.provider.options:
        return ()
    found: dict[str, _Option] = {}
    for slug in _slugs(endpoint):
        given = request.provider.options.get(slug, {})
        for option in _flat(slug, given, endpoint.passthrough):
            if option.name in endpoint.passthrough:
                found.setdefault(option.name, option)
    return tuple(found.values())


def _slugs(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(dict.fromkeys((endpoint.name, endpoint.provider, *endpoint.option_slugs)))


def _flat(slug: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> Iterator[_Option]:
    """The options whether they stand under `parameters` or not: upstream's documents show both."""
    for name, value in given.items():
        path = f"provider.options.{slug}.{name}"
        if name == "parameters" and isinstance(value, Mapping) and name not in allowed:
            for inner, inner_value in value.items():
                yield _Option(path=f"{path}.{inner}", name=inner, value=inner_value)
        else:
            yield _Option(path=path, name=name, value=value)
