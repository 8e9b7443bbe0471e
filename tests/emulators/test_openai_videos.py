"""The fakes of OpenAI's Videos API, judged by the official SDK, and by what the servers' own sources say."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from openai import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
    RateLimitError,
    UnprocessableEntityError,
)
from PIL import Image

from reelrouter.emulators.frame import KEY, Emulator, in_thread, sample
from reelrouter.emulators.openai_videos import OpenAIVideos
from reelrouter.emulators.script import Script
from reelrouter.emulators.video_servers import SGLang, VllmOmni

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

LONG = Script(seconds=3600.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """An emulator, and the SDK in front of it."""

    emulator: Emulator
    client: OpenAI


@contextmanager
def staged(emulator: Emulator) -> Iterator[Stage]:
    with in_thread(emulator) as running:
        client = OpenAI(api_key=KEY, base_url=running.url + "/v1", max_retries=0)
        with client:
            yield Stage(emulator, client)


@pytest.fixture
def openai() -> Iterator[Stage]:
    with staged(OpenAIVideos()) as stage:
        yield stage


@pytest.fixture
def vllm() -> Iterator[Stage]:
    with staged(VllmOmni(served="wan")) as stage:
        yield stage


@pytest.fixture
def sglang() -> Iterator[Stage]:
    with staged(SGLang()) as stage:
        yield stage


def submit(client: OpenAI, **changes: Any) -> Any:
    return client.videos.create(
        **{"prompt": "a boat", "model": "sora-2", "seconds": "8", "size": "1280x720"} | changes
    )


def picture(width: int, height: int) -> tuple[str, bytes, str]:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return ("first.png", file.getvalue(), "image/png")


def test_the_sdk_makes_a_video_and_loads_it(openai: Stage) -> None:
    """From the submit to the bytes, the way that its documents show."""
    client = openai.client
    made = submit(client, input_reference=picture(1280, 720))
    assert (made.object, made.model, made.seconds, made.size) == ("video", "sora-2", "8", "1280x720")
    video = client.videos.poll(made.id)
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert client.videos.download_content(made.id).read() == sample()
    (task,) = openai.emulator.tasks.values()
    assert task.body["input_reference"].filename == "first.png"


def test_the_sdk_sees_a_job_under_way(openai: Stage) -> None:
    """Queued first, and nothing to load."""
    openai.emulator.script = LONG
    client = openai.client
    made = submit(client)
    assert client.videos.retrieve(made.id).status == "queued"
    with pytest.raises(NotFoundError):
        client.videos.download_content(made.id)


def test_the_sdk_reads_a_failure(openai: Stage) -> None:
    """In the job, with its code."""
    openai.emulator.script = Script(end="policy_input")
    client = openai.client
    video = client.videos.retrieve(submit(client).id)
    assert video.status == "failed"
    assert video.error is not None
    assert video.error.code == "moderation_blocked"


def test_the_sdk_lists_and_deletes(openai: Stage) -> None:
    """A deleted video is no more."""
    client = openai.client
    ids = [submit(client).id for _ in range(3)]
    assert {video.id for video in client.videos.list(limit=2)} == set(ids)
    assert client.videos.delete(ids[0]).deleted
    with pytest.raises(NotFoundError):
        client.videos.retrieve(ids[0])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": ""}, "missing_required_parameter"),
        ({"model": "sora-3"}, "invalid_value"),
        ({"seconds": "5"}, "invalid_value"),
        ({"size": "640x480"}, "invalid_value"),
        ({"extra_body": {"seed": "7"}}, "unknown_parameter"),
        ({"input_reference": picture(64, 64)}, "invalid_value"),
        ({"input_reference": ("a.png", b"no picture", "image/png")}, "invalid_value"),
        ({"input_reference": ("a.txt", b"words", "text/plain")}, "invalid_value"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_the_maker_refuses_what_it_does_not_make(openai: Stage, changes: dict[str, Any], code: str) -> None:
    """Its lists are short, and a name that it does not know is a mistake."""
    with pytest.raises(BadRequestError) as caught:
        submit(openai.client, **changes)
    assert caught.value.code == code
    assert not openai.emulator.tasks


def test_the_sdk_tells_apart_who_refuses(openai: Stage) -> None:
    """A wrong key, an empty account, too many requests."""
    with pytest.raises(AuthenticationError):
        submit(openai.client.with_options(api_key="wrong"))
    openai.emulator.script = Script(refuse="quota")
    with pytest.raises(RateLimitError) as caught:
        submit(openai.client)
    assert caught.value.type == "insufficient_quota"
    openai.emulator.script = Script(refuse="rate_after", retry_after=7)
    with pytest.raises(RateLimitError) as caught:
        submit(openai.client)
    assert (caught.value.code, caught.value.response.headers["Retry-After"]) == ("rate_limit_exceeded", "7")


def test_vllm_omni_makes_a_video_for_the_sdk(vllm: Stage) -> None:
    """What the dialect lacks goes into the form as further texts."""
    client = vllm.client
    extra = {"fps": "16", "generate_sound": "true", "extra_params": '{"task": "t2va"}'}
    made = submit(client, model="wan", seconds="5", input_reference=picture(8, 8), extra_body=extra)
    assert made.id.startswith("video_gen_")
    assert client.videos.retrieve(made.id).status == "completed"
    assert client.videos.download_content(made.id).read() == sample()


@pytest.mark.parametrize(("end", "status"), [("transient", 500), ("user", 400)])
def test_vllm_omni_answers_for_a_failed_job_with_an_error(vllm: Stage, end: Any, status: int) -> None:
    """To the SDK that is an exception; the job is in its body."""
    vllm.emulator.script = Script(end=end)
    client = vllm.client
    made = submit(client, model="wan")
    with pytest.raises(APIStatusError) as caught:
        client.videos.retrieve(made.id)
    assert caught.value.status_code == status
    assert caught.value.response.json() | {"id": made.id, "status": "failed"} == caught.value.response.json()
    with pytest.raises(UnprocessableEntityError):
        client.videos.download_content(made.id)


def test_vllm_omni_aborts_what_is_deleted(vllm: Stage) -> None:
    """Its record is gone with it."""
    vllm.emulator.script = LONG
    client = vllm.client
    made = submit(client, model="wan")
    with pytest.raises(NotFoundError):
        client.videos.download_content(made.id)
    assert client.videos.delete(made.id).deleted
    assert vllm.emulator.tasks[made.id].cancelled
    with pytest.raises(NotFoundError):
        client.videos.retrieve(made.id)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "another"},
        {"prompt": ""},
        {"seconds": "4.5"},
        {"size": "720p"},
        {"extra_body": {"generate_sound": "loud"}},
        {"extra_body": {"num_outputs_per_prompt": "11"}},
        {"extra_body": {"extra_params": "task"}},
        {"input_reference": picture(8, 8), "extra_body": {"image_reference": "{}"}},
    ],
    ids=", ".join,
)
def test_vllm_omni_refuses_what_it_cannot_read(vllm: Stage, changes: dict[str, Any]) -> None:
    """With the status as the code."""
    with pytest.raises(BadRequestError) as caught:
        submit(vllm.client, **{"model": "wan", **changes})
    assert caught.value.response.json()["error"]["code"] == 400


def test_vllm_omni_guards_its_key_in_few_words(vllm: Stage) -> None:
    """Before anything else is read."""
    with pytest.raises(AuthenticationError) as caught:
        submit(vllm.client.with_options(api_key="wrong"))
    assert caught.value.response.json() == {"error": "Unauthorized"}


def test_a_server_in_trouble_is_no_failed_job(vllm: Stage) -> None:
    """Its error has no job in it."""
    vllm.emulator.script = Script(break_submit="error_503")
    with pytest.raises(InternalServerError) as caught:
        submit(vllm.client, model="wan")
    assert "id" not in caught.value.response.json()


def test_sglang_asks_for_no_key_and_hands_out_each_output(sglang: Stage) -> None:
    """By its number; one more than there are is not there."""
    client = sglang.client.with_options(api_key="anything")
    made = submit(client, seconds="5", extra_body={"n": "2", "seed": "7"}, input_reference=picture(8, 8))
    video = client.videos.retrieve(made.id)
    assert video.status == "completed"
    assert video.to_dict()["num_outputs"] == 2
    for index in ("0", "1"):
        assert client.videos.download_content(made.id, extra_query={"variant": index}).read() == sample()
    with pytest.raises(NotFoundError):
        client.videos.download_content(made.id, extra_query={"variant": "2"})


def test_sglang_takes_json_too(sglang: Stage) -> None:
    """The same names, with numbers as numbers."""
    client = sglang.client
    made: Any = client.post("/videos", body={"prompt": "a boat", "seconds": 5, "fps": 24}, cast_to=object)
    assert (made["object"], made["seconds"]) == ("video", "5")


def test_sglang_tells_of_a_failure_in_the_job(sglang: Stage) -> None:
    """With a message and no code, which the SDK lets pass."""
    sglang.emulator.script = Script(end="transient")
    client = sglang.client
    video = client.videos.retrieve(submit(client).id)
    assert video.status == "failed"
    assert video.to_dict()["error"] == {"message": "The video could not be made."}


def test_sglang_forgets_what_is_deleted_and_goes_on(sglang: Stage) -> None:
    """The work was never told."""
    sglang.emulator.script = LONG
    client = sglang.client
    made = submit(client)
    task = sglang.emulator.tasks[made.id]
    assert client.videos.delete(made.id).to_dict()["status"] == "deleted"
    assert not task.cancelled
    with pytest.raises(NotFoundError):
        client.videos.retrieve(made.id)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"prompt": ""}, 400), ({"seconds": "4.5"}, 422), ({"extra_body": {"input_reference": "words"}}, 422)],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_sglang_refuses_in_fastapis_own_words(sglang: Stage, changes: dict[str, Any], status: int) -> None:
    """A detail, and nothing of the dialect's errors."""
    with pytest.raises(APIStatusError) as caught:
        submit(sglang.client, **changes)
    assert caught.value.status_code == status
    assert list(caught.value.response.json()) == ["detail"]


def test_with_a_bucket_sglang_sends_for_the_output_there() -> None:
    """Its own address for the content is of no use then."""
    with staged(SGLang(bucket=True)) as stage:
        client = stage.client
        made = submit(client)
        url = client.videos.retrieve(made.id).to_dict()["url"]
        assert str(url).startswith(stage.emulator.files)
        with pytest.raises(BadRequestError) as caught:
            client.videos.download_content(made.id)
        assert str(url) in caught.value.response.json()["detail"]
