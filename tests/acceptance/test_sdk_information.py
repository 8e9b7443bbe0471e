"""What an application can find out by the official Python SDK, whose types every answer has to fit."""

from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import small
from tests.acceptance.serving import LIVE_KEY, TEST_KEY
from tests.acceptance.studio import Studio
from tests.acceptance.waiting import ended

UNKNOWN = "gen-vid-1795258034-00000000000000000000"


@pytest.mark.parametrize("key", [None, TEST_KEY, "nonsense"])
def test_the_list_of_all_models_has_the_video_models(key: str | None, sdk_of: SdkOf) -> None:
    """Asked for by what comes out of them, it names the same models as the list of video models, row by row."""
    sdk = sdk_of(key)
    page = sdk.models.list(output_modalities="video")
    assert page is not None
    rows = {row.id: row for row in page.result.data}
    assert set(rows) == {row.id for row in sdk.video_generation.list_videos_models().data}
    veo = rows["google/veo-3.1-lite"]
    assert veo.architecture.output_modalities == ["video"]
    assert {"text", "image"} <= set(veo.architecture.input_modalities)
    assert page.next() is None


def test_a_list_can_be_read_in_pages(sdk: OpenRouter) -> None:
    """By the SDK's own way from one page to the next, each model comes once."""
    ids: list[str] = []
    page: Any = sdk.models.list(output_modalities="video", limit=2)
    while page is not None:
        ids += [row.id for row in page.result.data]
        page = page.next()
    assert len(ids) == len(set(ids))
    assert set(ids) == {row.id for row in sdk.video_generation.list_videos_models().data}


def test_every_model_can_be_looked_at(sdk: OpenRouter) -> None:
    """By itself, and with its endpoints, each of which names its provider."""
    for row in sdk.video_generation.list_videos_models().data:
        author, _, slug = row.id.partition("/")
        assert sdk.models.get(author=author, slug=slug).data.id == row.id
        told = sdk.endpoints.list(author=author, slug=slug).data
        assert told.id == row.id
        assert told.endpoints
        assert all(endpoint.provider_name for endpoint in told.endpoints)


def test_models_can_be_searched(sdk: OpenRouter) -> None:
    """By the contract's filters, sent as the SDK writes them; the count is that of the list."""
    page = sdk.models.list(
        output_modalities="video", input_modalities="image", q="veo", model_authors="google", sort="newest"
    )
    assert page is not None
    found = [row.id for row in page.result.data]
    assert "google/veo-3.1-lite" in found
    assert all(name.startswith("google/veo") for name in found)
    counted = sdk.models.count(output_modalities="video").data.count
    assert counted == len(sdk.video_generation.list_videos_models().data)


def test_a_search_that_makes_no_sense_is_a_400(sdk: OpenRouter) -> None:
    """It names what is wrong."""
    with pytest.raises(errors.BadRequestResponseError) as raised:
        sdk.models.list(output_modalities="smell", limit=0)
    metadata = raised.value.data.error.metadata
    assert isinstance(metadata, dict)
    assert {problem["field"] for problem in metadata["problems"]} == {"output_modalities", "limit"}


def test_a_live_key_is_told_what_it_can_use(sdk: OpenRouter) -> None:
    """Without a vendor's credentials that is this machine's own model."""
    page = sdk.models.list_for_user(security={"bearer": LIVE_KEY}, output_modalities="video")
    assert page is not None
    assert [row.id for row in page.result.data] == ["reelrouter/animatic"]


def test_a_model_that_there_is_not_has_none(sdk: OpenRouter) -> None:
    """A 404 that names it."""
    with pytest.raises(errors.NotFoundResponseError) as raised:
        sdk.endpoints.list(author="nobody", slug="nothing")
    assert "nobody/nothing not found" in raised.value.message


@pytest.mark.parametrize("key", [None, TEST_KEY])
def test_the_providers_are_listed(key: str | None, sdk_of: SdkOf) -> None:
    """With the slugs by which requests name them."""
    slugs = [provider.slug for provider in sdk_of(key).providers.list().data]
    assert "google-vertex" in slugs
    assert len(slugs) == len(set(slugs))


def test_a_job_has_a_record_of_its_generation(sdk: OpenRouter, client: httpx.Client) -> None:
    """Under the job's own id, as soon as it has ended, with what the application said of itself."""
    job = sdk.video_generation.generate(
        **small(prompt="[[fail:server]]", session_id="session-1", user="user-1"),
        http_referer="https://app.example",
    )
    ended(client, job.id)
    record = sdk.generations.get_generation(id=job.id).data
    assert (record.id, record.api_type) == (job.id, "video")
    assert record.model.startswith("reelrouter/animatic")
    assert (record.total_cost, record.usage, record.is_byok) == (0, 0, False)
    assert (record.session_id, record.external_user) == ("session-1", "user-1")
    assert record.http_referer == "https://app.example"


@pytest.mark.parametrize(("shot", "model"), [("text", "google/veo-3.1-lite"), ("small", "reelrouter/animatic")])
def test_the_record_of_a_finished_video_says_what_it_cost(
    shot: str, model: str, sdk: OpenRouter, studio: Studio
) -> None:
    """The same as the poll, and how long it took."""
    job = studio.take(shot).job
    record = sdk.generations.get_generation(id=job.id).data
    assert job.usage is not None
    assert record.total_cost == record.usage == job.usage.cost
    assert record.model.startswith(f"{model}-")
    assert (record.finish_reason, record.cancelled) == ("complete", False)
    assert record.num_media_completion == 1
    assert record.latency is not None
    assert record.generation_time is not None
    assert record.latency >= record.generation_time > 0


def test_a_job_that_there_is_not_has_no_record(sdk: OpenRouter) -> None:
    """A 404 that names it."""
    with pytest.raises(errors.NotFoundResponseError) as raised:
        sdk.generations.get_generation(id=UNKNOWN)
    assert UNKNOWN in raised.value.message


# The SDK's own type of the answer warns of two of its fields as soon as it is filled.
@pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")
@pytest.mark.parametrize("key", [TEST_KEY, LIVE_KEY])
def test_a_key_can_ask_about_itself(key: str, sdk_of: SdkOf) -> None:
    """What it may spend and has spent, in dollars; the label does not show the key."""
    told = sdk_of(key).api_keys.get_current_key_metadata().data
    assert key not in told.label
    assert told.usage >= 0
    assert told.limit is None or told.limit_remaining is not None


@pytest.mark.parametrize("key", [None, "rr-test-unknown"])
def test_without_a_key_there_is_nobody_to_tell_about(key: str | None, sdk_of: SdkOf) -> None:
    """A 401, as everywhere."""
    with pytest.raises(errors.UnauthorizedResponseError):
        sdk_of(key).api_keys.get_current_key_metadata()
    with pytest.raises(errors.UnauthorizedResponseError):
        sdk_of(key).generations.get_generation(id=UNKNOWN)
