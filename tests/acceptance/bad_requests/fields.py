"""Every field of the body, at every depth, given as each type that it is not."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.acceptance.bad_requests.case import Case
from tests.acceptance.orders import frame, image, small

_WRONG: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "text": ("must be a string", {"a number": 7, "true": True, "an array": ["x"], "an object": {"x": "y"}}),
    "integer": (
        "must be an integer",
        {"text": "4", "a fraction": 4.5, "true": True, "an array": [4], "an object": {"value": 4}},
    ),
    "number": ("must be a number", {"text": "2", "false": False, "an array": [2], "an object": {"value": 2}}),
    "flag": ("must be true or false", {"text": "true", "a number": 1, "an array": [True]}),
    "array": ("must be an array", {"text": "x", "an object": {"0": "x"}, "a number": 0}),
    "object": ("must be an object", {"text": "x", "an array": [{}], "a number": 0, "false": False}),
    "word": ("must be one of", {"another word": "x", "a number": 7, "an array": ["price"], "empty": ""}),
}
_FIELDS: Mapping[str, str] = {
    "model": "text",
    "prompt": "text",
    "models": "array",
    "models[0]": "text",
    "duration": "integer",
    "resolution": "text",
    "aspect_ratio": "text",
    "size": "text",
    "frame_images": "array",
    "frame_images[0]": "object",
    "frame_images[0].type": "word",
    "frame_images[0].frame_type": "word",
    "frame_images[0].image_url": "object",
    "frame_images[0].image_url.url": "text",
    "input_references": "array",
    "input_references[0].type": "word",
    "input_references[0].image_url": "object",
    "input_references[0].image_url.url": "text",
    "generate_audio": "flag",
    "seed": "integer",
    "callback_url": "text",
    "previous_job_id": "text",
    "upscale_factor": "number",
    "creativity": "integer",
    "provider": "object",
    "provider.options": "object",
    "provider.options.minimax": "object",
    "provider.order": "array",
    "provider.order[0]": "text",
    "provider.only": "array",
    "provider.only[0]": "text",
    "provider.ignore": "array",
    "provider.ignore[0]": "text",
    "provider.allow_fallbacks": "flag",
    "provider.sort": "word",
    "provider.max_price": "number",
    "provider.zdr": "flag",
    "provider.require_parameters": "flag",
    "session_id": "text",
    "user": "text",
    "trace": "object",
}
_URL = "https://example.com/a.png"
_NEEDED = (
    "model",
    "frame_images[0].type",
    "frame_images[0].frame_type",
    "frame_images[0].image_url",
    "frame_images[0].image_url.url",
    "input_references[0].image_url",
    "input_references[0].image_url.url",
)
_REFERENCES: Mapping[str, Any] = {
    "a reference is text": "text",
    "a reference is a number": 7,
    "a reference is null": None,
    "a reference without a type": {"image_url": {"url": _URL}},
    "an audio reference's url is a number": {"type": "audio_url", "audio_url": {"url": 7}},
    "a reference whose type is another's": {"type": "video_url", "image_url": {"url": _URL}},
}
_REFUSED = {
    **dict.fromkeys(tuple(_REFERENCES)[:4], ("input_references[0].type", "image_url, audio_url, video_url")),
    "an audio reference's url is a number": ("input_references[0].audio_url.url", "must be a string"),
    "a reference whose type is another's": ("input_references[0].video_url", "is required"),
}
_NEVER_EMPTY = ("model", "models[0]", "frame_images[0].image_url.url", "provider.only[0]")


def cases() -> Iterator[Case]:
    for path, kind in _FIELDS.items():
        words, values = _WRONG[kind]
        for what, value in values.items():
            yield _case(f"{path} is {what}", path, words, _with(path, value))
    for path in _NEEDED:
        yield _case(f"{path} is missing", path, "is required", _without(path))
        yield _case(f"{path} is null", path, "must be", _with(path, None))
    for path in _NEVER_EMPTY:
        yield _case(f"{path} is empty", path, "must not be empty", _with(path, ""))
    for what, reference in _REFERENCES.items():
        field, words = _REFUSED[what]
        yield _case(what, field, words, small(input_references=[reference]))


def _case(name: str, field: str, words: str, body: Mapping[str, Any]) -> Case:
    return Case(name=name, field=field, words=words, body=json.dumps(body).encode())


def _full() -> dict[str, Any]:
    return small(
        models=["x"],
        frame_images=[frame(_URL, "first_frame")],
        input_references=[image(_URL)],
        provider={"options": {"minimax": {}}, "order": ["x"], "only": ["x"], "ignore": ["x"]},
    )


def _steps(path: str) -> list[str | int]:
    parts = path.replace("[", ".[").split(".")
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts]


def _holder(body: dict[str, Any], path: str) -> tuple[Any, str | int]:
    *way, last = _steps(path)
    found: Any = body
    for step in way:
        found = found[step]
    return found, last


def _with(path: str, value: object) -> dict[str, Any]:
    body = _full()
    holder, last = _holder(body, path)
    holder[last] = value
    return body


def _without(path: str) -> dict[str, Any]:
    body = _full()
    holder, last = _holder(body, path)
    del holder[last]
    return body
