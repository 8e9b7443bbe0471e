"""The fake Model Studio, judged by the vendor's own SDK."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashscope
import pytest
import requests
from dashscope import VideoSynthesis

from reelrouter.emulators.alibaba import ModelStudio
from reelrouter.emulators.frame import KEY, Running, in_thread, sample
from reelrouter.emulators.script import Script

PICTURE = "data:image/png;base64,AAAA"


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with in_thread(ModelStudio()) as running:
        monkeypatch.setattr(dashscope, "base_http_api_url", f"{running.url}/api/v1")
        yield running


def test_the_sdk_makes_a_video(vendor: Running) -> None:
    """From submit to the file."""
    accepted = _submit("wan2.7-t2v", resolution="720P", ratio="16:9", duration=5, seed=7)
    assert (accepted.status_code, accepted.output.task_status) == (200, "PENDING")
    done = VideoSynthesis.wait(accepted, api_key=KEY)
    assert done.output.task_status == "SUCCEEDED"
    assert done.usage.video_count == 1
    assert requests.get(done.output.video_url, timeout=10).content == sample()


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("wan2.6-t2v", {"size": "1280*720", "duration": 10, "shot_type": "multi"}),
        ("wan2.6-i2v", {"img_url": PICTURE, "resolution": "720P"}),
        ("wan2.6-r2v", {"reference_urls": ["https://x.test/a.mp4"], "size": "1280*720"}),
        ("wan2.7-i2v", {"media": [{"type": "first_frame", "url": PICTURE}], "resolution": "1080P"}),
        ("wan3.0-video", {"media": [{"type": "link", "url": "https://x.test"}], "ratio": "adaptive"}),
        ("happyhorse-1.1-r2v", {"media": [{"type": "reference_image", "url": PICTURE}], "ratio": "21:9"}),
    ],
)
def test_it_takes_what_the_sdk_sends(vendor: Running, model: str, given: dict[str, Any]) -> None:
    """The keys included that the SDK adds of its own accord."""
    accepted = _submit(model, **given)
    assert _fetch(accepted).output.task_status == "SUCCEEDED"
    assert vendor.emulator.tasks[accepted.output.task_id].body["input"]["extend_prompt"] is True


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("wan2.6-t2v", {"resolution": "720P"}, "parameters.resolution"),
        ("wan2.6-t2v", {"size": "1280x720"}, "size"),
        ("wan2.6-i2v", {"resolution": "720P"}, "input.img_url"),
        ("wan2.6-r2v", {"reference_urls": [PICTURE]}, "reference_urls"),
        ("wan2.7-t2v", {"resolution": "720p"}, "resolution"),
        ("wan2.7-t2v", {"duration": 16}, "duration"),
        ("wan2.7-i2v", {"img_url": PICTURE}, "input.media"),
        ("wan2.7-i2v", {"media": [{"type": "last_frame", "url": PICTURE}]}, "last_frame"),
        ("wan2.7-r2v", {"media": [{"type": "reference_audio", "url": "https://x.test/a"}]}, "reference_audio"),
        ("wan3.0-video", {"media": [{"type": "reference_video", "url": "data:video/mp4;base64,AA"}]}, "url"),
        (
            "wan3.0-video",
            {"media": [{"type": "first_frame", "url": PICTURE}, {"type": "reference_image", "url": PICTURE}]},
            "mutually exclusive",
        ),
        ("happyhorse-1.0-i2v", {"media": [{"type": "first_frame", "url": PICTURE}], "ratio": "16:9"}, "ratio"),
    ],
)
def test_what_is_wrong_with_a_body_fails_its_task(
    vendor: Running, model: str, given: dict[str, Any], said: str
) -> None:
    """The submit itself is answered with a task, as the real one answers it."""
    failed = _fetch(_submit(model, **given))
    assert (failed.output.task_status, failed.output.code) == ("FAILED", "InvalidParameter")
    assert said in failed.output.message


def test_the_sdk_uploads_a_file(vendor: Running, tmp_path: Path) -> None:
    """Into the vendor's store, whose address the task then names."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"clip")
    accepted = _submit("wan3.0-video", media=[{"type": "reference_video", "url": str(path)}])
    assert _fetch(accepted).output.task_status == "SUCCEEDED"
    (address,) = vendor.emulator.stored  # type: ignore[attr-defined]
    body = vendor.emulator.tasks[accepted.output.task_id].body
    assert body["input"]["media"] == [{"type": "reference_video", "url": address}]


