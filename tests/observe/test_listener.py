"""The engine's small HTTP: over real sockets, with clients that behave and with clients that do not."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from reelrouter.observe import engine_door
from reelrouter.observe.access import check_reader
from reelrouter.observe.engine_door import CannotListen, Door, opened
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.events import RunAbandoned
from reelrouter.observe.listener import bind_address

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    with bind_address(LOOPBACK, 0) as probe:
        port: int = probe.getsockname()[1]
        return port


async def said(port: int, sent: bytes) -> tuple[int, str]:
    """Status and body; 0 for no answer at all."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(sent)
    answer = (await reader.read(-1)).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return (int(head.split(" ")[1]) if head else 0), body


def at_an_address(token: str | None, work: Callable[[int], Awaitable[None]]) -> None:
    async def within() -> None:
        port, metrics = free_port(), EngineMetrics()
        metrics.listen(RunAbandoned(job="j", run=1))
        async with opened(Door(address=(LOOPBACK, port), token=token), metrics):
            await work(port)

    asyncio.run(within())


def test_figures_and_health_are_answered_and_nothing_else() -> None:
    """Other paths and methods are refused in the shape of all errors; what is no request gets no answer."""

    async def work(port: int) -> None:
        status, body = await said(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status == 200
        assert "reelrouter_runs_abandoned_total 1.0" in body
        assert (await said(port, b"GET /healthz?x=1 HTTP/1.1\r\n\r\n"))[0] == 200
        status, body = await said(port, b"GET /elsewhere HTTP/1.1\r\n\r\n")
        assert (status, json.loads(body)["error"]["code"]) == (404, 404)
        assert (await said(port, b"POST /metrics HTTP/1.1\r\n\r\n"))[0] == 405
        assert (await said(port, b"x" * 100_000)) == (0, "")

    at_an_address(None, work)


def test_a_token_is_asked_for_where_there_is_one() -> None:
    """Also of this machine: whoever set it wants it."""

    async def work(port: int) -> None:
        assert (await said(port, b"GET /metrics HTTP/1.1\r\n\r\n"))[0] == 401
        wrong = b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer other\r\n\r\n"
        assert (await said(port, wrong))[0] == 401
        right = b"GET /metrics HTTP/1.1\r\nauthorization:  bearer secret \r\n\r\n"
        assert (await said(port, right))[0] == 200

    at_an_address("secret", work)


@pytest.mark.parametrize("depth", [1, 30])
def test_an_api_reads_its_engine_through_a_socket_however_deep_it_lies(tmp_path: Path, depth: int) -> None:
    """The kernel takes only short paths. What a killed engine left is no obstacle, and a missing engine shows."""
    folder = tmp_path.joinpath(*["deep-folder"] * depth)
    folder.mkdir(parents=True)
    socket = folder / "engine.sock"

    async def work() -> None:
        for _ in range(2):
            async with opened(Door(socket=socket), EngineMetrics()):
                text = (await engine_door.engine_text(socket)).decode()
                assert "reelrouter_engine_up 1.0" in text
                assert "reelrouter_runs_abandoned_total 0.0" in text
                assert socket.stat().st_mode & 0o777 == 0o600
        text = (await engine_door.engine_text(socket)).decode()
        assert "reelrouter_engine_up 0.0" in text
        assert "reelrouter_runs_abandoned_total" not in text

    asyncio.run(work())


def test_an_address_that_is_taken_is_told_with_its_setting() -> None:
    """The operator learns which of the two addresses it was."""

    async def work() -> None:
        with bind_address(LOOPBACK, 0) as taken:
            taken.listen()
            with pytest.raises(CannotListen, match="REELROUTER_ENGINE_METRICS"):
                async with opened(Door(address=taken.getsockname()), EngineMetrics()):
                    pass

    asyncio.run(work())


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "127.8.8.8"])
def test_this_machine_needs_no_token(peer: str) -> None:
    """As long as nobody set one."""
    check_reader(None, peer, {})
