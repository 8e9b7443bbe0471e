"""Everything that can be wrong with a request, as the official SDK raises it: the right class, with the body."""

from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import frame, image, placed, small, video
from tests.acceptance.pictures import data_url, landscape
from tests.acceptance.serving import LIVE_KEY
from tests.acceptance.studio import Studio
from tests.acceptance.waiting import ended

UNKNOWN = "gen-vid-1795258034-00000000000000000000"
VEO: dict[str, Any] = {"model": "google/veo-3.1-lite", "prompt": "a boat", "duration": 4}
TINY = data_url(landscape(9, size=(320, 180)))


def refused(sdk: OpenRouter, body: dict[str, Any]) -> errors.BadRequestResponseError:
    with pytest.raises(errors.BadRequestResponseError) as raised:
        sdk.video_generation.generate(**body)
    return raised.value


def problems_of(error: errors.BadRequestResponseError) -> dict[str, dict[str, Any]]:
    metadata = error.data.error.metadata
    assert isinstance(metadata, dict)
    return {problem["field"]: problem for problem in metadata["problems"]}


@pytest.mark.parametrize("key", [None, "rr-test-unknown", "rr-live-unknown"])
def test_a_missing_or_wrong_key_is_401(key: str | None, sdk_of: SdkOf) -> None:
    """On submit, poll and download alike."""
    calls = sdk_of(key).video_generation
    with pytest.raises(errors.UnauthorizedResponseError) as at_submit:
        calls.generate(**small())
    with pytest.raises(errors.UnauthorizedResponseError):
        calls.get_generation(job_id=UNKNOWN)
    with pytest.raises(errors.UnauthorizedResponseError):
        calls.get_video_content(job_id=UNKNOWN)
    assert at_submit.value.data.error.code == 401
    assert at_submit.value.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "field", "allowed", "words"),
    [
        (
            {"duration": 5},
            "duration",
            [4, 6, 8],
            "Duration 5s is not supported for this model. Supported durations: ",
        ),
        (
            {"resolution": "4K"},
            "resolution",
            ["720p", "1080p"],
            "Resolution 4K is not supported for this model. Supported resolutions: 720p, 1080p",
        ),
        ({"aspect_ratio": "1:1"}, "aspect_ratio", ["16:9", "9:16"], "Aspect ratio 1:1 is not supported"),
        ({"size": "640x360"}, "size", None, "Size 640x360 is not supported"),
        ({"size": "large"}, "size", None, "WIDTHxHEIGHT"),
        ({"size": "1280x720", "resolution": "1080p"}, "size", None, "contradicts resolution 1080p"),
        ({"prompt": None}, "prompt", None, "requires a prompt"),
        ({"prompt": "[[explode]]"}, "prompt", None, "[[explode]]"),
        ({"upscale_factor": 2.0}, "upscale_factor", None, "does not upscale"),
        ({"creativity": 1}, "creativity", [], "creativity 1 is not supported"),
        ({"previous_job_id": UNKNOWN}, "previous_job_id", None, "does not support previous_job_id"),
        ({"session_id": "x" * 257}, "session_id", None, "256"),
        ({"user": "x" * 129}, "user", None, "128"),
        ({"input_references": [image(TINY)] * 4}, "input_references", None, "at most 3 image references"),
        (
            {"input_references": [video("https://127.0.0.1/a.mp4")]},
            "input_references[0].video_url.url",
            None,
            "does not take video references",
        ),
        (
            {"frame_images": [frame(TINY, "last_frame")]},
            "frame_images",
            None,
            "only together with a first_frame",
        ),
        (
            {"frame_images": [frame(TINY, "first_frame"), frame(TINY, "first_frame")]},
            "frame_images[1].frame_type",
            None,
            "already a first_frame",
        ),
    ],
)
def test_what_a_model_cannot_do_is_refused(
    change: dict[str, Any], field: str, allowed: list[Any] | None, words: str, sdk: OpenRouter
) -> None:
    """A 400 that names the field, says what is wrong, and lists what would do where that can be listed."""
    error = refused(sdk, {**VEO, **change})
    problem = problems_of(error)[field]
    assert words in problem["message"]
    assert words in error.data.error.message
    if allowed is not None:
        assert problem["allowed"] == allowed


