"""How outputs are loaded: whole, bounded, patient, and leaving nothing behind where they are not."""

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from reelrouter.errors import StorageFailed
from reelrouter.providers.base import Call
from reelrouter.providers.drive import Lost, NotSent
from reelrouter.work import Fetch, OutputInvalid
from tests.providers.wire import KEY, Plain, SignsIn, account, driving, saying, serving, wired

pytestmark = pytest.mark.anyio

MOST = 1_000_000
PLAIN = Plain()
ELSEWHERE = account("https://plain.test")


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


async def _load(directory: Path, url: str, *, root: str = "https://plain.test", patience: float = 30.0) -> Path:
    async with driving(directory, patience=patience) as drive:
        return await drive.download(Fetch(url=url), PLAIN, account(root), MOST)


async def test_an_output_is_a_file_of_ours(tmp_path: Path) -> None:
    """And the only thing that is left: it can be moved away."""
    async with serving(saying(b"video" * 100_000)) as files:
        path = await _load(tmp_path, f"{files.url}/v.mp4?Signature=a%2Fb%2B")
    assert path.read_bytes() == b"video" * 100_000
    assert list(tmp_path.iterdir()) == [path]
    assert files.requests[0].raw_path == "/v.mp4?Signature=a%2Fb%2B"


async def test_an_output_as_large_as_allowed_is_loaded(tmp_path: Path) -> None:
    """To the byte."""
    async with serving(saying(b"v" * MOST)) as files:
        assert (await _load(tmp_path, files.url)).stat().st_size == MOST


async def test_files_elsewhere_are_not_shown_the_key(tmp_path: Path) -> None:
    """The vendor's own are."""
    async with serving(saying(b"v")) as vendor, serving(saying(b"v")) as files:
        await _load(tmp_path, f"{vendor.url}/v", root=vendor.url)
        await _load(tmp_path, f"{files.url}/v", root=vendor.url)
    assert (vendor.keys, files.keys) == ([KEY], [None])


