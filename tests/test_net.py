import asyncio
import gzip
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reelrouter import net
from reelrouter.net import (
    MAX_REDIRECTS,
    AddressRefused,
    BadStatus,
    Broken,
    FetchFailed,
    FetchLimits,
    GuardedClient,
    NotHttps,
    Rules,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
    UrlRefused,
    callback_problem,
    check_url,
    rules_for,
)
from reelrouter.networks import is_public
from tests.forbidden_hosts import FORBIDDEN

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ANYWHERE = rules_for(allow_private=True)
ANY_SCHEME = Rules(schemes=frozenset({"http", "https"}))
"""Public addresses only, but without TLS, so that a plain server would answer if it were reached."""
LIMITS = FetchLimits(max_bytes=4 * 1024 * 1024, timeout=10)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@asynccontextmanager
async def serving(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(application, host=host)
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def serving_raw(handler: RawHandler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that speaks for itself; yields its `host:port`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def fetch(url: str, path: Path, rules: Rules = ANYWHERE, limits: FetchLimits = LIMITS) -> Any:
    async with GuardedClient(rules) as client:
        return await client.fetch_to(url, path, limits)


def sending(content: bytes) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=content, content_type="image/png")

    return answer


@contextmanager
def counted_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every address for which the guarded client opens a socket: before it connects, each passes there."""
    opened: list[str] = []
    open_socket = net._open_socket

    def counting(reaches: Callable[[str], bool], info: Any) -> socket.socket:
        made = open_socket(reaches, info)
        opened.append(info[4][0])
        return made

    monkeypatch.setattr(net, "_open_socket", counting)
    yield opened


@pytest.mark.parametrize("verb", ["fetch", "post"])
def test_no_spelling_of_a_forbidden_host_is_connected_to(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it is written: an image is not fetched, a callback not posted; not a single socket is opened.

    A server listens where the loopback spellings lead, and none of them gets there.
    """

    async def scenario() -> tuple[int, dict[str, str]]:
        connections = 0
        passed: dict[str, str] = {}

        async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1

        async with serving_raw(count) as address, GuardedClient(ANY_SCHEME) as client:
            port = address.rpartition(":")[2]
            for host in (*FORBIDDEN, *MISSPELLED):
                url = f"http://{host}:{port}/"
                try:
                    if verb == "fetch":
                        await client.fetch_to(url, tmp_path / "x", LIMITS)
                    else:
                        await client.post(url, {}, b"{}", LIMITS)
                    passed[host] = "answered"
                except (AddressRefused, UrlRefused, Unreachable):
                    pass
                except FetchFailed as failed:
                    passed[host] = repr(failed)
        return connections, passed

    with counted_sockets(monkeypatch) as opened:
        assert run(scenario()) == (0, {})
    assert opened == []


MISSPELLED = ("loc%61lhost", "a..b", "a" * 64, "127.0.0.1%2e", "[::ffff:0x7f.1]")
"""What is no host to us, and might be one to somebody else."""


def test_the_spellings_are_many() -> None:
    """And each is another."""
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 90


@pytest.mark.parametrize("verb", ["fetch", "post"])
def test_no_redirect_leads_to_a_forbidden_host(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch checks each hop like the first address, and a post follows none."""
    allowed = "127.0.0.2"
    rules = Rules(schemes=ANY_SCHEME.schemes, reaches=lambda address: address == allowed or is_public(address))

    async def away(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": FORBIDDEN_URLS[int(request.path[1:])]})

    async def scenario() -> list[str]:
        followed = []
        async with serving(away, allowed) as server, GuardedClient(rules) as client:
            for number, target in enumerate(FORBIDDEN_URLS):
                url = str(server.make_url(f"/{number}"))
                try:
                    if verb == "fetch":
                        await client.fetch_to(url, tmp_path / "x", LIMITS)
                        followed.append(target)
                    elif (await client.post(url, {}, b"{}", LIMITS)).status != 307:
                        followed.append(target)
                except (AddressRefused, UrlRefused):
                    assert verb == "fetch"
        return followed

    with counted_sockets(monkeypatch) as opened:
        assert run(scenario()) == []
    assert set(opened) == {allowed}


FORBIDDEN_URLS = [f"http://{host}/" for host in FORBIDDEN if host.isascii()]
"""Headers have no other letters."""


def test_a_name_that_changes_its_mind_is_judged_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name led to before, at a check or a connection, counts for nothing: nothing is remembered of it."""
    answers = ["127.0.0.2", "127.0.0.1"]
    rules = Rules(schemes=ANY_SCHEME.schemes, reaches=lambda address: address == "127.0.0.2")

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    async def scenario() -> None:
        async with serving(sending(b"public"), "127.0.0.2") as server, GuardedClient(rules) as client:
            url = f"http://rebound.example.com:{server.port}/"
            assert callback_problem(url, rules) is None
            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
            assert (await client.post(url, {}, b"{}", LIMITS)).status == 200
            with pytest.raises(AddressRefused):
                await client.post(url, {}, b"{}", LIMITS)

    with counted_sockets(monkeypatch) as opened:
        run(scenario())
    assert (opened, answers) == (["127.0.0.2"], [])


def test_a_refused_address_is_named_as_such(tmp_path: Path) -> None:
    """The caller learns that the address is the trouble, and not which address a name has."""
    with pytest.raises(AddressRefused, match=r"^the host's address is not a public one$"):
        run(fetch("https://localhost/", tmp_path / "x", Rules()))


@pytest.mark.parametrize("verb", ["fetch", "post"])
def test_a_name_is_judged_by_what_it_resolves_to(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public-looking name with a private address is stopped when the connection is made."""
    resolve_to(monkeypatch, "127.0.0.1")

    async def scenario() -> None:
        async with GuardedClient(Rules()) as client:
            if verb == "fetch":
                await client.fetch_to("https://cdn.example.com/", tmp_path / "x", LIMITS)
            else:
                await client.post("https://cdn.example.com/", {}, b"{}", LIMITS)

    with pytest.raises(AddressRefused):
        run(scenario())


def test_only_the_allowed_ones_of_several_addresses_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name with a private and a public address is reached at the public one."""
    resolve_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    rules = Rules(schemes=frozenset({"http"}), reaches=lambda address: address == "127.0.0.2")

    async def scenario() -> int:
        async with serving(sending(b"public"), "127.0.0.2") as server:
            fetched = await fetch(f"http://cdn.example.com:{server.port}/", tmp_path / "x", rules)
        return int(fetched.size)

    assert run(scenario()) == len(b"public")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("http://example.com/a.png", NotHttps),
        ("ftp://example.com/a.png", NotHttps),
        ("file:///etc/passwd", NotHttps),
        ("example.com/a.png", NotHttps),
        ("", NotHttps),
        ("https://user:secret@example.com/", UrlRefused),
        ("https://user@example.com/", UrlRefused),
        ("https://@example.com/", UrlRefused),
        ("https:///a.png", UrlRefused),
        ("https://example.com:99999/", UrlRefused),
        ("https://exa mple.com/", UrlRefused),
        ("https://example.com/\r\nHost: other", UrlRefused),
        ("https://example.com/" + "a" * 9000, UrlRefused),
    ],
)
def test_addresses_of_a_forbidden_form_are_refused_unconnected(url: str, refusal: type[FetchFailed]) -> None:
    """Scheme, credentials and spelling are checked before a host is looked up."""
    with pytest.raises(refusal):
        check_url(url, Rules())


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        *((f"https://{host}/", AddressRefused) for host in ("127.1", "0x7f000001", "2130706433", "localhost.")),
        *(
            (f"https://{host}/", AddressRefused)
            for host in ("a.localhost", "[::1]", "[64:ff9b::7f00:1]", "10.0.0.1")
        ),
        *((f"https://{host}/", UrlRefused) for host in ("loc%61lhost", "[v1.x]", "*.example.com", "a" * 256)),
    ],
)
def test_a_host_that_shows_what_it_is_is_not_looked_up(url: str, refusal: type[FetchFailed]) -> None:
    """An address in any spelling, and a name that no name server could know."""
    with pytest.raises(refusal):
        check_url(url, Rules())


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://hooks.example.com/done?job=1", None),
        ("http://hooks.example.com/", "Only HTTPS URLs are allowed"),
        ("https://10.0.0.1/", "the host's address is not a public one"),
        ("http://127.0.0.1:9000/", "Only HTTPS URLs are allowed"),
        ("https://user@hooks.example.com/", "the URL must not carry a user name or a password"),
        ("https://[::1", "the URL is malformed"),
        ("", "Only HTTPS URLs are allowed"),
    ],
)
def test_a_callback_is_judged_by_its_spelling(url: str, problem: str | None) -> None:
    """Before there is anything to deliver; no name is looked up."""
    assert callback_problem(url, Rules()) == problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "https://localhost/", "http://[::1]/x", "http://127.1/"]
)
def test_a_callback_may_go_to_this_machine_if_that_is_allowed(url: str) -> None:
    """For an application that is tested beside the gateway."""
    assert callback_problem(url, Rules(), allow_loopback=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "https://10.0.0.1/",
        "http://0.0.0.0/",
        "http://user@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http://[::1",
    ],
)
def test_nothing_else_is_allowed_with_it(url: str) -> None:
    """This machine, and not its neighbours."""
    assert callback_problem(url, Rules(), allow_loopback=True) is not None


