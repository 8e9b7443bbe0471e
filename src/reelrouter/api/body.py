"""Reads a JSON body: bounded, exact about its form, and off the event loop when it is large.

JSON leaves open what a repeated key means, and Python's numbers and texts hold more than JSON, SQL and vendors
agree on. What two readers of the same body could understand differently is refused here.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import isinf
from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from reelrouter.api.complaints import capped, not_json, shown
from reelrouter.errors import InvalidRequest, PayloadTooLarge, Problem

PATIENCE = 30.0
"""Seconds that the next part of a body may take to come."""
MOST_VALUES = 200_000
"""Values of a body. Long texts are cheap, and a picture is one value; many small ones cost memory and time."""

_LARGE = 256 * 1024
"""Bytes from which decoding would hold up everybody else's requests."""
_KEY = re.compile(rb'"\s*:')
_COUNTED = (dict, list, float)
_CHARSETS = ("", "utf-8", "utf8")


async def read_json(request: Request, max_body: int, patience: float = PATIENCE) -> Any:
    """The decoded body. Raises `InvalidRequest` or `PayloadTooLarge`."""
    _refuse_form(request)
    body = await _read(request, max_body, patience, " Send images by URL in place of data URLs.")
    return await asyncio.to_thread(decode, body) if len(body) > _LARGE else decode(body)


async def read_bytes(request: Request, max_body: int, patience: float = PATIENCE) -> bytes:
    """A body of whatever form. Raises `InvalidRequest` for half of one, or `PayloadTooLarge`."""
    return await _read(request, max_body, patience)


def decode(body: bytes) -> Any:
    """The value of a JSON text that means the same to everybody. Raises `InvalidRequest`."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise InvalidRequest([Problem("", f"The body has more than {MOST_VALUES} values.")])
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise not_json(body, error) from None
    if not _is_plain(body, value) and (problems := doubts(body)):
        raise InvalidRequest(capped(problems))
    return value


def doubts(text: bytes, under: str = "") -> Sequence[Problem]:
    """What in a valid JSON text two readers could take differently. Fields begin with `under`, if it is given."""
    watch = _Watch()
    value = json.loads(text, object_pairs_hook=watch.read_object, parse_float=watch.read_float)
    return list(_doubts(value, under)) if watch.alarmed or b"\\u0000" in text else ()


def _refuse_form(request: Request) -> None:
    """Refuses what does not say that it is plain JSON."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json":
        given = media_type.strip()[:100] or "none"
        message = f"Content-Type must be application/json, and is {given}."
        raise InvalidRequest([Problem("Content-Type", message, ("application/json",))])
    if _charset(parameters) not in _CHARSETS:
        message = "Content-Type names a charset that is not utf-8; JSON is sent as UTF-8."
        raise InvalidRequest([Problem("Content-Type", message, ("application/json",))])
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        message = f"Content-Encoding {coding[:100]} is not taken; send the body uncompressed."
        raise InvalidRequest([Problem("Content-Encoding", message, ("identity",))])


def _charset(parameters: str) -> str:
    named = (parameter.partition("=") for parameter in parameters.lower().split(";"))
    return next((value.strip().strip('"') for name, _, value in named if name.strip() == "charset"), "")


async def _read(request: Request, max_body: int, patience: float, advice: str = "") -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal():
        _refuse_large(int(declared), max_body, advice)
    chunks: list[bytes] = []
    size = 0
    now = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(patience) as limit:
            async for chunk in request.stream():
                size += len(chunk)
                _refuse_large(size, max_body, advice)
                chunks.append(chunk)
                limit.reschedule(now() + patience)
    except TimeoutError:
        raise _cut_off(f"nothing more of it came within {patience:g} s", size) from None
    except ClientDisconnect:  # whoever sent it will not read this, but it is no fault of ours either
        raise _cut_off("the connection was closed", size) from None
    return b"".join(chunks)


def _cut_off(reason: str, size: int) -> InvalidRequest:
    return InvalidRequest(
        [Problem("Content-Length", f"The body is not complete: {reason}, after {size} bytes of it.")]
    )


def _refuse_large(size: int, max_body: int, advice: str) -> None:
    if size > max_body:
        raise PayloadTooLarge(f"The body has more than {max_body} bytes.{advice}", max_body=max_body)


def _is_plain(text: bytes, value: object) -> bool:
    """Whether a text is beyond doubt, which is cheaper to tell than to read it again.

    Each key is followed by a colon, so that fewer keys than such places mean a key that stands twice, or a text
    that has such a place inside.
    """
    return b"\\u0000" not in text and len(_KEY.findall(text)) == _count_keys(value)


def _count_keys(value: object) -> float:
    """Of all objects in a value; endless if a number in it is."""
    if isinstance(value, float):
        return value if isinf(value) else 0
    if isinstance(value, dict):
        total: float = len(value)
        items: Iterable[object] = value.values()
    elif isinstance(value, list):
        total, items = 0, value
    else:
        return 0
    for item in items:
        if type(item) in _COUNTED:
            total += _count_keys(item)
    return total


class _Repeating(dict[str, Any]):
    """An object in which these keys stand more than once."""

    repeated: tuple[str, ...] = ()


class _Endless(float):
    """A number too large for a float."""


class _Watch:
    """Reads the text a second time, with an eye on what the first parser lets pass."""

    def __init__(self) -> None:
        self.alarmed = False

    def read_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) == len(pairs):
            return read
        self.alarmed = True
        times = Counter(key for key, _ in pairs)
        marked = _Repeating(read)
        marked.repeated = tuple(key for key, count in times.items() if count > 1)
        return marked

    def read_float(self, text: str) -> float:
        value = float(text)
        if value - value == 0:
            return value
        self.alarmed = True
        return _Endless(value)


def _doubts(value: object, path: str) -> Iterator[Problem]:
    """Every doubt about a value, with its path."""
    match value:
        case str() if "\0" in value:
            yield Problem(path, f"{path or 'The body'} must not contain the NUL character (\\u0000)")
        case _Endless():
            yield Problem(path, f"{path or 'The body'} is a number that is too large")
        case list():
            for index, item in enumerate(value):
                yield from _doubts(item, f"{path}[{index}]")
        case dict():
            yield from _doubts_of_object(value, path)
        case _:
            pass


def _doubts_of_object(value: dict[str, Any], path: str) -> Iterator[Problem]:
    begin = f"{path}." if path else ""
    for key in value.repeated if isinstance(value, _Repeating) else ():
        field = begin + shown(key)
        yield Problem(field, f"{field} is given more than once in the same object")
    for key, item in value.items():
        field = begin + shown(key)
        if "\0" in key:
            yield Problem(field, f"{field} must not have the NUL character (\\u0000) in its name")
        yield from _doubts(item, field)