async def test_a_redirect_to_elsewhere_takes_nothing_along(tmp_path: Path) -> None:
    """Neither our key nor the headers that the adapter gave for the first address."""

    async def send_on(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{files.url}/v.mp4"})

    async with serving(saying(b"video")) as files, serving(send_on) as vendor, driving(tmp_path) as drive:
        output = Fetch(url=f"{vendor.url}/content", headers={"X-Ticket": "t"})
        path = await drive.download(output, PLAIN, account(vendor.url), MOST)
    assert path.read_bytes() == b"video"
    assert (vendor.keys, vendor.requests[0].headers["X-Ticket"]) == ([KEY], "t")
    assert files.keys == [None]
    assert "X-Ticket" not in files.requests[0].headers


async def test_redirects_may_be_relative(tmp_path: Path) -> None:
    """As HTTP allows."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/a/v.mp4":
            return web.Response(body=b"video")
        return web.Response(status=307, headers={"Location": "../a/v.mp4"})

    async with serving(answer) as files:
        assert (await _load(tmp_path, f"{files.url}/b/x")).read_bytes() == b"video"


@pytest.mark.parametrize(("redirects", "works"), [(5, True), (6, False)])
async def test_redirects_come_to_an_end(redirects: int, works: bool, tmp_path: Path) -> None:
    """Five are followed."""

    async def answer(request: web.Request) -> web.Response:
        step = int(request.path.strip("/"))
        return web.Response(status=302, headers={"Location": f"/{step - 1}"}) if step else web.Response(body=b"v")

    async with serving(answer) as files:
        if works:
            await _load(tmp_path, f"{files.url}/{redirects}")
        else:
            with pytest.raises(OutputInvalid, match="more than 5 times"):
                await _load(tmp_path, f"{files.url}/{redirects}")
    assert len(files.requests) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gs://bucket/v", "data:video/mp4,x", "http://[", "https://u:p@h/"]
)
async def test_a_redirect_off_the_web_is_refused(location: str, tmp_path: Path) -> None:
    """And not tried again."""
    async with serving(saying(status=302, Location=location)) as files:
        with pytest.raises(OutputInvalid):
            await _load(tmp_path, files.url)
    assert len(files.requests) == 1


@pytest.mark.parametrize(
    "url", ["gs://bucket/v", "/v.mp4", "file:///etc/passwd", "http://[", "https://u:p@h/v", ""]
)
async def test_an_address_off_the_web_is_refused(url: str, tmp_path: Path) -> None:
    """Waiting would not better it."""
    with pytest.raises(OutputInvalid):
        await _load(tmp_path, url)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 304, 400, 401, 403, 404, 409, 410, 425, 429, 500, 503])
async def test_an_answer_without_the_output_is_told_by_its_status(status: int, tmp_path: Path) -> None:
    """What follows from it is decided elsewhere."""
    async with serving(saying(b"" if status in (204, 304) else b"{}", status)) as files:
        with pytest.raises(OutputInvalid, match=f"HTTP {status}") as caught:
            await _load(tmp_path, files.url)
    assert (caught.value.final, caught.value.retry_after) == (False, None)
    assert list(tmp_path.iterdir()) == []


async def test_a_refused_grant_is_renewed_for_the_next_try(tmp_path: Path) -> None:
    """Where the vendor's own files need it."""
    tokens = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal tokens
        if request.path == "/token":
            tokens += 1
            return web.json_response({"token": f"token-no-{tokens}"})
        return web.Response(status=200 if request.headers["Authorization"].endswith("2") else 401, body=b"v")

    async with serving(answer) as vendor, driving(tmp_path) as drive:
        output = Fetch(url=f"{vendor.url}/v")
        with pytest.raises(OutputInvalid, match="401"):
            await drive.download(output, SignsIn(), account(vendor.url), MOST)
        await drive.download(output, SignsIn(), account(vendor.url), MOST)


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry_After": "20"}, 20.0), ({"Retry_After": "soon"}, None), ({}, None)]
)
async def test_when_an_output_may_be_there_is_told(
    headers: dict[str, str], seconds: float | None, tmp_path: Path
) -> None:
    """Where the vendor says so."""
    async with serving(saying(b"", 429, **headers)) as files:
        with pytest.raises(OutputInvalid) as caught:
            await _load(tmp_path, files.url)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\n <!doctype html>", b"\xef\xbb\xbf{}", b'{"error": "later"}', b"[1]", b'"later"',
     packed(b"<html>"), packed(b""), packed(b"video")[:-9]],
)  # fmt: skip
async def test_what_is_said_in_the_place_of_a_file_is_none(body: bytes, tmp_path: Path) -> None:
    """It may be there in a moment."""
    async with serving(saying(body)) as files:
        with pytest.raises(OutputInvalid) as caught:
            await _load(tmp_path, files.url)
    assert not caught.value.final
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "text/html", "application/json", "x"])
@pytest.mark.parametrize("encoding", [b"", b"aws-chunked", b"identity", b"br", b"gzip", b"utf-8"])
async def test_a_file_is_one_whatever_it_is_said_to_be(kind: str, encoding: bytes, tmp_path: Path) -> None:
    """Its bytes tell. Stores repeat the headers of whoever left it there."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: %s\r\n" % encoding
    async with wired(head + f"Content-Type: {kind}\r\n\r\n".encode() + b"video") as files:
        assert (await _load(tmp_path, files.url)).read_bytes() == b"video"


async def test_a_file_that_is_packed_all_the_same_is_unpacked(tmp_path: Path) -> None:
    """Within the limit."""
    async with serving(saying(packed(b"video" * 1000), Content_Encoding="gzip")) as files:
        path = await _load(tmp_path, files.url)
    assert path.read_bytes() == b"video" * 1000
    assert list(tmp_path.iterdir()) == [path]
    async with serving(saying(packed(bytes(MOST + 1)))) as files:
        with pytest.raises(OutputInvalid, match="more than") as caught:
            await _load(tmp_path, files.url)
    assert caught.value.final
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/a b.mp4", "/a%20b.mp4"),
        ("/\x00ä.mp4", "/%00%C3%A4.mp4"),
        ("/a\r\nX: y", "/a%0D%0AX:%20y"),
        ("/v?Signature=a%2Fb%2B", "/v?Signature=a%2Fb%2B"),
    ],
)
async def test_what_may_not_stand_in_an_address_is_quoted(path: str, asked: str, tmp_path: Path) -> None:
    """So that it leads where it was meant to, and nothing else is said to whoever is there."""
    async with wired(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nv") as files:
        await _load(tmp_path, f"{files.url}{path}")
    assert files.requests == [f"GET {asked} HTTP/1.1"]


# Whether there is a video --------------------------------------------------------------------------------------

MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(100)


@pytest.mark.parametrize(
    ("body", "status", "holds"),
    [
        (MP4, 200, True), (MP4[:64], 206, True), (b"\x00\x00\x00\x08moov", 200, True),
        (b"\x1aE\xdf\xa3" + bytes(9), 200, True), (b"\x00\x00\x00\x20ftypavif" + bytes(9), 200, False),
        (b"<html>", 200, False), (b'{"status": "running"}', 200, False), (b"", 200, False), (b"\x00", 200, False),
    ],
)  # fmt: skip
async def test_whether_there_is_a_video_is_seen_by_its_first_bytes(
    body: bytes, status: int, holds: bool, tmp_path: Path
) -> None:
    """A few of them, which are all that is asked for, and none of which is written down."""
    async with serving(saying(body, status)) as vendor, driving(tmp_path) as drive:
        output = Fetch(url=f"{vendor.url}/v")
        assert await drive.holds_video(output, PLAIN, account(vendor.url)) is holds
    assert vendor.requests[0].headers["Range"] == "bytes=0-63"
    assert list(tmp_path.iterdir()) == []


async def test_a_look_does_not_load_the_whole_file(tmp_path: Path) -> None:
    """From a vendor that sends it though a part was asked for."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(MP4)
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(answer) as vendor, driving(tmp_path, patience=20.0) as drive:
        assert await drive.holds_video(Fetch(url=f"{vendor.url}/v"), PLAIN, account(vendor.url))


