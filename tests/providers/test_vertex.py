"""Veo on Vertex AI: the adapter, without a network and on its emulator."""

import asyncio
import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from reelrouter.emulators.frame import KEY
from reelrouter.emulators.vertex import Vertex
from reelrouter.providers.base import Account, Call, Inline, ProviderDrift, Reply, Unclear
from reelrouter.providers.vertex import VERTEX
from reelrouter.testing.conformance import Case, Vendor, cases_for, conform
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    Media,
    NotAnswered,
    Running,
    SubmitRefused,
)
from tests.providers.orders import clip, order, picture

T = TypeVar("T")

ORDER = order(native_model="veo-3.1-generate-001", duration=8, length=8.0)
VALUES = {"credentials": KEY, "project": "p", "location": "us-central1"}
VENDOR = Vendor(provider=VERTEX, emulator=Vertex, order=ORDER, values=VALUES)
ROOT = "https://us-central1-aiplatform.googleapis.com"
MODEL = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
NAME = f"{MODEL}/operations/1"
HANDLE = Handle(endpoint="google-vertex", credential="a", native_id=NAME)
ACCOUNT = Account(provider="google-vertex", name="a", root=ROOT, values=VALUES, concurrency=1)


@pytest.mark.parametrize("case", cases_for(VENDOR), ids=lambda case: case.name)
def test_it_keeps_every_promise_of_a_backend(case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(VENDOR, case, tmp_path))


# Submits ---------------------------------------------------------------------------------------------------------


def test_a_text_order_is_one_call() -> None:
    """Everything that the order resolves to is said, and the operation's name is the handle."""
    flow = VERTEX.submit(ORDER, ACCOUNT)
    call = next(flow)
    assert (call.method, call.url, call.creates) == ("POST", f"{ROOT}/v1/{MODEL}:predictLongRunning", True)
    assert call.json == {
        "instances": [{"prompt": "a boat"}],
        "parameters": {
            "sampleCount": 1,
            "durationSeconds": 8,
            "resolution": "720p",
            "aspectRatio": "16:9",
            "generateAudio": True,
            "seed": 7,
        },
    }
    ticket = _returned(flow, _reply({"name": NAME}))
    assert ticket.native_id == NAME


def test_frames_are_an_image_and_a_last_frame() -> None:
    """As base64 with its kind beside it, with a prompt or without."""
    instance = _instance(
        replace(ORDER, mode="frames", prompt="", first_frame=picture(), last_frame=picture("last"))
    )
    assert instance == {"image": _image(picture()), "lastFrame": _image(picture("last"))}


def test_references_are_assets() -> None:
    """Each with its type."""
    pictures = (picture("one"), picture("two"))
    instance = _instance(replace(ORDER, mode="references", references=pictures))
    assert instance == {
        "prompt": "a boat",
        "referenceImages": [{"image": _image(one), "referenceType": "asset"} for one in pictures],
    }


def test_4k_is_written_small_and_what_is_open_is_left_out() -> None:
    """Silence too is said."""
    parameters = _parameters(replace(ORDER, resolution="4K", seed=None, audio=False))
    assert (parameters["resolution"], parameters["generateAudio"]) == ("4k", False)
    assert "seed" not in parameters


def test_options_are_parameters() -> None:
    """Also one that says the same as the request."""
    options = {"negativePrompt": "rain", "personGeneration": "allow_adult", "aspectRatio": "16:9"}
    assert _parameters(replace(ORDER, options=options)).items() >= options.items()


def test_an_option_that_contradicts_the_request_is_refused_before_any_call() -> None:
    """It would be billed and stored as something that it is not."""
    failed = _refused_unsent(replace(ORDER, options={"aspectRatio": "9:16"}))
    assert "aspectRatio" in str(failed.vendor_text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "continue"}, "continue"),
        ({"mode": "frames", "last_frame": picture()}, "last frame"),
        ({"mode": "references", "references": (picture(),), "prompt": ""}, "prompt"),
        ({"mode": "references", "references": (picture(),), "first_frame": picture()}, "frames"),
        ({"mode": "references", "references": (clip(),)}, "images"),
    ],
)
def test_what_the_vendor_cannot_take_is_refused_before_any_call(changes: dict[str, Any], said: str) -> None:
    """By its name, and nothing of it is dropped."""
    assert said in str(_refused_unsent(replace(ORDER, **changes)).vendor_text)


