"""One rudeness as a value, and what rudenesses are made of: pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from reelrouter.emulators.answers import Answer, Path, Says, Shape

Alter = Callable[[Answer, Shape], Answer]
Fits = Callable[[Shape], bool]

TEXTS = {
    "half a character": "cut \ud83d here",
    "nul": "cut \x00 here",
    "control characters": "a\x1b[31mred\x07\r\nforged: log line",
    "turned around": "\u202eabc\u2066def",
    "1.9 MB": "x" * 1_900_000,
}
"""What a text may hold that cannot be stored, shown or sent."""
PAUSE = 20
"""Seconds that an answer asks for, where it asks for any."""
_HTML = b"<html><body><h1>Something is wrong.</h1></body></html>"


def always(_shape: Shape) -> bool:
    return True


def is_worded(shape: Shape) -> bool:
    return not shape.is_flag


def is_flagged(shape: Shape) -> bool:
    return shape.is_flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Rudeness:
    name: str
    """Its group, a colon, and what sets it apart within the group."""
    says: tuple[Says, ...]
    """The answers that it alters, by what they mean."""
    alter: Alter
    fits: Fits = always
    times: int | None = None
    """How many answers it alters, from the first; None is every one."""
    submit: Literal["taken", "refused", "open"] = "taken"
    """What becomes of a submit. With `refused` the vendor has no job; with `open` it has one, and nobody knows."""


def instead(answer: Answer) -> Alter:
    """This answer, whatever the vendor's own was."""
    return lambda _answer, _shape: answer


def valued(path_of: Callable[[Shape], Path | None], value: object) -> Alter:
    """The vendor's answer with another value in one place."""
    return lambda answer, shape: answer.with_value(path_of(shape) or (), value)


def no_status(answer: Answer, shape: Shape) -> Answer:
    return answer.without(shape.status)


def page(status: int, **headers: str) -> Answer:
    """What a proxy says in front of a vendor."""
    return Answer(says=None, status=status, body=_HTML).with_headers(Content_Type="text/html", **headers)


def dug(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
