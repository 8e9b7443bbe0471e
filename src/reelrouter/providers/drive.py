"""The only code that talks to vendors: sends what a flow yields, over aiohttp, and hands it the reply.

It attaches credentials to the account's own origins and to no other, follows no redirect of an API, bounds what it
reads, and tells apart what was certainly never sent from what may have arrived. What it says of a failure names no
address and no header, since secrets may be in both.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from reelrouter.clock import Clock
from reelrouter.providers.addresses import is_own, web_address
from reelrouter.providers.base import Account, Call, Flow, Grant, Provider, ProviderDrift, Reply
from reelrouter.providers.bodies import Find, Unreadable, opened
from reelrouter.providers.cleaning import clean_text
from reelrouter.providers.first_bytes import LOOKED_AT, is_video
from reelrouter.providers.outputs import (
    check_file,
    decoded,
    new_file,
    paths_in,
    remove,
    removed_on_failure,
    stored,
    too_large,
)
from reelrouter.providers.reading import retry_after
from reelrouter.providers.redaction import names_a_secret
from reelrouter.providers.spill import Spill
from reelrouter.work import Failed, FailureClass, Fetch, OutputInvalid, SubmitRefused

T = TypeVar("T")

MOST_REPLY = 2 * 1024 * 1024
"""Bytes of a reply that is kept in memory."""
_MOST_SHORTENED = 64 * 1024 * 1024
"""Bytes of a reply of which less is kept."""
_CHUNK = 256 * 1024
_CONNECT_SECONDS = 10.0
REPLY_SECONDS = 50.0
"""For a whole call: less than the jobs' own patience, so that it is told what happened."""
_STALL_SECONDS = 30.0
"""Between two pieces of an output."""
_DOWNLOAD_SECONDS = 3600.0
"""For a whole output: a trickle has an end too."""
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FILES, _PARTIAL = frozenset({200, 203}), 206
"""Answers to a download that are a file, or the part of it that was asked for."""
_BEGINNING = {"Accept-Encoding": "identity", "Range": f"bytes=0-{LOOKED_AT - 1}"}
_CONNECTIONS = 256
_RENEWED_BEFORE = 60.0
"""Seconds of a grant's life that are not used."""
_SHORTEST_SECRET = 8
"""Characters of an account's value that is looked for in what a vendor complains about."""
_USER_AGENT = "ReelRouter"


class NotSent(Exception):
    """The call never left this machine."""

    def __init__(self, reason: str, failed: Failed | None = None) -> None:
        super().__init__(reason)
        self.failed = failed
        """Why, where that is more than a passing trouble of the network."""


class Lost(Exception):
    """The call may have arrived; no whole reply came back."""