def test_the_operator_may_have_videos_put_into_a_bucket() -> None:
    """The account says which, unless an option does."""
    account = replace(ACCOUNT, values={**VALUES, "storage_uri": "gs://ours/veo"})
    assert next(VERTEX.submit(ORDER, account)).json["parameters"]["storageUri"] == "gs://ours/veo"
    other = replace(ORDER, options={"storageUri": "gs://other"})
    assert next(VERTEX.submit(other, account)).json["parameters"]["storageUri"] == "gs://other"


def test_the_location_global_has_no_host_of_its_own() -> None:
    """Its name stands in the path alone."""
    values = {**VALUES, "location": "global"}
    account = replace(ACCOUNT, values=values, root=VERTEX.access.root.format_map(values))
    url = next(VERTEX.submit(ORDER, account)).url
    assert url.startswith("https://aiplatform.googleapis.com/v1/projects/p/locations/global/")


@pytest.mark.parametrize(
    ("status", "word", "message", "failure"),
    [
        (400, "INVALID_ARGUMENT", "no such ratio", FailureClass.USER_ERROR),
        (400, "INVALID_ARGUMENT", "It is against our Usage Guidelines.", FailureClass.POLICY_INPUT),
        (400, "INVALID_ARGUMENT", "No. Support codes: 58061214", FailureClass.POLICY_INPUT),
        (400, "INVALID_ARGUMENT", "The prompt couldn't be submitted.", FailureClass.POLICY_INPUT),
        (400, "FAILED_PRECONDITION", "not in this region", FailureClass.USER_ERROR),
        (400, "OUT_OF_RANGE", "", FailureClass.USER_ERROR),
        (401, "UNAUTHENTICATED", "", FailureClass.AUTH),
        (403, "PERMISSION_DENIED", "", FailureClass.AUTH),
        (403, "BILLING_DISABLED", "", FailureClass.QUOTA_BILLING),
        (404, "NOT_FOUND", "no such model", FailureClass.AUTH),
        (409, "ABORTED", "", FailureClass.TRANSIENT),
        (429, "RESOURCE_EXHAUSTED", "", FailureClass.RATE_LIMITED),
        (429, "RESOURCE_QUOTA_EXCEEDED", "", FailureClass.QUOTA_BILLING),
        (499, "CANCELLED", "", FailureClass.CANCELLED),
        (501, "UNIMPLEMENTED", "", FailureClass.USER_ERROR),
        (500, "INTERNAL", "", FailureClass.TRANSIENT),
        (500, "UNKNOWN", "", FailureClass.TRANSIENT),
        (503, "UNAVAILABLE", "", FailureClass.TRANSIENT),
        (504, "DEADLINE_EXCEEDED", "", FailureClass.EXPIRED),
        (418, "TEAPOT", "", FailureClass.USER_ERROR),
        (429, "TEAPOT", "", FailureClass.RATE_LIMITED),
    ],
)
@pytest.mark.parametrize("in_array", [False, True])
def test_every_refusal_has_its_class(
    status: int, word: str, message: str, failure: FailureClass, in_array: bool
) -> None:
    """By the vendor's reason, its word, or the status; some front ends put the error into an array."""
    reasoned = word in ("BILLING_DISABLED", "RESOURCE_QUOTA_EXCEEDED")
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "status": "PERMISSION_DENIED" if reasoned else word,
    }
    error["details"] = [{"@type": "x"}, {"reason": word if reasoned else "SOMETHING_NEW"}]
    body: Any = [{"error": error}] if in_array else {"error": error}
    failed = _refused(_reply(body, status))
    assert (failed.failure, failed.vendor_code) == (failure, word)


def test_a_refusal_that_is_no_json_is_classed_by_its_status() -> None:
    """What it says is kept for the operator."""
    failed = _refused(Reply(status=413, headers={}, body=b"<html>too large</html>"))
    assert (failed.failure, failed.vendor_code) == (FailureClass.USER_ERROR, "413")
    assert "too large" in str(failed.vendor_text)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=200, headers={}, body=b"<html>"),
        Reply(status=200, headers={}, body=b"[]"),
        Reply(status=200, headers={}, body=b'{"name": "models/1"}'),
        Reply(status=200, headers={}, body=b"{}"),
        Reply(status=302, headers={"location": "https://example.com"}, body=b""),
    ],
)
def test_an_acceptance_that_cannot_be_read_is_drift(reply: Reply) -> None:
    """Whether there is an operation is not known then."""
    flow = VERTEX.submit(ORDER, ACCOUNT)
    next(flow)
    with pytest.raises(ProviderDrift):
        flow.send(reply)


# Polls -----------------------------------------------------------------------------------------------------------


