"""Texts of the right type with contents that nobody can keep: NUL, halves of characters, far too much."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.acceptance.bad_requests.case import Case, refused, refused_body
from tests.acceptance.orders import frame, image, small

_MARK = "MARK"
_PLACES: Mapping[str, dict[str, Any]] = {
    "model": {"model": _MARK},
    "prompt": {"prompt": _MARK},
    "models[0]": {"models": [_MARK]},
    "resolution": {"resolution": _MARK},
    "aspect_ratio": {"aspect_ratio": _MARK},
    "size": {"size": _MARK},
    "frame_images[0].frame_type": {
        "frame_images": [{**frame("https://example.com/", "first_frame"), "frame_type": _MARK}]
    },
    "frame_images[0].image_url.url": {"frame_images": [frame(_MARK, "first_frame")]},
    "input_references[0].image_url.url": {"input_references": [image(_MARK)]},
    "callback_url": {"callback_url": _MARK},
    "previous_job_id": {"previous_job_id": _MARK},
    "provider.only[0]": {"provider": {"only": [_MARK]}},
    "provider.options.minimax.mood": {"provider": {"options": {"minimax": {"mood": _MARK}}}},
    "session_id": {"session_id": _MARK},
    "user": {"user": _MARK},
    "trace.trace_id": {"trace": {"trace_id": _MARK}},
    "mood": {"mood": _MARK},
}


def cases() -> Iterator[Case]:
    for field, changes in _PLACES.items():
        text = json.dumps(small(**changes))
        body = text.replace(_MARK, "a\\ud800b").encode()
        yield refused_body(f"{field} has half of a surrogate pair", "", "surrogate pair", body)
        body = text.replace(_MARK, "a\\u0000b").encode()
        yield refused_body(f"{field} has a NUL", field, "must not contain the NUL character", body)
    yield from _keys()
    yield from _length()
    yield from _script_words()


def _keys() -> Iterator[Case]:
    start = json.dumps(small())[:-1]
    for name, half in (("low", "\\udc00"), ("high", "\\ud800"), ("doubled", "\\ud800\\ud800")):
        body = f'{start}, "a{half}": 1}}'.encode()
        yield refused_body(f"a key with a {name} surrogate", "", "not valid JSON", body)
    body = f'{start}, "a\\u0000b": 1}}'.encode()
    yield refused_body("a key with a NUL", "a\\x00b", "in its name", body)
    body = f'{start}, "trace": {{"a": {{"\\u0000": 1}}}}}}'.encode()
    yield refused_body("a nested key with a NUL", "trace.a.\\x00", "in its name", body)
    body = f'{start}, "provider": {{"options": {{"{"x" * 300}": {{}}}}}}}}'.encode()
    yield refused_body(
        "a provider with a name of 300 letters", "provider.options", "at most 100 keys of at most", body
    )


def _length() -> Iterator[Case]:
    long, longer = "x" * 300, "x" * 100_000
    for field in ("model", "resolution", "aspect_ratio", "size", "previous_job_id"):
        yield refused(f"{field} of 300 letters", field, "at most 256 characters", **{field: long})
        yield refused(f"{field} of 100,000 letters", field, "at most 256 characters", **{field: longer})
    yield refused("a fallback of 300 letters", "models[1]", "at most 256 characters", models=["x", long])
    yield refused("a session_id of 257 letters", "session_id", "at most 256 characters", session_id="s" * 257)
    yield refused("a user of 129 letters", "user", "at most 128 characters", user="ü" * 129)
    yield refused("a prompt of 10,001 letters", "prompt", "10001 characters", prompt="p" * 10_001)
    yield refused("a prompt of 100,001 letters", "prompt", "at most 100000 characters", prompt="p" * 100_001)
    yield refused("a prompt of spaces", "prompt", "requires a prompt", prompt=" \n\t ")
    yield refused("an empty prompt", "prompt", "requires a prompt", prompt="")
    yield refused("no prompt", "prompt", "requires a prompt", prompt=None)


def _script_words() -> Iterator[Case]:
    for words in (
        "[[dance]]",
        "[[fail:boredom]]",
        "[[fail]]",
        "[[submit:200]]",
        "[[submit:abc]]",
        "[[status:completed]]",
        "[[delay:-1]]",
        "[[delay:9999]]",
        "[[delay:NaN]]",
        "[[delay:1e3]]",
        "[[stuck:yes]]",
        "[[outputs:0]]",
        "[[outputs:11]]",
        "[[outputs:٣]]",
        "[[content:299]]",
        "[[webhook:ok]]",
        "[[]]",
        "[[fail:server]] [[stuck]]",
        "[[delay:1]] [[delay:2]]",
        "[[stuck",
    ):
        yield refused(f"a prompt with {words}", "prompt", "Script words are", prompt=f"a lake {words}")