def test_every_problem_is_named_at_once(sdk: OpenRouter) -> None:
    """Nobody has to send a request five times to learn of five mistakes."""
    error = refused(sdk, {**VEO, "duration": 5, "resolution": "4K", "aspect_ratio": "1:1", "creativity": 3})
    assert set(problems_of(error)) == {"duration", "resolution", "aspect_ratio", "creativity"}


def test_an_unknown_model_is_400(sdk: OpenRouter) -> None:
    """In the words that clients match on."""
    error = refused(sdk, small(model="nobody/nothing"))
    assert error.data.error.message == "nobody/nothing is not a valid model ID"
    assert set(problems_of(error)) == {"model"}


def test_a_known_model_that_nobody_serves_is_404(sdk_of: SdkOf) -> None:
    """With a live key and no vendor configured, the reason is told."""
    with pytest.raises(errors.NotFoundResponseError) as raised:
        sdk_of(LIVE_KEY).video_generation.generate(**VEO)
    assert "google/veo-3.1-lite" in raised.value.message


@pytest.mark.parametrize(
    ("path", "error_type"),
    [("missing.png", "image_not_found"), ("not-a-picture.png", "invalid_image")],
)
def test_a_bad_image_is_a_400_that_names_it(
    path: str, error_type: str, sdk: OpenRouter, images: str, stranger: httpx.Client
) -> None:
    """Images are fetched and decoded within the submit, so that a bad one makes no job."""
    body = {**VEO, "frame_images": [frame(f"{images}/{path}", "first_frame")]}
    error = refused(sdk, body)
    metadata = error.data.error.metadata
    assert isinstance(metadata, dict)
    assert metadata["error_type"] == error_type
    assert set(problems_of(error)) == {"frame_images[0].image_url.url"}
    assert stranger.post("/api/v1/videos", json=body).status_code == 400
    assert stranger.get("/api/v1/videos").json()["data"] == []


def test_a_broken_data_url_is_a_400_that_names_it(sdk: OpenRouter) -> None:
    """A data URL that is cut off, of a kind that nobody takes, or holds no picture."""
    urls = [TINY[:-3], "data:text/plain;base64,aGVsbG8=", "data:image/png;base64,aGVsbG8="]
    error = refused(sdk, {**VEO, "input_references": [image(url) for url in urls]})
    assert set(problems_of(error)) == {f"input_references[{at}].image_url.url" for at in range(3)}


def test_a_video_as_a_data_url_is_refused(sdk: OpenRouter) -> None:
    """In the words that upstream uses for it."""
    reference = video("data:video/mp4;base64,AAAA")
    error = refused(
        sdk, {"model": "black-forest-labs/flux-video-edit", "prompt": "rain", "input_references": [reference]}
    )
    assert (
        error.data.error.message
        == "Invalid reference URL: input_references[0].video_url.url: Only HTTPS URLs are allowed"
    )


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, errors.BadRequestResponseError),
        (401, errors.UnauthorizedResponseError),
        (402, errors.PaymentRequiredResponseError),
        (403, errors.ForbiddenResponseError),
        (404, errors.NotFoundResponseError),
        (409, errors.OpenRouterDefaultError),
        (410, errors.OpenRouterDefaultError),
        (413, errors.PayloadTooLargeResponseError),
        (429, errors.TooManyRequestsResponseError),
        (500, errors.InternalServerResponseError),
        (502, errors.OpenRouterDefaultError),
        (503, errors.ServiceUnavailableResponseError),
    ],
)
def test_every_refusal_can_be_rehearsed(
    status: int, raised: type[errors.OpenRouterError], sdk: OpenRouter
) -> None:
    """`[[submit:<status>]]` answers with that status, in the shape of the SDK's class, where it has one for it."""
    with pytest.raises(raised) as error:
        sdk.video_generation.generate(**small(prompt=f"[[submit:{status}]]"))
    assert error.value.status_code == status
    assert f"The test prompt asked for status {status}." in error.value.message


