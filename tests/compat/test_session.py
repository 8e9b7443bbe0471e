"""What is sent, and what is made of addresses, redirects and broken answers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from reelrouter.compat.exchange import Ask, Exchange
from reelrouter.compat.session import NoAnswer, Session, api_base

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://127.0.0.1:8088", "http://127.0.0.1:8088/api/v1"),
        ("http://127.0.0.1:8088/", "http://127.0.0.1:8088/api/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
        ("https://gateway.example/video/api/v1", "https://gateway.example/video/api/v1"),
        ("https://gateway.example/video", "https://gateway.example/video/api/v1"),
    ],
)
def test_the_api_is_found_below_the_address(address: str, base: str) -> None:
    """With or without /api/v1."""
    assert api_base(address) == base


@pytest.mark.parametrize(
    "address",
    [
        "",
        "openrouter.ai",
        "ftp://openrouter.ai",
        "http://",
        "https://u:p@host",
        "https://host?x=1",
        "https://host:port",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(address: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="address"):
        api_base(address)


def answered(handler: Handler, ask: Ask, key: str | None = "the-key") -> Exchange:
    """What the session records of one ask to a server with one handler."""
    return asyncio.run(_answered(handler, ask, key))


async def _answered(handler: Handler, ask: Ask, key: str | None) -> Exchange:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, Session(api_base(str(server.make_url("/"))), key) as session:
        return await session.send(ask)


async def _tell(request: web.Request) -> web.StreamResponse:
    return web.json_response({"path": request.path_qs, "key": request.headers.get("Authorization")})


@pytest.mark.parametrize(
    ("use", "key"), [("given", "Bearer the-key"), ("none", None), ("wrong", "Bearer a-key-that-nobody-was-given")]
)
def test_each_ask_carries_the_key_it_says(use: str, key: str | None) -> None:
    """The caller's, none, or one that cannot be right."""
    exchange = answered(_tell, Ask(path="videos?x=1", key=use))  # type: ignore[arg-type]
    assert exchange.fields() == {"path": "/api/v1/videos?x=1", "key": key}
    assert exchange.media_type == "application/json"


def test_a_netrc_adds_no_password_to_an_ask_without_a_key(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the rules about missing keys would be about something else."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert answered(_tell, Ask(path="videos", key="none")).fields() == {"path": "/api/v1/videos", "key": None}


def test_a_redirect_is_followed_where_asked_and_counted() -> None:
    """And is an answer like any other where not."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/target"):
            return await _tell(request)
        raise web.HTTPFound("/target")

    followed = answered(handler, Ask(path="videos", follow=True))
    assert (followed.status, followed.redirects) == (200, 1)
    stopped = answered(handler, Ask(path="videos"))
    assert (stopped.status, stopped.redirects) == (302, 0)


def test_a_circle_of_redirects_has_an_end() -> None:
    """The last of them is the answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/again")

    assert answered(handler, Ask(path="videos", follow=True)).status == 302


def test_an_answer_that_breaks_off_is_none() -> None:
    """Its reason is told."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    with pytest.raises(NoAnswer, match="GET /api/v1/videos"):
        answered(handler, Ask(path="videos"))


def test_of_a_long_file_the_beginning_is_kept_and_the_rest_is_counted() -> None:
    """A video of gigabytes must not fill the memory."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(1_000_000), content_type="video/mp4")

    whole = answered(handler, Ask(path="videos"))
    assert (whole.size, len(whole.body)) == (1_000_000, 64 * 1024)
    beginning = answered(handler, Ask(path="videos", whole=False))
    assert beginning.size < 1_000_000
    assert beginning.body == whole.body
