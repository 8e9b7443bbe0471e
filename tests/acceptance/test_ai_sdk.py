"""An application that makes videos by the AI SDK's `generateVideo`, with OpenRouter's provider as it is published.

The SDK runs once, in `node/ai_sdk.mjs`; each test here looks at one thing that it told. It downloads by itself,
without a key and from public addresses alone: so the gateway has a public name here, as it has once deployed.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from tests.acceptance.conftest import PUBLIC_NAME
from tests.acceptance.films import Film, decoded, psnr
from tests.acceptance.node.runs import Told, run_client
from tests.acceptance.pictures import data_url, png
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.studio import CARDS, FIRST, LAST

Tale = Mapping[str, Told]


JOB_ID = re.compile(r"gen-vid-\d+-[0-9A-Za-z]{20}")
TRIED_AGAIN = {409, 429, 500, 502, 503}
"""What the SDK would send again by itself, if it were not told otherwise."""
STATUSES = (400, 401, 402, 403, 404, 409, 410, 413, 429, 500, 502, 503)


@pytest.fixture(scope="session")
def tale(server: Server, images: str, tmp_path_factory: pytest.TempPathFactory) -> Tale:
    """Everything that the SDK told of this server."""
    folder = tmp_path_factory.mktemp("ai-sdk")
    first = folder / "first.png"
    first.write_bytes(png(FIRST))
    given = {
        "server": server.base_url,
        "publicServer": server.base_url.replace("127.0.0.1", PUBLIC_NAME),
        "key": TEST_KEY,
        "liveKey": LIVE_KEY,
        "folder": str(folder),
        "first": data_url(FIRST),
        "firstFile": str(first),
        "last": f"{images}/last.png",
        "references": [data_url(CARDS[0]), f"{images}/card.png"],
        "submitStatuses": list(STATUSES),
    }
    return run_client("ai_sdk.mjs", given)


def films_of(told: Told) -> list[Film]:
    return [decoded(Path(video["mp4"]).read_bytes()) for video in told.value()["videos"]]


@pytest.mark.parametrize(
    ("shot", "size"),
    [("text", (640, 360)), ("image", (640, 360)), ("frames", (360, 640)), ("references", (360, 360))],
)
def test_a_video_is_made_and_downloaded(shot: str, size: tuple[int, int], tale: Tale) -> None:
    """`generateVideo` gives the bytes of the whole video, fetched by itself without a key."""
    told = tale[shot].value()
    assert {video["mediaType"] for video in told["videos"]} == {"video/mp4"}
    assert JOB_ID.fullmatch(told["metadata"]["generationId"])
    assert (told["metadata"]["cost"], told["warnings"]) == (0, [])
    for film in films_of(tale[shot]):
        assert (film.width, film.height, film.frames, film.fps) == (*size, 24, Fraction(24))


def test_what_the_sdk_calls_its_parameters_arrives(tale: Tale) -> None:
    """Its `resolution` travels as `size`, which must be in pixels; duration and seed under their own names."""
    sent = tale["text"].value()["sent"]
    assert (sent["size"], sent["duration"], sent["seed"]) == ("640x360", 1, 5)


@pytest.mark.parametrize("shot", ["image", "frames", "at_home_by_plain_fetch"])
def test_the_image_is_the_first_frame(shot: str, tale: Tale) -> None:
    """Given as bytes, in the provider's own options, or as a data URL beside an empty prompt."""
    (film,) = films_of(tale[shot])
    assert psnr(film.first, FIRST) > 30


def test_a_last_frame_is_given_in_the_providers_own_options(tale: Tale) -> None:
    """The provider passes a first frame alone; what stands in `providerOptions.openrouter` goes into the body."""
    (film,) = films_of(tale["frames"])
    assert psnr(film.last, LAST) > 30


def test_several_videos_of_one_job_are_all_downloaded(tale: Tale) -> None:
    """Each by its own link."""
    one, other = (Path(video["mp4"]).read_bytes() for video in tale["text"].value()["videos"])
    assert one != other


def test_the_sdk_itself_downloads_from_public_addresses_alone(tale: Tale) -> None:
    """The job is done; it is the client that will not fetch from this machine, whoever serves there."""
    error = tale["at_home"].error()
    assert (error["type"], error.get("status")) == ("AI_DownloadError", None)
    assert "127.0.0.1 is not allowed" in error["message"]


def test_a_download_function_of_ones_own_works_anywhere(tale: Tale) -> None:
    """The `download` parameter with a plain `fetch`, for a gateway on the same machine or in a closed network."""
    (film,) = films_of(tale["at_home_by_plain_fetch"])
    assert film.frames == 24