def test_a_store_address_that_nobody_filled_fails_its_task(vendor: Running) -> None:
    """The store's addresses cannot be made up."""
    failed = _fetch(_submit("wan3.0-video", media=[{"type": "reference_video", "url": "oss://nothing/there"}]))
    assert failed.output.task_status == "FAILED"


def test_the_store_takes_no_key_and_no_forged_form(vendor: Running) -> None:
    """Object storage refuses both in its own words."""
    for headers in ({}, {"Authorization": f"Bearer {KEY}"}):
        form = {"key": "a/b", "policy": "forged"}
        answer = requests.post(f"{vendor.url}/store", data=form, files={"file": b"x"}, headers=headers, timeout=10)
        assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)


def test_the_sdk_reads_refusals(vendor: Running) -> None:
    """A wrong key, a model that is not there, a quota."""
    wrong = VideoSynthesis.async_call(model="wan2.7-t2v", prompt="a boat", api_key="wrong")
    assert (wrong.status_code, wrong.code) == (401, "InvalidApiKey")
    unknown = _submit("wan9.9-t2v")
    assert (unknown.status_code, unknown.code) == (404, "ModelNotFound")
    vendor.emulator.script = Script(refuse="quota")
    spent = _submit("wan2.7-t2v")
    assert (spent.status_code, spent.code) == (429, "Throttling.AllocationQuota")
    assert not vendor.emulator.tasks


def test_a_synchronous_call_is_refused(vendor: Running) -> None:
    """The header that says otherwise is not optional."""
    answer = requests.post(
        f"{vendor.url}/api/v1/services/aigc/video-generation/video-synthesis",
        json={"model": "wan2.7-t2v", "input": {"prompt": "a boat"}},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")


def test_the_sdk_reads_failures(vendor: Running) -> None:
    """They come with HTTP 200."""
    vendor.emulator.script = Script(end="policy_output")
    failed = VideoSynthesis.wait(_submit("wan2.7-t2v"), api_key=KEY)
    assert (failed.status_code, failed.output.task_status) == (200, "FAILED")
    assert failed.output.code == "DataInspectionFailed"


def test_the_sdk_cancels_what_queues(vendor: Running) -> None:
    """And nothing else."""
    vendor.emulator.script = Script(seconds=1000.0)
    queued = _submit("wan2.7-t2v")
    assert VideoSynthesis.cancel(queued, api_key=KEY).status_code == 200
    assert _fetch(queued).output.task_status == "CANCELED"
    vendor.emulator.script = Script()
    ended = _submit("wan2.7-t2v")
    refused = VideoSynthesis.cancel(ended, api_key=KEY)
    assert (refused.status_code, refused.code) == (400, "UnsupportedOperation")


def test_the_sdk_lists_tasks(vendor: Running) -> None:
    """By page, status and model."""
    first, second = _submit("wan2.7-t2v"), _submit("wan2.6-t2v")
    listed = VideoSynthesis.list(model_name="wan2.6-t2v", status="SUCCEEDED", api_key=KEY)  # type: ignore[attr-defined]
    assert [task["task_id"] for task in listed.output["data"]] == [second.output.task_id]
    paged = VideoSynthesis.list(page_no=1, page_size=1, api_key=KEY).output  # type: ignore[attr-defined]
    assert (paged["total"], paged["total_page"]) == (2, 2)
    assert [task["task_id"] for task in paged["data"]] == [first.output.task_id]


def test_a_task_that_is_not_there_is_unknown(vendor: Running) -> None:
    """With HTTP 200, as after its day."""
    answer = VideoSynthesis.fetch("00000000-0000-4000-8000-000000000099", api_key=KEY)
    assert (answer.status_code, answer.output.task_status) == (200, "UNKNOWN")


def _submit(model: str, **given: Any) -> Any:
    return VideoSynthesis.async_call(model=model, prompt="a boat", api_key=KEY, **given)


def _fetch(accepted: Any) -> Any:
    return VideoSynthesis.fetch(accepted, api_key=KEY)
