"""An application that uses the official TypeScript SDK, and has changed nothing but the server's address.

The SDK runs once, in `node/openrouter_sdk.mjs`; each test here looks at one thing that it told.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from tests.acceptance.films import decoded, psnr
from tests.acceptance.node.runs import Told, run_client
from tests.acceptance.pictures import data_url
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.studio import CARDS, FIRST, LAST

Tale = Mapping[str, Told]

JOB_ID = re.compile(r"gen-vid-\d+-[0-9A-Za-z]{20}")
AT_SUBMIT = {
    400: "BadRequestResponseError",
    401: "UnauthorizedResponseError",
    402: "PaymentRequiredResponseError",
    403: "ForbiddenResponseError",
    404: "NotFoundResponseError",
    409: "OpenRouterDefaultError",
    410: "OpenRouterDefaultError",
    413: "PayloadTooLargeResponseError",
    429: "TooManyRequestsResponseError",
    500: "InternalServerResponseError",
    502: "OpenRouterDefaultError",
    503: "OpenRouterDefaultError",
}
"""What the SDK throws at each status of a submit; the default class where it has none for the status."""
AT_CONTENT = {
    400: "BadRequestResponseError",
    401: "UnauthorizedResponseError",
    403: "ForbiddenResponseError",
    404: "NotFoundResponseError",
    409: "ConflictResponseError",
    410: "GoneResponseError",
    429: "OpenRouterDefaultError",
    500: "InternalServerResponseError",
    502: "BadGatewayResponseError",
    503: "OpenRouterDefaultError",
}
"""The same at a download."""


@pytest.fixture(scope="session")
def tale(server: Server, images: str, tmp_path_factory: pytest.TempPathFactory) -> Tale:
    """Everything that the SDK told of this server."""
    given = {
        "server": server.base_url,
        "key": TEST_KEY,
        "liveKey": LIVE_KEY,
        "images": images,
        "folder": str(tmp_path_factory.mktemp("typescript")),
        "first": data_url(FIRST),
        "last": f"{images}/last.png",
        "references": [data_url(CARDS[0]), f"{images}/card.png"],
        "submitStatuses": list(AT_SUBMIT),
        "contentStatuses": list(AT_CONTENT),
    }
    return run_client("openrouter_sdk.mjs", given)


@pytest.mark.parametrize(
    ("shot", "size"), [("text", (640, 360)), ("frames", (640, 360)), ("references", (360, 360))]
)
def test_a_video_is_placed_polled_and_downloaded(
    shot: str, size: tuple[int, int], tale: Tale, server: Server
) -> None:
    """The 202, the polls and the download parse, and the link gives the same bytes to anybody without a key."""
    told = tale[shot].value()
    placed, job = told["placed"], told["job"]
    assert JOB_ID.fullmatch(placed["id"])
    assert placed["pollingUrl"] == f"{server.base_url}/api/v1/videos/{placed['id']}"
    assert (placed["status"], placed["generationId"]) == ("pending", placed["id"])
    assert (job["status"], job["usage"]) == ("completed", {"cost": 0, "isByok": False})
    assert told["link"] == {"status": 200, "sha256": told["sha256"]}
    film = decoded(Path(told["mp4"]).read_bytes())
    assert (film.width, film.height) == size
    assert (film.frames, film.fps) == (24, Fraction(24))


def test_the_frames_are_those_that_the_sdk_sent(tale: Tale) -> None:
    """The first one as a data URL, the last one fetched by its address."""
    film = decoded(Path(tale["frames"].value()["mp4"]).read_bytes())
    assert psnr(film.first, FIRST) > 30
    assert psnr(film.last, LAST) > 30


def test_the_sdk_writes_provider_names_its_own_way_and_sends_only_those_it_knows(tale: Tale) -> None:
    """`googleVertex` arrives as google-vertex; a name that the SDK does not know never leaves the application."""
    sent = tale["options"].value()["sent"]["provider"]["options"]
    assert sent == {
        "google-vertex": {"parameters": {"negativePrompt": "people"}, "tempo": 3},
        "runway": {"contentModeration": True},
    }


def test_options_without_effect_are_named_and_the_others_are_not(tale: Tale) -> None:
    """What the model's list holds is taken silently; the rest stands in `warnings`."""
    warnings = tale["options"].value()["job"]["warnings"]
    named = {warning.partition(":")[0] for warning in warnings}
    assert named == {"provider.options.google-vertex.tempo", "provider.options.runway"}


def test_a_refused_prompt_ends_as_a_failed_job(tale: Tale) -> None:
    """With a sentence, and without files or a bill."""
    job = tale["failure"].value()["job"]
    assert job["status"] == "failed"
    assert "content policy" in job["error"]
    assert not {"unsignedUrls", "usage"} & set(job)


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_the_rarer_ends_of_a_job_parse(status: str, tale: Tale) -> None:
    """Each with its reason."""
    job = tale[status].value()
    assert job["status"] == status
    assert job["error"]


def test_what_an_application_says_of_itself_does_no_harm(tale: Tale) -> None:
    """Attribution headers, session, user and trace are taken without a warning."""
    assert "warnings" not in tale["attribution"].value()


