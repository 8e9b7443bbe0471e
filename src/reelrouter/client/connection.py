"""What both drivers say to httpx, and how they read what it says."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from reelrouter.client.errors import Unreachable, Unusable
from reelrouter.client.exchange import Answer, Ask
from reelrouter.compat.exchange import bare

_CONNECT = 10.0
_IDLE = 3.0
"""Seconds that a connection is kept unused: less than servers do, so that no submit meets one that closes."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

FAULTS = (httpx.RequestError, httpx.InvalidURL, httpx.StreamError, UnicodeError)
"""What httpx raises where no answer comes, or no whole one."""


def connection(timeout: float) -> dict[str, Any]:
    """Arguments for a client: no redirects, no cookies, connections that are not kept for long."""
    if not 0 < timeout < float("inf"):
        raise Unusable(f"timeout must be a number of seconds above 0, and is {timeout}")
    return {
        "timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT)),
        "limits": httpx.Limits(keepalive_expiry=_IDLE),
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
        "follow_redirects": False,
    }


def request_of(ask: Ask) -> dict[str, Any]:
    """Arguments for building a request."""
    arguments: dict[str, Any] = {"method": ask.method, "url": ask.url, "headers": dict(ask.headers)}
    if ask.content is not None:
        arguments["content"] = ask.content
    if ask.timeout is not None:
        arguments["timeout"] = httpx.Timeout(ask.timeout, connect=min(ask.timeout, _CONNECT))
    return arguments


def head_of(ask: Ask, response: httpx.Response) -> Answer:
    """An answer without its body."""
    headers: dict[str, str] = {}
    for name, value in response.headers.multi_items():
        lowered = name.lower()
        headers[lowered] = f"{headers[lowered]}, {value}" if lowered in headers else value
    return Answer(url=ask.url, status=response.status_code, headers=headers)


def unreachable(ask: Ask, fault: Exception) -> Unreachable:
    """The error for a fault before the answer, or in the middle of it."""
    sent = None if isinstance(fault, httpx.ProxyError) else not isinstance(fault, _NEVER_SENT)
    if isinstance(fault, httpx.InvalidURL | UnicodeError):
        sent = False
    return Unreachable(
        f"{ask.method} {bare(ask.url)}: {reason(fault)}",
        sent=sent,
        next_step="check the address, and that the server runs" if sent is False else "try again in a while",
    )


def reason(fault: Exception) -> str:
    """Why, in a few words."""
    if isinstance(fault, httpx.TimeoutException):
        return "no answer in time"
    return str(fault) or type(fault).__name__
