"""HTTP as the server speaks it: what is none is refused in the one shape, and nobody takes forever to say it."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from reelrouter.api import protocol
from reelrouter.api.protocol import MOST_HEAD, Protocol

T = TypeVar("T")

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class App:
    """Answers every request with its body's size, as soon as it has it and is let."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    reads: bool = True
    heard: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, more = 0, self.reads
        while more:
            message = await receive()
            self.heard.append(message["type"])
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": str(size).encode()})


@dataclass
class Visitor:
    app: App
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def refusal(self) -> tuple[int, dict[str, Any]]:
        """The status and the error of an answer behind which the connection ends."""
        head, _, body = (await self.reader.read()).partition(b"\r\n\r\n")
        assert b"connection: close" in head
        error: dict[str, Any] = json.loads(body)["error"]
        return int(head.split()[1]), error


@asynccontextmanager
async def visiting() -> AsyncIterator[Visitor]:
    app = App()
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Visitor(app, reader, writer)
    finally:
        writer.close()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 10))


def test_requests_follow_each_other_on_one_connection() -> None:
    """Headers of one do not count for the next."""

    async def scenario() -> list[bytes]:
        async with visiting() as visitor:
            visitor.app.open.set()
            padded = REQUEST.replace(b"Host: x", b"Host: x\r\nX-Long: " + b"a" * (MOST_HEAD - 200))
            answers = []
            for _ in range(3):
                visitor.writer.write(padded)
                answers.append((await visitor.reader.readuntil(b"\r\n\r\n2"))[9:12])
            return answers

    assert run(scenario()) == [b"200"] * 3


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_one_shape(data: bytes) -> None:
    """A client that speaks TLS to a plain port, say, gets what every client can read."""

    async def scenario() -> tuple[int, dict[str, Any]]:
        async with visiting() as visitor:
            visitor.writer.write(data)
            return await visitor.refusal()

    status, error = run(scenario())
    assert status == error["code"] == 400
    assert "not valid HTTP/1.1" in error["message"]
    assert error["metadata"] == {"error_type": "invalid_request"}


def test_headers_without_end_are_refused_while_they_are_still_sent() -> None:
    """Nobody fills our memory before it has shown a key; and it can read why it was stopped."""

    async def scenario() -> tuple[int, dict[str, Any]]:
        async with visiting() as visitor:
            visitor.writer.write(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * (2 * MOST_HEAD))
            answer = await asyncio.wait_for(visitor.reader.readuntil(b"}}}"), 5)
            visitor.writer.write(b"a" * MOST_HEAD)  # is dropped
            await visitor.writer.drain()
            return int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2])["error"]

    status, error = run(scenario())
    assert status == 431
    assert f"more than {MOST_HEAD} bytes" in error["message"]


@pytest.mark.parametrize("start", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_never_end_are_not_waited_for(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little of them has come."""
    monkeypatch.setattr(protocol, "HEAD_PATIENCE", 0.05)

    async def scenario() -> tuple[int, dict[str, Any]]:
        async with visiting() as visitor:
            visitor.writer.write(start)
            return await visitor.refusal()

    status, error = run(scenario())
    assert status == 408
    assert "within 0.05 s" in error["message"]


def test_half_of_a_next_request_does_not_end_the_answer_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is for headers, and not for those who read a long answer."""
    monkeypatch.setattr(protocol, "HEAD_PATIENCE", 0.01)
    ticked = asyncio.Event()
    give_up = Protocol._give_up

    def tick(self: Protocol) -> None:
        give_up(self)
        ticked.set()

    monkeypatch.setattr(Protocol, "_give_up", tick)

    async def scenario() -> bytes:
        async with visiting() as visitor:
            visitor.writer.write(REQUEST + b"GET / HT")
            await ticked.wait()
            visitor.app.open.set()
            return await visitor.reader.readuntil(b"\r\n\r\n2")

    assert run(scenario()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_who_is_answered_before_the_end_can_come_to_it(connection: bytes) -> None:
    """A client that is cut off while it sends never reads what it was told."""

    async def scenario() -> bytes:
        async with visiting() as visitor:
            visitor.app.reads = False
            visitor.app.open.set()
            head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: %s\r\nContent-Length: %d\r\n\r\n"
            visitor.writer.write(head % (connection, 64 * MOST_HEAD))
            for _ in range(64):
                visitor.writer.write(b"a" * MOST_HEAD)
                await visitor.writer.drain()
            return await visitor.reader.readuntil(b"\r\n\r\n0")

    assert run(scenario()).startswith(b"HTTP/1.1 200")


def test_a_handler_whose_body_is_broken_off_hears_that_the_client_is_gone() -> None:
    """It would wait forever for the rest."""

    async def scenario() -> tuple[int, list[str]]:
        async with visiting() as visitor:
            visitor.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            status, _ = await visitor.refusal()
            visitor.app.open.set()
            return status, visitor.app.heard

    assert run(scenario()) == (400, ["http.disconnect"])
