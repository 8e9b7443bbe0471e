"""What comes back from a vendor: it is bounded, videos in it go to files, and no failure shows a secret."""

import base64
import json
import logging
import tracemalloc
from dataclasses import replace
from pathlib import Path
from traceback import format_exception

import pytest
from aiohttp import web

from reelrouter.providers.alibaba import ALIBABA
from reelrouter.providers.base import Account, Call, Flow, Grant, Part, ProviderDrift
from reelrouter.providers.drive import MOST_REPLY, Drive, Lost
from reelrouter.providers.reading import refused
from reelrouter.work import Blob, FailureClass, Finished, Outcome, SubmitRefused
from tests.providers.wire import KEY, SECRET, Plain, SignsIn, account, driving, ok, only, saying, serving, wired

pytestmark = pytest.mark.anyio

PLAIN = Plain()
GET = Call(method="GET", url="jobs/1")
CREATE = Call(method="POST", url="jobs", json={"prompt": "a boat"}, creates=True)


# Replies -------------------------------------------------------------------------------------------------------


async def test_headers_have_lower_case_names(tmp_path: Path) -> None:
    """Adapters need not know how a vendor writes them."""
    async with serving(saying(b"x", 429, Retry_After="7")) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(GET, PLAIN, account(vendor.url))
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (429, b"x", "7")


@pytest.mark.parametrize("status", [200, 500])
async def test_a_reply_over_two_megabytes_is_drift(status: int, tmp_path: Path) -> None:
    """No adapter knows of any such."""
    body = bytearray(b" " * MOST_REPLY)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bytes(body), status=status)

    async with serving(answer) as vendor, driving(tmp_path) as drive:
        assert len((await drive.send(GET, PLAIN, account(vendor.url))).body) == MOST_REPLY
        body += b" "
        with pytest.raises(ProviderDrift, match=f"HTTP {status} with more than"):
            await drive.send(GET, PLAIN, account(vendor.url))


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_large_text_in_a_reply_hides_nothing_else_of_it(status: int, tmp_path: Path) -> None:
    """A stack trace of many megabytes is cut, and the code beside it is there."""
    body = json.dumps({"message": "cut " * 2_000_000, "code": "x"}).encode()
    async with serving(saying(body, status)) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(GET, PLAIN, account(vendor.url))
    said = json.loads(reply.body)
    assert (said["code"], said["message"][:8], len(said["message"])) == ("x", "cut cut ", 1001)


async def test_headers_can_be_stored(tmp_path: Path) -> None:
    """Whatever bytes are in them."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Said: a\xff\x1bb\r\n\r\n{}"
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        try:
            reply = await drive.send(GET, PLAIN, account(vendor.url))
        except Lost:  # the library takes no such header
            return
    assert reply.headers["x-said"] == "a\ufffd\ufffdb"


# Replies with a video in them ----------------------------------------------------------------------------------

SPILLING = Call(method="POST", url="fetch", json={}, spills=True)


def _video_reply(video: bytes) -> bytes:
    return json.dumps({"done": True, "video": base64.b64encode(video).decode()}).encode()


class Inline(Plain):
    """Polls for the video itself; `keeps` is whether anything is made of it."""

    def fetch(self, *, keeps: bool) -> Flow[Outcome]:
        reply = yield SPILLING
        if not keeps:
            raise ProviderDrift("there is no word for it")
        return Finished(outputs=(Blob(path=reply.files[0]),))


async def test_a_long_text_becomes_a_file(tmp_path: Path) -> None:
    """The rest of the reply is as it came."""
    async with serving(saying(_video_reply(b"video" * 20_000))) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(SPILLING, PLAIN, account(vendor.url))
    assert json.loads(reply.body) == {"done": True, "video": "file:0"}
    assert [path.read_bytes() for path in reply.files] == [b"video" * 20_000]


@pytest.mark.parametrize("keeps", [True, False])
async def test_only_files_that_are_outputs_stay(keeps: bool, tmp_path: Path) -> None:
    """What a flow makes nothing of is removed."""
    async with serving(saying(_video_reply(b"video" * 20_000))) as vendor, driving(tmp_path) as drive:
        flow = Inline().fetch(keeps=keeps)
        if keeps:
            finished = await drive.run(flow, PLAIN, account(vendor.url))
            assert isinstance(finished, Finished)
            assert [Blob(path=path) for path in tmp_path.iterdir()] == list(finished.outputs)
        else:
            with pytest.raises(ProviderDrift):
                await drive.run(flow, PLAIN, account(vendor.url))
            assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ok(_video_reply(b"v" * 99_000) + b" " * MOST_REPLY), ProviderDrift),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\nConnection: close\r\n\r\n"
            + _video_reply(b"v" * 99_000),
            Lost,
        ),
    ],
    ids=["too much beside it", "cut"],
)
async def test_a_video_that_does_not_arrive_leaves_nothing(
    answer: bytes, error: type[Exception], tmp_path: Path
) -> None:
    """Neither a file nor a folder."""
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        with pytest.raises(error):
            await drive.send(SPILLING, PLAIN, account(vendor.url))
    assert list(tmp_path.iterdir()) == []


async def test_of_a_long_text_that_is_no_video_the_beginning_stays(tmp_path: Path) -> None:
    """It may be why a job failed."""
    body = json.dumps({"text": "no base64. " * 9000, "done": True}).encode()
    async with serving(saying(body)) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(SPILLING, PLAIN, account(vendor.url))
    said = json.loads(reply.body)
    assert (said["done"], said["text"][:11], reply.files) == (True, "no base64. ", ())
    assert list(tmp_path.iterdir()) == []


async def test_a_complaint_is_kept_in_memory(tmp_path: Path) -> None:
    """Only a success can hold a video."""
    async with serving(saying(b'"' + b"A" * 100_000 + b'"', 400)) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(SPILLING, PLAIN, account(vendor.url))
    assert (len(reply.body), reply.files) == (100_002, ())


async def test_a_sixty_megabyte_video_needs_a_few_of_memory(tmp_path: Path) -> None:
    """Whoever sends it and whoever takes it, together."""
    piece = base64.b64encode(bytes(range(256)) * 3 * 1024)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"video": "')
        for _ in range(1 if request.path == "/warm" else 80):
            await response.write(piece)
        await response.write(b'"}')
        return response

    async with serving(answer) as vendor, driving(tmp_path) as drive:
        await drive.send(
            replace(SPILLING, url="warm"), PLAIN, account(vendor.url)
        )  # what is made once is made now
        tracemalloc.start()
        try:
            reply = await drive.send(SPILLING, PLAIN, account(vendor.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert reply.files[0].stat().st_size == 60 * 1024 * 1024
    assert peak < 8 * 1024 * 1024


# Secrets -------------------------------------------------------------------------------------------------------


async def _complaint(drive: Drive, url: str) -> str:
    reply = await drive.send(CREATE, PLAIN, account(url))
    return repr(refused(FailureClass.AUTH, None, reply.body.decode()).failed)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"This is no HTTP.\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b" " * 3_000_000,
    ],
)
async def test_no_failure_shows_a_secret(
    answer: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In its words, its whole chain as a traceback prints it, or a line of anybody's log."""
    caplog.set_level(logging.DEBUG)
    async with wired(answer) as vendor, driving(tmp_path) as drive:
        call = replace(CREATE, url="jobs?signature=s1gnature")
        with pytest.raises((Lost, ProviderDrift)) as caught:
            await drive.send(call, PLAIN, account(vendor.url))
    said = [repr(caught.value), str(caught.value), *format_exception(caught.value), caplog.text]
    assert not [text for text in said if SECRET in text or "s1gnature" in text]