def test_a_poll_names_the_operation_at_its_model() -> None:
    """And its reply may hold a whole video."""
    call = next(VERTEX.poll(HANDLE, ACCOUNT))
    assert (call.method, call.url) == ("POST", f"{ROOT}/v1/{MODEL}:fetchPredictOperation")
    assert (call.json, call.spills, call.creates) == ({"operationName": NAME}, True, False)


@pytest.mark.parametrize("said", [{}, {"done": False}, {"done": None, "metadata": {}}])
def test_what_is_not_done_runs(said: dict[str, Any]) -> None:
    """The vendor tells no progress."""
    assert _polled({"name": NAME, **said}) == Running()


def test_a_video_in_the_answer_is_a_file() -> None:
    """A long one lies on the disk already; a short one stands in the answer."""
    videos = [{"bytesBase64Encoded": "file:0"}, {"bytesBase64Encoded": "AAAA", "mimeType": "video/mp4"}]
    assert _done({"videos": videos}, Path("0.mp4")) == Finished(
        outputs=(Blob(path=Path("0.mp4")), Fetch(url="data:video/mp4;base64,AAAA"))
    )


def test_a_video_in_a_bucket_is_fetched_from_there() -> None:
    """By its name, as an address writes it."""
    done = _done({"videos": [{"gcsUri": "gs://ours/veo/sample 0.mp4", "mimeType": "video/mp4"}]})
    assert done == Finished(outputs=(Fetch(url="https://storage.googleapis.com/ours/veo/sample%200.mp4"),))


def test_a_withheld_video_is_a_failure() -> None:
    """Though the vendor calls it a success."""
    failed = _done({"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["it was violent"], "videos": []})
    assert isinstance(failed, Failed)
    assert (failed.failure, failed.vendor_text) == (FailureClass.POLICY_OUTPUT, "it was violent")


@pytest.mark.parametrize("response", [None, {}, {"@type": "x", "raiMediaFilteredCount": 0}, {"videos": []}])
def test_a_success_without_a_video_is_a_failure(response: dict[str, Any] | None) -> None:
    """Nobody withheld it."""
    failed = _done(response)
    assert isinstance(failed, Failed)
    assert failed.failure is FailureClass.OUTPUT_INVALID


@pytest.mark.parametrize(
    ("code", "message", "failure", "word"),
    [
        (1, "", FailureClass.CANCELLED, "CANCELLED"),
        (2, "", FailureClass.TRANSIENT, "UNKNOWN"),
        (3, "no such picture", FailureClass.USER_ERROR, "INVALID_ARGUMENT"),
        (3, "It breaks the usage guidelines.", FailureClass.POLICY_INPUT, "INVALID_ARGUMENT"),
        (4, "", FailureClass.EXPIRED, "DEADLINE_EXCEEDED"),
        (5, "no such bucket", FailureClass.AUTH, "NOT_FOUND"),
        (7, "", FailureClass.AUTH, "PERMISSION_DENIED"),
        (8, "", FailureClass.RATE_LIMITED, "RESOURCE_EXHAUSTED"),
        (9, "", FailureClass.USER_ERROR, "FAILED_PRECONDITION"),
        (10, "", FailureClass.TRANSIENT, "ABORTED"),
        (13, "", FailureClass.TRANSIENT, "INTERNAL"),
        (14, "", FailureClass.TRANSIENT, "UNAVAILABLE"),
        (16, "", FailureClass.AUTH, "UNAUTHENTICATED"),
        (99, "", FailureClass.TRANSIENT, "99"),
    ],
)
def test_every_failed_operation_has_its_class(code: int, message: str, failure: FailureClass, word: str) -> None:
    """By the number that stands for the vendor's word."""
    failed = _polled({"name": NAME, "done": True, "error": {"code": code, "message": message}})
    assert isinstance(failed, Failed)
    assert (failed.failure, failed.vendor_code) == (failure, word)


@pytest.mark.parametrize(
    "operation",
    [
        {"done": "perhaps"},
        {"done": 2, "response": {}},
        {"done": True, "response": {"generateVideoResponse": {}}},
        {"done": True, "response": {"videos": ["AAAA"]}},
        {"done": True, "response": {"videos": {"note": "x"}}},
        {"done": True, "response": ["AAAA"]},
        {"done": True, "response": "later"},
        {"done": True, "response": 7},
    ],
)
def test_words_that_nobody_knows_are_unclear(operation: dict[str, Any]) -> None:
    """They are not taken for a success, nor for a failure; a long text among them may be a video."""
    outcome = _polled(operation, 200, Path("0.mp4"))
    assert isinstance(outcome, Unclear)
    assert outcome.outputs == (Blob(path=Path("0.mp4")),)


@pytest.mark.parametrize("done", [True, "true", 1, None, False, "perhaps", 0])
@pytest.mark.parametrize(
    "response",
    [
        {"videos": [{"uri": "https://example.com/1.mp4"}]},
        {"videos": [{"gcsUri": "https://example.com/1.mp4"}]},
        {"videos": {"uri": "https://example.com/1.mp4"}},
        {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "https://example.com/1.mp4"}}]}},
        {"generatedVideos": [{"video": {"uri": "https://example.com/1.mp4"}}], "raiMediaFilteredCount": 1},
    ],
)
def test_a_video_is_delivered_wherever_it_is_named(done: object, response: dict[str, Any]) -> None:
    """Whatever is said of the operation beside it."""
    assert _polled({"name": NAME, "done": done, "response": response}) == Finished(
        outputs=(Fetch(url="https://example.com/1.mp4"),)
    )


