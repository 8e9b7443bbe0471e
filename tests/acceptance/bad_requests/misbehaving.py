"""A server of files that does all that a server should not: late, endless, lying, and elsewhere."""

import asyncio
import gzip
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from queue import Queue

Answer = Callable[[], AsyncGenerator[bytes, None]]
"""What is written to the socket after a request, before the connection is closed."""

_TLS = b"\x16"
_PICTURE = b"GET it whole, or not at all"


@contextmanager
def misbehaving(files: Mapping[str, bytes]) -> Iterator[str]:
    """Its host and port, while it serves these files beside its tricks."""
    answers = {**TRICKS, **{path: _plain(_head(200) + data) for path, data in files.items()}}
    ports: Queue[int] = Queue()
    over = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_run(answers, ports, over)))
    thread.start()
    try:
        yield f"127.0.0.1:{ports.get(timeout=10)}"
    finally:
        over.set()
        thread.join()


async def _run(answers: Mapping[str, Answer], ports: Queue[int], over: threading.Event) -> None:
    """Whatever is still being answered at the end is cancelled with the loop."""
    server = await asyncio.start_server(partial(_serve, answers), "127.0.0.1", 0)
    ports.put(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(over.wait)
    server.close()


async def _serve(
    answers: Mapping[str, Answer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answers one request, until all is said or whoever asked has heard enough."""
    try:
        first = await reader.readexactly(1)
        if first == _TLS:
            writer.write(_head(400))
            return
        request = await reader.readuntil(b"\r\n\r\n")
        answer = answers.get(request.split(b" ")[1].decode(), _plain(_head(404)))
        tasks = [asyncio.create_task(_write(answer, writer)), asyncio.create_task(reader.read())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
        pass  # it is gone, or speaks no HTTP, or the tests are over
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _write(answer: Answer, writer: asyncio.StreamWriter) -> None:
    async with aclosing(answer()) as pieces:
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()


def _head(status: int, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"HTTP/1.1 {status} Whatever\r\nConnection: close\r\n{''.join(lines)}\r\n".encode()


def _plain(data: bytes) -> Answer:
    async def write() -> AsyncGenerator[bytes, None]:
        yield data

    return write


def _repeating(first: bytes, piece: bytes, pause: float) -> Answer:
    async def write() -> AsyncGenerator[bytes, None]:
        yield first
        while True:
            yield piece
            await asyncio.sleep(pause)

    return write


def _silent(first: bytes) -> Answer:
    """Says this much and then nothing more, with the connection open."""

    async def write() -> AsyncGenerator[bytes, None]:
        yield first
        await asyncio.Event().wait()

    return write


def _redirect(target: str | None, status: int = 302) -> Answer:
    return _plain(_head(status, **({} if target is None else {"Location": target, "Content_Length": "0"})))


_ELSEWHERE = {
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.1/a.png",
    "gopher": "gopher://127.0.0.1:6379/_INFO",
    "javascript": "javascript:alert(1)",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "user": "http://user:secret@127.0.0.1/a.png",
    "nobody": "http://127.0.0.1:1/a.png",
    "malformed": "http://[::1/a.png",
    "long": "/" + "a" * 9000,
    "self": "/to/self",
    "other": "/to/another",
    "another": "/to/other",
    "missing": "/status/404",
}
_STATUSES = (201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503)

TRICKS: Mapping[str, Answer] = {
    "/late": _silent(b""),
    "/late-headers": _silent(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"),
    "/stalled": _silent(_head(200, Content_Type="image/png", Content_Length="1000") + _PICTURE),
    "/drip": _repeating(_head(200, Content_Type="image/png"), b"x", 0.1),
    "/drip-headers": _repeating(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n", 0.1),
    "/chunks-without-end": _repeating(_head(200, Transfer_Encoding="chunked"), b"1\r\nx\r\n", 0.1),
    "/endless": _repeating(_head(200, Content_Type="image/png"), b"x" * 65536, 0.0),
    "/announced": _silent(_head(200, Content_Length=str(10**12))),
    "/short": _plain(_head(200, Content_Length="1000") + _PICTURE),
    "/broken-chunks": _plain(_head(200, Transfer_Encoding="chunked") + b"zz\r\nnot a length\r\n"),
    "/bad-length": _plain(_head(200, Content_Length="many") + _PICTURE),
    "/empty": _plain(_head(200, Content_Type="image/png", Content_Length="0")),
    "/page": _plain(_head(200, Content_Type="text/html") + b"<!DOCTYPE html><html>Please sign in</html>"),
    "/prose": _plain(_head(200, Content_Type="image/png") + b"A secret that only this server knows"),
    "/packed": _plain(_head(200, Content_Encoding="gzip") + gzip.compress(_PICTURE)),
    "/closed": _plain(b""),
    "/not-http": _plain(b"220 mail.example ESMTP ready\r\n"),
    "/long-headers": _plain(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n"),
    "/to/nowhere": _redirect(None),
    **{f"/to/{name}": _redirect(target) for name, target in _ELSEWHERE.items()},
    **{f"/status/{status}": _plain(_head(status)) for status in _STATUSES},
}
