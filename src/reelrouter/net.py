"""The guarded client for addresses that users name: inputs to fetch, callbacks to post to.

It is not for addresses that the operator sets; those may well be private.

FetchFailed
├── UrlRefused          malformed, or with a user name in it
├── NotHttps            a scheme that the rules do not allow
├── AddressRefused      the host has no address that may be reached
├── TooManyRedirects
├── BadStatus           anything but 200
├── TooLarge            more bytes than the limit
├── TimedOut            the time for the whole of it is over
├── Unreachable         no address, no connection in time, no valid certificate
└── Broken              the answer ended early or cannot be read
"""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from reelrouter.networks import is_loopback, is_public, spelled_address

CONNECT_TIMEOUT = 5.0
"""Seconds for resolving, connecting and the TLS handshake together."""
MAX_REDIRECTS = 3
MAX_URL = 8192
"""Characters; longer ones are refused by most servers anyway."""

_USER = re.compile(r"[^:/?#]+://[^/?#]*@")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""Host names as resolvers get them: what is not Latin has become punycode."""
_WEB = frozenset({"http", "https"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_BATCH = 1024 * 1024
_RESOLVERS = 32
_WRITERS = 4


class FetchFailed(Exception):
    """The root. The message is for the caller: it never repeats what the other side sent."""


class UrlRefused(FetchFailed):
    pass


class NotHttps(FetchFailed):
    pass


class AddressRefused(FetchFailed):
    pass


class TooManyRedirects(FetchFailed):
    pass


class BadStatus(FetchFailed):
    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered with status {status}, not 200")
        self.status = status


class TooLarge(FetchFailed):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the file is larger than the limit of {max_bytes} bytes")
        self.max_bytes = max_bytes


class TimedOut(FetchFailed):
    pass


class Unreachable(FetchFailed):
    pass


class Broken(FetchFailed):
    pass


def _anywhere(address: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a guarded client may reach; the default is the open internet by HTTPS."""

    schemes: frozenset[str] = frozenset({"https"})
    reaches: Callable[[str], bool] = is_public
    """Asked with each IP address, in its text form, before a connection to it is opened."""


OWN_MACHINE = Rules(schemes=_WEB, reaches=is_loopback)
"""The machine itself and nothing else, without TLS too: for tests of an application beside the gateway."""