def test_a_download_that_fails_is_an_error(tale: Tale) -> None:
    """With the gateway's status."""
    error = tale["content_502"].error()
    assert (error["type"], error["status"]) == ("AI_DownloadError", 502)


def test_provider_options_arrive_as_they_were_written(tale: Tale) -> None:
    """This client filters nothing, so that names that nobody knows arrive too, and are answered with a warning."""
    told = tale["options"].value()
    assert set(told["sent"]["provider"]["options"]) == {"google-vertex", "nobody-knows"}
    named = {warning.partition(":")[0] for warning in told["job"]["warnings"]}
    assert named == {"provider.options.google-vertex.tempo", "provider.options.nobody-knows"}


def test_warnings_are_repeated_in_a_header(tale: Tale) -> None:
    """The SDK keeps the headers of the submit, and nothing else of it."""
    told = tale["options"].value()
    assert json.loads(told["headers"]["x-reelrouter-warnings"]) == told["job"]["warnings"]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [("failure", "content policy"), ("cancelled", "cancelled"), ("expired", "time limit")],
)
def test_a_job_without_a_video_is_an_error(scenario: str, words: str, tale: Tale) -> None:
    """In the gateway's words, and not tried again: the provider counts it as final."""
    error = tale[scenario].error()
    assert (error["type"], error["status"], error["retryable"]) == ("AI_APICallError", 500, False)
    assert words in error["message"]
    assert JOB_ID.search(error["url"])


@pytest.mark.parametrize(
    ("scenario", "fields", "words"),
    [
        ("continuation", {"previous_job_id"}, "does not support previous_job_id"),
        ("empty_prompt", {"prompt"}, "requires a prompt"),
        ("refused_duration", {"duration"}, "Duration 5s is not supported for this model"),
        ("refused_many", {"duration", "size", "aspect_ratio"}, "Duration 5s is not supported"),
        ("refused_model", {"model"}, "nobody/nothing is not a valid model ID"),
        ("refused_image", {"frame_images[0].image_url.url"}, "not an image"),
    ],
)
def test_a_bad_request_is_explained_field_by_field(
    scenario: str, fields: set[str], words: str, tale: Tale
) -> None:
    """A 400 is not tried again; the error has the sentence as its message, and every wrong field beside it."""
    error = tale[scenario].error()
    assert (error["type"], error["status"], error["retryable"]) == ("AI_APICallError", 400, False)
    assert words in error["message"]
    assert tale[scenario].problems() == fields


@pytest.mark.parametrize(
    ("scenario", "status", "words"),
    [
        ("no_key", 401, "Bearer"),
        ("wrong_key", 401, "User not found."),
        ("no_endpoint", 404, "google/veo-3.1-lite"),
        ("only_in_body", 404, "provider.only"),
        ("too_large", 413, "bytes"),
    ],
)
def test_other_refusals_are_errors_as_well(scenario: str, status: int, words: str, tale: Tale) -> None:
    """With their status and their sentence."""
    error = tale[scenario].error()
    assert (error["type"], error["status"], error["retryable"]) == ("AI_APICallError", status, False)
    assert words in error["message"]


@pytest.mark.parametrize("status", STATUSES)
def test_every_refusal_has_a_shape_that_the_sdk_understands(status: int, tale: Tale) -> None:
    """It reads the sentence out of the body, and knows by the status whether to try again."""
    error = tale[f"submit_{status}"].error()
    assert (error["type"], error["status"]) == ("AI_APICallError", status)
    assert error["message"] == error["body"]["error"]["message"]
    assert error["retryable"] is (status in TRIED_AGAIN)


def test_a_submit_that_is_sent_again_makes_one_job(tale: Tale) -> None:
    """The SDK repeats a submit whose answer was lost; with an Idempotency-Key it gets the job that is there."""
    first, again, *_polls = tale["repeated"].value()["answers"]
    assert first["id"] == again["id"]
    assert again["headers"]["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("scenario", "words"), [("only_by_header", "provider.only"), ("price_by_header", "provider.max_price")]
)
def test_routing_wishes_can_be_sent_by_header(scenario: str, words: str, tale: Tale) -> None:
    """What no endpoint can meet is a 404 that says why."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == ("AI_APICallError", 404)
    assert words in error["message"]


def test_a_header_that_cannot_be_read_is_a_400_that_names_it(tale: Tale) -> None:
    """Nothing is dropped on the way."""
    assert tale["bad_header"].error()["status"] == 400
    assert tale["bad_header"].problems() == {"X-ReelRouter-Provider"}
