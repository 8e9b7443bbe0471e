"""The fake OpenRouter, judged by the official SDK and held to what was recorded of the real one."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.utils import BackoffStrategy, RetryConfig

from reelrouter.emulators import frame, openrouter
from reelrouter.emulators.script import REFUSALS, End, Refusal, Script

ONCE = RetryConfig("backoff", BackoffStrategy(1, 1, 1, 0, jitter_ms=0), retry_connection_errors=False)
ASKED: dict[str, Any] = {"model": "google/veo-3.1", "prompt": "a boat", "duration": 8}
PIXEL = {"url": "data:image/png;base64,iVBORw0KGgo="}


class Hour:
    """The emulator's clock."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """An emulator that runs, and the SDK before it."""

    def __init__(self, running: frame.Running, hour: Hour, http: httpx.Client) -> None:
        self.url = f"{running.url}/api/v1"
        self.emulator = running.emulator
        self.hour = hour
        self.http = http

    @cached_property
    def sdk(self) -> OpenRouter:
        return self.sdk_with(frame.KEY)

    def sdk_with(self, key: str) -> OpenRouter:
        return OpenRouter(api_key=key, server_url=self.url, client=self.http, retry_config=ONCE)

    def place(self, **changes: Any) -> Any:
        return self.sdk.video_generation.generate(**(ASKED | changes))

    def look(self, job_id: str) -> Any:
        return self.sdk.video_generation.get_generation(job_id=job_id)

    def post(self, **changes: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {frame.KEY}"}
        return self.http.post(f"{self.url}/videos", json=ASKED | changes, headers=headers)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def bench(http: httpx.Client) -> Iterator[Bench]:
    hour = Hour()
    with frame.in_thread(openrouter.OpenRouter(hour)) as running:
        yield Bench(running, hour, http)


def test_the_sdk_submits_waits_and_downloads(bench: Bench) -> None:
    """A job waits, works and is done; its content is the video."""
    bench.emulator.script = Script(seconds=100)
    placed = bench.place()
    assert placed.status == "pending"
    assert placed.polling_url == f"{bench.url}/videos/{placed.id}"
    assert placed.generation_id is None
    seen = []
    for _ in range(3):
        seen.append(bench.look(placed.id))
        bench.hour.now += 60
    assert [job.status for job in seen] == ["pending", "in_progress", "completed"]
    done = seen[-1]
    assert done.generation_id == done.id == placed.id
    assert (done.usage.cost, done.usage.is_byok) == (0.161406, False)
    assert done.unsigned_urls == [f"{bench.url}/videos/{done.id}/content?index=0"]
    content = bench.sdk.video_generation.get_video_content(job_id=done.id, index=0)
    assert content.read() == frame.sample()
    assert bench.http.get(done.urls[0]).content == frame.sample(), "signed addresses need no key"
    assert bench.http.get(done.unsigned_urls[0]).status_code == 401, "the others do"


def test_the_sdk_sends_frames_references_and_options(bench: Bench) -> None:
    """As their types are written down, nulls and all."""
    frames = [
        {"type": "image_url", "image_url": PIXEL, "frame_type": name} for name in ("first_frame", "last_frame")
    ]
    options = {"google-vertex": {"parameters": {"negativePrompt": "fog"}}}
    job = bench.place(frame_images=frames, provider={"options": options}, size="1280x720", generate_audio=False)
    body = bench.emulator.tasks[job.id].body
    assert body["frame_images"] == frames
    assert body["provider"]["options"] == options
    kinds = [
        {"type": "image_url", "image_url": PIXEL},
        {"type": "video_url", "video_url": {"url": "https://a.b/c"}},
    ]
    job = bench.place(model="bytedance/seedance-2.5", input_references=kinds, prompt=None, seed=3)
    assert bench.emulator.tasks[job.id].body["input_references"] == kinds


def test_the_sdk_goes_on_from_a_finished_job(bench: Bench) -> None:
    """With the one model that can."""
    first = bench.place(model="black-forest-labs/flux-3-video")
    again = bench.place(model="black-forest-labs/flux-3-video", previous_job_id=first.id)
    assert bench.emulator.tasks[again.id].body["previous_job_id"] == first.id


def test_the_sdk_reads_the_rows(bench: Bench) -> None:
    """Every key of a row is there; no key of the caller's is needed."""
    rows = bench.sdk_with("none").video_generation.list_videos_models().data
    assert len(rows) == 33
    assert {row.id for row in rows} >= {"google/veo-3.1", "bytedance/seedance-2.5"}


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ("auth", errors.UnauthorizedResponseError),
        ("quota", errors.PaymentRequiredResponseError),
        ("rate", errors.TooManyRequestsResponseError),
        ("rate_after", errors.TooManyRequestsResponseError),
        ("concurrency", errors.PaymentRequiredResponseError),
        ("policy", errors.BadRequestResponseError),
        ("user", errors.BadRequestResponseError),
    ],
)
def test_the_sdk_reads_every_refusal(bench: Bench, refusal: Refusal, error: type[errors.OpenRouterError]) -> None:
    """In the one envelope, with the status as its code; and nothing was made."""
    bench.emulator.script = Script(refuse=refusal)
    with pytest.raises(error) as raised:
        bench.place()
    assert cast("Any", raised.value).data.error.code == raised.value.status_code
    assert not bench.emulator.tasks


