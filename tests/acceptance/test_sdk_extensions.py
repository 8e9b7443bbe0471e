"""Headers stand for what the official Python SDK cannot say in a body, and repeat what it drops from answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import VideoGenerationResponse
from openrouter.utils import BackoffStrategy, RetryConfig

from tests.acceptance.conftest import SdkOf
from tests.acceptance.orders import small
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.waiting import poll

VEO: dict[str, Any] = {"model": "google/veo-3.1-lite", "prompt": "[[fail:server]]", "duration": 4}
PATIENTLY = RetryConfig("backoff", BackoffStrategy(20, 50, 1.5, 60_000), retry_connection_errors=False)


@dataclass(slots=True)
class Wire:
    """What has gone over the wire between a client and the gateway."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)


class LosesTheFirstAnswer(httpx.HTTPTransport):
    """The gateway has acted, and a proxy on the way says that it cannot be reached."""

    def __init__(self, answers: list[httpx.Response]) -> None:
        super().__init__()
        self._answers = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        self._answers.append(response)
        return response if len(self._answers) > 1 else httpx.Response(503, text="the gateway cannot be reached")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def watched(server: Server, wire: Wire) -> Iterator[OpenRouter]:
    """The SDK with the test key, on a wire that is watched."""
    hooks: dict[str, list[Any]] = {"request": [wire.requests.append], "response": [wire.answers.append]}
    with httpx.Client(trust_env=False, event_hooks=hooks) as http:
        yield OpenRouter(api_key=TEST_KEY, server_url=f"{server.base_url}/api/v1", client=http)


def place(sdk: OpenRouter, headers: dict[str, str], **changes: Any) -> VideoGenerationResponse:
    return sdk.video_generation.generate(**small(**changes), http_headers=headers)


def reasons_of(error: errors.NotFoundResponseError) -> list[str]:
    metadata = error.data.error.metadata
    assert isinstance(metadata, dict)
    return [route["reason"] for route in metadata["routes"]]


# Headers that stand for keys -------------------------------------------------------------------------------------


def test_the_sdk_sends_only_the_provider_names_that_it_knows(watched: OpenRouter, wire: Wire) -> None:
    """Any other name never leaves the application, and so cannot be warned of."""
    options: Any = {"google_vertex": {"negativePrompt": "people"}, "nobody-knows": {"tempo": 1}}
    watched.video_generation.generate(**VEO, provider={"options": options})
    sent = json.loads(wire.requests[0].content)
    assert sent["provider"]["options"] == {"google-vertex": {"negativePrompt": "people"}}
    assert "x-reelrouter-warnings" not in wire.answers[0].headers


def test_options_for_other_names_can_be_sent_by_header(
    watched: OpenRouter, wire: Wire, client: httpx.Client
) -> None:
    """They arrive, and what became of them is told in the job and in a header."""
    headers = {"X-ReelRouter-Provider": '{"options": {"nobody-knows": {"tempo": 1}}}'}
    job = place(watched, headers, prompt="[[fail:server]]")
    warnings = poll(client, job.id)["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["provider.options.nobody-knows"]
    assert json.loads(wire.answers[0].headers["x-reelrouter-warnings"]) == warnings


def test_a_provider_can_be_demanded_by_header(sdk_of: SdkOf) -> None:
    """Where nobody can meet the wish it is a 404 that says why, for each endpoint."""
    with pytest.raises(errors.NotFoundResponseError) as raised:
        place(sdk_of(LIVE_KEY), {"X-ReelRouter-Provider": '{"only": ["nobody"]}'})
    assert all("provider.only" in reason for reason in reasons_of(raised.value))


def test_a_price_can_be_limited_by_header(sdk: OpenRouter) -> None:
    """In US dollars for the whole job."""
    headers = {"X-ReelRouter-Provider": '{"max_price": 0.01}'}
    with pytest.raises(errors.NotFoundResponseError) as raised:
        sdk.video_generation.generate(**VEO, http_headers=headers)
    assert all("provider.max_price" in reason for reason in reasons_of(raised.value))


def test_other_models_can_stand_in_by_header(sdk_of: SdkOf, live_client: httpx.Client) -> None:
    """The SDK has no word for fallback models."""
    live = sdk_of(LIVE_KEY)
    job = place(live, {"X-ReelRouter-Models": "reelrouter/animatic"}, **{**VEO, "resolution": "720p"})
    assert poll(live_client, job.id)["model"] == "reelrouter/animatic"
    live_client.post(f"/api/v1/videos/{job.id}/cancel")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-ReelRouter-Provider": "{"},
        {"X-ReelRouter-Provider": "[]"},
        {"X-ReelRouter-Models": ","},
        {"Idempotency-Key": "x" * 256},
        {"Prefer": "wait=soon"},
    ],
)
def test_a_header_that_cannot_be_read_is_a_400_that_names_it(headers: dict[str, str], sdk: OpenRouter) -> None:
    """Nothing is dropped on the way."""
    with pytest.raises(errors.BadRequestResponseError) as raised:
        place(sdk, headers)
    metadata = raised.value.data.error.metadata
    assert isinstance(metadata, dict)
    assert [problem["field"] for problem in metadata["problems"]] == list(headers)


# One job however often it is sent --------------------------------------------------------------------------------


def test_a_submit_that_is_sent_again_makes_one_job(server: Server) -> None:
    """The SDK repeats a submit whose answer was lost; with an Idempotency-Key it gets the job that is there."""
    answers: list[httpx.Response] = []
    with httpx.Client(transport=LosesTheFirstAnswer(answers)) as http:
        sdk = OpenRouter(
            api_key=TEST_KEY, server_url=f"{server.base_url}/api/v1", client=http, retry_config=PATIENTLY
        )
        job = place(sdk, {"Idempotency-Key": "lost-answer-of-python"}, prompt="[[fail:server]]")
    first, again = answers
    assert first.json()["id"] == again.json()["id"] == job.id
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_one_idempotency_key_for_two_bodies_is_a_409(sdk: OpenRouter) -> None:
    """The SDK has no class for it at a submit; its default one carries the status and the body."""
    headers = {"Idempotency-Key": "one-key-of-python-for-two-bodies"}
    place(sdk, headers, prompt="[[fail:server]] one")
    with pytest.raises(errors.OpenRouterDefaultError) as raised:
        place(sdk, headers, prompt="[[fail:server]] two")
    assert raised.value.status_code == 409
    assert json.loads(raised.value.body)["error"]["code"] == 409


# Answers ---------------------------------------------------------------------------------------------------------


def test_a_submit_can_wait_for_the_video_and_answers_repeat_what_the_sdk_drops(
    watched: OpenRouter, wire: Wire
) -> None:
    """The 202 shows a completed job with its links; maker and progress stand in headers, as they do at a poll."""
    job = place(watched, {"Prefer": "wait=20"}, prompt="a kite over dunes")
    watched.video_generation.get_generation(job_id=job.id)
    submitted, polled = wire.answers
    assert (submitted.status_code, job.status) == (202, "completed")
    assert submitted.headers["preference-applied"].startswith("wait")
    assert job.urls is not None
    assert httpx.get(job.urls[0], trust_env=False).status_code == 200
    for answer in (submitted, polled):
        assert answer.headers["x-reelrouter-mode"] == "test"
        assert answer.headers["x-reelrouter-provider"] == "test"
        assert answer.headers["x-reelrouter-progress"] == "100"