@pytest.mark.parametrize("error", [{}, {"code": 0, "message": ""}, None, "", {"code": 0}])
def test_an_error_that_says_nothing_is_none(error: object) -> None:
    """Some front ends write all fields."""
    done = {"name": NAME, "done": True, "error": error}
    assert isinstance(_polled({**done, "response": {"videos": [{"gcsUri": "gs://a/b.mp4"}]}}), Finished)
    assert _polled({**done, "done": False}) == Running()


def test_a_video_counts_more_than_an_error_beside_it() -> None:
    """It is there, and operators are told."""
    operation = {
        "done": True,
        "error": {"code": 8, "message": "quota"},
        "response": {"videos": [{"uri": "https://a/b"}]},
    }
    finished = _polled(operation)
    assert finished == Finished(outputs=(Fetch(url="https://a/b"),), notes=("an error beside the video: 'quota'",))


@pytest.mark.parametrize("name", [12345, "op-1"])
def test_an_operation_may_be_named_by_its_number(name: object) -> None:
    """It was paid for; where it is asked for follows from the model."""
    ticket = _returned_ticket(_reply({"name": name}))
    assert ticket.native_id == f"{MODEL}/operations/{name}"


def test_a_poll_that_is_not_answered_says_nothing_about_the_job() -> None:
    """A missing operation is another matter."""
    for status in (400, 401, 403, 429, 500, 503):
        with pytest.raises(NotAnswered):
            _polled([{"error": {"code": status}}], status)
    with pytest.raises(JobLost):
        _polled({"error": {"code": 404}}, 404)


# What they have in common ----------------------------------------------------------------------------------------


def _reply(body: Any, status: int = 200, *files: Path) -> Reply:
    return Reply(status=status, headers={}, body=json.dumps(body).encode(), files=files)


def _returned(flow: Generator[Call, Reply, T], reply: Reply | None) -> T:
    try:
        next(flow) if reply is None else flow.send(reply)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("the flow goes on")


def _polled(operation: Any, status: int = 200, *files: Path) -> Any:
    flow = VERTEX.poll(HANDLE, ACCOUNT)
    next(flow)
    return _returned(flow, _reply(operation, status, *files))


def _returned_ticket(reply: Reply) -> Any:
    flow = VERTEX.submit(ORDER, ACCOUNT)
    next(flow)
    return _returned(flow, reply)


def _done(response: Any, *files: Path) -> Any:
    return _polled({"name": NAME, "done": True, "response": response}, 200, *files)


def _body(asked: Any) -> Any:
    return next(VERTEX.submit(asked, ACCOUNT)).json


def _instance(asked: Any) -> dict[str, Any]:
    (instance,) = _body(asked)["instances"]
    return dict(instance)


def _parameters(asked: Any) -> dict[str, Any]:
    return dict(_body(asked)["parameters"])


def _image(media: Media) -> dict[str, Any]:
    return {"bytesBase64Encoded": Inline(media=media, form="base64"), "mimeType": "image/png"}


def _refused_unsent(asked: Any) -> Failed:
    with pytest.raises(SubmitRefused) as refused:
        next(VERTEX.submit(asked, ACCOUNT))
    assert refused.value.failed.failure is FailureClass.USER_ERROR
    return refused.value.failed


def _refused(reply: Reply) -> Failed:
    flow = VERTEX.submit(ORDER, ACCOUNT)
    next(flow)
    with pytest.raises(SubmitRefused) as refused:
        flow.send(reply)
    return refused.value.failed
