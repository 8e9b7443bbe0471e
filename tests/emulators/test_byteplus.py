"""The fake ModelArk, judged by the vendor's own SDK."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from byteplussdkarkruntime import Ark  # type: ignore[import-untyped]
from byteplussdkarkruntime._exceptions import (  # type: ignore[import-untyped]
    ArkAPIStatusError,
    ArkAuthenticationError,
    ArkBadRequestError,
    ArkConflictError,
    ArkInternalServerError,
    ArkNotFoundError,
    ArkRateLimitError,
)

from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY, Running, in_thread, sample
from reelrouter.emulators.script import Refusal, Script
from reelrouter.testing.conformance import Hour

MODEL = "dreamina-seedance-2-0-260128"
TEXT = {"type": "text", "text": "a boat"}
PICTURE = "data:image/png;base64,AAAA"


def image(role: str, url: str = PICTURE) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


@pytest.fixture
def hour() -> Hour:
    return Hour()


@pytest.fixture
def vendor(hour: Hour) -> Iterator[Running]:
    with in_thread(ModelArk(lambda: hour.now)) as running:
        yield running


@pytest.fixture
def sdk(vendor: Running) -> Iterator[Ark]:
    with Ark(api_key=KEY, base_url=f"{vendor.url}/api/v3", max_retries=0) as ark:
        yield ark


def create(sdk: Ark, *content: dict[str, Any], **given: Any) -> str:
    task = sdk.content_generation.tasks.create(model=MODEL, content=content or [TEXT], **given)
    return str(task.id)


def test_the_sdk_makes_a_video(sdk: Ark) -> None:
    """From submit to the file."""
    task_id = create(sdk, duration=8, ratio="21:9", resolution="1080p", seed=11, generate_audio=True)
    task = sdk.content_generation.tasks.get(task_id=task_id)
    assert (task.id, task.model, task.status) == (task_id, MODEL, "succeeded")
    assert (task.duration, task.ratio, task.resolution, task.seed) == (8, "21:9", "1080p", 11)
    assert (task.framespersecond, task.usage.completion_tokens) == (24, 108900)
    assert httpx.get(task.content.video_url).content == sample()


def test_it_takes_the_nulls_that_the_sdk_sends(vendor: Running, sdk: Ark) -> None:
    """One for everything that is not given."""
    task_id = create(sdk)
    assert vendor.emulator.tasks[task_id].body == {"model": MODEL, "content": [TEXT]}


@pytest.mark.parametrize(
    "content",
    [
        [TEXT, image("first_frame")],
        [TEXT, image("first_frame"), image("last_frame")],
        [TEXT, image("reference_image"), image("reference_image", "https://x.test/a.png")],
        [TEXT, {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}, "role": "reference_video"}],
        [{"type": "audio_url", "audio_url": {"url": "data:audio/mpeg;base64,AA"}, "role": "reference_audio"}],
        [TEXT, image("reference_image", "asset://a-1")],
    ],
)
def test_it_takes_inputs_in_their_roles(sdk: Ark, content: list[dict[str, Any]]) -> None:
    """As addresses, as data, and as assets."""
    assert create(sdk, *content)


@pytest.mark.parametrize(
    ("content", "given", "code"),
    [
        ([TEXT, image("last_frame")], {}, "InvalidParameter"),
        ([TEXT, image("first_frame"), image("reference_image")], {}, "InvalidParameter"),
        ([TEXT, image("first_frame", "a.png")], {}, "InvalidParameter"),
        ([TEXT, image("middle_frame")], {}, "InvalidParameter"),
        ([{"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA"}}], {}, "InvalidParameter"),
        ([{"type": "speech"}], {}, "InvalidParameter"),
        ([{"type": "text"}], {}, "InvalidParameter"),
        ([TEXT], {"ratio": "5:4"}, "InvalidParameter"),
        ([TEXT], {"resolution": "900p"}, "InvalidParameter"),
        ([TEXT], {"duration": 5.5}, "InvalidParameter"),
        ([TEXT], {"extra_body": {"content": []}}, "MissingParameter"),
        ([TEXT], {"extra_body": {"model": None}}, "MissingParameter"),
        ([TEXT], {"extra_body": {"content": ["a boat"]}}, "InvalidParameter"),
        (
            [TEXT, image("first_frame")],
            {"ratio": "16:9", "extra_body": {"model": "dreamina-seedance-2-5-260628"}},
            "InvalidParameter.TaskTypeConstraint",
        ),
    ],
)
def test_it_refuses_what_the_vendor_refuses(
    vendor: Running, sdk: Ark, content: list[dict[str, Any]], given: dict[str, Any], code: str
) -> None:
    """In the vendor's own shape, and without a job."""
    with pytest.raises(ArkBadRequestError) as caught:
        create(sdk, *content, **given)
    assert caught.value.code == code
    assert not vendor.emulator.tasks


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"null"])
def test_a_body_that_is_no_object_is_refused(vendor: Running, body: bytes) -> None:
    """The SDK cannot send one; others can."""
    url = f"{vendor.url}/api/v3/contents/generations/tasks"
    answer = httpx.post(url, content=body, headers={"Authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")


def test_a_job_goes_through_its_states(sdk: Ark, hour: Hour, vendor: Running) -> None:
    """By the hour."""
    vendor.emulator.script = Script(seconds=100)
    task_id = create(sdk)
    seen = []
    for seconds in (0, 50, 50):
        hour.now += seconds
        task = sdk.content_generation.tasks.get(task_id=task_id)
        seen.append((task.status, task.content is None))
    assert seen == [("queued", True), ("running", True), ("succeeded", False)]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("user", "InvalidParameter"),
        ("policy_input", "InputImageSensitiveContentDetected.PrivacyInformation"),
        ("policy_output", "OutputVideoSensitiveContentDetected"),
        ("transient", "InternalServiceError"),
    ],
)
def test_a_failed_job_has_its_code(sdk: Ark, vendor: Running, end: Any, code: str) -> None:
    """And a sentence."""
    vendor.emulator.script = Script(end=end)
    task = sdk.content_generation.tasks.get(task_id=create(sdk))
    assert (task.status, task.error.code, task.error.message) == ("failed", code, "The task has failed.")


