"""Sends cases as bytes over sockets of its own: HTTP clients repair what these requests get wrong."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.acceptance.bad_requests.case import IMAGES_HOST, Case

_PATIENCE = 20.0
"""Seconds after which a case counts as a hang."""
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where cases go."""

    port: int
    keys: Mapping[str, str]
    images: str
    """Host and port of the server that stands behind `IMAGES_HOST` in a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def send(case: Case, gateway: Gateway) -> Reply:
    """Raises `TimeoutError` for a gateway that does not answer, and `ValueError` for no answer or half of one."""
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        try:
            writing = asyncio.create_task(_write(writer, case, gateway))
            received = await _read(reader)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        finally:
            writer.close()
    return _reply(received)


async def _write(writer: asyncio.StreamWriter, case: Case, gateway: Gateway) -> None:
    for piece in _pieces(case, gateway):
        writer.write(piece)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    received = b""
    try:
        while piece := await reader.read(_PIECE):
            received += piece
    except ConnectionError:
        pass  # it was closed while we still wrote; what it said before that counts
    return received


def _pieces(case: Case, gateway: Gateway) -> Iterator[bytes]:
    body = case.body if isinstance(case.body, bytes) else case.body()
    body = body.replace(IMAGES_HOST.encode(), gateway.images.encode())
    yield _head(case, gateway, len(body))
    for at in range(0, len(body), _PIECE):
        piece = body[at : at + _PIECE]
        yield piece if case.framing != "chunked" else b"%x\r\n%s\r\n" % (len(piece), piece)
    if case.framing == "chunked":
        yield b"0\r\n\r\n"


def _head(case: Case, gateway: Gateway, length: int) -> bytes:
    host = f"127.0.0.1:{gateway.port}" if case.host is None else case.host
    lines = [f"{case.method} {case.path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    if case.key is not None:
        lines.append(f"Authorization: Bearer {gateway.keys[case.key]}")
    if case.framing == "length":
        lines.append(f"Content-Length: {length}")
    elif case.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    lines += [f"{name}: {value}" for name, value in case.headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _reply(received: bytes) -> Reply:
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        raise ValueError(f"the gateway closed the connection after {received!r}")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) != int(headers.get("content-length", len(body))):
        raise ValueError(f"the gateway sent {len(body)} of {headers['content-length']} bytes")
    return Reply(status=int(first.split()[1]), headers=headers, body=body)
