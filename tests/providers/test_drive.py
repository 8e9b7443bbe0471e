"""How calls travel: who is shown credentials, what is bounded, and what was certainly never sent."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from reelrouter.clock import FrozenClock
from reelrouter.providers.base import Call, Part
from reelrouter.providers.drive import Lost, NotSent
from reelrouter.work import FailureClass
from tests.providers.orders import picture
from tests.providers.wire import KEY, Plain, SignsIn, account, driving, ok, saying, serving, wired

pytestmark = pytest.mark.anyio

PLAIN = Plain()
GET = Call(method="GET", url="jobs/1")
CREATE = Call(method="POST", url="jobs", json={"prompt": "a boat"}, creates=True)


# Whom credentials are shown to ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["jobs/1", "/jobs/1", "jobs/1?next=https://elsewhere.test/"])
async def test_paths_lie_below_the_root_and_are_signed(path: str, tmp_path: Path) -> None:
    """Whatever a query holds."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        await drive.send(Call(method="GET", url=path), PLAIN, account(f"{vendor.url}/v1"))
    assert vendor.keys == [KEY]
    assert vendor.paths == ["/v1/jobs/1"]


async def test_a_whole_address_is_signed_only_at_the_accounts_own_origins(tmp_path: Path) -> None:
    """An address that a vendor gives may lead anywhere."""
    async with (
        serving(saying()) as vendor,
        serving(saying()) as store,
        serving(saying()) as stranger,
        driving(tmp_path) as drive,
    ):
        for url in (vendor.url, store.url, stranger.url):
            await drive.send(Call(method="GET", url=f"{url}/x"), Plain(store.url), account(vendor.url))
    assert (vendor.keys, store.keys, stranger.keys) == ([KEY], [KEY], [None])


async def test_another_name_of_the_same_machine_is_another_origin(tmp_path: Path) -> None:
    """Origins are compared as they are written."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        other = vendor.url.replace("127.0.0.1", "localhost")
        await drive.send(Call(method="GET", url=f"{other}/x"), PLAIN, account(vendor.url))
    assert vendor.keys == [None]


async def test_a_call_may_go_without_credentials(tmp_path: Path) -> None:
    """Even to the vendor itself."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        await drive.send(replace(GET, signed=False), PLAIN, account(vendor.url))
    assert vendor.keys == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_of_a_call_is_followed(status: int, tmp_path: Path) -> None:
    """The adapter is told of it, and nobody else of the call."""
    async with (
        serving(saying()) as elsewhere,
        serving(saying(status=status, Location=f"{elsewhere.url}/x")) as vendor,
        driving(tmp_path) as drive,
    ):
        reply = await drive.send(CREATE, PLAIN, account(vendor.url))
    assert reply.status == status
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "url",
    ["https://u:p@plain.test/x", "https://a.test\\@plain.test/x", "http://[::1/x", "https:///x", "http://h:port/"],
)
async def test_what_is_no_plain_web_address_is_not_asked(url: str, tmp_path: Path) -> None:
    """Where two readers of an address could differ, nothing is sent."""
    async with driving(tmp_path) as drive:
        with pytest.raises(NotSent) as caught:
            await drive.send(Call(method="GET", url=url), PLAIN, account("https://plain.test"))
    assert caught.value.failed is not None
    assert caught.value.failed.failure is FailureClass.DRIFT


# Signing in ----------------------------------------------------------------------------------------------------


class Office:
    """Hands out tokens, and refuses those that it is told to."""

    def __init__(self) -> None:
        self.tokens = 0
        self.void: set[str] = set()

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/token":
            self.tokens += 1
            return web.json_response({"token": f"token-no-{self.tokens}"})
        is_void = request.headers.get("Authorization") in self.void
        return web.json_response({}, status=401 if is_void else 200)


