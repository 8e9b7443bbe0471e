"""The fake Vertex AI, judged by the vendor's own SDKs."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import google.auth.credentials
import pytest
from google import genai
from google.auth.transport.requests import Request
from google.genai import types
from google.genai.errors import ClientError, ServerError
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from reelrouter.emulators.frame import KEY, Running, in_thread, sample
from reelrouter.emulators.script import Script
from reelrouter.emulators.vertex import Vertex

MODEL = "veo-3.1-generate-001"
PICTURE = types.Image(image_bytes=b"\xfb\xef\xff picture", mime_type="image/png")
ASSET = types.VideoGenerationReferenceImage(image=PICTURE, reference_type=types.VideoGenerationReferenceType.ASSET)
FAILURES = (("cancelled", 1), ("user", 3), ("policy_input", 3), ("expired", 4), ("transient", 13))
CLOUD = "https://www.googleapis.com/auth/cloud-platform"


class Token(google.auth.credentials.Credentials):
    """What the SDK takes for the credentials of somebody who has signed in."""

    def __init__(self, token: str = KEY) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = token

    def refresh(self, request: Any) -> None:
        """It never runs out."""


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Running, genai.Client]]:
    """To make a client of the SDK costs as much as thirty of these tests."""
    with in_thread(Vertex()) as running:
        yield running, client(running)


@pytest.fixture
def vendor(shared: tuple[Running, genai.Client]) -> Running:
    running, _ = shared
    running.emulator.now, running.emulator.script = time.time, Script()
    running.emulator.tasks.clear()
    return running


@pytest.fixture
def api(vendor: Running, shared: tuple[Running, genai.Client]) -> genai.Client:
    return shared[1]


def client(vendor: Running, token: str = KEY) -> genai.Client:
    options = types.HttpOptions(base_url=vendor.url)
    return genai.Client(
        vertexai=True, project="p", location="us-central1", credentials=Token(token), http_options=options
    )


def begin(api: genai.Client, **given: Any) -> types.GenerateVideosOperation:
    config = types.GenerateVideosConfig(**given.pop("config", {}))
    model = given.pop("model", MODEL)
    source = types.GenerateVideosSource(**{"prompt": "a boat", **given})
    return api.models.generate_videos(model=model, source=source, config=config)


def make(api: genai.Client, **given: Any) -> types.GenerateVideosOperation:
    """From submit to the last answer."""
    begun = begin(api, **given)
    assert begun.name is not None
    assert begun.name.startswith(f"projects/p/locations/us-central1/publishers/google/models/{MODEL}/operations/")
    return api.operations.get(begun)


def videos(made: types.GenerateVideosOperation) -> list[types.Video]:
    assert made.done
    assert made.response is not None
    return [one.video for one in made.response.generated_videos or [] if one.video is not None]


def test_the_sdk_makes_a_video(api: genai.Client) -> None:
    """From submit to its bytes."""
    (video,) = videos(make(api))
    assert (video.video_bytes, video.mime_type) == (sample(), "video/mp4")


def test_the_sdk_sees_it_running(vendor: Running, api: genai.Client) -> None:
    """Before its end an operation is not done, whether it says so or says nothing."""
    vendor.emulator.now = partial(float, 1_000.0)
    vendor.emulator.script = Script(seconds=100)
    begun = begin(api)
    seen = []
    for age in (10.0, 50.0, 100.0):
        vendor.emulator.now = partial(float, 1_000.0 + age)
        seen.append(api.operations.get(begun).done)
    assert seen == [None, False, True]


@pytest.mark.parametrize(
    "given",
    [
        {
            "config": {
                "number_of_videos": 1,
                "duration_seconds": 8,
                "aspect_ratio": "9:16",
                "resolution": "4k",
                "seed": 7,
                "generate_audio": False,
                "negative_prompt": "rain",
                "person_generation": "ALLOW_ADULT",
                "enhance_prompt": True,
                "fps": 24,
                "compression_quality": "LOSSLESS",
                "resize_mode": "PAD",
                "pubsub_topic": "projects/p/topics/t",
                "labels": {"job": "1"},
            }
        },
        {"image": PICTURE, "config": {"last_frame": PICTURE}},
        {"image": types.Image(gcs_uri="gs://b/first.png", mime_type="image/png"), "prompt": None},
        {"config": {"reference_images": [ASSET]}},
    ],
    ids=["all parameters", "frames", "a picture in a bucket", "references"],
)
def test_it_takes_what_the_sdk_sends(api: genai.Client, given: dict[str, Any]) -> None:
    """In every mode, with the SDK's own way of writing words and bytes."""
    assert videos(make(api, **given))


def test_several_videos_at_once(api: genai.Client) -> None:
    """As many as were asked for."""
    assert len(videos(make(api, config={"number_of_videos": 2}))) == 2


