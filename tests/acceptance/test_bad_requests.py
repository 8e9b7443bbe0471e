"""A thousand bad requests: each is refused in words that help, and none leaves anything behind."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.bad_requests import clips
from tests.acceptance.bad_requests.case import Case
from tests.acceptance.bad_requests.corpus import CASES, Result, send_all
from tests.acceptance.bad_requests.misbehaving import misbehaving
from tests.acceptance.bad_requests.wire import Gateway, Reply
from tests.acceptance.processes import children_of
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.waiting import until

_MEBIBYTE = 1024 * 1024
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "guarded": {"max_body": str(4 * _MEBIBYTE)},
    "open": {"allow_private_addresses": "true", "intake_wait": "3", "max_input": str(_MEBIBYTE)},
}
_LONGEST_ANSWER = 64 * 1024
"""Bytes. Who sends a megabyte of mistakes is not sent a megabyte of complaints."""
_LEAKS = re.compile(
    r"Traceback|File \"|site-packages|\bsrc/|/tmp/|/home/|/root/|\.py\b|object at 0x|Errno|\[SSL"
    r"|reelrouter\.[a-z]|pydantic|starlette|uvicorn|aiohttp|asyncio|yarl|sqlite|PIL\b|Pillow|FFmpeg|libav"
    r"|[A-Z][a-z]+Error\b|A secret that only this server knows",
)
_KEPT = frozenset({"workspaces", "api_keys", "budgets", "alembic_version", "schema_floor"})
"""Tables that have rows before anybody has submitted anything."""
_CHILDREN = (b"reelrouter.engine", b"reelrouter.renderer.child")
_DECODERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    servers: Mapping[str, Server]
    results: Mapping[str, Result]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The whole corpus, sent to two servers that live until the tests have looked at what is left."""
    servers = {name: Server(tmp_path_factory.mktemp(name), settings) for name, settings in _SETTINGS.items()}
    try:
        for server in servers.values():
            server.start()
        with misbehaving(clips.files()) as images:
            gateways = {name: _gateway(server, images) for name, server in servers.items()}
            yield Ran(servers=servers, results=send_all(gateways))
    finally:
        for server in servers.values():
            server.close()


@pytest.fixture(params=_SETTINGS)
def server(request: pytest.FixtureRequest, ran: Ran) -> Server:
    return ran.servers[request.param]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_request_is_refused_in_words_that_help(case: Case, ran: Ran) -> None:
    """With the right status, in the one shape, naming the field, and without a word about our insides."""
    result = ran.results[case.name]
    assert isinstance(result, Reply), f"no answer: {result!r}"
    text = result.body.decode()
    assert result.status == case.status, text
    assert result.headers["content-type"] == "application/json"
    assert set(result.json()) == {"error"}
    error = result.json()["error"]
    assert set(error) == {"code", "message", "metadata"}
    assert error["code"] == case.status
    assert error["metadata"]["error_type"]
    _check_words(case, error)
    assert _LEAKS.search(text) is None
    assert len(text) <= _LONGEST_ANSWER


def _check_words(case: Case, error: Mapping[str, Any]) -> None:
    problems = error["metadata"].get("problems", [])
    if case.field is None:
        assert problems == []
        assert case.words in error["message"]
        return
    assert {problem["field"] for problem in problems} == {case.field, *case.others}
    said = [problem["message"] for problem in problems if problem["field"] == case.field]
    assert any(case.words in message for message in said), said
    assert error["message"] == problems[0]["message"]


def test_nothing_is_written(server: Server) -> None:
    """No job, no hold, no entry in the ledger, no input, no idempotency key: nothing in any table."""
    with closing(sqlite3.connect(server.data_dir / "app.db")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables > _KEPT
        counts = {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - its own names
            for table in tables - _KEPT
        }
        money = connection.execute(
            "SELECT coalesce(sum(held), 0), coalesce(sum(settled), 0) FROM budgets"
        ).fetchone()
    assert {table: count for table, count in counts.items() if count} == {}
    assert money == (0, 0)


def test_no_file_is_left(server: Server) -> None:
    """Neither an input that was stored before another was refused, nor half of a download."""
    folders = [server.data_dir / "objects", server.data_dir / "work"]
    left = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert [file for file in left if file.suffix != ".lock"] == []


def test_no_connection_is_left(server: Server) -> None:
    """Only the listener is open, however a caller or a server of pictures ended its side."""
    until(lambda: _sockets(server.pid) == ["0A"], "every connection to be closed", 10.0)


def test_no_process_is_left(server: Server) -> None:
    """The engine and the decoders that serve the next picture are all there is."""
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children_of(server.pid)]
    known = [mark for command in commands for mark in _CHILDREN if mark in command]
    assert len(known) == len(commands)
    assert known.count(_CHILDREN[0]) == 1
    assert known.count(_CHILDREN[1]) <= _DECODERS


def test_the_server_still_serves(server: Server) -> None:
    """And it never took a caller's fault for its own: the log has no failure of its code."""
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    assert "Traceback" not in (server.data_dir.parent / "serve.log").read_text()


def _gateway(server: Server, images: str) -> Gateway:
    port = int(server.base_url.rpartition(":")[2])
    return Gateway(port=port, keys={"test": TEST_KEY, "live": LIVE_KEY}, images=images)


def _sockets(pid: int) -> list[str]:
    """The state of each TCP socket of a process, as the kernel writes it; `0A` listens."""
    links = [_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    own = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:[")}
    rows = [line.split() for name in ("tcp", "tcp6") for line in _lines(f"/proc/{pid}/net/{name}")]
    return [row[3] for row in rows if row[9] in own]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed at this moment
        return ""


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()[1:]
