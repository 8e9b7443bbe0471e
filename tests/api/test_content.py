"""Downloads that are told of: a file has gone out when its last byte went to somebody who was still there."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive

from reelrouter.api.content import SentWhole, VideoFile

Message = MutableMapping[str, Any]
BYTES = b"x" * 600_000


def answered(response: Response, receive: Receive, *, breaks: bool = False) -> tuple[bytes, int]:
    """What was sent, and how often it was told that this was all."""
    sent: list[bytes] = []
    told: list[bool] = []
    scope: dict[str, Any] = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": "2.3"}}

    async def send(message: Message) -> None:
        if breaks and message["type"] == "http.response.body":
            raise OSError("the client is gone")
        sent.append(message.get("body", b""))

    async def note() -> None:
        told.append(True)

    async def run() -> None:
        await SentWhole(response, Request(scope, receive), note)(scope, receive, send)

    if breaks:
        with pytest.raises((OSError, ExceptionGroup)):
            asyncio.run(run())
    else:
        asyncio.run(run())
    return b"".join(sent), len(told)


async def stays() -> Message:
    """A client that waits for the answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> Message:
    return {"type": "http.disconnect"}


def video(folder: Path) -> VideoFile:
    path = folder / "video.mp4"
    path.write_bytes(BYTES)
    return VideoFile(path, {"Content-Type": "video/mp4", "ETag": '"x"'}, None)


def test_a_file_that_was_sent_whole_is_told_of_once(tmp_path: Path) -> None:
    """From a disk, in as many pieces as it takes."""
    assert answered(video(tmp_path), stays) == (BYTES, 1)


def test_a_stream_that_was_sent_whole_is_told_of_once() -> None:
    """From a bucket, too."""

    async def pieces() -> Any:
        for _ in range(3):
            yield b"piece"

    assert answered(StreamingResponse(pieces()), stays) == (b"piece" * 3, 1)


def test_a_client_that_left_has_not_got_it(tmp_path: Path) -> None:
    """Though whatever sends may not notice."""
    assert answered(video(tmp_path), leaves)[1] == 0


def test_an_answer_that_breaks_off_is_not_told_of(tmp_path: Path) -> None:
    """Nor does the error get lost."""
    assert answered(video(tmp_path), stays, breaks=True)[1] == 0