def test_a_video_in_a_bucket(api: genai.Client) -> None:
    """It is named, and not sent."""
    (video,) = videos(make(api, config={"output_gcs_uri": "gs://b/films/"}))
    assert video.video_bytes is None
    assert video.uri is not None
    assert video.uri.startswith("gs://b/films/")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": None}, "one instance"),
        ({"prompt": ""}, "prompt or an image"),
        ({"config": {"duration_seconds": 5}}, "durationSeconds"),
        ({"config": {"resolution": "480p"}}, "resolution"),
        ({"config": {"resolution": "4k"}, "model": "veo-3.1-lite-generate-001"}, "4k"),
        ({"config": {"aspect_ratio": "1:1"}}, "aspectRatio"),
        ({"config": {"seed": -1}}, "seed"),
        ({"config": {"number_of_videos": 5}}, "sampleCount"),
        ({"config": {"output_gcs_uri": "https://b/films"}}, "storageUri"),
        ({"config": {"last_frame": PICTURE}}, "last frame"),
        ({"image": types.Image(image_bytes=b"x")}, "mimeType"),
        ({"image": types.Image(image_bytes=b"x", gcs_uri="gs://b/x", mime_type="image/png")}, "either"),
        ({"config": {"reference_images": [{"image": PICTURE, "reference_type": "STYLE"}]}}, "asset"),
        ({"config": {"reference_images": [ASSET] * 4}}, "3"),
        ({"config": {"reference_images": [ASSET]}, "prompt": None}, "prompt"),
        ({"config": {"reference_images": [ASSET]}, "image": PICTURE}, "exclude"),
        (
            {"config": {"reference_images": [ASSET], "duration_seconds": 4}},
            "8 seconds",
        ),
    ],
)  # fmt: skip
def test_it_refuses_what_the_vendor_refuses(
    vendor: Running, api: genai.Client, given: dict[str, Any], said: str
) -> None:
    """With 400, in the shape that the SDK reads."""
    with pytest.raises(ClientError, match=said) as refused:
        make(api, **given)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    assert not vendor.emulator.tasks


@pytest.mark.parametrize("name", ["size", "instance"])
def test_it_refuses_fields_that_do_not_exist(vendor: Running, api: genai.Client, name: str) -> None:
    """At the top of a body."""
    options = types.HttpOptions(base_url=vendor.url, extra_body={name: 1})
    with pytest.raises(ClientError, match=f'Unknown name "{name}"'):
        make(api, config={"http_options": options})


def test_a_wrong_token_and_a_wrong_model(vendor: Running, api: genai.Client) -> None:
    """Neither makes a job."""
    with pytest.raises(ClientError) as refused:
        begin(client(vendor, "another"))
    assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")
    with pytest.raises(ClientError) as missing:
        make(api, model="imagen-4")
    assert (missing.value.code, missing.value.status) == (404, "NOT_FOUND")
    assert not vendor.emulator.tasks


@pytest.mark.parametrize(("end", "code"), FAILURES)
def test_an_operation_that_fails(vendor: Running, api: genai.Client, end: Any, code: int) -> None:
    """Is done, with an error."""
    vendor.emulator.script = Script(end=end)
    made = make(api)
    assert made.done
    assert made.error is not None
    assert made.error["code"] == code


def test_a_video_that_is_withheld(vendor: Running, api: genai.Client) -> None:
    """Is a success, with a count and reasons in the place of videos."""
    vendor.emulator.script = Script(end="policy_output")
    made = make(api)
    assert made.response is not None
    assert (made.response.generated_videos, made.response.rai_media_filtered_count) == (None, 1)
    assert made.response.rai_media_filtered_reasons


@pytest.mark.parametrize("status", [500, 503])
def test_trouble_comes_in_an_array(vendor: Running, api: genai.Client, status: int) -> None:
    """As front ends send it, and the SDK reads it."""
    vendor.emulator.script = Script(break_submit=f"error_{status}")  # type: ignore[arg-type]
    with pytest.raises(ServerError) as trouble:
        make(api)
    assert trouble.value.code == status
    assert trouble.value.message


def test_an_operation_that_is_not_there(vendor: Running, api: genai.Client) -> None:
    """And one that is asked for at another model."""
    begun = begin(api)
    vendor.emulator.tasks.clear()
    with pytest.raises(ClientError) as missing:
        api.operations.get(begun)
    assert missing.value.code == 404


@pytest.mark.parametrize("kind", ["service_account", "authorized_user"])
def test_a_key_file_is_exchanged_for_a_token(vendor: Running, kind: str) -> None:
    """By the vendor's own sign-in, for a service account and for a person."""
    assert _signed_in(_key(vendor, kind)).token == KEY


def test_a_forged_assertion_gets_no_token(vendor: Running) -> None:
    """Another account's name, under the same signature."""
    forged = {"client_email": "another@emulated.iam.gserviceaccount.com"}
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant"):
        _signed_in(_key(vendor, "service_account") | forged)


def _key(vendor: Running, kind: str) -> dict[str, str]:
    assert isinstance(vendor.emulator, Vertex)
    key: dict[str, str] = json.loads(vendor.emulator.key_file(vendor.url, kind))
    return key


def _signed_in(key: dict[str, str]) -> Any:
    service: Any = service_account.Credentials
    person: Any = user_credentials.Credentials
    if key["type"] == "service_account":
        credentials = service.from_service_account_info(key, scopes=[CLOUD])
    else:
        names = ("client_id", "client_secret", "refresh_token", "token_uri")
        credentials = person(None, **{name: key[name] for name in names})
    credentials.refresh(Request())
    return credentials