class Drive:
    """One per process; all vendors share its connections."""

    def __init__(self, fetch: Find, directory: Path, clock: Clock, patience: float = REPLY_SECONDS) -> None:
        """`fetch` finds an input's bytes on this machine; `directory` takes outputs, and outlives the process.

        `patience` is seconds for a whole call and its reply; connecting and stalling have shares of it.
        """
        connect = min(_CONNECT_SECONDS, patience / 2)
        stall = min(_STALL_SECONDS, patience)
        self._patience_of_calls = aiohttp.ClientTimeout(total=patience, connect=connect, sock_connect=connect)
        self._patience_of_downloads = aiohttp.ClientTimeout(
            total=_DOWNLOAD_SECONDS, connect=connect, sock_connect=connect, sock_read=stall
        )
        self._fetch = fetch
        self._directory = directory
        self._clock = clock
        self._grants: dict[tuple[str, str], tuple[Account, Grant]] = {}
        self._signing_in: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def run(self, flow: Flow[T], provider: Provider, account: Account) -> T:
        """What the flow returns. Raises what it raises, `NotSent`, `Lost` and `ProviderDrift`.

        Files of replies stay only as outputs of what it returns.
        """
        unused: set[Path] = set()
        try:
            call = next(flow)
            while True:
                reply = await self.send(call, provider, account)
                unused |= set(reply.files)
                call = flow.send(reply)
        except StopIteration as done:
            value: T = done.value
            unused -= paths_in(value)
            return value
        finally:
            await remove(unused)

    async def send(self, call: Call, provider: Provider, account: Account) -> Reply:
        """One call and its reply, whatever its status. Raises `NotSent`, `Lost` and `ProviderDrift`."""
        url = _address(account.root, call.url)
        signed = call.signed and is_own(url, provider, account)
        granted = await self._granted(provider, account) if signed else {}
        headers = {"User-Agent": _USER_AGENT, **call.headers, **granted}
        async with _translated(), opened(call, self._fetch) as body:
            # An idle connection may be closed just as it is used again, and nobody knows what arrived then.
            session = self._session("once" if call.creates else "asked")
            async with session.request(
                call.method, url, headers=headers, timeout=self._patience_of_calls, allow_redirects=False, **body
            ) as response:
                reply = await self._read(response, call)
        if reply.status == 401:
            self._forget(account, granted)
        if reply.status >= 400:
            return _redacted(reply, {**account.values, **granted})
        # A success repeats at most the secret that it was signed with. Other values, such as a workspace's id, may
        # stand in it for good reasons: without them an address would lead to no video.
        return _redacted(reply, {name: value for name, value in granted.items() if names_a_secret(name)})

    async def download(self, output: Fetch, provider: Provider, account: Account, most: int) -> Path:
        """An output in a file of ours.

        Raises `NotSent`, `Lost` and `StorageFailed`, and `OutputInvalid` for an answer that is no file, a file
        that breaks off, and one of more than `most` bytes.
        """
        path = new_file(self._directory)
        async with removed_on_failure([path]):
            if output.url.startswith("data:"):
                await asyncio.to_thread(stored, path.write_bytes, decoded(output.url, most))
            else:
                async with self._fetched(output, provider, account, whole=True) as response:
                    await _write(response, path, most)
            await asyncio.to_thread(stored, check_file, path, most)
        return path

    async def holds_video(self, output: Fetch, provider: Provider, account: Account) -> bool:
        """Whether there is a video, by its first bytes. Raises as `download` does."""
        if output.url.startswith("data:"):
            return is_video(decoded(output.url, MOST_REPLY)[:LOOKED_AT])
        first = bytearray()
        async with self._fetched(output, provider, account, whole=False) as response:
            async for chunk in response.content.iter_chunked(LOOKED_AT):
                first += chunk
                if len(first) >= LOOKED_AT:
                    break
        return is_video(bytes(first))

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    @asynccontextmanager
    async def _fetched(
        self, output: Fetch, provider: Provider, account: Account, *, whole: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer that is a file, after redirects. Credentials go to the vendor's own origins alone."""
        url = _output_address(output.url)
        origin = url.origin()
        patience = self._patience_of_downloads if whole else self._patience_of_calls
        wanted = {"Accept-Encoding": "identity"} if whole else _BEGINNING
        for _ in range(1 + _MOST_REDIRECTS):
            granted = await self._granted(provider, account) if is_own(url, provider, account) else {}
            given = output.headers if url.origin() == origin else {}
            headers = {"User-Agent": _USER_AGENT, **wanted, **given, **granted}
            options: dict[str, Any] = {"timeout": patience, "allow_redirects": False}
            async with _translated(), self._session("files").get(url, headers=headers, **options) as response:
                if response.status in _FILES or (response.status == _PARTIAL and not whole):
                    yield response
                    return
                if response.status == 401:
                    self._forget(account, granted)
                if response.status not in _REDIRECTS:
                    raise _no_file(response)
                url = _next(url, response.headers.get("Location", ""))
        raise OutputInvalid(f"the output's address redirects more than {_MOST_REDIRECTS} times")

    # Signing in --------------------------------------------------------------------------------------------------

    async def _granted(self, provider: Provider, account: Account) -> Mapping[str, str]:
        name = (account.provider, account.name)
        async with self._signing_in[name]:  # when a grant runs out, one call renews it, and all others wait
            signed_in_as, grant = self._grants.get(name, (None, None))
            now = self._clock.now()
            # An account may keep its name and be given another key: then what the old one was granted is not used.
            if grant is None or signed_in_as != account or grant.expires_at - _RENEWED_BEFORE <= now:
                grant = await self._sign_in(provider, account, now)
                self._grants[name] = account, grant
            return grant.headers

    async def _sign_in(self, provider: Provider, account: Account, now: float) -> Grant:
        """Whatever goes wrong here, the call that needed it was never sent."""
        try:
            return await self.run(_unsigned(provider.sign_in(account, now)), provider, account)
        except SubmitRefused as refused:
            raise NotSent(f"no sign-in: {refused.failed.vendor_text}", refused.failed) from refused
        except ProviderDrift as drift:
            failed = Failed(failure=FailureClass.DRIFT, vendor_text=str(drift))
            raise NotSent(f"no sign-in: {drift}", failed) from drift
        except Lost as lost:
            raise NotSent(f"no sign-in: {lost}") from lost

    def _forget(self, account: Account, granted: Mapping[str, str]) -> None:
        """The next call signs in anew, unless another one has done so since."""
        name = (account.provider, account.name)
        _, grant = self._grants.get(name, (None, None))
        if grant is not None and grant.headers is granted:
            del self._grants[name]

    # Sending and reading -----------------------------------------------------------------------------------------

    def _session(self, use: Literal["once", "asked", "files"]) -> aiohttp.ClientSession:
        if use not in self._sessions:
            self._sessions[use] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, force_close=use == "once"),
                cookie_jar=aiohttp.DummyCookieJar(),
                # How a file is said to be encoded is often untrue: it is looked at.
                auto_decompress=use != "files",
                middlewares=(_once,) if use == "once" else (),
            )
        return self._sessions[use]

    async def _read(self, response: aiohttp.ClientResponse, call: Call) -> Reply:
        headers = {name.lower(): clean_text(value) for name, value in response.headers.items()}
        reply = Reply(status=response.status, headers=headers, body=b"")
        if call.spills and response.ok:
            return await self._spilled(response, reply)
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > MOST_REPLY:
                return replace(reply, body=await _shortened(response, body))
        return replace(reply, body=bytes(body))

    async def _spilled(self, response: aiohttp.ClientResponse, reply: Reply) -> Reply:
        spill = Spill(lambda _: new_file(self._directory))
        async with removed_on_failure(spill.files):
            try:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    await asyncio.to_thread(stored, spill.feed, chunk)
                    _check_length(response, spill.rest)
            finally:
                spill.close()
        return replace(reply, body=bytes(spill.rest), files=tuple(spill.files))