def test_a_model_that_cannot_continue_refuses_to(tale: Tale) -> None:
    """In the words that are known from upstream."""
    error = tale["continuation"].error()
    assert (error["type"], error["status"]) == ("BadRequestResponseError", 400)
    assert "does not support previous_job_id" in error["message"]
    assert tale["continuation"].problems() == {"previous_job_id"}


@pytest.mark.parametrize(
    ("scenario", "fields", "words"),
    [
        ("refused_duration", {"duration"}, "Duration 5s is not supported for this model"),
        ("refused_many", {"duration", "resolution", "aspect_ratio"}, "Duration 5s is not supported"),
        ("refused_prompt", {"prompt"}, "requires a prompt"),
        ("refused_size", {"size"}, "contradicts resolution 1080p"),
        ("refused_model", {"model"}, "nobody/nothing is not a valid model ID"),
        ("refused_image", {"frame_images[0].image_url.url"}, "404"),
    ],
)
def test_a_bad_request_is_explained_field_by_field(
    scenario: str, fields: set[str], words: str, tale: Tale
) -> None:
    """The SDK's own class for a 400, the sentence as its message, every wrong field in its metadata."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == ("BadRequestResponseError", 400)
    assert words in error["message"]
    assert tale[scenario].problems() == fields


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no_key_submit", "Authorization: Bearer"),
        ("no_key_poll", "Authorization: Bearer"),
        ("wrong_key_submit", "User not found."),
        ("wrong_key_content", "User not found."),
        ("key_without_key", "Authorization: Bearer"),
    ],
)
def test_a_missing_or_wrong_key_is_a_401(scenario: str, words: str, tale: Tale) -> None:
    """Wherever a key is needed."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == ("UnauthorizedResponseError", 401)
    assert words in error["message"]


@pytest.mark.parametrize("scenario", ["unknown_job_poll", "unknown_job_content"])
def test_an_unknown_job_is_a_404(scenario: str, tale: Tale) -> None:
    """In the same words on poll and download."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == ("NotFoundResponseError", 404)
    assert re.fullmatch(f"Job {JOB_ID.pattern} not found", error["message"])


def test_a_model_that_nobody_serves_is_a_404_with_reasons(tale: Tale) -> None:
    """One for each endpoint of the model."""
    error = tale["no_endpoint"].error()
    assert (error["type"], error["status"]) == ("NotFoundResponseError", 404)
    assert all(route["reason"] for route in error["body"]["error"]["metadata"]["routes"])


def test_a_body_over_the_limit_is_a_413(tale: Tale) -> None:
    """The SDK has a class for it."""
    error = tale["too_large"].error()
    assert (error["type"], error["status"]) == ("PayloadTooLargeResponseError", 413)


@pytest.mark.parametrize(
    ("scenario", "type_", "status", "words"),
    [
        ("content_too_early", "ConflictResponseError", 409, "not ready"),
        ("content_of_failed", "ConflictResponseError", 409, "failed"),
        ("content_index", "BadRequestResponseError", 400, "Video index 5 out of range (1 videos available)"),
    ],
)
def test_a_video_that_is_not_there_is_explained(
    scenario: str, type_: str, status: int, words: str, tale: Tale
) -> None:
    """Too early, never, and beyond the last one."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == (type_, status)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("scenario", "status", "type_"),
    [
        *((f"submit_{status}", status, type_) for status, type_ in AT_SUBMIT.items()),
        *((f"content_{status}", status, type_) for status, type_ in AT_CONTENT.items()),
    ],
)
def test_every_refusal_has_a_shape_that_the_sdk_understands(
    scenario: str, status: int, type_: str, tale: Tale
) -> None:
    """Its class for the status, or its default one; in either case with the body that says why."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == (type_, status)
    assert error["body"]["error"]["code"] == status
    assert error["body"]["error"]["message"] in error["message"]


def test_a_submit_that_is_sent_again_makes_one_job(tale: Tale) -> None:
    """The SDK repeats a submit whose answer was lost; with an Idempotency-Key it gets the job that is there."""
    told = tale["repeated"].value()
    first, again = told["answers"]
    assert first["id"] == again["id"] == told["job"]["id"]
    assert "idempotent-replayed" not in first["headers"]
    assert again["headers"]["idempotent-replayed"] == "true"


def test_one_idempotency_key_for_two_bodies_is_a_409(tale: Tale) -> None:
    """Nobody gets the video of another prompt."""
    error = tale["same_key_other_body"].error()
    assert (error["type"], error["status"]) == ("OpenRouterDefaultError", 409)
    assert error["body"]["error"]["code"] == 409


def test_a_submit_can_wait_for_the_end(tale: Tale) -> None:
    """`Prefer: wait` still answers 202, with the job as it then is, in a shape that the SDK takes."""
    told = tale["waited"].value()
    assert (told["status"], told["placed"]["status"]) == (202, "failed")
    assert told["placed"]["error"]
    assert told["headers"]["preference-applied"].startswith("wait")


def test_other_models_can_stand_in_by_header(tale: Tale) -> None:
    """The SDK drops `models`; its header twin sends the job to the model that can be served."""
    assert tale["models_by_header"].value()["job"]["model"] == "reelrouter/animatic"


@pytest.mark.parametrize(
    ("scenario", "words"), [("only_by_header", "provider.only"), ("price_by_header", "provider.max_price")]
)
def test_routing_wishes_can_be_sent_by_header(scenario: str, words: str, tale: Tale) -> None:
    """What no endpoint can meet is a 404 that says why."""
    error = tale[scenario].error()
    assert (error["type"], error["status"]) == ("NotFoundResponseError", 404)
    assert all(words in route["reason"] for route in error["body"]["error"]["metadata"]["routes"])


def test_a_header_that_cannot_be_read_is_a_400_that_names_it(tale: Tale) -> None:
    """Nothing is dropped on the way."""
    error = tale["bad_header"].error()
    assert (error["type"], error["status"]) == ("BadRequestResponseError", 400)
    assert tale["bad_header"].problems() == {"X-ReelRouter-Provider"}


def test_options_for_names_that_the_sdk_does_not_know_can_be_sent_by_header(tale: Tale) -> None:
    """They arrive, so that the gateway can say what became of them."""
    warnings = tale["options_by_header"].value()["job"]["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["provider.options.nobody-knows"]


@pytest.mark.parametrize("scenario", ["options", "options_by_header"])
def test_warnings_are_repeated_in_a_header(scenario: str, tale: Tale) -> None:
    """Since the SDK drops them from the body."""
    told = tale[scenario].value()
    assert json.loads(told["headers"]["x-reelrouter-warnings"]) == told["job"]["warnings"]


def test_who_made_it_and_how_far_it_is_are_repeated_in_headers(tale: Tale) -> None:
    """The SDK drops both from a poll's body."""
    headers = tale["answer_headers"].value()["headers"]
    assert headers["x-reelrouter-mode"] == "test"
    assert headers["x-reelrouter-provider"] == "test"
    assert headers["x-reelrouter-progress"] == "100"


