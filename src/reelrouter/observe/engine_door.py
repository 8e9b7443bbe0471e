"""Where an engine's figures are read: by the API that has started it, through a socket, or at an address."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reelrouter.observe.access import check_reader
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.instruments import CONTENT_TYPE, text_of
from reelrouter.observe.listener import Answer, Answers, answering, bind_address, bind_here, get_here

SOCKET_VARIABLE = "REELROUTER_ENGINE_SOCKET"
"""By which an API tells its engine where to answer."""
_FIGURES, _HEALTH = "/metrics", "/healthz"
_PATIENCE = 2.0
"""Seconds that the API waits for its engine's figures: it has its own to tell, whatever the engine does."""


class CannotListen(Exception):
    """The address for figures is taken, or is none of this machine's; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where to answer; None is nowhere."""

    socket: Path | None = None
    """Only its own user gets at it, so that no token is asked for."""
    address: tuple[str, int] | None = None
    token: str | None = None


@asynccontextmanager
async def opened(door: Door, metrics: EngineMetrics) -> AsyncIterator[None]:
    """Answers meanwhile. Raises `CannotListen`."""

    def show(_headers: Mapping[str, str], _peer: str | None) -> Answer:
        return Answer(body=metrics.text(), content_type=CONTENT_TYPE)

    def show_readers(headers: Mapping[str, str], peer: str | None) -> Answer:
        check_reader(door.token, peer, headers)
        return show(headers, peer)

    async with AsyncExitStack() as stack:
        if door.socket is not None:
            await stack.enter_async_context(answering(bind_here(door.socket), _routes(show)))
        if door.address is not None:
            host, port = door.address
            try:
                listener = bind_address(host, port)
            except OSError as error:
                raise CannotListen(
                    f"cannot answer at {host}:{port} (REELROUTER_ENGINE_METRICS): {error}"
                ) from error
            await stack.enter_async_context(answering(listener, _routes(show_readers)))
        yield


async def engine_text(socket: Path) -> bytes:
    """The engine's figures, and whether there is an engine that tells them."""
    told = await get_here(socket, _FIGURES, _PATIENCE)
    return text_of(_Up(is_up=told is not None)) + (told or b"")


class _Up(Collector):
    def __init__(self, *, is_up: bool) -> None:
        self._is_up = is_up

    def collect(self) -> list[GaugeMetricFamily]:
        meaning = "Whether the engine of this API tells its figures: 1, or 0."
        return [GaugeMetricFamily("reelrouter_engine_up", meaning, value=float(self._is_up))]


def _routes(show: Answers) -> Mapping[str, Answers]:
    return {_FIGURES: show, _HEALTH: lambda _headers, _peer: Answer(body=b'{"status":"ok"}')}
