"""The address under which a client knows us: what polling and download addresses begin with.

A Host header is a claim of the caller's. It gets into an answer only if the operator trusts it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import Request

from reelrouter.errors import InvalidRequest, Problem

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    public_url: str | None
    trusted_hosts: frozenset[str]
    """Names without a port, beside the loopback ones."""
    trusted_proxies: frozenset[str]

    def base(self, request: Request) -> str:
        """`https://video.example.com`, no slash at its end. Raises `InvalidRequest` for a host nobody trusts."""
        if self.public_url is not None:
            return self.public_url
        scheme, host = self._claimed(request)
        name = _host_name(host)
        if name in _LOOPBACK or name in self.trusted_hosts:
            return f"{scheme}://{host}"
        raise InvalidRequest(
            [
                Problem(
                    "Host",
                    f"This gateway is not known as {name!r}. Its operator can set REELROUTER_PUBLIC_URL, "
                    "or add the name to REELROUTER_TRUSTED_HOSTS.",
                )
            ]
        )

    def _claimed(self, request: Request) -> tuple[str, str]:
        headers = request.headers
        scheme = request.scope["scheme"]  # `request.url` would take the whole address apart for it
        if request.client is not None and request.client.host in self.trusted_proxies:
            scheme = headers.get("x-forwarded-proto", scheme)
            return scheme, headers.get("x-forwarded-host", headers.get("host", ""))
        return scheme, headers.get("host", "")


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9a-z._-]+))(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII)
_LAST_PORT = 65535


@lru_cache(maxsize=256)
def _host_name(host: str) -> str:
    """The name in a Host header, without its port, or nothing; kept, since nearly all requests have the same."""
    found = _HOST.fullmatch(host)
    if found is None or int(found[3] or 0) > _LAST_PORT:
        return ""
    return (found[1] or found[2]).lower()
