"""An application that uses the official Python SDK, and has changed nothing but the server's address."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import VideoGenerationResponse
from openrouter.utils import BackoffStrategy, RetryConfig

from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import small, submit
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.studio import Studio
from tests.acceptance.waiting import TERMINAL, poll, until

JOB_ID = re.compile(r"gen-vid-\d+-[0-9A-Za-z]{20}")
PRICES = {
    # 4 s at 0.05 with sound; 854 x 480 x 4 s x 24 / 1024 tokens at 0.0000042; 2 s at 0.10; free
    "text": 0.2,
    "frames": 0.161406,
    "references": 0.2,
    "small": 0.0,
}
"""US dollars, worked out by hand from the published prices."""


def end_of(sdk: OpenRouter, job_id: str) -> VideoGenerationResponse:
    def look() -> VideoGenerationResponse | None:
        job = sdk.video_generation.get_generation(job_id=job_id)
        return job if job.status in TERMINAL else None

    return until(look, f"the end of {job_id}")


def place(sdk: OpenRouter, prompt: str, **changes: Any) -> VideoGenerationResponse:
    return sdk.video_generation.generate(**small(prompt=prompt, **changes))


@pytest.mark.parametrize("shot", ["text", "frames", "references", "small"])
def test_a_submit_answers_with_where_to_ask(shot: str, studio: Studio, server: Server) -> None:
    """The 202 has an id in the contract's form, an absolute polling address and the status pending."""
    job = studio.placed(shot)
    assert JOB_ID.fullmatch(job.id)
    assert job.polling_url == f"{server.base_url}/api/v1/videos/{job.id}"
    assert job.status == "pending"
    assert job.generation_id == job.id


@pytest.mark.parametrize("shot", ["text", "frames", "references", "small"])
def test_a_completed_job_says_what_it_cost_and_where_its_files_are(shot: str, studio: Studio) -> None:
    """Prompt, frames and references all end as completed jobs, at the catalogue's price and with live links."""
    job = studio.take(shot).job
    assert job.status == "completed"
    assert job.usage is not None
    assert job.usage.cost == pytest.approx(PRICES[shot], abs=1e-9)
    assert job.usage.is_byok is False
    assert job.unsigned_urls is not None
    assert job.unsigned_urls == job.urls
    assert urlsplit(job.unsigned_urls[0]).path == f"/api/v1/videos/{job.id}/content"
    assert isinstance(job.expires_at, int)
    assert job.error is None


def test_the_sdk_downloads_the_file(studio: Studio, sdk: OpenRouter) -> None:
    """The content is the whole file as video/mp4, the same bytes each time."""
    take = studio.take("small")
    response = sdk.video_generation.get_video_content(job_id=take.job.id, index=0)
    again = response.read()
    response.close()
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/mp4"
    assert int(response.headers["content-length"]) == len(again)
    assert again == take.mp4


def test_only_options_of_the_models_list_are_taken_and_the_others_are_named(
    studio: Studio, client: httpx.Client
) -> None:
    """A known option under `parameters` passes without a word; an unknown one beside it becomes a warning."""
    warnings = poll(client, studio.placed("text").id)["warnings"]
    assert len(warnings) == 1
    assert warnings[0].startswith("provider.options.google-vertex.tempo: not used")


def test_options_for_other_providers_are_ignored_and_named(sdk: OpenRouter, client: httpx.Client) -> None:
    """What is meant for a provider that does not serve the model does no harm."""
    options = {"options": {"runway": {"contentModeration": True}}}
    job = place(sdk, "[[fail:server]]", provider=options)
    assert [warning.partition(":")[0] for warning in poll(client, job.id)["warnings"]] == [
        "provider.options.runway"
    ]


@pytest.mark.parametrize("error_type", ["content_policy_violation", "refusal", "provider_overloaded", "server"])
def test_a_scripted_failure_ends_as_failed(error_type: str, sdk: OpenRouter, client: httpx.Client) -> None:
    """The job fails with a sentence in `error`, has no files and no usage, and names the type for programs."""
    job = end_of(sdk, place(sdk, f"a boat [[fail:{error_type}]]", model="google/veo-3.1-lite", **VEO).id)
    assert job.status == "failed"
    assert isinstance(job.error, str)
    assert (job.unsigned_urls, job.urls, job.usage) == (None, None, None)
    assert poll(client, job.id)["error_type"] == error_type


VEO = {"duration": 4, "resolution": "720p"}


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_a_scripted_end_is_reached(status: str, sdk: OpenRouter) -> None:
    """Applications can meet the rarer ends of a job, each with a sentence in `error`."""
    job = end_of(sdk, place(sdk, f"[[status:{status}]]").id)
    assert job.status == status
    assert isinstance(job.error, str)


