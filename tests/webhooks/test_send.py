"""One attempt: what goes out, where it may go, and what is kept of the answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from reelrouter import net
from reelrouter.client.webhooks import verify_webhook
from reelrouter.clock import FrozenClock
from reelrouter.net import Rules, rules_for
from reelrouter.webhooks.schedule import Result
from reelrouter.webhooks.send import MOST_KEPT, CannotSign, Outbox, Sender
from reelrouter.webhooks.store import Claimed
from tests.forbidden_hosts import FORBIDDEN, INNER, METADATA, NOWHERE
from tests.webhooks.conftest import delivery_of

SECRET = "whsec_c2VjcmV0"
BODY = '{"type":"video.generation.completed","data":{"id":"job-1","status":"completed"}}'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    try:
        yield str(server.make_url("/hook"))
    finally:
        await server.close()


def claimed(url: str, tries: int = 0, **given: Any) -> Claimed:
    delivery = delivery_of(url=url, body=BODY, **given)
    return Claimed(id="dlv_1", delivery=delivery, host="h", n=tries + 1, tries=tries, until=0)


async def sent(
    one: Claimed, *, rules: Rules | None = None, loopback: bool = False, timeout: float = 5.0
) -> Result:
    async def secrets_of(_workspace: str) -> Sequence[str]:
        return (SECRET,)

    async with Outbox(rules or Rules(), timeout, loopback=loopback) as outbox:
        return await Sender(outbox, secrets_of, "OpenRouter", FrozenClock()).send(one)


def test_the_body_goes_out_as_it_is_written_and_signed() -> None:
    """And the answer's status, time and beginning come back."""
    seen: list[web.Request] = []
    bodies: list[bytes] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append(request)
        bodies.append(await request.read())
        return web.Response(status=202, text="thank you\0" + "x" * 5000, headers={"Retry-After": "9"})

    async def work() -> Result:
        async with serving(receive) as url:
            return await sent(claimed(url), rules=rules_for(allow_private=True))

    result = asyncio.run(work())
    assert (result.status, result.error, result.retry_after) == (202, None, "9")
    assert result.response == "thank you\N{REPLACEMENT CHARACTER}" + "x" * (MOST_KEPT - 10)
    assert result.latency is not None
    assert bodies == [BODY.encode()]
    assert verify_webhook(seen[0].headers, bodies[0], SECRET, now=FrozenClock().now()).job.id == "job-1"


@pytest.mark.parametrize(
    ("mode", "loopback", "reached"),
    [("test", True, True), ("live", True, False), ("test", False, False), ("live", False, False)],
)
def test_this_machine_is_for_tests_alone(mode: str, loopback: bool, reached: bool) -> None:
    """Where the gateway itself can be reached from nowhere else."""
    calls: list[str] = []

    async def receive(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response()

    async def work() -> Result:
        async with serving(receive) as url:
            return await sent(claimed(url, mode=mode), loopback=loopback)

    result = asyncio.run(work())
    assert (result.status == 200, bool(calls)) == (reached, reached)
    assert (result.error == "Only HTTPS URLs are allowed") is not reached


def test_a_test_job_reaches_nothing_else_that_is_private() -> None:
    """The exception is for this machine, by a name that says so."""
    for url in ("http://10.0.0.1/", "https://10.0.0.1/", "http://0.0.0.0/", "http://example.com/"):
        result = asyncio.run(sent(claimed(url, mode="test"), loopback=True))
        assert (result.status, bool(result.error)) == (None, True)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_no_delivery_goes_to_a_forbidden_host(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the row says, and whoever wrote it: the address is judged when it is sent to."""
    opened: list[str] = []

    def refuse(reaches: Callable[[str], bool], info: Any) -> None:
        if reaches(info[4][0]):
            opened.append(info[4][0])
        raise OSError("no socket for a test")

    async def work() -> list[Result]:
        async def secrets_of(_workspace: str) -> Sequence[str]:
            return ()

        hosts = FORBIDDEN if mode == "live" else (*INNER, *METADATA, *NOWHERE)
        async with Outbox(Rules(), 5.0, loopback=True) as outbox:
            sender = Sender(outbox, secrets_of, "OpenRouter", FrozenClock())
            urls = [f"{scheme}://{host}/" for host in hosts for scheme in ("http", "https")]
            return [await sender.send(claimed(url, mode=mode)) for url in urls]

    monkeypatch.setattr(net, "_open_socket", refuse)
    results = asyncio.run(work())
    assert opened == []
    said = {"Only HTTPS URLs are allowed", "the host's address is not a public one"}
    assert {result.error for result in results} == said


def test_a_receiver_that_does_not_answer_is_given_up() -> None:
    """After the time that receivers have; that is a result, and no error."""

    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async def work() -> Result:
        async with serving(never) as url:
            return await sent(claimed(url, mode="test"), loopback=True, timeout=0.1)

    result = asyncio.run(work())
    assert (result.status, result.error) == (None, "the server did not finish within 0.1 s")


def test_pretended_failures_are_not_sent() -> None:
    """The first attempts for a test prompt that asked for it; the one after them is real."""
    nobody = "http://127.0.0.1:1/"
    for tries in (0, 1):
        result = asyncio.run(sent(claimed(nobody, tries, mode="test", pretend=2), loopback=True))
        assert (result.status, result.error) == (500, "The test prompt asked for it; nothing was sent.")
    real = asyncio.run(sent(claimed(nobody, 2, mode="test", pretend=2), loopback=True))
    assert (real.status, real.error) == (None, "no connection to the host could be made")


def test_what_cannot_be_signed_is_not_sent() -> None:
    """A receiver that checks signatures must not get used to webhooks without one."""

    async def broken(_workspace: str) -> Sequence[str]:
        raise CannotSign("the operator has to look after the signing secret")

    async def work() -> Result:
        async with Outbox(rules_for(allow_private=True), 5.0, loopback=True) as outbox:
            return await Sender(outbox, broken, "OpenRouter", FrozenClock()).send(claimed("http://127.0.0.1:1/"))

    result = asyncio.run(work())
    assert result.status is None
    assert result.error == "It could not be signed: the operator has to look after the signing secret"