def rules_for(*, allow_private: bool) -> Rules:
    """The rules of the setting `allow_private_addresses`."""
    if allow_private:
        return Rules(schemes=_WEB, reaches=_anywhere)
    return Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    max_bytes: int
    timeout: float
    """Seconds for the whole of it, redirects included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    size: int
    """Bytes."""
    sha256: str
    content_type: str | None
    """As the server claims, without parameters; not to be believed."""
    final_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    status: int
    retry_after: str | None
    """The `Retry-After` header as it came."""
    body: bytes
    """The first bytes of what was answered; not to be believed."""


def check_url(url: str, rules: Rules) -> URL:
    """The parsed address, if its form is allowed. Where a name leads is checked on connecting."""
    if len(url) > MAX_URL:
        raise UrlRefused(f"the URL is longer than {MAX_URL} characters")
    if any(character <= " " or character == "\x7f" for character in url):
        raise UrlRefused("the URL has spaces or control characters in it; percent-encode them")
    try:
        parsed = URL(url)
        host = parsed.raw_host
    except ValueError as error:
        raise UrlRefused("the URL is malformed") from error
    if parsed.scheme not in rules.schemes:
        raise NotHttps("Only HTTPS URLs are allowed")
    if not host:
        raise UrlRefused("the URL names no host")
    if _USER.match(url):
        raise UrlRefused("the URL must not carry a user name or a password")
    _check_host(host, bracketed=url.partition("://")[2].startswith("["), rules=rules)
    return parsed


def callback_problem(url: str, rules: Rules, *, allow_loopback: bool = False) -> str | None:
    """What is wrong with a callback's address, as far as its spelling shows; None if it may be tried.

    `allow_loopback`: this machine passes too, and without TLS, for tests of an application beside it.
    """
    try:
        check_url(url, OWN_MACHINE if allow_loopback and names_this_machine(url) else rules)
    except FetchFailed as refused:
        return str(refused)
    return None


def names_this_machine(url: str) -> bool:
    """Whether the host is a spelling of a loopback address; a name that leads to one is not."""
    try:
        address = spelled_address(URL(url).raw_host or "")
    except ValueError:
        return False
    return address is not None and is_loopback(address)


def _check_host(host: str, *, bracketed: bool, rules: Rules) -> None:
    address = spelled_address(host)
    if address is None and (bracketed or not _NAME.fullmatch(host)):
        raise UrlRefused("the URL's host is malformed")
    if address is not None and not rules.reaches(address):
        raise AddressRefused("the host's address is not a public one")


def guarded_session(rules: Rules, resolvers: Executor) -> aiohttp.ClientSession:
    """A session that connects only where `rules` allow, and brings no cookies, proxies or credentials.

    Names are resolved in threads of `resolvers`. The session follows redirects unless told not to, but the
    rules' schemes are the caller's to check for each hop.
    """
    connector = aiohttp.TCPConnector(
        socket_factory=partial(_open_socket, rules.reaches),
        resolver=_Resolver(resolvers),
        use_dns_cache=False,
        force_close=True,  # users' hosts are seldom met twice, and a kept connection is a thing to attack
        limit=0,  # callers bound their own concurrency
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT),
        headers={"User-Agent": "ReelRouter", "Accept": "*/*", "Accept-Encoding": "identity"},
    )


class GuardedClient:
    """Fetches and posts for users, within rules. Close it, or use it as an async context manager."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        # A name server that does not answer holds a thread for long: it must not be one that writes files.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="spool")
        self._session: aiohttp.ClientSession | None = None

    async def fetch_to(self, url: str, path: Path, limits: FetchLimits) -> Fetched:
        """Streams the body of a GET into `path`, with bounded memory; raises `FetchFailed`.

        After an error the file may hold a part of the body: give it a directory that you throw away.
        """
        async with _within(limits.timeout):
            return await self._follow(check_url(url, self._rules), path, limits)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, limits: FetchLimits) -> Posted:
        """Posts once; a redirect is an answer like any other. Raises `FetchFailed`.

        `limits.max_bytes` of the answer's body are read, as far as they come in time: the status is what counts.
        """
        until = asyncio.get_running_loop().time() + limits.timeout
        async with _within(limits.timeout):
            target = check_url(url, self._rules)
            response = await self._opened().post(target, data=body, headers=headers, allow_redirects=False)
        async with response:
            return Posted(
                status=response.status,
                retry_after=response.headers.get("Retry-After"),
                body=await _beginning(response, limits.max_bytes, until),
            )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        for threads in (self._resolvers, self._writers):
            threads.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _opened(self) -> aiohttp.ClientSession:
        # A session belongs to a running loop, which the constructor may not have yet.
        if self._session is None:
            self._session = guarded_session(self._rules, self._resolvers)
        return self._session

    async def _follow(self, target: URL, path: Path, limits: FetchLimits) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._opened().get(target, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._keep(response, path, limits)
                target = self._next(response)
        raise TooManyRedirects(f"the URL redirects more than {MAX_REDIRECTS} times")

    def _next(self, response: aiohttp.ClientResponse) -> URL:
        location = response.headers.get("Location")
        if location is None:
            raise BadStatus(response.status)
        try:
            joined = response.url.join(URL(location))
        except ValueError as error:
            raise Broken("the server redirects to a malformed URL") from error
        return check_url(str(joined), self._rules)

    async def _keep(self, response: aiohttp.ClientResponse, path: Path, limits: FetchLimits) -> Fetched:
        if response.status != 200:
            raise BadStatus(response.status)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Broken("the server sent compressed content, which was not asked for")
        if (response.content_length or 0) > limits.max_bytes:
            raise TooLarge(limits.max_bytes)
        spool = _Spool(path, self._writers, limits.max_bytes)
        async for chunk in response.content.iter_chunked(_CHUNK):
            await spool.add(chunk)
        await spool.flush()
        return Fetched(
            size=spool.size,
            sha256=spool.sha256,
            content_type=response.headers.get("Content-Type", "").partition(";")[0].strip() or None,
            final_url=str(response.url),
        )


async def _beginning(response: aiohttp.ClientResponse, most: int, until: float) -> bytes:
    """As much of a body as comes, whatever ends it."""
    begun = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout_at(until):
            while len(begun) < most and (chunk := await response.content.read(most - len(begun))):
                begun += chunk
    return bytes(begun)


class _Spool:
    """A file that grows and is hashed in a thread, a batch at a time: disks must not hold up the loop."""

    def __init__(self, path: Path, threads: Executor, max_bytes: int) -> None:
        self._path = path
        self._threads = threads
        self._max_bytes = max_bytes
        self._mode = "wb"
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise TooLarge(self._max_bytes)
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes >= _BATCH:
            await self.flush()

    async def flush(self) -> None:
        batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
        await asyncio.get_running_loop().run_in_executor(self._threads, self._write, batch)

    def _write(self, batch: list[bytes]) -> None:
        with self._path.open(self._mode) as file:
            for chunk in batch:
                self._digest.update(chunk)
                file.write(chunk)
        self._mode = "ab"


class _Blocked(OSError):
    """Raised in place of opening a socket; aiohttp carries it out as `os_error`."""


def _open_socket(reaches: Callable[[str], bool], info: Any) -> socket.socket:
    """The one place that every connection passes, after resolution and for each address tried."""
    family, kind, protocol, _, address = info
    if not reaches(address[0]):
        raise _Blocked("address refused")
    return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """The system's resolver in threads of its own: the loop's default executor is not ours to fill."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        lookup = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        except UnicodeError as error:  # a label that is empty or too long
            raise OSError("not a host name") from error
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """The threads are their owner's to end."""


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            with _translated():
                yield
    except TimeoutError as error:
        raise TimedOut(f"the server did not finish within {seconds:g} s") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiohttp.ServerTimeoutError as error:
        raise Unreachable(f"the host accepted no connection within {CONNECT_TIMEOUT:g} s") from error
    except aiohttp.ClientSSLError as error:
        raise Unreachable("the host's TLS certificate is not valid, or it does not speak TLS") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise Unreachable("the host's name has no address") from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, _Blocked):
            raise AddressRefused("the host's address is not a public one") from error
        raise Unreachable("no connection to the host could be made") from error
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError) as error:
        raise Broken("the server closed the connection before the end") from error
    except aiohttp.InvalidURL as error:
        raise UrlRefused("the URL's host is malformed") from error
    except aiohttp.ClientError as error:
        raise Broken("the server's answer is not valid HTTP") from error