async def _shortened(response: aiohttp.ClientResponse, begun: bytearray) -> bytes:
    """A body that is too large as it is, without the most of its long texts: a stack trace hides no refusal."""
    spill = Spill(None)
    spill.feed(bytes(begun))
    size = len(begun)
    _check_length(response, spill.rest)
    async for chunk in response.content.iter_chunked(_CHUNK):
        size += len(chunk)
        spill.feed(chunk)
        _check_length(response, spill.rest)
        if size > _MOST_SHORTENED:
            raise ProviderDrift(f"HTTP {response.status} with more than {_MOST_SHORTENED} bytes")
    return bytes(spill.rest)


async def _write(response: aiohttp.ClientResponse, path: Path, most: int) -> None:
    size = 0
    with stored(path.open, "wb") as file:
        try:
            async for chunk in response.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise too_large(most)
                await asyncio.to_thread(stored, file.write, chunk)
        except aiohttp.ClientPayloadError:
            length = response.headers.get("Content-Length", "more")
            raise OutputInvalid(f"the output breaks off after {size} of {length} bytes") from None


def _no_file(response: aiohttp.ClientResponse) -> OutputInvalid:
    headers = {name.lower(): value for name, value in response.headers.items()}
    pause = retry_after(Reply(status=response.status, headers=headers, body=b""))
    return OutputInvalid(f"the vendor's file is not there: HTTP {response.status}", retry_after=pause)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a request again whose connection broke, as it does for some methods."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Lost(_what(error)) from None


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except Unreadable as error:
        raise NotSent(str(error), Failed(failure=FailureClass.INTERNAL, vendor_text=str(error))) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        raise NotSent(_what(error)) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Lost(_what(error)) from None


def _what(error: Exception) -> str:
    """What broke. The libraries' own words may hold the request's headers and its whole address."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{kind}: {error.host}:{error.port}: {error.os_error}"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{kind}: {error.message}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind


def _check_length(response: aiohttp.ClientResponse, body: bytes | bytearray) -> None:
    if len(body) > MOST_REPLY:
        raise ProviderDrift(f"HTTP {response.status} with more than {MOST_REPLY} bytes")


def _unsigned(flow: Flow[T]) -> Flow[T]:
    """The flow of a sign-in, whose calls have nothing yet that they could be signed with."""
    try:
        call = next(flow)
        while True:
            call = flow.send((yield replace(call, signed=False)))
    except StopIteration as done:
        value: T = done.value
        return value


def _redacted(reply: Reply, values: Mapping[str, str]) -> Reply:
    """An answer without our secrets, which some vendors repeat: adapters show complaints to operators."""
    body = reply.body
    for name, value in values.items():
        secret = value.rpartition(" ")[2]
        if len(secret) >= _SHORTEST_SECRET:
            body = body.replace(secret.encode(), b"{%s}" % name.encode())
    return replace(reply, body=body)


# Addresses -------------------------------------------------------------------------------------------------------


def _address(root: str, given: str) -> URL:
    """Where a call goes. Raises `NotSent` for what is no address."""
    try:
        return web_address(given if given.startswith(("http://", "https://")) else f"{root}/{given.lstrip('/')}")
    except ValueError as error:
        said = f"a call's address is none: {error}"
        raise NotSent(said, Failed(failure=FailureClass.DRIFT, vendor_text=said)) from None


def _output_address(given: str) -> URL:
    try:
        return web_address(given)
    except ValueError as error:
        raise OutputInvalid(f"the output's address is none: {error}") from None


def _next(url: URL, location: str) -> URL:
    try:
        return web_address(urljoin(str(url), location))
    except ValueError as error:
        raise OutputInvalid(f"the output's address redirects to what is no address: {error}") from None
