"""How a finished job's outputs are collected: passing troubles are waited out, and what is gone is told."""

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from reelrouter.providers.remote import discard
from reelrouter.work import (
    Blob,
    Fetch,
    Finished,
    Handle,
    OutputInvalid,
    Running,
)
from tests.providers.wire import NOWHERE, driving, ok, remote, saying, serving, wired

pytestmark = pytest.mark.anyio

HANDLE = Handle(endpoint="plain", credential="a", native_id="1")


class Shop:
    """Answers downloads with `statuses` in turn, then with the video; polls name `fresh` if there is one."""

    def __init__(self, *statuses: int, fresh: str | None = None) -> None:
        self.statuses = list(statuses)
        self.fresh = fresh

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/jobs/1":
            return web.json_response({"url": f"http://{request.host}{self.fresh}"} if self.fresh else {})
        if request.path == "/gone":
            return web.Response(status=404)
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, body=b"video")


async def _collected(directory: Path, shop: Shop, path: str = "/v") -> tuple[bytes, list[str]]:
    """The output's bytes, and what was asked for."""
    async with serving(shop) as vendor, driving(directory) as drive:
        backend = remote(drive, vendor.url)
        try:
            blob = await backend.collect(HANDLE, Fetch(url=f"{vendor.url}{path}"))
        except OutputInvalid as invalid:
            return str(invalid).encode(), vendor.paths
        return blob.path.read_bytes(), vendor.paths


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_a_passing_trouble_of_a_file_is_waited_out(status: int, tmp_path: Path) -> None:
    """As often as there are pauses."""
    assert await _collected(tmp_path, Shop(status, status)) == (b"video", ["/v"] * 3)
    said, paths = await _collected(tmp_path, Shop(status, status, status))
    assert (said, paths) == (f"the vendor's file is not there: HTTP {status}".encode(), ["/v"] * 3)


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_address_that_is_no_more_is_asked_for_anew(status: int, tmp_path: Path) -> None:
    """Signatures run out; the vendor gives another one."""
    asked = await _collected(tmp_path, Shop(status, fresh="/v2"))
    assert asked == (b"video", ["/v", "/jobs/1", "/v2"])


async def test_a_fresh_address_is_asked_for_once(tmp_path: Path) -> None:
    """Then the file is not there."""
    said, paths = await _collected(tmp_path, Shop(fresh="/gone"), "/gone")
    assert said == b"the vendor's file is not there: HTTP 404"
    assert paths == ["/gone", "/jobs/1", "/gone"]


async def test_a_vendor_that_gives_no_fresh_address_may_still_have_the_file(tmp_path: Path) -> None:
    """It may not have been there yet."""
    assert await _collected(tmp_path, Shop(404)) == (b"video", ["/v", "/jobs/1", "/v"])


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_a_vendor_that_cannot_be_asked_may_still_have_the_file(status: int, tmp_path: Path) -> None:
    """Whatever it says in place of a fresh address."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v":
            return web.Response(status=404)
        return web.Response(status=status, body=b"<html>")

    async with serving(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match="HTTP 404"):
            await remote(drive, vendor.url).collect(HANDLE, Fetch(url=f"{vendor.url}/v"))
    assert vendor.paths == ["/v", "/jobs/1", "/v"]


async def test_trouble_up_to_the_last_try_is_told(tmp_path: Path) -> None:
    """Of whatever kind the last one is."""
    said, paths = await _collected(tmp_path, Shop(500, 503, 404, fresh="/v"))
    assert said == b"the vendor's file is not there: HTTP 404"
    assert paths[:3] == ["/v"] * 3


async def test_a_file_that_breaks_off_is_loaded_again(tmp_path: Path) -> None:
    """And the broken pieces are gone."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nvid"
    async with wired(half, None, None, ok(b"video")) as vendor, driving(tmp_path) as drive:
        blob = await remote(drive, NOWHERE).collect(HANDLE, Fetch(url=f"{vendor.url}/v"))
    assert blob.path.read_bytes() == b"video"
    assert list(tmp_path.iterdir()) == [blob.path]


async def test_a_file_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    """After the last pause."""
    async with driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match="the vendor's file could not be loaded"):
            await remote(drive, NOWHERE).collect(HANDLE, Fetch(url=f"{NOWHERE}/v"))


async def test_a_file_that_is_too_large_is_not_loaded_twice(tmp_path: Path) -> None:
    """It will not shrink."""
    async with serving(saying(b"v" * 1001)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match="more than 1000 bytes"):
            await remote(drive, vendor.url).collect(HANDLE, Fetch(url=f"{vendor.url}/v"))
    assert len(vendor.requests) == 1


async def test_the_output_of_an_account_that_is_gone(tmp_path: Path) -> None:
    """It is said why it cannot be had."""
    async with driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match="the account a of plain is not configured"):
            await replace(remote(drive, NOWHERE), accounts={}).collect(HANDLE, Fetch(url=f"{NOWHERE}/v"))


async def test_a_file_that_came_with_the_reply_is_there_already(tmp_path: Path) -> None:
    """Within the same limit; `discard` removes what nobody took."""
    small, large = tmp_path / "small.mp4", tmp_path / "large.mp4"
    small.write_bytes(b"v" * 1000)
    large.write_bytes(b"v" * 1001)
    async with driving(tmp_path) as drive:
        backend = remote(drive, NOWHERE)
        assert await backend.collect(HANDLE, Blob(path=small)) == Blob(path=small)
        with pytest.raises(OutputInvalid, match="more than 1000 bytes"):
            await backend.collect(HANDLE, Blob(path=large))
        assert list(tmp_path.iterdir()) == [small]
        await discard(Blob(path=small))
        await discard(Blob(path=small))
    assert list(tmp_path.iterdir()) == []


async def test_a_running_job_has_no_fresh_address(tmp_path: Path) -> None:
    """A vendor that takes its word back is not believed to have the file."""
    async with serving(Shop(fresh="/x")) as vendor, driving(tmp_path) as drive:
        backend = remote(drive, vendor.url)
        assert await backend.poll(HANDLE) == Finished(outputs=(Fetch(url=f"{vendor.url}/x"),))
    async with serving(Shop()) as vendor, driving(tmp_path) as drive:
        assert await remote(drive, vendor.url).poll(HANDLE) == Running()