async def test_values_show_no_secret() -> None:
    """Wherever one is printed by mistake."""
    call = Call(
        method="POST",
        url="token",
        json={"secret": SECRET},
        parts=(Part(name="secret", value=SECRET),),
        form={"secret": SECRET},
        headers={"Authorization": KEY},
    )
    for value in (account("https://plain.test"), call, Grant(headers={"Authorization": KEY})):
        assert SECRET not in repr(value)
        assert SECRET not in str(value)


async def test_a_vendor_that_repeats_a_secret_is_not_believed(tmp_path: Path) -> None:
    """Its complaints are shown to operators, without the key that it complains about."""
    body = json.dumps({"error": f"Incorrect API key provided: {SECRET}"}).encode()
    async with serving(saying(body, 401)) as vendor, driving(tmp_path) as drive:
        said = await _complaint(drive, vendor.url)
    assert SECRET not in said
    assert "Incorrect API key provided: {api_key}" in said


async def test_a_success_that_repeats_a_secret_is_not_believed_either(tmp_path: Path) -> None:
    """Some vendors complain with 200. What is no secret may stand in a success for good reasons."""
    body = json.dumps({"error": f"bad key {SECRET}", "name": "my-project/1"}).encode()
    async with serving(saying(body)) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(GET, PLAIN, account(vendor.url, project="my-project"))
    assert json.loads(reply.body) == {"error": "bad key {Authorization}", "name": "my-project/1"}


async def test_a_token_in_a_complaint_is_hidden_too(tmp_path: Path) -> None:
    """Though it is none of the account's own values."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"token": "t0ken-of-an-hour"})
        return web.json_response({"error": request.headers["Authorization"]}, status=403)

    async with serving(answer) as vendor, driving(tmp_path) as drive:
        reply = await drive.send(GET, SignsIn(), account(vendor.url))
    assert json.loads(reply.body) == {"error": "Bearer {Authorization}"}


async def test_what_a_flow_raises_is_what_its_caller_sees(tmp_path: Path) -> None:
    """The drive judges no answer."""

    def flow() -> Flow[None]:
        yield GET
        raise refused(FailureClass.USER_ERROR)

    async with serving(saying(status=500)) as vendor, driving(tmp_path) as drive:
        with pytest.raises(SubmitRefused):
            await drive.run(flow(), PLAIN, account(vendor.url))
        assert (await drive.run(only(GET), PLAIN, account(vendor.url))).status == 500


async def test_what_is_no_secret_stands_in_an_address_though_calls_are_signed_with_it(tmp_path: Path) -> None:
    """A workspace's name goes along as a header, and is a folder of the bucket where its videos lie."""
    body = json.dumps({"output": {"video_url": "https://files.test/ws-12345678/v.mp4"}}).encode()
    async with serving(saying(body)) as vendor, driving(tmp_path) as drive:
        studio = Account(
            provider="alibaba",
            name="a",
            root=vendor.url,
            values={"api_key": SECRET, "workspace_id": "ws-12345678"},
            concurrency=1,
        )
        reply = await drive.send(GET, ALIBABA, studio)
    assert reply.body == body
