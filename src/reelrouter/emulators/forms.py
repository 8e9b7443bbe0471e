"""Reads multipart forms for emulators of vendors that take files."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    filename: str
    mime: str
    data: bytes = field(repr=False)


Form = Mapping[str, list[str | Upload]]
"""Parts by name: one may come more than once."""


async def form_of(request: web.Request) -> Form:
    """Of a request whose body the frame has read already; empty where the body is no form."""
    if request.content_type != "multipart/form-data":
        return {}
    body = await request.read()
    stream = StreamReader(request.protocol, len(body), loop=asyncio.get_running_loop())
    stream.feed_data(body)
    stream.feed_eof()
    form: dict[str, list[str | Upload]] = {}
    async for part in MultipartReader(request.headers, stream):
        if isinstance(part, BodyPartReader):
            form.setdefault(part.name or "", []).append(await _value(part))
    return form


async def _value(part: BodyPartReader) -> str | Upload:
    data = bytes(await part.read())
    if part.filename is None:
        return data.decode()
    return Upload(part.filename, part.headers.get(hdrs.CONTENT_TYPE, ""), data)
