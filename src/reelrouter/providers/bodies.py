"""Turns a call's body into what aiohttp sends, with the bytes of the order's inputs in their places."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp

from reelrouter.errors import StorageFailed
from reelrouter.providers.base import Call, Inline, Part
from reelrouter.work import Media

Find = Callable[[Media], Awaitable[Path]]
"""Finds an input's bytes on this machine. Raises `StorageFailed` or an `OSError` if they are not there."""
_SUFFIXES = {"audio/mpeg": "mp3", "video/quicktime": "mov"}
"""Where a file's name ends otherwise than its type."""


class Unreadable(Exception):
    """An input's bytes are not where they should be."""


@asynccontextmanager
async def opened(call: Call, find: Find) -> AsyncIterator[dict[str, Any]]:
    """The body as a request's keyword arguments; its files are open until the end. Raises `Unreadable`."""
    async with AsyncExitStack() as stack:
        try:
            body = await _body(call, find, stack)
        except (OSError, StorageFailed) as error:
            raise Unreadable(f"an input cannot be read: {error}") from error
        yield body


async def _body(call: Call, find: Find, stack: AsyncExitStack) -> dict[str, Any]:
    if call.parts:
        return {"data": await _multipart(call.parts, find, stack)}
    if call.form:
        return {"data": dict(call.form)}
    if call.json is not None:
        filled = await _filled(call.json, find)
        text = await asyncio.to_thread(partial(json.dumps, filled, ensure_ascii=False))
        # As a stream: a whole picture at once would hold up the loop.
        return {"data": aiohttp.BytesIOPayload(BytesIO(text.encode()), content_type="application/json")}
    return {}


async def _multipart(parts: tuple[Part, ...], find: Find, stack: AsyncExitStack) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    for part in parts:
        if isinstance(part.value, Media):
            file = stack.enter_context((await find(part.value)).open("rb"))
            payload = writer.append(file, {"Content-Type": part.value.mime})
            name = f"{part.value.sha256[:16]}.{_suffix(part.value.mime)}"
            payload.set_content_disposition("form-data", name=part.name, filename=name)
        else:
            payload = writer.append(part.value)
            payload.set_content_disposition("form-data", name=part.name)
    return writer


async def _filled(value: Any, find: Find) -> Any:
    """The JSON value with texts in the place of its `Inline`s."""
    if isinstance(value, Inline):
        path = await find(value.media)
        text = await asyncio.to_thread(lambda: base64.b64encode(path.read_bytes()).decode())
        return f"data:{value.media.mime};base64,{text}" if value.form == "data_url" else text
    if isinstance(value, Mapping):
        return {name: await _filled(one, find) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [await _filled(one, find) for one in value]
    return value


def _suffix(mime: str) -> str:
    """Of a file's name: some vendors believe that and not its type."""
    return _SUFFIXES.get(mime, mime.partition("/")[2])
