import asyncio
import hashlib
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from reelrouter.renderer.pool import Pool
from reelrouter.storage.ingest import Ingest, IngestLimits
from reelrouter.storage.objects import Objects
from reelrouter.work import Blob, OutputInvalid, Report, StoredFile, TaskFailed, TaskLost

T = TypeVar("T")

KEY = "outputs/gen-vid-1-abc/0.mp4"
VIDEO = b"the bytes of a video"
FOUND = {
    "mime": "video/mp4",
    "width": 1280,
    "height": 720,
    "duration": 4.0,
    "fps": 24.0,
    "frames": 96,
    "codec": "h264",
    "audio_codec": "aac",
    "faststart": True,
}
STORED = StoredFile(
    key=KEY,
    sha256=hashlib.sha256(VIDEO).hexdigest(),
    size=len(VIDEO),
    mime="video/mp4",
    width=1280,
    height=720,
    duration=4.0,
    fps=24.0,
    frames=96,
    codec="h264",
    audio_codec="aac",
)


class Probe:
    """Children that know one task and have one answer to it."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self.answer = answer
        self.probed: list[bytes] = []

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        assert task == "reelrouter.media.clips:probe"
        self.probed.append(content_of(arguments["path"]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict(self.answer)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


def rendered(directory: Path, content: bytes = VIDEO) -> Blob:
    path = directory / "rendered.mp4"
    path.write_bytes(content)
    return Blob(path=path)


@pytest.fixture(params=["disk", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    return Objects.from_url((tmp_path / "store").as_uri() if request.param == "disk" else "memory:///")


def ingest_of(objects: Objects, directory: Path, probe: Probe | None = None) -> Ingest:
    return Ingest(probe or Probe(FOUND), objects, IngestLimits(max_bytes=1000), directory)


def test_a_finished_video_is_measured_and_stored(objects: Objects, tmp_path: Path) -> None:
    """The file moves into the storage, and is described as it was probed."""
    output = rendered(tmp_path)

    async def scenario() -> StoredFile:
        stored = await ingest_of(objects, tmp_path).ingest(output, KEY)
        assert b"".join([piece async for piece in objects.open_range(KEY, 0, stored.size)]) == VIDEO
        return stored

    assert run(scenario()) == STORED
    assert not output.path.exists()


def test_doing_it_again_gives_the_same(objects: Objects, tmp_path: Path) -> None:
    """After a crash behind the store, the file is gone and the answer is not."""
    output = rendered(tmp_path)
    ingest = ingest_of(objects, tmp_path)

    async def scenario() -> None:
        assert await ingest.ingest(output, KEY) == STORED
        assert await ingest.ingest(output, KEY) == STORED

    run(scenario())
    assert [path.name for path in tmp_path.iterdir() if path.name != "store"] == []


def test_a_second_rendering_does_not_replace_the_first(objects: Objects, tmp_path: Path) -> None:
    """Who may have downloaded the first must not find another file under its address."""

    async def scenario() -> None:
        probe = Probe(FOUND)
        ingest = ingest_of(objects, tmp_path, probe)
        await ingest.ingest(rendered(tmp_path), KEY)
        again = rendered(tmp_path, b"another rendering of the same job")
        assert await ingest.ingest(again, KEY) == STORED
        assert not again.path.exists()
        assert probe.probed == [VIDEO, VIDEO]

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (TaskFailed("truncated", "The file ends too early."), "not a playable video: The file ends"),
        ({**FOUND, "mime": "video/webm"}, "video/webm; only video/mp4 can be served"),
    ],
)
def test_what_cannot_be_served_is_refused(
    answer: Mapping[str, Any] | Exception, reason: str, objects: Objects, tmp_path: Path
) -> None:
    """Unplayable files and other containers never appear in the storage."""

    async def scenario() -> None:
        with pytest.raises(OutputInvalid, match=reason):
            await ingest_of(objects, tmp_path, Probe(answer)).ingest(rendered(tmp_path), KEY)
        assert not await objects.exists(KEY)

    run(scenario())


def test_an_output_over_the_limit_is_refused_unprobed(objects: Objects, tmp_path: Path) -> None:
    """A file too large is not even opened; one of exactly the limit passes."""

    async def scenario() -> None:
        probe = Probe(FOUND)
        ingest = ingest_of(objects, tmp_path, probe)
        with pytest.raises(OutputInvalid, match="1001 bytes; the limit is 1000"):
            await ingest.ingest(rendered(tmp_path, b"x" * 1001), KEY)
        assert probe.probed == []
        assert (await ingest.ingest(rendered(tmp_path, b"x" * 1000), KEY)).size == 1000

    run(scenario())


def test_a_vanished_output_is_refused(objects: Objects, tmp_path: Path) -> None:
    """When neither the file nor the object is there, there is nothing to serve."""
    with pytest.raises(OutputInvalid, match="gone"):
        run(ingest_of(objects, tmp_path).ingest(Blob(path=tmp_path / "none.mp4"), KEY))


def test_a_lost_probe_proves_nothing(objects: Objects, tmp_path: Path) -> None:
    """The output stays where it was, so that ingesting it can be tried again."""
    output = rendered(tmp_path)
    with pytest.raises(TaskLost):
        run(ingest_of(objects, tmp_path, Probe(TaskLost("killed"))).ingest(output, KEY))
    assert output.path.read_bytes() == VIDEO


def encoded(path: Path, frames: int = 12) -> Blob:
    """A real, small video; `path`'s suffix names the container."""
    with av.open(str(path), "w") as container:
        codec = "libvpx" if path.suffix == ".webm" else "libx264"
        stream = container.add_stream(codec, rate=12, options={"deadline": "realtime"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            grey = np.full((48, 64, 3), number * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(stream.encode())
    return Blob(path=path)


def test_a_real_probe_tells_videos_from_what_is_none(tmp_path: Path) -> None:
    """With real child processes an MP4 is measured, and a WebM, a torso and a text are refused."""
    limits = IngestLimits(max_bytes=1_000_000)

    async def scenario() -> StoredFile:
        store = Objects.from_url((tmp_path / "store").as_uri())
        pool = Pool(1, preload=["reelrouter.media.clips"])
        try:
            ingest = Ingest(pool, store, limits, tmp_path)
            torso = encoded(tmp_path / "torso.mp4")
            os.truncate(torso.path, torso.path.stat().st_size // 2)
            for bad in (torso, rendered(tmp_path, b"no video"), encoded(tmp_path / "other.webm")):
                with pytest.raises(OutputInvalid):
                    await ingest.ingest(bad, KEY)
            stored = await ingest.ingest(encoded(tmp_path / "good.mp4"), KEY)
            assert await ingest.ingest(Blob(path=tmp_path / "good.mp4"), KEY) == stored
            return stored
        finally:
            await pool.close()

    stored = run(scenario())
    assert (stored.width, stored.height, stored.frames, stored.fps) == (64, 48, 12, 12.0)
    assert stored.sha256 == hashlib.sha256((tmp_path / "store" / KEY).read_bytes()).hexdigest()
