"""What a bad request is: how it is sent, and how it must be refused. Nothing is sent here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.acceptance.orders import frame, small

Bytes = bytes | Callable[[], bytes]
"""A body, or how to make one that nobody wants to keep."""

PATH = "/api/v1/videos"
JSON: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
IMAGES_HOST = "images.test"
"""Stands in a body for the server that misbehaves."""
IMAGES = f"http://{IMAGES_HOST}"
IMAGE = "frame_images[0].image_url.url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    words: str
    """What a message must say."""
    field: str | None
    """The field or the header that a problem must name; None where the whole of the request is refused."""
    others: tuple[str, ...] = ()
    """Fields that are named besides."""
    status: int = 400
    method: str = "POST"
    path: str = PATH
    headers: tuple[tuple[str, str], ...] = JSON
    body: Bytes = b""
    framing: Literal["length", "chunked", "none"] = "length"
    """`none`: the headers say what they like about the body's length."""
    host: str | None = None
    """The Host header, if not the true one."""
    key: Literal["test", "live"] | None = "test"
    gateway: Literal["guarded", "open"] = "guarded"
    """`open` fetches from private addresses, and waits less long for inputs."""


def refused(name: str, field: str, words: str, /, **changes: Any) -> Case:
    """A small order, changed for the worse."""
    return Case(name=name, field=field, words=words, body=json.dumps(small(**changes)).encode())


def refused_body(name: str, field: str | None, words: str, body: Bytes, **more: Any) -> Case:
    return Case(name=name, field=field, words=words, body=body, **more)


def refused_picture(name: str, words: str, url: str | Callable[[], str], **more: Any) -> Case:
    """A small order with a first frame that is no good."""

    def body() -> bytes:
        address = url if isinstance(url, str) else url()
        return json.dumps(small(frame_images=[frame(address, "first_frame")])).encode()

    return Case(name=name, field=IMAGE, words=words, body=body, **more)


def refused_request(name: str, field: str | None, words: str, body: Mapping[str, Any], **more: Any) -> Case:
    """Any order, not only a small one."""
    return Case(name=name, field=field, words=words, body=json.dumps(body).encode(), **more)
