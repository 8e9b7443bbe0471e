"""The body of a request, from the options of a command. Nothing is filled in that was not given."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.media import Source, source_of, url_of
from reelrouter.cli.options import RequestOptions


def body_of(model: str | None, prompt: str | None, request: RequestOptions) -> dict[str, Any]:
    """As it is sent, local files included. Ends the command if an option cannot be read."""
    body = {
        "model": model,
        "prompt": prompt,
        "duration": request.duration,
        "resolution": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "size": request.size,
        "frame_images": [_frame(kind, source) for kind, source in frames_of(request)],
        "input_references": [_item(source) for source in references_of(request)],
        "generate_audio": request.audio,
        "seed": request.seed,
        "previous_job_id": request.previous_job,
        "upscale_factor": request.upscale_factor,
        "creativity": request.creativity,
        "models": list(request.fallback),
        "provider": _provider(request),
        "user": request.user,
        "session_id": request.session_id,
        "trace": _fields("--trace", request.trace),
    }
    return {name: value for name, value in body.items() if value not in (None, [], {})}


def frames_of(request: RequestOptions) -> list[tuple[str, Source]]:
    """`first_frame` and `last_frame`, as far as they are given."""
    given = (("first_frame", request.first_frame), ("last_frame", request.last_frame))
    return [(kind, source_of(text)) for kind, text in given if text is not None]


def references_of(request: RequestOptions) -> list[Source]:
    return [source_of(text) for text in request.reference]


def _frame(kind: str, source: Source) -> dict[str, Any]:
    if source.kind != "image":
        fail(f"{source.place} is no image, and a frame must be one", Exit.USAGE)
    return {**_item(source), "frame_type": kind}


def _item(source: Source) -> dict[str, Any]:
    name = f"{source.kind}_url"
    return {"type": name, name: {"url": url_of(source)}}


def _provider(request: RequestOptions) -> dict[str, Any]:
    provider = _fields("--provider", request.provider)
    if "options" in provider:
        fail("--provider does not take options", Exit.USAGE, "give each of them as --option slug.key=value")
    if request.option:
        provider["options"] = _options(request.option)
    if request.max_price is not None:
        provider["max_price"] = request.max_price
    return provider


def _options(given: Iterable[str]) -> dict[str, Any]:
    """`slug.key=value` as `{slug: {key: value}}`; further dots go further in."""
    options: dict[str, Any] = {}
    for text in given:
        path, value = _pair("--option", text)
        names = path.split(".")
        if len(names) < 2 or not all(names):
            _unreadable("--option", text, "slug.key=value")
        _set(options, names, value, text)
    return options


def _set(options: dict[str, Any], names: Sequence[str], value: object, text: str) -> None:
    place = options
    for name in names[:-1]:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            fail(f"--option {text}: {name} has a value already", Exit.USAGE)
    if names[-1] in place:
        fail(f"--option {text}: {names[-1]} is given twice", Exit.USAGE)
    place[names[-1]] = value


def _fields(option: str, given: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given:
        name, value = _pair(option, text)
        if name in found:
            fail(f"{option} {text}: {name} is given twice", Exit.USAGE)
        found[name] = value
    return found


def _pair(option: str, text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        _unreadable(option, text, "key=value")
    return name, _json_or_text(value)


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except ValueError:
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unreadable(option: str, text: str, form: str) -> NoReturn:
    fail(f"{option} {text} cannot be read; it has the form {form}", Exit.USAGE)