def test_every_refusal_is_tried() -> None:
    """The table above has them all."""
    assert set(REFUSALS) == {"auth", "quota", "rate", "rate_after", "concurrency", "policy", "user"}


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("policy_input", "failed", "Content policy violation"),
        ("policy_output", "failed", "OutputVideo"),
        ("transient", "failed", "Provider"),
        ("cancelled", "cancelled", "cancelled"),
        ("expired", "expired", "time to live"),
    ],
)
def test_the_sdk_reads_every_bad_end(bench: Bench, end: End, status: str, said: str) -> None:
    """The error is a sentence, and there is no file."""
    bench.emulator.script = Script(end=end)
    job = bench.look(bench.place().id)
    assert job.status == status
    assert said in job.error
    with pytest.raises(errors.ConflictResponseError):
        bench.sdk.video_generation.get_video_content(job_id=job.id)


def test_the_sdk_is_told_of_jobs_and_files_that_are_not_there(bench: Bench) -> None:
    """404, 409, 400 and 410, each for its reason."""
    with pytest.raises(errors.NotFoundResponseError, match="Job nobody not found"):
        bench.look("nobody")
    bench.emulator.scripts.extend([Script(seconds=100), Script(end="gone")])
    content = bench.sdk.video_generation.get_video_content
    with pytest.raises(errors.ConflictResponseError):
        content(job_id=bench.place().id)
    gone = bench.place().id
    with pytest.raises(errors.BadRequestResponseError, match="Video index 5 out of range"):
        content(job_id=gone, index=5)
    with pytest.raises(errors.GoneResponseError):
        content(job_id=gone)


@pytest.mark.parametrize(("status", "error"), [(500, "InternalServer"), (503, "ServiceUnavailable")])
def test_the_sdk_reads_trouble(bench: Bench, status: int, error: str) -> None:
    """As the contract declares it for a submit."""
    bench.emulator.script = Script(break_submit="error_500" if status == 500 else "error_503")
    with pytest.raises(getattr(errors, f"{error}ResponseError")):
        bench.place()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "a/b"}, "a/b is not a valid model ID"),
        ({"duration": 99}, "Duration 99s is not supported for this model. Supported durations: 4, 6, 8s"),
        ({"resolution": "480p"}, "Resolution 480p is not supported for this model. Supported resolutions: 720p"),
        ({"aspect_ratio": "1:1"}, "Aspect ratio 1:1"),
        ({"size": "1x1"}, "Size 1x1"),
        ({"upscale_factor": 2}, "upscale_factor"),
        (
            {"model": "black-forest-labs/flux-video-upscale", "duration": None, "upscale_factor": 9},
            "upscale_factor",
        ),
        ({"creativity": 1}, "creativity"),
        ({"prompt": ""}, "requires a prompt when no image input is provided"),
        ({"callback_url": "http://a.b"}, "Only HTTPS"),
        (
            {"previous_job_id": "gen-vid-1-AbCdEfGhIjKlMnOpQrSt"},
            "veo-3.1-20260320 does not support previous_job_id",
        ),
        (
            {"model": "black-forest-labs/flux-3-video", "previous_job_id": "gen-vid-1-AbCdEfGhIjKlMnOpQrSt"},
            "cannot be continued",
        ),
        (
            {"input_references": [{"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA"}}]},
            "Invalid reference URL: input_references[0].video_url.url: Only HTTPS URLs are allowed",
        ),
        ({"input_references": [{"type": "image_url", "image_url": {"url": "http://a.b/c.png"}}]}, "Only HTTPS"),
        (
            {
                "model": "x-ai/grok-imagine-video",
                "frame_images": [{"type": "image_url", "image_url": PIXEL, "frame_type": "last_frame"}],
            },
            "last_frame is not supported",
        ),
    ],
    ids=str,
)
def test_what_the_vendor_cannot_make_is_refused(bench: Bench, changes: dict[str, Any], said: str) -> None:
    """With 400, the recorded sentence where there is one, and nothing made."""
    answer = bench.post(**changes)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert not bench.emulator.tasks


@pytest.mark.parametrize(
    "changes",
    [
        {"model": None},
        {"duration": 4.5},
        {"duration": "8"},
        {"duration": True},
        {"generate_audio": "yes"},
        {"frame_images": [{"type": "image_url", "image_url": PIXEL}]},
        {"frame_images": [{"type": "image_url", "image_url": PIXEL, "frame_type": "middle"}]},
        {"input_references": ["https://a.b"]},
        {"previous_job_id": "gen-vid-1"},
        {"provider": {"options": {"google-vertex": 1}}},
    ],
    ids=str,
)
def test_what_has_the_wrong_type_is_refused_in_the_validators_shape(bench: Bench, changes: dict[str, Any]) -> None:
    """Which has no code, and stringified issues."""
    answer = bench.post(**changes)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert answer.json()["error"]["name"] == "ZodError"


def test_unknown_keys_and_unknown_slugs_are_taken(bench: Bench) -> None:
    """Silently, as by the real one."""
    assert bench.post(fps=30, provider={"options": {"nobody": {"x": 1}}}).status_code == 202


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "videos/x/cancel"), ("DELETE", "videos/x"), ("GET", "videos")]
)
def test_there_is_no_cancelling_and_no_list(bench: Bench, method: str, path: str) -> None:
    """Unknown routes are a 404 in the same envelope."""
    answer = bench.http.request(method, f"{bench.url}/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 404)


def test_a_key_is_needed(bench: Bench) -> None:
    """No key and a wrong one have different sentences."""
    assert "cookie" in bench.http.post(f"{bench.url}/videos", json=ASKED).json()["error"]["message"]
    with pytest.raises(errors.UnauthorizedResponseError, match="User not found"):
        bench.sdk_with("wrong").video_generation.generate(**ASKED)
