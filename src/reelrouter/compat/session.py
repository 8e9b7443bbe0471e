"""Sends what the check asks, and records what comes back. The key goes to the origin it was given for alone."""

import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from reelrouter.compat.exchange import Ask, Exchange, is_web_address, origin

_TIMEOUT = aiohttp.ClientTimeout(total=900, sock_connect=10, sock_read=60)
_WRONG_KEY = "a-key-that-nobody-was-given"
_CHUNK = 64 * 1024
_KEPT = 16 * 1024 * 1024
_KEPT_OF_A_FILE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_API = "/api/v1"


class NoAnswer(Exception):
    """There was no answer, or it broke off; the message is for people."""


def api_base(address: str) -> str:
    """`https://host/api/v1` from a server's address with or without it. Raises `ValueError` with the reason."""
    if not is_web_address(address):
        raise ValueError(f"{address!r} is not an address: give http(s)://host[:port], with or without {_API}")
    parts = urlsplit(address)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{address!r} has more than an address: leave out user, query and fragment")
    path = parts.path.rstrip("/").removesuffix(_API)
    return f"{parts.scheme}://{parts.netloc}{path}{_API}"


class Session:
    """Use as an async context manager. `base` is what `api_base` makes."""

    def __init__(self, base: str, key: str | None) -> None:
        self.base = base
        self._key = key
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    @property
    def has_key(self) -> bool:
        return self._key is not None

    @property
    def has_test_key(self) -> bool:
        """Whether jobs cost nothing."""
        return self._key is not None and self._key.startswith("rr-test-")

    def without_key(self, text: str) -> str:
        """The text as it may be shown, should a server have repeated the key."""
        return text if self._key is None else text.replace(self._key, "[the key]")

    async def send(self, ask: Ask) -> Exchange:
        """Raises `NoAnswer`."""
        url = urljoin(f"{self.base}/", ask.path)
        redirects = 0
        exchange = await self._send(ask, url)
        while ask.follow and exchange.status in _REDIRECTS and redirects < _MOST_REDIRECTS:
            redirects += 1
            url = urljoin(url, exchange.headers.get("location", ""))
            exchange = await self._send(ask, url)
        return replace(exchange, redirects=redirects)

    async def _send(self, ask: Ask, url: str) -> Exchange:
        if self._http is None:
            raise RuntimeError("use the session as an async context manager")
        try:
            async with self._http.request(
                ask.method,
                url,
                data=ask.body,
                headers=self._headers(ask, url),
                allow_redirects=False,
                proxy=_proxy(url),
            ) as response:
                body, size = await _read(response, whole=ask.whole)
                return Exchange(
                    method=ask.method,
                    url=url,
                    base=self.base,
                    status=response.status,
                    headers=_lowered(response),
                    body=body,
                    size=size,
                    sent=ask.body or b"",
                )
        except TimeoutError as error:
            raise NoAnswer(f"{ask.method} {_path(url)}: no answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(f"{ask.method} {_path(url)}: {str(error) or type(error).__name__}") from error

    def _headers(self, ask: Ask, url: str) -> Mapping[str, str]:
        headers = {"User-Agent": "reelrouter-check-compat", "Accept-Encoding": "identity", **dict(ask.headers)}
        key = {"given": self._key, "wrong": _WRONG_KEY, "none": None}[ask.key]
        if key is not None and origin(url) == origin(self.base):
            headers["Authorization"] = f"Bearer {key}"
        return headers


async def _read(response: aiohttp.ClientResponse, *, whole: bool) -> tuple[bytes, int]:
    kept = _KEPT if "json" in response.content_type else _KEPT_OF_A_FILE
    body = bytearray()
    size = 0
    async for chunk in response.content.iter_chunked(_CHUNK):
        size += len(chunk)
        body += chunk[: max(0, kept - len(body))]
        if not whole and size >= kept:
            response.close()
            break
    return bytes(body), size


def _lowered(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lowered = name.lower()
        headers[lowered] = f"{headers[lowered]}, {value}" if lowered in headers else value
    return headers


def _proxy(url: str) -> str | None:
    """The environment's proxy. aiohttp's own way would also send passwords from a .netrc where no key belongs."""
    parts = urlsplit(url)
    if parts.hostname is None or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _path(url: str) -> str:
    return urlsplit(url).path or "/"
