"""The figures of this gateway, for Prometheus."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.observe.access import check_reader
from reelrouter.observe.instruments import CONTENT_TYPE

Part = Callable[[], Awaitable[bytes]]
"""Some of the figures as text. No two parts know a figure of one name, so that the texts can be joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    """What there is to read, and who may."""

    parts: Sequence[Part] = ()
    token: str | None = None
    trusted_proxies: frozenset[str] = frozenset()


class Metrics:
    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    async def show(self, request: Request) -> Response:
        check_reader(self._exposition.token, self._peer(request), request.headers)
        texts = [await part() for part in self._exposition.parts]
        return Response(b"".join(texts), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    def _peer(self, request: Request) -> str | None:
        """Whoever is behind a proxy is not on this machine, however near the proxy is."""
        if request.client is None or request.client.host in self._exposition.trusted_proxies:
            return None
        return request.client.host
