"""Requests whose headers are wrong about their bodies: type, coding, length, and too much of it."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.acceptance.bad_requests.case import JSON, Bytes, Case, refused_body
from tests.acceptance.orders import small

_WHOLE = json.dumps(small()).encode()
_OVER = 5 * 1024 * 1024
"""More than the gateway takes."""
_ENDLESS = ("Content-Length", "99999999999")


def cases() -> Iterator[Case]:
    yield from _types()
    yield from _codings()
    yield from _lengths()
    yield from _large()
    yield from _malformed()


def _types() -> Iterator[Case]:
    yield refused_body("no Content-Type", "Content-Type", "and is none", _WHOLE, headers=())
    for given in (
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/vnd.api+json",
        "application/json, text/plain",
        "json",
        "",
        "/",
    ):
        name = f"Content-Type {given!r}"
        yield refused_body(
            name, "Content-Type", "must be application/json", _WHOLE, headers=(("Content-Type", given),)
        )
    for charset in ("utf-16", "latin-1", "UTF-7", '"utf-32"'):
        headers = (("Content-Type", f"application/json; charset={charset}"),)
        yield refused_body(f"charset {charset}", "Content-Type", "sent as UTF-8", _WHOLE, headers=headers)


def _codings() -> Iterator[Case]:
    for coding in ("gzip", "deflate", "br", "zstd", "gzip, identity", "GZIP", "rot13"):
        headers = (*JSON, ("Content-Encoding", coding))
        body = gzip.compress(_WHOLE) if coding == "gzip" else _WHOLE
        yield refused_body(f"Content-Encoding {coding}", "Content-Encoding", "uncompressed", body, headers=headers)


def _lengths() -> Iterator[Case]:
    for length in (1, 5, len(_WHOLE) - 1):
        headers = (*JSON, ("Content-Length", str(length)))
        name = f"Content-Length {length} of {len(_WHOLE)}"
        yield refused_body(name, "", "ends too early", _WHOLE, headers=headers, framing="none")
    headers = (*JSON, ("Content-Length", "0"))
    yield refused_body("Content-Length 0", "", "is empty", _WHOLE, headers=headers, framing="none")
    yield refused_body("neither a length nor chunks", "", "is empty", _WHOLE, framing="none")
    yield refused_body("chunks of half a body", "", "ends too early", _WHOLE[:40], framing="chunked")
    yield refused_body("no chunk at all", "", "is empty", b"", framing="chunked")


def _large() -> Iterator[Case]:
    for name, body, framing in (
        ("a body over the limit", _spaces, "length"),
        ("chunks over the limit", _spaces, "chunked"),
        ("letters over the limit", lambda: b"x" * _OVER, "length"),
        ("a data URL over the limit", _large_picture, "length"),
    ):
        yield _too_large(name, body, framing=framing)
    yield _too_large("a length over the limit and no body", b"", framing="none", headers=(*JSON, _ENDLESS))


def _too_large(name: str, body: Bytes, **more: Any) -> Case:
    return refused_body(name, None, "more than 4194304 bytes", body, status=413, **more)


def _spaces() -> bytes:
    return b" " * _OVER + _WHOLE


def _large_picture() -> bytes:
    return json.dumps(small(prompt=f"data:image/png;base64,{'A' * _OVER}")).encode()


def _malformed() -> Iterator[Case]:
    """What never becomes a request: it is the server's parser that refuses it."""
    chunked = ("Transfer-Encoding", "chunked")
    for name, headers, body in (
        ("a negative length", (("Content-Length", "-1"),), b""),
        ("a length in words", (("Content-Length", "many"),), b""),
        ("a length beyond all numbers", (("Content-Length", "9" * 100),), b""),
        ("two lengths", (("Content-Length", "2"), ("Content-Length", "3")), b"{}"),
        ("a length and chunks", (("Content-Length", "2"), chunked), b"{}"),
        ("a chunk whose length is none", (chunked,), b"zz\r\n{}\r\n0\r\n\r\n"),
        ("a chunk longer than it says", (chunked,), b"1\r\n{}\r\n0\r\n\r\n"),
        ("a header without a colon", (("no colon", ""),), b""),
        ("a header with a line break", (("X-Broken", "a\rb"),), b""),
        ("a header with a NUL", (("X-Broken", "a\0b"),), b""),
    ):
        yield _no_http(name, headers=(*JSON, *headers), body=body)
    yield _no_http("a space in the address", path="/api/v1/vid eos")
    yield _no_http("a control character in the address", path="/api/v1/\x01")
    yield _no_http("an unknown version", path="/ HTTP/9.9\r\nX-Rest:")
    yield _no_http("a method that is none", method="PO ST")
    yield _no_http("a method of one's own", method="CONJURE")
    long = (*JSON, ("X-Long", "a" * 1_000_000))
    yield Case(
        name="a header of a megabyte",
        field=None,
        words="more than 65536 bytes",
        status=431,
        headers=long,
        body=_WHOLE,
    )


def _no_http(name: str, **more: Any) -> Case:
    return Case(name=name, field=None, words="not valid HTTP", framing="none", **more)