async def test_an_account_with_another_key_signs_in_anew(tmp_path: Path) -> None:
    """Though it goes by the same name: what the former key was granted is not used any more."""
    async with serving(office := Office()) as vendor, driving(tmp_path) as drive:
        for key in ("one", "one", "two"):
            await drive.send(GET, SignsIn(), account(vendor.url, api_key=key))
    assert office.tokens == 2
    assert vendor.keys[-1] == "Bearer token-no-2"


async def test_a_grant_is_kept_until_shortly_before_its_end(tmp_path: Path) -> None:
    """A minute of its life stays unused: it must not run out on the way."""
    clock = FrozenClock()
    async with serving(office := Office()) as vendor, driving(tmp_path, clock) as drive:
        for seconds in (0, 3539, 1):
            clock.advance(seconds)
            await drive.send(GET, SignsIn(), account(vendor.url))
    assert [key for path, key in zip(vendor.paths, vendor.keys, strict=True) if path != "/token"] == [
        "Bearer token-no-1",
        "Bearer token-no-1",
        "Bearer token-no-2",
    ]
    assert office.tokens == 2


async def test_many_calls_share_one_sign_in(tmp_path: Path) -> None:
    """All wait for the first one's."""
    async with serving(office := Office()) as vendor, driving(tmp_path) as drive:
        await asyncio.gather(*(drive.send(GET, SignsIn(), account(vendor.url)) for _ in range(8)))
    assert office.tokens == 1


async def test_accounts_have_grants_of_their_own(tmp_path: Path) -> None:
    """Of one vendor too."""
    async with serving(office := Office()) as vendor, driving(tmp_path) as drive:
        for name in ("a", "b", "a"):
            await drive.send(GET, SignsIn(), replace(account(vendor.url), name=name))
    assert office.tokens == 2


async def test_a_refused_grant_is_dropped(tmp_path: Path) -> None:
    """The call itself is not repeated: the next one signs in anew."""
    async with serving(office := Office()) as vendor, driving(tmp_path) as drive:
        office.void = {"Bearer token-no-1"}
        first = await drive.send(GET, SignsIn(), account(vendor.url))
        second = await drive.send(GET, SignsIn(), account(vendor.url))
    assert (first.status, second.status) == (401, 200)
    assert office.tokens == 2


async def test_a_late_refusal_leaves_a_newer_grant_alone(tmp_path: Path) -> None:
    """Else many calls that are refused at a time would each sign in."""
    release, asked = asyncio.Event(), asyncio.Event()
    office = Office()

    async def slowly(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            asked.set()
            await release.wait()
        return await office(request)

    async with serving(slowly) as vendor, driving(tmp_path) as drive:
        at = account(vendor.url)
        slow = asyncio.ensure_future(drive.send(Call(method="GET", url="slow"), SignsIn(), at))
        await asyncio.wait_for(asked.wait(), 10)
        office.void = {"Bearer token-no-1"}
        await drive.send(GET, SignsIn(), at)
        await drive.send(GET, SignsIn(), at)
        release.set()
        assert (await slow).status == 401
        assert (await drive.send(GET, SignsIn(), at)).status == 200
    assert office.tokens == 2


async def test_a_sign_in_is_signed_with_nothing(tmp_path: Path) -> None:
    """Not even at the vendor's own origin, where the next call would be."""
    async with serving(Office()) as vendor, driving(tmp_path) as drive:
        await asyncio.wait_for(drive.send(GET, SignsIn(), account(vendor.url)), 10)
    assert vendor.keys == [None, "Bearer token-no-1"]
    assert vendor.bodies[0] == b"secret=sk-5ecret%2F0f%2Ban%3Doperator"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (ok(b"{}").replace(b"200 OK", b"403 No"), FailureClass.AUTH),
        (ok(b"<html>"), FailureClass.DRIFT),
        (None, None),
    ],
)
async def test_without_a_sign_in_nothing_is_sent(
    answer: bytes | None, failure: FailureClass | None, tmp_path: Path
) -> None:
    """However it failed, the call that needed it never left."""
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(NotSent) as caught:
            await drive.send(CREATE, SignsIn(), account(vendor.url))
    assert vendor.requests == ["POST /token HTTP/1.1"]
    assert (caught.value.failed and caught.value.failed.failure) == failure