async def test_a_look_elsewhere_is_not_shown_the_key(tmp_path: Path) -> None:
    """As with downloads."""
    async with serving(saying(MP4)) as vendor, serving(saying(MP4)) as files, driving(tmp_path) as drive:
        for url in (vendor.url, files.url):
            assert await drive.holds_video(Fetch(url=url), PLAIN, account(vendor.url))
    assert (vendor.keys, files.keys) == ([KEY], [None])


# What breaks ---------------------------------------------------------------------------------------------------


async def test_nobody_there(tmp_path: Path) -> None:
    """It can be tried again."""
    with pytest.raises(NotSent):
        await _load(tmp_path, "http://127.0.0.1:1/v")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(65_536))


@asynccontextmanager
async def _stalling() -> AsyncIterator[str]:
    async with wired(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nhalf of it") as wire:
        yield wire.url


async def test_an_endless_output_is_cut_at_the_limit(tmp_path: Path) -> None:
    """And nothing of it stays."""
    async with serving(_endless) as files:
        with pytest.raises(OutputInvalid, match=f"more than {MOST} bytes") as caught:
            await _load(tmp_path, files.url)
    assert caught.value.final, "it will not shrink"
    assert list(tmp_path.iterdir()) == []


async def test_a_stalled_output_is_given_up(tmp_path: Path) -> None:
    """And nothing of it stays."""
    async with _stalling() as url:
        with pytest.raises(Lost):
            await _load(tmp_path, url, patience=1.0)
    assert list(tmp_path.iterdir()) == []


async def test_half_an_output_is_none(tmp_path: Path) -> None:
    """The length that was promised tells."""
    async with wired(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nConnection: close\r\n\r\nhalf of it") as files:
        with pytest.raises(OutputInvalid, match="breaks off after 10 of 9999 bytes") as caught:
            await _load(tmp_path, files.url)
    assert not caught.value.final, "it may be whole in a moment"
    assert list(tmp_path.iterdir()) == []


async def test_a_cancelled_download_leaves_nothing(tmp_path: Path) -> None:
    """Whoever waited for it is gone."""
    async with _stalling() as url:
        loading = asyncio.ensure_future(_load(tmp_path, url))
        async with asyncio.timeout(10):
            while not [path for path in tmp_path.iterdir() if path.stat().st_size == 0]:
                await asyncio.sleep(0.005)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
    assert list(tmp_path.iterdir()) == []


# Outputs in their own addresses --------------------------------------------------------------------------------


async def test_an_output_in_its_own_address(tmp_path: Path) -> None:
    """As small ones of a reply that spills have it."""
    assert (await _load(tmp_path, "data:video/mp4;base64,dmlkZW8=")).read_bytes() == b"video"


@pytest.mark.parametrize("text", ["dmlkZW8", "-_-_", "dmlk\nZW8="])
async def test_an_output_in_its_own_address_however_it_is_written(text: str, tmp_path: Path) -> None:
    """Without padding, with the other alphabet, in lines."""
    expected = base64.b64decode(text.replace("-_-_", "+/+/").replace("\n", "") + "=" * (text == "dmlkZW8"))
    assert (await _load(tmp_path, f"data:video/mp4;base64,{text}")).read_bytes() == expected


@pytest.mark.parametrize("text", ["no base64", "ä", "dmlk!ZW8=", ""])
async def test_an_address_that_holds_no_output(text: str, tmp_path: Path) -> None:
    """It is the vendor's fault, and nothing is left behind."""
    with pytest.raises(OutputInvalid):
        await _load(tmp_path, f"data:video/mp4;base64,{text}")
    assert list(tmp_path.iterdir()) == []


async def test_an_address_that_holds_too_much(tmp_path: Path) -> None:
    """The limit is the same."""
    with pytest.raises(OutputInvalid, match="more than"):
        await _load(tmp_path, "data:video/mp4;base64," + "AAAA" * 400_000)
    assert list(tmp_path.iterdir()) == []


# Our own disk --------------------------------------------------------------------------------------------------


async def test_our_own_disks_trouble_is_not_the_vendors(tmp_path: Path) -> None:
    """The output is there, and can be had when there is room for it again."""
    body = b'"' + b"AAAA" * 30_000 + b'"'
    async with serving(saying(body)) as vendor, driving(tmp_path / "gone") as drive:
        at = account(vendor.url)
        spilled = drive.send(Call(method="GET", url="x", spills=True), PLAIN, at)
        loaded = drive.download(Fetch(url=vendor.url), PLAIN, at, MOST)
        for attempt in (spilled, loaded):
            with pytest.raises(StorageFailed, match="No such file or directory"):
                await attempt