def test_private_addresses_and_plain_http_come_together() -> None:
    """The setting for closed networks allows http; without it only https passes."""
    assert check_url("http://nas.local/a.png", ANYWHERE).host == "nas.local"
    with pytest.raises(NotHttps, match=r"^Only HTTPS URLs are allowed$"):
        check_url("http://nas.local/a.png", rules_for(allow_private=False))


@pytest.mark.parametrize("size", [0, 1, 3 * 1024 * 1024 + 17])
def test_a_body_arrives_whole_with_its_size_and_hash(size: int, tmp_path: Path) -> None:
    """What is in the file is what was sent, whatever its length."""
    content = bytes(index % 251 for index in range(size))
    path = tmp_path / "body"

    async def scenario() -> Any:
        async with serving(sending(content)) as server:
            return await fetch(str(server.make_url("/a.png")), path)

    fetched = run(scenario())
    assert path.read_bytes() == content
    assert (fetched.size, fetched.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert fetched.content_type == "image/png"


def test_nothing_of_the_gateway_travels_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie is kept, no credential or proxy is taken from the environment, no coding is asked for."""
    resolve_to(monkeypatch, "127.0.0.1")
    (tmp_path / "netrc").write_text("machine cdn.example.com login operator password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    seen: list[dict[str, str]] = []

    async def remember(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        response = web.Response(body=b"x")
        response.set_cookie("session", "abc")
        return response

    async def scenario() -> None:
        async with serving(remember) as server, GuardedClient(ANYWHERE) as client:
            for name in ("a", "b"):  # by name, since addresses get no cookies anyway
                await client.fetch_to(f"http://cdn.example.com:{server.port}/", tmp_path / name, LIMITS)

    run(scenario())
    assert len(seen) == 2
    for headers in seen:
        assert headers["Accept-Encoding"] == "identity"
        assert headers["Connection"] == "close"
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def redirect_by(steps: int) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        step = int(request.query.get("step", "0"))
        if step == steps:
            return web.Response(body=b"there")
        return web.Response(status=302, headers={"Location": f"?step={step + 1}"}, body=b"elsewhere")

    return answer


def test_redirects_are_followed_up_to_the_limit(tmp_path: Path) -> None:
    """Relative targets work, and the last address is reported."""

    async def scenario() -> Any:
        async with serving(redirect_by(MAX_REDIRECTS)) as server:
            return await fetch(str(server.make_url("/a")), tmp_path / "x")

    fetched = run(scenario())
    assert (tmp_path / "x").read_bytes() == b"there"
    assert fetched.final_url.endswith(f"/a?step={MAX_REDIRECTS}")


@pytest.mark.parametrize("steps", [MAX_REDIRECTS + 1, 1_000_000])
def test_more_redirects_than_the_limit_are_refused(steps: int, tmp_path: Path) -> None:
    """A long chain and an endless one end alike."""

    async def scenario() -> None:
        async with serving(redirect_by(steps)) as server:
            await fetch(str(server.make_url("/a")), tmp_path / "x")

    with pytest.raises(TooManyRedirects):
        run(scenario())


def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path) -> None:
    """A server that may be reached cannot lend its standing to one that may not."""
    rules = Rules(schemes=frozenset({"http"}), reaches=lambda address: address == "127.0.0.2")
    reached: list[str] = []

    async def private(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(body=b"secret")

    async def scenario() -> None:
        async with serving(private, "127.0.0.1") as inside:
            target = str(inside.make_url("/metadata"))

            async def away(request: web.Request) -> web.Response:
                return web.Response(status=307, headers={"Location": target})

            async with serving(away, "127.0.0.2") as outside:
                await fetch(str(outside.make_url("/")), tmp_path / "x", rules)

    with pytest.raises(AddressRefused):
        run(scenario())
    assert reached == []


@pytest.mark.parametrize(
    ("location", "refusal"),
    [
        ("file:///etc/passwd", NotHttps),
        ("gopher://127.0.0.1/", NotHttps),
        ("//user:secret@127.0.0.1/", UrlRefused),
        ("http://[::1/", Broken),
        (None, BadStatus),
    ],
)
def test_each_redirect_is_checked_like_the_first_address(
    location: str | None, refusal: type[FetchFailed], tmp_path: Path
) -> None:
    """Forbidden forms are refused on every hop, and a redirect to nowhere is a bad answer."""

    async def away(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": location} if location else {})

    async def scenario() -> None:
        async with serving(away) as server:
            await fetch(str(server.make_url("/")), tmp_path / "x")

    with pytest.raises(refusal):
        run(scenario())


async def chunked(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(20):
        await response.write(b"x" * 1000)
    return response


@pytest.mark.parametrize(
    "handler",
    [chunked, sending(b"x" * 20_000)],
    ids=["without a length", "with one"],
)
def test_a_body_over_the_limit_is_cut_off(handler: Handler, tmp_path: Path) -> None:
    """The limit holds whether or not the server says beforehand how much will come."""

    async def scenario(max_bytes: int) -> Any:
        async with serving(handler) as server:
            limits = FetchLimits(max_bytes=max_bytes, timeout=10)
            return await fetch(str(server.make_url("/")), tmp_path / "x", ANYWHERE, limits)

    assert run(scenario(20_000)).size == 20_000
    with pytest.raises(TooLarge, match="19999 bytes"):
        run(scenario(19_999))


def test_a_body_announced_over_the_limit_is_not_waited_for(tmp_path: Path) -> None:
    """The announcement alone ends the fetch, before a byte of the body is there."""

    async def scenario() -> None:
        leave = asyncio.Event()

        async def announce(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n")
            await leave.wait()

        async with serving_raw(announce) as address:
            try:
                await fetch(f"http://{address}/", tmp_path / "x")
            finally:
                leave.set()

    with pytest.raises(TooLarge):
        run(scenario())


ZIPPED = gzip.compress(b"a" * 1000)


def raw_answer(answer: bytes) -> RawHandler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handler


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(ZIPPED), ZIPPED),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
    ids=["short", "without its last chunk", "compressed", "another protocol", "nothing"],
)
def test_an_answer_that_cannot_be_trusted_to_be_whole_is_refused(answer: bytes, tmp_path: Path) -> None:
    """Truncation, unasked-for compression and other protocols never pass for a file."""

    async def scenario() -> None:
        async with serving_raw(raw_answer(answer)) as address:
            await fetch(f"http://{address}/", tmp_path / "x")

    with pytest.raises(Broken):
        run(scenario())


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 410, 500])
def test_a_status_other_than_200_is_reported_without_the_body(status: int, tmp_path: Path) -> None:
    """The caller learns the number; what an inner server may have said stays unsaid."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=None if status in (204, 304) else "internal secret")

    async def scenario() -> None:
        async with serving(answer) as server:
            await fetch(str(server.make_url("/")), tmp_path / "x")

    with pytest.raises(BadStatus, match=str(status)) as caught:
        run(scenario())
    assert caught.value.status == status
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"])
def test_a_server_that_does_not_finish_is_given_up(first: bytes, tmp_path: Path) -> None:
    """The time limit covers the whole fetch, not only the wait for its beginning."""

    async def scenario() -> None:
        leave = asyncio.Event()

        async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(first)
            await leave.wait()

        async with serving_raw(dawdle) as address:
            try:
                limits = FetchLimits(max_bytes=100, timeout=0.1)
                await fetch(f"http://{address}/", tmp_path / "x", ANYWHERE, limits)
            finally:
                leave.set()

    with pytest.raises(TimedOut, match=r"within 0\.1 s"):
        run(scenario())


def test_a_port_that_nobody_listens_on_is_unreachable(tmp_path: Path) -> None:
    """A refused connection is an answer of its own."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        run(fetch(f"http://127.0.0.1:{port}/", tmp_path / "x"))


def test_a_name_without_an_address_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed look-up is reported as such."""

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable, match="no address"):
        run(fetch("https://nowhere.example/", tmp_path / "x", Rules()))