def test_a_delayed_job_is_seen_before_its_end(sdk: OpenRouter) -> None:
    """While a job works, polls say so, and leave out every field that has no value yet."""
    job_id = place(sdk, "[[delay:1]] [[fail:timeout]]").id

    def look() -> VideoGenerationResponse | None:
        job = sdk.video_generation.get_generation(job_id=job_id)
        assert job.status not in TERMINAL, "the delay was skipped"
        return job if job.status == "in_progress" else None

    job = until(look, "the job to be in progress")
    assert (job.error, job.unsigned_urls, job.urls, job.usage, job.expires_at) == (None,) * 5
    assert end_of(sdk, job_id).status in {"failed", "expired"}


def test_what_clients_do_not_model_is_shown_as_well(studio: Studio, client: httpx.Client) -> None:
    """The extensions of a poll: what the request came to, the progress and who made it."""
    take = studio.take("frames")
    job = poll(client, take.job.id)
    resolved = job["resolved"]
    assert (resolved["duration"], resolved["width"], resolved["height"]) == (4, 854, 480)
    assert (resolved["resolution"], resolved["aspect_ratio"], resolved["audio"]) == ("480p", "16:9", False)
    assert (job["model"], job["progress"], job["provider"]) == ("bytedance/seedance-2.0-fast", 100, "test")


def test_a_job_with_several_videos_hands_out_each(sdk: OpenRouter, client: httpx.Client) -> None:
    """As many addresses as videos, each with its own bytes, by index and by link."""
    job = end_of(sdk, place(sdk, "two boats [[outputs:2]]").id)
    assert job.urls is not None
    assert len(job.urls) == 2
    by_index = []
    for index in range(2):
        response = sdk.video_generation.get_video_content(job_id=job.id, index=index)
        by_index.append(response.read())
        response.close()
    assert by_index[0] != by_index[1]
    assert [client.get(url).content for url in job.urls] == by_index


def test_the_sdks_asynchronous_calls_work_alike(server: Server) -> None:
    """The same client for applications on an event loop."""

    async def life() -> VideoGenerationResponse:
        async with OpenRouter(api_key=TEST_KEY, server_url=f"{server.base_url}/api/v1") as sdk:
            calls = sdk.video_generation
            job: VideoGenerationResponse = await calls.generate_async(**small(prompt="[[fail:refusal]]"))
            while job.status not in TERMINAL:
                await asyncio.sleep(0.05)
                job = await calls.get_generation_async(job_id=job.id)
            return job

    assert asyncio.run(asyncio.wait_for(life(), 60)).status == "failed"


def test_where_the_sdk_repeats_a_submit_nothing_is_made_twice(stranger: httpx.Client) -> None:
    """It sends a submit again after a 5xx: so a 503 is given only where no job was placed."""
    key = stranger.headers["authorization"].removeprefix("Bearer ")
    briefly = RetryConfig("backoff", BackoffStrategy(20, 50, 1.5, 200), retry_connection_errors=False)
    sent: list[httpx.Request] = []
    with httpx.Client(trust_env=False, event_hooks={"request": [sent.append]}) as http:
        url = f"{stranger.base_url}".rstrip("/") + "/api/v1"
        sdk = OpenRouter(api_key=key, server_url=url, client=http, retry_config=briefly)
        with pytest.raises(errors.ServiceUnavailableResponseError):
            place(sdk, "[[submit:503]]")
    assert len(sent) > 1
    assert stranger.get("/api/v1/videos").json()["data"] == []


@pytest.mark.parametrize("key", [None, "rr-test-unknown", "nonsense"])
def test_models_need_no_key_and_a_bad_one_is_ignored(key: str | None, sdk_of: SdkOf) -> None:
    """The SDK parses every row of the catalogue, whoever asks."""
    models = {row.id: row for row in sdk_of(key).video_generation.list_videos_models().data}
    assert {"google/veo-3.1-lite", "bytedance/seedance-2.0-fast", "alibaba/wan-2.7", "reelrouter/animatic"} <= set(
        models
    )
    veo = models["google/veo-3.1-lite"]
    assert veo.supported_durations is not None
    assert sorted(veo.supported_durations) == [4, 6, 8]
    assert veo.supported_frame_images == ["first_frame", "last_frame"]


def test_a_live_key_sees_what_it_can_use(sdk_of: SdkOf) -> None:
    """Without a vendor's credentials a live key is offered this machine's own models and nothing else."""
    rows = sdk_of(LIVE_KEY).video_generation.list_videos_models().data
    assert [row.id for row in rows] == ["reelrouter/animatic"]


def test_a_live_job_is_unseen_by_test_keys(live_client: httpx.Client, client: httpx.Client) -> None:
    """A test key finds no live job, and a live key no test job; script words mean nothing to live prompts."""
    live = submit(live_client, small(prompt="a gull [[fail:server]]")).json()["id"]
    test = submit(client, small(prompt="[[fail:server]]")).json()["id"]
    assert client.get(f"/api/v1/videos/{live}").status_code == 404
    assert live_client.get(f"/api/v1/videos/{test}").status_code == 404
    job = until(lambda: _ended(live_client, live), "the end of the live job")
    assert job["status"] == "completed"


def _ended(client: httpx.Client, job_id: str) -> dict[str, Any] | None:
    job = poll(client, job_id)
    return job if job["status"] in TERMINAL else None