@pytest.mark.parametrize(
    ("end", "status"), [("cancelled", "cancelled"), ("expired", "expired"), ("drift", "archived")]
)
def test_other_ends_are_statuses(sdk: Ark, vendor: Running, end: Any, status: str) -> None:
    """One of them a word that nobody knows."""
    vendor.emulator.script = Script(end=end)
    assert sdk.content_generation.tasks.get(task_id=create(sdk)).status == status


@pytest.mark.parametrize(
    ("refuse", "error", "code"),
    [
        ("auth", ArkAuthenticationError, "AuthenticationError"),
        ("quota", ArkRateLimitError, "QuotaExceeded"),
        ("rate", ArkRateLimitError, "RateLimitExceeded.EndpointRPMExceeded"),
        ("rate_after", ArkRateLimitError, "RateLimitExceeded.EndpointRPMExceeded"),
        ("concurrency", ArkRateLimitError, "ServerOverloaded"),
        ("policy", ArkBadRequestError, "InputTextSensitiveContentDetected"),
        ("user", ArkBadRequestError, "InvalidParameter"),
    ],
)
def test_the_sdk_knows_every_refusal(
    sdk: Ark, vendor: Running, refuse: Refusal, error: type[ArkAPIStatusError], code: str
) -> None:
    """By its own class of error."""
    vendor.emulator.script = Script(refuse=refuse)
    with pytest.raises(error) as caught:
        create(sdk)
    assert caught.value.code == code
    assert caught.value.response.headers.get("Retry-After") == ("1" if refuse == "rate_after" else None)


def test_a_server_in_trouble(sdk: Ark, vendor: Running) -> None:
    """As the vendor's own is."""
    vendor.emulator.script = Script(break_submit="error_500")
    with pytest.raises(ArkInternalServerError):
        create(sdk)


@pytest.mark.parametrize("key", ["wrong", f"x{KEY}"])
def test_another_key_is_refused(vendor: Running, key: str) -> None:
    """Whatever is asked."""
    with Ark(api_key=key, base_url=f"{vendor.url}/api/v3", max_retries=0) as ark:
        for ask in (
            lambda: create(ark),
            lambda: ark.content_generation.tasks.get(task_id="cgt-1"),
            ark.content_generation.tasks.list,
            lambda: ark.content_generation.tasks.delete(task_id="cgt-1"),
        ):
            with pytest.raises(ArkAuthenticationError):
                ask()


def test_a_key_needs_its_scheme(vendor: Running) -> None:
    """As the SDK sends it."""
    answer = httpx.get(f"{vendor.url}/api/v3/contents/generations/tasks", headers={"Authorization": KEY})
    assert answer.status_code == 401


def test_tasks_are_listed(sdk: Ark, vendor: Running) -> None:
    """All, by their ids, by their state, and in pages."""
    vendor.emulator.scripts.append(Script(end="user"))
    ids = [create(sdk) for _ in range(3)]
    tasks = sdk.content_generation.tasks

    def listed(**asked: Any) -> tuple[int, list[str]]:
        found = tasks.list(**asked)
        return found.total, [item.id for item in found.items]

    assert listed() == (3, ids)
    assert listed(task_ids=ids[1:]) == (2, ids[1:])
    assert listed(task_ids=ids[0]) == (1, ids[:1])
    assert listed(status="failed") == (1, ids[:1])
    assert listed(model="another") == (0, [])
    assert listed(page_num=2, page_size=2) == (3, ids[2:])


def test_what_queues_is_cancelled_and_what_runs_is_not(sdk: Ark, vendor: Running, hour: Hour) -> None:
    """By one verb."""
    vendor.emulator.script = Script(seconds=100)
    first, second = create(sdk), create(sdk)
    sdk.content_generation.tasks.delete(task_id=first)
    assert sdk.content_generation.tasks.get(task_id=first).status == "cancelled"
    hour.now += 50
    with pytest.raises(ArkConflictError):
        sdk.content_generation.tasks.delete(task_id=second)
    assert sdk.content_generation.tasks.get(task_id=second).status == "running"


def test_what_has_ended_is_forgotten(sdk: Ark) -> None:
    """By the same verb: the record is gone."""
    task_id = create(sdk)
    sdk.content_generation.tasks.delete(task_id=task_id)
    with pytest.raises(ArkNotFoundError):
        sdk.content_generation.tasks.get(task_id=task_id)
    with pytest.raises(ArkNotFoundError):
        sdk.content_generation.tasks.delete(task_id=task_id)
