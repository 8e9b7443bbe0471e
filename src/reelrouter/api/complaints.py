"""The words in which a body that cannot be understood is refused. What is wrong was found elsewhere."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reelrouter.errors import InvalidRequest, Problem

REFERENCE_TYPES = ("image_url", "audio_url", "video_url")
MOST_PROBLEMS = 100
"""A body that is wrong in more places than these is not told of the rest."""
_MOST_SHOWN = 100

_JSON_WORDS = {
    "EOF while parsing": "it ends too early",
    "invalid unicode code point": "it is not UTF-8",
    "lone leading surrogate": "half of a surrogate pair stands alone in a \\u escape",
    "unexpected end of hex escape": "a \\u escape is cut short, or is half of a surrogate pair",
    "recursion limit exceeded": "arrays and objects are nested too deep",
    "number out of range": "a number has too many digits",
    "trailing characters": "something follows the end of the object",
}
"""What the parser says, as far as a reader would not know what to do about it, in words of ours."""
_MARKS = ((b"\xef\xbb\xbf", "a byte order mark"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def not_json(body: bytes, error: ValueError) -> InvalidRequest:
    """The refusal of a body that the JSON parser gave up on."""
    if not body.strip():
        return _of_body("The body is empty; send a JSON object.")
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _of_body(f"The body begins with {name}. Send UTF-8 without a byte order mark.")
    said, _, place = str(error).partition(" at line ")
    words = next((ours for theirs, ours in _JSON_WORDS.items() if said.startswith(theirs)), said)
    return _of_body(f"The body is not valid JSON: {words}, at line {place}." if place else f"{words}.")


def not_a_request(error: ValidationError, under: str = "") -> InvalidRequest:
    """The refusal of a body that is JSON, with a problem for each field of the wrong type or size.

    `under` is what the fields stand in, if it is not the body itself.
    """
    details = error.errors(include_url=False, include_input=False)
    return InvalidRequest(capped([_problem(detail, under) for detail in details]))


def capped(problems: Sequence[Problem]) -> Sequence[Problem]:
    """As many as anybody reads, with the number of the others."""
    rest = len(problems) - MOST_PROBLEMS
    if rest <= 0:
        return problems
    return (*problems[:MOST_PROBLEMS], Problem("", f"{rest} more problems are not listed."))


def shown(text: str) -> str:
    """What a caller sent, short enough to be repeated to it, and printable."""
    cut = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in cut)


def _of_body(message: str) -> InvalidRequest:
    return InvalidRequest([Problem("", message)])


def _problem(detail: ErrorDetails, under: str) -> Problem:
    field = ".".join(part for part in (under, _path(detail["loc"])) if part)
    kind = detail["type"]
    if kind == "literal_error":
        allowed = _ALLOWED.get(str(detail["loc"][-1]), ())
        return Problem(field, f"{field} must be one of: {', '.join(allowed)}", allowed)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        listed = ", ".join(REFERENCE_TYPES)
        return Problem(f"{field}.type", f"{field}.type must be one of: {listed}", REFERENCE_TYPES)
    words = _WORDS.get(kind)
    said = words.format(**(detail.get("ctx") or {})) if words is not None else detail["msg"]
    return Problem(field, f"{field} {said}")


_ALLOWED: dict[str, tuple[str, ...]] = {
    "frame_type": ("first_frame", "last_frame"),
    "sort": ("price", "latency"),
    "default_provider_sort": ("price", "latency"),
    "limit_reset": ("daily", "weekly", "monthly"),
    "mode": ("live", "test", "management"),
    "type": ("image_url",),
}
_WORDS = {
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "string_type": "must be a string",
    "string_unicode": "must be a string of Unicode characters",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} items",
}
"""By pydantic's names. What is not here was raised by our own shapes, in words that fit after the field."""


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
