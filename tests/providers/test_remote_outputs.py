"""How a finished job's outputs are collected: one try, which tells whether another may better it."""

from dataclasses import replace
from pathlib import Path

import pytest

from reelrouter.providers.remote import discard
from reelrouter.work import Blob, Fetch, Handle, NotAnswered, OutputInvalid
from tests.providers.wire import NOWHERE, driving, ok, remote, saying, serving, wired

pytestmark = pytest.mark.anyio

HANDLE = Handle(endpoint="plain", credential="a", native_id="1")


@pytest.mark.parametrize("status", [202, 204, 400, 403, 404, 408, 409, 410, 425, 429, 500, 502, 503])
async def test_a_file_that_is_not_there_may_only_be_late(status: int, tmp_path: Path) -> None:
    """Whatever the vendor says in its place, and at the time that it names. It is asked for once."""
    body = b"" if status == 204 else b"<html>"
    async with serving(saying(body, status, Retry_After="7")) as vendor, driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match=f"^the vendor's file is not there: HTTP {status}$") as caught:
            await remote(drive, vendor.url).collect(HANDLE, Fetch(url=f"{vendor.url}/v"))
    assert (caught.value.final, caught.value.retry_after) == (False, 7)
    assert vendor.paths == ["/v"]


async def test_a_file_that_breaks_off_may_be_whole_at_the_next_try(tmp_path: Path) -> None:
    """And the broken pieces are gone."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nvid"
    async with wired(half, ok(b"video")) as vendor, driving(tmp_path) as drive:
        backend, output = remote(drive, NOWHERE), Fetch(url=f"{vendor.url}/v")
        with pytest.raises(OutputInvalid, match="breaks off after 3 of 9 bytes") as caught:
            await backend.collect(HANDLE, output)
        assert not caught.value.final
        blob = await backend.collect(HANDLE, output)
    assert blob.path.read_bytes() == b"video"
    assert list(tmp_path.iterdir()) == [blob.path]


@pytest.mark.parametrize("answers", [(), (None, None)])
async def test_a_vendor_that_cannot_be_asked_says_nothing_of_the_file(
    answers: tuple[bytes | None, ...], tmp_path: Path
) -> None:
    """It does not count as a try."""
    async with wired(*answers) as vendor, driving(tmp_path) as drive:
        url = vendor.url if answers else NOWHERE
        with pytest.raises(NotAnswered, match="the vendor's file could not be loaded"):
            await remote(drive, NOWHERE).collect(HANDLE, Fetch(url=f"{url}/v"))


async def test_a_file_that_is_too_large_will_not_shrink(tmp_path: Path) -> None:
    """It is told as final."""
    async with serving(saying(b"v" * 1001)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(OutputInvalid, match="more than 1000 bytes") as caught:
            await remote(drive, vendor.url).collect(HANDLE, Fetch(url=f"{vendor.url}/v"))
    assert caught.value.final


async def test_the_output_of_an_account_that_is_gone(tmp_path: Path) -> None:
    """It is said why it cannot be had, until the account is there again."""
    async with driving(tmp_path) as drive:
        with pytest.raises(NotAnswered, match="the account a of plain is not configured"):
            await replace(remote(drive, NOWHERE), accounts={}).collect(HANDLE, Fetch(url=f"{NOWHERE}/v"))


async def test_a_file_that_came_with_the_reply_is_there_already(tmp_path: Path) -> None:
    """Within the same limit; `discard` removes what nobody took."""
    small, large = tmp_path / "small.mp4", tmp_path / "large.mp4"
    small.write_bytes(b"v" * 1000)
    large.write_bytes(b"v" * 1001)
    async with driving(tmp_path) as drive:
        backend = remote(drive, NOWHERE)
        assert await backend.collect(HANDLE, Blob(path=small)) == Blob(path=small)
        with pytest.raises(OutputInvalid, match="more than 1000 bytes") as caught:
            await backend.collect(HANDLE, Blob(path=large))
        assert caught.value.final
        assert list(tmp_path.iterdir()) == [small]
        await discard(Blob(path=small))
        await discard(Blob(path=small))
    assert list(tmp_path.iterdir()) == []