# Sent or not ---------------------------------------------------------------------------------------------------


async def test_a_refused_connection_is_not_sent(tmp_path: Path) -> None:
    """Nobody listens there."""
    async with driving(tmp_path) as drive:
        with pytest.raises(NotSent):
            await drive.send(CREATE, PLAIN, account("http://127.0.0.1:1"))


async def test_an_unknown_host_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nowhere to send it to."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with driving(tmp_path) as drive:
        with pytest.raises(NotSent, match="Name or service not known"):
            await drive.send(CREATE, PLAIN, account("http://plain.test"))


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue is full: whoever connects now waits."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for one in waiting:
            one.close()


async def test_a_connection_that_is_never_made_is_not_sent(full_port: int, tmp_path: Path) -> None:
    """Its patience ends well before the call's."""
    async with driving(tmp_path, patience=0.4) as drive:
        with pytest.raises(NotSent, match="ConnectionTimeoutError"):
            await drive.send(CREATE, PLAIN, account(f"http://127.0.0.1:{full_port}"))


async def test_an_input_that_is_gone_is_not_sent(tmp_path: Path) -> None:
    """It is our own fault, and nothing was created."""
    call = replace(CREATE, json=None, parts=(Part(name="image", value=picture("p")),))
    async with serving(saying()) as vendor, driving(tmp_path, p=tmp_path / "gone.png") as drive:
        with pytest.raises(NotSent) as caught:
            await drive.send(call, PLAIN, account(vendor.url))
    assert vendor.requests == []
    assert caught.value.failed is not None
    assert caught.value.failed.failure is FailureClass.INTERNAL


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n",
        b"This is no HTTP.\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    ],
    ids=["cut", "half a body", "half a head", "no HTTP", "no gzip"],
)
async def test_a_reply_that_is_none_may_hide_an_arrival(answer: bytes | None, tmp_path: Path) -> None:
    """The request was there as a whole."""
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(Lost):
            await drive.send(CREATE, PLAIN, account(vendor.url))
    assert len(vendor.requests) == 1


async def test_a_call_without_a_reply_may_have_arrived(tmp_path: Path) -> None:
    """Patience ends, and tells nothing."""
    async with wired() as vendor, driving(tmp_path, patience=1.0) as drive:
        with pytest.raises(Lost):
            await drive.send(CREATE, PLAIN, account(vendor.url))
    assert vendor.asked.is_set()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_creating_call_is_sent_once(method: str, tmp_path: Path) -> None:
    """Over a connection of its own, and never again when it breaks: the HTTP client would, for some methods."""
    async with wired(ok(), None, ok(), ok()) as vendor, driving(tmp_path) as drive:
        await drive.send(GET, PLAIN, account(vendor.url))  # leaves an idle connection behind
        call = Call(method=method, url="jobs", json={}, creates=True)  # type: ignore[arg-type]
        with pytest.raises(Lost):
            await drive.send(call, PLAIN, account(vendor.url))
    assert vendor.requests == ["GET /jobs/1 HTTP/1.1", f"{method} /jobs HTTP/1.1"]
    assert vendor.connections == 2


async def test_creating_calls_share_no_connection(tmp_path: Path) -> None:
    """An idle one may be cut just as it is used again."""
    async with wired(ok(), ok()) as vendor, driving(tmp_path) as drive:
        for _ in range(2):
            await drive.send(CREATE, PLAIN, account(vendor.url))
    assert (len(vendor.requests), vendor.connections) == (2, 2)


async def test_polls_share_a_connection(tmp_path: Path) -> None:
    """And one that was cut while idle is opened again: nobody loses by a second GET."""
    async with wired(ok(), ok(), None, ok()) as vendor, driving(tmp_path) as drive:
        for _ in range(3):
            await drive.send(GET, PLAIN, account(vendor.url))
    assert (len(vendor.requests), vendor.connections) == (4, 2)