def self_signed(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = directory / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """HTTPS means verified HTTPS, on private addresses too."""

    async def scenario() -> None:
        async with serving_raw(raw_answer(b"HTTP/1.1 200 OK\r\n\r\n"), self_signed(tmp_path)) as address:
            await fetch(f"https://{address}/", tmp_path / "x")

    with pytest.raises(Unreachable, match="certificate"):
        run(scenario())


def test_a_post_brings_back_the_status_and_the_wish_to_wait() -> None:
    """Body and headers arrive as given; of the answer a sender gets what it acts on, and how its body begins."""
    seen: list[tuple[bytes, str]] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers["Content-Type"]))
        return web.Response(status=503, headers={"Retry-After": "7"}, text="busy")

    async def scenario() -> Any:
        async with serving(receive) as server, GuardedClient(ANYWHERE) as client:
            url = str(server.make_url("/hook"))
            return await client.post(url, {"Content-Type": "application/json"}, b'{"a":1}', LIMITS)

    posted = run(scenario())
    assert (posted.status, posted.retry_after, posted.body) == (503, "7", b"busy")
    assert seen == [(b'{"a":1}', "application/json")]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"Content-Length: 5000\r\n\r\n" + b"x" * 5000, b"x" * 2048),
        (b"Content-Length: 5000\r\n\r\nonly this", b"only this"),
    ],
    ids=["too long", "cut off"],
)
def test_a_post_is_answered_by_the_status_whatever_the_body_is(sent: bytes, read: bytes) -> None:
    """What was taken was taken: a body that never ends, or ends badly, makes no failure of it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\n" + sent)
        await writer.drain()

    async def scenario() -> Any:
        async with serving_raw(answer) as address, GuardedClient(ANYWHERE) as client:
            return await client.post(f"http://{address}/", {}, b"{}", FetchLimits(max_bytes=2048, timeout=10))

    posted = run(scenario())
    assert (posted.status, posted.body) == (200, read)


def test_a_body_that_is_not_sent_in_time_leaves_the_status() -> None:
    """The wait for it is bounded like that for the status."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nsome")
        with suppress(ConnectionError):
            await reader.read()  # until the client has had enough

    async def scenario() -> Any:
        async with serving_raw(answer) as address, GuardedClient(ANYWHERE) as client:
            return await client.post(f"http://{address}/", {}, b"{}", FetchLimits(max_bytes=2048, timeout=0.2))

    posted = run(scenario())
    assert (posted.status, posted.body) == (202, b"some")


def test_a_post_does_not_follow_redirects() -> None:
    """A callback goes where it was addressed, or nowhere."""

    async def scenario() -> int:
        async with serving(redirect_by(1)) as server, GuardedClient(ANYWHERE) as client:
            return (await client.post(str(server.make_url("/hook")), {}, b"{}", LIMITS)).status

    assert run(scenario()) == 302
