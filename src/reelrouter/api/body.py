"""Reads a JSON body: bounded, exact about its type, and off the event loop when it is large."""

import asyncio
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from reelrouter.errors import InvalidRequest, PayloadTooLarge, Problem

_LARGE = 256 * 1024
"""Bytes from which decoding would hold up everybody else's requests."""


async def read_json(request: Request, max_body: int) -> Any:
    """The decoded body. Raises `InvalidRequest` or `PayloadTooLarge`."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        given = content_type or "none"
        raise InvalidRequest(
            [
                Problem(
                    "Content-Type",
                    f"Content-Type must be application/json, and is {given}.",
                    ("application/json",),
                )
            ]
        )
    body = await _read(request, max_body)
    try:
        return await asyncio.to_thread(_decode, body) if len(body) > _LARGE else _decode(body)
    except ValueError as error:
        raise InvalidRequest([Problem("", f"The body is not valid JSON: {error}")]) from None


async def _read(request: Request, max_body: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_body:
        raise _too_large(max_body)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_body:
            raise _too_large(max_body)
        chunks.append(chunk)
    return b"".join(chunks)


def _decode(body: bytes) -> Any:
    return from_json(body, allow_inf_nan=False)


def _too_large(max_body: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The body has more than {max_body} bytes. Send images by URL in place of data URLs.", max_body=max_body
    )
