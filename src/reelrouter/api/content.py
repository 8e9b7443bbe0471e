"""The bytes of a video: whole or in ranges, with bounded memory, for a key or for a signature."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import get_args

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from reelrouter.accounts.keys import Caller
from reelrouter.api.auth import optional_caller, uncounted_caller
from reelrouter.api.ranges import wanted_span
from reelrouter.api.videos import Edge
from reelrouter.errors import Forbidden, InvalidRequest, Problem, StorageFailed, Unauthorized
from reelrouter.jobs.content import ContentFile, ContentRequest
from reelrouter.storage.links import Link, Variant

_CHUNK = 256 * 1024
"""Measured: three times the throughput of 64 kB, while 1 MB costs everybody else latency."""
_MOST_DIGITS = 6
_MOST_EXPIRY_DIGITS = 12


class VideoFile(FileResponse):
    """A file from this machine's disk, or the part of it that `span` says, whatever the client's header."""

    chunk_size = _CHUNK

    def __init__(self, path: Path, headers: dict[str, str], span: tuple[int, int] | None) -> None:
        super().__init__(path, headers=headers, media_type=headers["Content-Type"])
        self._span = span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [item for item in scope["headers"] if item[0] not in (b"range", b"if-range")]
        if self._span is not None:
            headers.append((b"range", f"bytes={self._span[0]}-{self._span[1] - 1}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


class SentWhole(Response):
    """Sends another response, and tells when its last byte has gone to a client that was still there.

    Only one answer with all bytes counts: players ask for a file's end first, and mean to come back for the rest.
    """

    def __init__(self, response: Response, request: Request, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(status_code=response.status_code)
        self._response = response
        self._request = request
        self._then = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = False

        async def watched(message: Message) -> None:
            nonlocal whole
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                whole = not await self._request.is_disconnected()
            await send(message)

        await self._response(scope, receive, watched)
        if whole:
            await self._then()


class Content:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def download(self, request: Request) -> Response:
        """GET and HEAD of `/videos/{id}/content`."""
        wanted = await self._wanted(request)
        file = await self._edge.gateway.files.find(wanted)
        headers = {
            "ETag": f'"{file.etag}"',
            "Content-Type": file.mime,
            "Cache-Control": "private, max-age=3600",
            "Content-Disposition": f'inline; filename="{file.name}"',
            "X-Content-Type-Options": "nosniff",
        }
        if _has_it_already(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        if request.method == "GET" and (elsewhere := await self._edge.gateway.files.address_of(file)) is not None:
            return RedirectResponse(elsewhere, 302, {"Cache-Control": "no-store"})
        span = _span(request, file.size, headers["ETag"])
        if file.once is not None:
            return await self._once(request, wanted, headers, span)
        path = self._edge.gateway.files.local_path(file)
        if path is not None:
            return VideoFile(path, headers, span)
        stream = self._edge.gateway.files.read_range(file, *(span or (0, file.size)))
        return _streamed(request, file, headers, span, stream)

    async def _wanted(self, request: Request) -> ContentRequest:
        link, signature = _link(request)
        return ContentRequest(
            job_id=request.path_params["job_id"],
            index=_index(request.query_params.get("index")),
            variant=_variant(request.query_params.get("variant")),
            caller=await self._caller(request, has_link=link is not None),
            link=link,
            signature=signature,
        )

    async def _caller(self, request: Request, *, has_link: bool) -> Caller | None:
        """With a link in hand no key is needed: a wrong one is held against nobody, a good one not counted."""
        if not has_link:
            return await optional_caller(request, self._edge.keys)
        try:
            return await uncounted_caller(request, self._edge.keys)
        except (Unauthorized, Forbidden):
            return None

    async def _once(
        self, request: Request, wanted: ContentRequest, headers: dict[str, str], span: tuple[int, int] | None
    ) -> Response:
        """Of a file that goes once it was sent whole: it is opened before anything is promised."""
        files = self._edge.gateway.files
        file = await files.find(wanted)
        headers["Cache-Control"] = "no-store"
        stream = files.read_range(file, *(span or (0, file.size)))
        if request.method == "HEAD":
            return _streamed(request, file, headers, span, stream)
        try:
            first = await anext(stream, b"")
        except StorageFailed:
            await files.find(wanted)  # raises what is to be said of a file that another answer has used up
            raise
        response = _streamed(request, file, headers, span, _from(first, stream))
        return (
            SentWhole(response, request, partial(files.sent, file)) if span in (None, (0, file.size)) else response
        )


def _streamed(
    request: Request,
    file: ContentFile,
    headers: Mapping[str, str],
    span: tuple[int, int] | None,
    stream: AsyncIterator[bytes],
) -> Response:
    start, end = span or (0, file.size)
    part = {"Content-Range": f"bytes {start}-{end - 1}/{file.size}"} if span else {}
    told = {**headers, **part, "Content-Length": str(end - start), "Accept-Ranges": "bytes"}
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=told)
    return StreamingResponse(stream, status, told)


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _index(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS:
        raise InvalidRequest([Problem("index", "index must be a whole number from 0")])
    return int(text)


def _variant(text: str | None) -> Variant:
    known: tuple[Variant, ...] = get_args(Variant)
    for variant in known:
        if variant == (text or "video"):
            return variant
    raise InvalidRequest([Problem("variant", f"variant must be one of: {', '.join(known)}", known)])


def _link(request: Request) -> tuple[Link | None, str]:
    """What the address says it is, if it has the marks of a signed link."""
    query = request.query_params
    expires, signature = query.get("expires", ""), query.get("signature", "")
    if not signature or not expires.isdecimal():
        return None, ""
    link = Link(
        job_id=request.path_params["job_id"],
        index=_index(query.get("index")),
        variant=_variant(query.get("variant")),
        expires_at=int(expires[:_MOST_EXPIRY_DIGITS]),
    )
    return link, signature


def _has_it_already(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match")
    if known is None:
        return False
    return known.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]


def _span(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """A part is sent only of the file that the client means."""
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != etag:
        return None
    return wanted_span(request.headers.get("range"), size)