def test_a_refused_submit_leaves_no_job(stranger: httpx.Client) -> None:
    """Not even one that the client will send again."""
    for status in (400, 402, 429, 503):
        assert stranger.post("/api/v1/videos", json=small(prompt=f"[[submit:{status}]]")).status_code == status
    assert stranger.get("/api/v1/videos").json()["data"] == []


def test_a_body_over_the_limit_is_413(sdk: OpenRouter) -> None:
    """Said before the body is read to its end."""
    with pytest.raises(errors.PayloadTooLargeResponseError) as raised:
        sdk.video_generation.generate(**small(prompt="x" * (5 * 1024 * 1024)))
    metadata = raised.value.data.error.metadata
    assert isinstance(metadata, dict)
    assert metadata["error_type"] == "payload_too_large"


@pytest.mark.parametrize("job_id", [UNKNOWN, "nonsense"])
def test_an_unknown_job_is_404(job_id: str, sdk: OpenRouter) -> None:
    """In the same words on poll and download."""
    with pytest.raises(errors.NotFoundResponseError) as at_poll:
        sdk.video_generation.get_generation(job_id=job_id)
    with pytest.raises(errors.NotFoundResponseError) as at_download:
        sdk.video_generation.get_video_content(job_id=job_id)
    assert at_poll.value.message == at_download.value.message == f"Job {job_id} not found"


def test_a_video_that_is_not_ready_is_409(sdk: OpenRouter, client: httpx.Client) -> None:
    """And so is that of a job that failed, with the job's state in the message."""
    waiting = placed(client, small(prompt="[[delay:30]]"))
    failed = placed(client, small(prompt="[[fail:refusal]]"))
    ended(client, failed)
    with pytest.raises(errors.ConflictResponseError) as too_early:
        sdk.video_generation.get_video_content(job_id=waiting)
    with pytest.raises(errors.ConflictResponseError) as never:
        sdk.video_generation.get_video_content(job_id=failed)
    assert "failed" in never.value.message
    assert "not ready" in too_early.value.message
    client.post(f"/api/v1/videos/{waiting}/cancel").raise_for_status()


@pytest.mark.parametrize("index", [1, 5])
def test_an_index_out_of_range_is_400(index: int, sdk: OpenRouter, studio: Studio) -> None:
    """In the words that clients match on."""
    take = studio.take("small")
    with pytest.raises(errors.BadRequestResponseError) as raised:
        sdk.video_generation.get_video_content(job_id=take.job.id, index=index)
    assert raised.value.message == f"Video index {index} out of range (1 videos available)"


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, errors.BadRequestResponseError),
        (401, errors.UnauthorizedResponseError),
        (403, errors.ForbiddenResponseError),
        (404, errors.NotFoundResponseError),
        (409, errors.ConflictResponseError),
        (410, errors.GoneResponseError),
        (429, errors.OpenRouterDefaultError),
        (500, errors.InternalServerResponseError),
        (502, errors.BadGatewayResponseError),
        (503, errors.OpenRouterDefaultError),
    ],
)
def test_a_failing_download_can_be_rehearsed(
    status: int, raised: type[errors.OpenRouterError], sdk: OpenRouter, client: httpx.Client
) -> None:
    """`[[content:<status>]]` answers the download with that status."""
    job_id = placed(client, small(prompt=f"[[content:{status}]] [[fail:server]]"))
    with pytest.raises(raised) as error:
        sdk.video_generation.get_video_content(job_id=job_id)
    assert error.value.status_code == status
