"""A few GET answers over HTTP/1.1, for a process that has no server otherwise. One request a connection."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from reelrouter.errors import Forbidden, ReelRouterError, Unauthorized

_MOST_HEAD = 16 * 1024
_PATIENCE = 5.0
"""Seconds in which a request has to arrive."""
_MOST_TEXT = 16 * 1024 * 1024
_LONGEST_ADDRESS = 100
"""Bytes of a socket's path; the kernel takes 107."""
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: bytes
    content_type: str = _JSON
    status: int = 200


class Answers(Protocol):
    """One address's handler: gets headers, their names in small letters, and the peer's address if it has one."""

    def __call__(self, headers: Mapping[str, str], peer: str | None, /) -> Answer: ...


@asynccontextmanager
async def answering(listener: socket.socket, routes: Mapping[str, Answers]) -> AsyncIterator[None]:
    """Answers on a bound socket meanwhile, and closes it."""
    server = await asyncio.start_server(partial(_serve, routes), sock=listener, limit=_MOST_HEAD)
    try:
        yield
    finally:
        server.close()


def bind_here(path: Path) -> socket.socket:
    """A socket in the file system that only this user can connect to."""
    with _within_reach(path) as address, suppress(FileNotFoundError):
        Path(address).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _within_reach(path) as address:
        listener.bind(address)
    path.chmod(0o600)  # before anybody can connect: it does not listen yet
    return listener


def bind_address(host: str, port: int) -> socket.socket:
    """Raises `OSError`."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


async def get_here(path: Path, address: str, seconds: float) -> bytes | None:
    """The body of what the socket's owner answers with 200; None if it does not answer so in time."""
    try:
        async with asyncio.timeout(seconds):
            with _within_reach(path) as reachable:
                reader, writer = await asyncio.open_unix_connection(reachable, limit=_MOST_TEXT)
            with closing(writer):
                writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.read(-1)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return body if head.split(b" ", 2)[1] == b"200" else None


async def _serve(
    routes: Mapping[str, Answers], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with closing(writer):
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                peer = writer.get_extra_info("peername")
                writer.write(_written(_answer(routes, head, peer[0] if isinstance(peer, tuple) else None)))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # it sent no request, or did not stay for the answer


def _answer(routes: Mapping[str, Answers], head: bytes, peer: str | None) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if path not in routes:
        return _refusal(404, f"There is no {path} here, only {' and '.join(routes)}.", "not_found")
    if method != "GET":
        return _refusal(405, f"{path} does not take {method}.", "invalid_request")
    named = (line.partition(":") for line in lines if line)
    try:
        return routes[path]({name.strip().lower(): value.strip() for name, _, value in named}, peer)
    except Unauthorized as refused:
        return _refused(401, refused)
    except Forbidden as refused:
        return _refused(403, refused)


def _refused(status: int, error: ReelRouterError) -> Answer:
    return _refusal(status, error.message, error.error_type)


def _refusal(status: int, message: str, error_type: str) -> Answer:
    error = {"code": status, "message": message, "metadata": {"error_type": error_type}}
    return Answer(body=json.dumps({"error": error}).encode(), status=status)


def _written(answer: Answer) -> bytes:
    lines = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"content-type: {answer.content_type}",
        f"content-length: {len(answer.body)}",
        *(("www-authenticate: Bearer",) if answer.status == 401 else ()),
        "connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + answer.body


@contextmanager
def _within_reach(path: Path) -> Iterator[str]:
    """The address of a socket's file, spelled so short that the kernel takes it."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
