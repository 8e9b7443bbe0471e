"""One video of every model, in its cheapest shape, through a real server and with a test key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from reelrouter.catalogue.load import load_catalogue
from tests.acceptance.orders import frame, placed
from tests.acceptance.pictures import data_url, served
from tests.acceptance.serving import Server
from tests.acceptance.waiting import ended
from tests.media.samples import Film, write_film, write_sound

SETTINGS = {"allow_private_addresses": "true", "render_concurrency": "2"}
CLIP = Film(size=(320, 180), fps=10, frames=15)
SPEECH_SECONDS = 1.3
PLAIN = data_url(Image.new("RGB", (320, 320), (120, 130, 140)))
"""A picture that costs little to draw and to encode."""
MODELS = [model.id for model in load_catalogue()]
FILMED_FROM = {
    "black-forest-labs/flux-video-edit": 1,
    "black-forest-labs/flux-video-upscale": 2,
    "runway/aleph-2": 1,
}
"""The models whose video is as long as the one that they are given, and how many times as large."""
GOES_ON = "black-forest-labs/flux-3-video"
_PATIENCE = 300.0
"""Seconds, for the last of all these videos on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is in an MP4, every frame of it decoded."""

    size: tuple[int, int]
    fps: Fraction
    frames: int
    sound_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    client: httpx.Client
    jobs: Mapping[str, str]
    """The id of each model's job."""

    def film(self, job_id: str) -> tuple[dict[str, Any], Seen]:
        job = ended(self.client, job_id, _PATIENCE)
        assert job["status"] == "completed", job
        content = self.client.get(f"/api/v1/videos/{job_id}/content")
        assert content.status_code == 200
        return job, _seen(content.content)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A server with a job of every model, all placed before the first is looked at."""
    folder = tmp_path_factory.mktemp("every-model")
    server = Server(folder, SETTINGS)
    try:
        server.start()
        with served(_inputs(folder)) as address, server.client() as client:
            rows = client.get("/api/v1/videos/models").json()["data"]
            assert {row["id"] for row in rows} == set(MODELS)
            rows.sort(key=_work, reverse=True)  # lest the longest is left for one core at the end
            yield Studio(client=client, jobs={row["id"]: placed(client, _cheapest(row, address)) for row in rows})
    finally:
        server.close()


@pytest.mark.parametrize("model", MODELS)
def test_its_video_is_what_was_promised(model: str, studio: Studio) -> None:
    """Pixels, frames and sound track are those that the job's `resolved` names, or those of its input."""
    job, seen = studio.film(studio.jobs[model])
    resolved = job["resolved"]
    assert seen.size == (resolved["width"], resolved["height"])
    if model in FILMED_FROM:
        times = FILMED_FROM[model]
        assert seen.size == (CLIP.size[0] * times, CLIP.size[1] * times)
        assert seen.fps == CLIP.fps
        assert seen.frames == CLIP.frames
    else:
        assert seen.fps == resolved["fps"]
        assert seen.frames == round(resolved.get("duration", SPEECH_SECONDS) * resolved["fps"])
    expected = pytest.approx(float(seen.frames / seen.fps), abs=0.1) if resolved["audio"] else None
    assert seen.sound_seconds == expected
    assert (job["usage"]["cost"] == 0) == (model == "reelrouter/animatic")


def test_a_video_goes_on_where_the_one_before_ended(studio: Studio) -> None:
    """A second job of the same model, with nothing but the first one's id, has its shape."""
    before, first = studio.film(studio.jobs[GOES_ON])
    body = {"model": GOES_ON, "prompt": "it goes on", "duration": 5, "generate_audio": False}
    job, second = studio.film(placed(studio.client, {**body, "previous_job_id": before["id"]}))
    assert second == first
    assert job["resolved"] == before["resolved"]
    assert job["usage"]["cost"] > before["usage"]["cost"]


def _inputs(folder: Path) -> dict[str, tuple[str, bytes]]:
    film = write_film(folder / "clip.mp4", CLIP)
    speech = write_sound(folder / "speech.wav", "pcm_s16le", seconds=SPEECH_SECONDS)
    return {"/clip.mp4": ("video/mp4", film.read_bytes()), "/speech.wav": ("audio/wav", speech.read_bytes())}


def _cheapest(row: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The shortest, smallest and stillest that a row of the models list allows."""
    ratios = row["supported_aspect_ratios"] or ()
    wanted = {
        "duration": min(row["supported_durations"] or (), default=None),
        "resolution": min(row["supported_resolutions"] or (), key=_lines, default=None),
        "aspect_ratio": "1:1" if "1:1" in ratios and row["supported_durations"] else None,
        "generate_audio": False if row["generate_audio"] else None,
        "frame_images": [frame(PLAIN, "first_frame")] if row["supported_frame_images"] else None,
        "input_references": None if row["supported_durations"] else _references(row, address),
    }
    body = {"model": row["id"], "prompt": "a grey wall, static camera"}
    return body | {name: value for name, value in wanted.items() if value is not None}


def _work(row: Mapping[str, Any]) -> int:
    """What its cheapest video takes, in seconds times lines squared."""
    return (
        min(row["supported_durations"] or (2,)) * min(map(_lines, row["supported_resolutions"] or ("360p",))) ** 2
    )


def _lines(resolution: str) -> int:
    return {"1K": 576, "2K": 1440, "4K": 2160}.get(resolution) or int(resolution.removesuffix("p"))


def _references(row: Mapping[str, Any], address: str) -> list[dict[str, Any]]:
    urls = {
        "image": PLAIN,
        "video": f"{address}/clip.mp4",
        "audio": f"{address}/speech.wav",
    }
    kinds = [kind for kind, limit in row["supported_references"].items() if limit]
    return [{"type": f"{kind}_url", f"{kind}_url": {"url": urls[kind]}} for kind in kinds]


def _seen(mp4: bytes) -> Seen:
    with av.open(BytesIO(mp4), "r") as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert stream.average_rate is not None
        size, rate = (stream.width, stream.height), stream.average_rate
        audio = container.streams.audio[0] if container.streams.audio else None
    sound_seconds = None if audio is None else _sound_seconds(mp4)
    return Seen(size=size, fps=rate, frames=frames, sound_seconds=sound_seconds)


def _sound_seconds(mp4: bytes) -> float:
    with av.open(BytesIO(mp4), "r") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