@pytest.mark.parametrize("scenario", ["video_models", "video_models_without_key", "models", "models_in_pages"])
def test_the_models_parse(scenario: str, tale: Tale) -> None:
    """Row by row, with a key, with a wrong one, and in the list of all models asked for video."""
    ids = [row["id"] for row in tale[scenario].value()]
    assert len(ids) == len(set(ids))
    assert {"google/veo-3.1-lite", "bytedance/seedance-2.0-fast", "reelrouter/animatic"} <= set(ids)


def test_both_lists_of_models_name_the_same(tale: Tale) -> None:
    """An application that looks in either place finds every video model, at once or page by page."""
    lists = ("video_models", "models", "models_in_pages")
    ids, *others = [{row["id"] for row in tale[scenario].value()} for scenario in lists]
    assert others == [ids, ids]
    assert tale["models_counted"].value() == len(ids)


def test_a_live_key_is_told_what_it_can_use(tale: Tale) -> None:
    """Without a vendor's credentials that is this machine's own model."""
    assert [row["id"] for row in tale["models_of_a_live_key"].value()] == ["reelrouter/animatic"]


def test_a_search_that_makes_no_sense_is_a_400(tale: Tale) -> None:
    """It names what is wrong."""
    error = tale["models_refused"].error()
    assert (error["type"], error["status"]) == ("BadRequestResponseError", 400)
    assert tale["models_refused"].problems() == {"output_modalities"}


def test_every_model_and_its_endpoints_parse(tale: Tale) -> None:
    """And a model that there is not is a 404."""
    told = tale["every_model"].value()
    assert len(told) == len(tale["video_models"].value())
    for one in told:
        assert one["model"] == one["id"]
        assert one["endpoints"]
    error = tale["endpoints_of_nothing"].error()
    assert (error["type"], error["status"]) == ("NotFoundResponseError", 404)
    assert "nobody/nothing not found" in error["message"]


def test_the_providers_parse(tale: Tale) -> None:
    """Each with its slug, by which options are addressed."""
    assert {"google-vertex"} <= {provider["slug"] for provider in tale["providers"].value()}


def test_the_record_of_a_generation_parses(tale: Tale) -> None:
    """Under the job's id, at once; and a 404 for one that there is not."""
    told = tale["generation"].value()
    assert told["data"]["id"] == told["id"]
    assert (told["data"]["apiType"], told["data"]["sessionId"]) == ("video", "session-2")
    error = tale["generation_of_nothing"].error()
    assert (error["type"], error["status"]) == ("NotFoundResponseError", 404)
    assert JOB_ID.search(error["message"])


def test_the_record_of_a_finished_video_parses(tale: Tale) -> None:
    """With the cost of the poll, and how long it took."""
    told = tale["generation_of_film"].value()
    assert told["data"]["totalCost"] == told["job"]["usage"]["cost"]
    assert told["data"]["finishReason"] == "complete"
    assert told["data"]["latency"] > 0


def test_a_key_can_ask_about_itself(tale: Tale) -> None:
    """Its label never shows the key, and what it has used is a number of dollars."""
    told = tale["key"].value()
    assert TEST_KEY not in told["label"]
    assert told["usage"] >= 0
