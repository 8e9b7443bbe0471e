"""A vendor of no name, the servers that it runs on, and a drive that asks them: what tests of the wire share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from reelrouter.clock import Clock, FrozenClock
from reelrouter.providers.base import Access, Account, Call, Flow, Grant, Provider, Reply, Ticket, Unclear
from reelrouter.providers.drive import Drive
from reelrouter.providers.reading import class_of_status, json_object, polled, refused, text
from reelrouter.providers.remote import Remote
from reelrouter.work import FailureClass, Fetch, Finished, Handle, Media, Order, Outcome, Running

SECRET = "sk-5ecret/0f+an=operator"
KEY = f"Bearer {SECRET}"
NOWHERE = "http://127.0.0.1:1"
"""Where nobody listens."""


class Plain(Provider):
    """Takes orders at `jobs`, tells of them at `jobs/{id}`."""

    name = "plain"
    evidence = "these tests"

    def __init__(self, *own_origins: str) -> None:
        self.access = Access(root="https://plain.test", needed={"api_key": ("K",)}, own_origins=own_origins)

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        reply = yield Call(method="POST", url="jobs", json={"prompt": order.prompt}, creates=True)
        if reply.status != 200:
            raise refused(class_of_status(reply.status), None, reply.body.decode())
        return Ticket(native_id=text(json_object(reply), "id"), poll_after=1.0)

    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        job = polled((yield Call(method="GET", url=f"jobs/{handle.native_id}")))
        return Finished(outputs=(Fetch(url=job["url"]),)) if "url" in job else Running()


class SignsIn(Plain):
    """Gives the calls of an hour the next of `t1`, `t2`, ..."""

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        reply = yield Call(method="POST", url="token", form={"secret": account.values["api_key"]})
        if reply.status != 200:
            raise refused(FailureClass.AUTH, None, "it is not known")
        token = json_object(reply)["token"]
        return Grant(headers={"Authorization": f"Bearer {token}"}, expires_at=now + 3600)


@dataclass(slots=True)
class Heard:
    """What a server was asked, in order."""

    url: str = ""
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def keys(self) -> list[str | None]:
        """The credentials of each request."""
        return [request.headers.get("Authorization") for request in self.requests]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Heard]:
    """A server that answers every request alike, and remembers them."""
    heard = Heard()

    async def handle(request: web.Request) -> web.StreamResponse:
        heard.requests.append(request)
        heard.bodies.append(await request.read())
        return await answer(request)

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    heard.url = f"http://{host}:{port}"
    try:
        yield heard
    finally:
        await runner.cleanup()


def saying(body: bytes = b"{}", status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=named)

    return answer


@dataclass(slots=True)
class Wire:
    """A server below HTTP: `answers` are the bytes of the next replies, and None cuts the connection."""

    answers: list[bytes | None]
    url: str = ""
    requests: list[str] = field(default_factory=list)
    """The first line of each."""
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def wired(*answers: bytes | None) -> AsyncIterator[Wire]:
    """It answers nothing at all once the answers are used up."""
    wire = Wire(list(answers))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await _request(reader)
                wire.requests.append(head.partition("\r\n")[0])
                wire.asked.set()
                if not wire.answers:
                    await reader.read()  # until the client has had enough
                    break
                answer = wire.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                if b"Connection: close" in answer:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    wire.url = f"http://{host}:{port}"
    try:
        yield wire
    finally:
        server.close()


async def _request(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length")]
    await reader.readexactly(int(length[0]) if length else 0)
    return head


def ok(body: bytes = b"{}", **headers: str) -> bytes:
    """A whole reply that keeps its connection."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *lines, "", ""]).encode() + body


def account(root: str, **values: str) -> Account:
    return Account(provider="plain", name="a", root=root, values={"api_key": SECRET, **values}, concurrency=1)


@asynccontextmanager
async def driving(
    directory: Path, clock: Clock | None = None, patience: float = 30.0, **files: Path
) -> AsyncIterator[Drive]:
    """A drive whose outputs go to `directory`, and whose inputs are `files`, by their hash."""

    async def find(media: Media) -> Path:
        return files[media.sha256]

    drive = Drive(find, directory, clock or FrozenClock(), patience)
    try:
        yield drive
    finally:
        await drive.close()


def only(call: Call) -> Flow[Reply]:
    """A flow of one call, which returns its reply."""
    return (yield call)


def remote(drive: Drive, root: str, provider: Provider | None = None) -> Remote:
    return Remote(
        endpoint="plain",
        provider=provider or Plain(),
        accounts={"a": account(root)},
        drive=drive,
        max_output=1000,
    )
