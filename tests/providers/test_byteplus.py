"""Seedance's adapter: the calls that orders become, and what every word of the vendor's means."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reelrouter.emulators.byteplus import ModelArk
from reelrouter.providers.base import Account, Call, Flow, Inline, ProviderDrift, Reply, T, Ticket, Unclear
from reelrouter.providers.byteplus import BYTEPLUS, VOLCENGINE
from reelrouter.testing.conformance import Case, Vendor, cases_for, conform
from reelrouter.work import (
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    NotAnswered,
    Order,
    Outcome,
    Running,
    SubmitRefused,
)
from tests.providers.orders import clip, order, picture, sound

VENDOR = Vendor(provider=BYTEPLUS, emulator=ModelArk, order=order(native_model="seedance-2-0"), path="/api/v3")
ACCOUNT = Account(provider="byteplus", name="a", root="https://ark.test/api/v3", values={}, concurrency=1)
HANDLE = Handle(endpoint="byteplus", credential="a", native_id="cgt-1")
TASK = "contents/generations/tasks/cgt-1"


@pytest.mark.parametrize("case", cases_for(VENDOR), ids=lambda case: case.name)
def test_it_keeps_every_promise_of_a_backend(case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(VENDOR, case, tmp_path))


# Submit --------------------------------------------------------------------------------------------------------


def played(flow: Flow[T], *replies: Reply) -> tuple[list[Call], T]:
    """The calls of a flow that is sent these replies, and what it returns."""
    waiting, calls = list(replies), []
    try:
        calls.append(next(flow))
        while True:
            calls.append(flow.send(waiting.pop(0)))
    except StopIteration as done:
        value: T = done.value
        return calls, value


def reply(body: object, status: int = 200) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={}, body=raw)


def body_of(given: Order) -> Mapping[str, Any]:
    calls, ticket = played(BYTEPLUS.submit(given, ACCOUNT), reply({"id": "cgt-1"}))
    assert ticket == Ticket(native_id="cgt-1")
    (call,) = calls
    assert call == Call(method="POST", url="contents/generations/tasks", json=call.json, creates=True)
    body: Mapping[str, Any] = call.json
    return body


TEXT = {"type": "text", "text": "a boat"}
RESOLVED = {
    "model": "b-1",
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "generate_audio": True,
    "seed": 7,
}


def image(name: str, role: str) -> Mapping[str, Any]:
    return {"type": "image_url", "image_url": {"url": Inline(media=picture(name))}, "role": role}


def audio(name: str) -> Mapping[str, Any]:
    return {"type": "audio_url", "audio_url": {"url": Inline(media=sound(name))}, "role": "reference_audio"}


@pytest.mark.parametrize(
    ("given", "content"),
    [
        (order(), [TEXT]),
        (order(mode="frames", first_frame=picture("a")), [TEXT, image("a", "first_frame")]),
        (
            order(mode="frames", first_frame=picture("a"), last_frame=picture("b")),
            [TEXT, image("a", "first_frame"), image("b", "last_frame")],
        ),
        (
            order(mode="references", references=(picture("a"), sound("s"), picture("b"))),
            [TEXT, image("a", "reference_image"), audio("s"), image("b", "reference_image")],
        ),
        (order(mode="references", prompt="", references=(sound("s"),)), [audio("s")]),
    ],
    ids=["text", "first frame", "both frames", "references", "audio alone"],
)
def test_an_order_is_one_call(given: Order, content: list[Mapping[str, Any]]) -> None:
    """Its inputs stand in the content, each with its role; everything that it has come to is said."""
    assert body_of(given) == {**RESOLVED, "content": content}


def test_the_vendor_is_told_where_it_may_call() -> None:
    """If it can reach us at all."""
    assert body_of(order(notify="http://us.test/a"))["callback_url"] == "http://us.test/a"
    assert "callback_url" not in body_of(order())


def test_what_was_not_asked_for_is_not_said() -> None:
    """The vendor chooses a seed itself; silence is said, since its default is sound."""
    body = body_of(order(seed=None, audio=False))
    assert "seed" not in body
    assert body["generate_audio"] is False


def test_4k_is_spelled_the_vendors_way() -> None:
    """All other resolutions are spelled as in the catalogue."""
    assert body_of(order(resolution="4K"))["resolution"] == "4k"
    assert body_of(order(resolution="1080p"))["resolution"] == "1080p"


@pytest.mark.parametrize(
    ("model", "frame", "ratio"),
    [
        ("dreamina-seedance-2-5-260628", True, None),
        ("dreamina-seedance-2-5-260628", False, "16:9"),
        ("dreamina-seedance-2-0-260128", True, "16:9"),
    ],
)
def test_seedance_2_5_takes_the_ratio_from_the_first_frame(model: str, frame: bool, ratio: str | None) -> None:
    """And refuses to be told."""
    given = order(native_model=model, first_frame=picture() if frame else None)
    assert body_of(given).get("ratio") == ratio


def test_options_are_passed_on_and_decide_nothing() -> None:
    """What has a price was decided before."""
    body = body_of(order(options={"watermark": True, "duration": 30, "resolution": "4k", "seed": 1}))
    assert body == {**RESOLVED, "content": [TEXT], "watermark": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (order(references=(picture(), clip())), "input_references[1]"),
        (order(mode="edit"), "edit"),
        (order(mode="upscale"), "upscale"),
        (order(mode="continue"), "continue"),
    ],
)
def test_what_would_be_lost_is_refused_unasked(given: Order, said: str) -> None:
    """With what it is about."""
    with pytest.raises(SubmitRefused) as caught:
        played(BYTEPLUS.submit(given, ACCOUNT))
    assert caught.value.failed.failure is FailureClass.USER_ERROR
    assert said in (caught.value.failed.vendor_text or "")


CODES = [
    ("AuthenticationError", 401, FailureClass.AUTH),
    ("AccessDenied", 403, FailureClass.AUTH),
    ("QuotaExceeded", 429, FailureClass.QUOTA_BILLING),
    ("AccountOverdueError", 403, FailureClass.QUOTA_BILLING),
    ("ModelNotOpen", 404, FailureClass.QUOTA_BILLING),
    ("RateLimitExceeded.EndpointRPMExceeded", 429, FailureClass.RATE_LIMITED),
    ("ModelAccountRpmRateLimitExceeded", 429, FailureClass.RATE_LIMITED),
    ("ServerOverloaded", 429, FailureClass.CONCURRENCY),
    ("ModelLoadingError", 429, FailureClass.CONCURRENCY),
    ("InternalServiceError", 500, FailureClass.TRANSIENT),
    ("MissingParameter", 400, FailureClass.USER_ERROR),
    ("InvalidParameter", 400, FailureClass.USER_ERROR),
    ("InvalidParameter.TaskTypeConstraint", 400, FailureClass.USER_ERROR),
    ("InvalidEndpoint.NotFound", 404, FailureClass.USER_ERROR),
    ("InputTextSensitiveContentDetected", 400, FailureClass.POLICY_INPUT),
    ("InputImageSensitiveContentDetected.PrivacyInformation", 400, FailureClass.POLICY_INPUT),
    ("InputVideoSensitiveContentDetected.PolicyViolation", 400, FailureClass.POLICY_INPUT),
    ("InputAudioSensitiveContentDetected", 400, FailureClass.POLICY_INPUT),
    ("OutputVideoSensitiveContentDetected", 400, FailureClass.POLICY_OUTPUT),
    ("OutputAudioSensitiveContentDetected.PolicyViolation", 400, FailureClass.POLICY_OUTPUT),
]
UNKNOWN = [
    ("SomethingNew", 400, FailureClass.USER_ERROR),
    ("SomethingNew", 403, FailureClass.AUTH),
    ("SomethingNew", 429, FailureClass.RATE_LIMITED),
    ("SomethingNew", 502, FailureClass.TRANSIENT),
    (None, 404, FailureClass.USER_ERROR),
]


@pytest.mark.parametrize(("code", "status", "failure"), [*CODES, *UNKNOWN])
def test_every_code_of_a_refusal_has_its_class(code: str | None, status: int, failure: FailureClass) -> None:
    """A new one is classed by its status; the vendor's words are kept."""
    error = {"error": {"code": code, "message": "No.", "param": "", "type": ""}}
    with pytest.raises(SubmitRefused) as caught:
        played(BYTEPLUS.submit(order(), ACCOUNT), reply(error, status))
    assert caught.value.failed == Failed(failure=failure, vendor_code=code, vendor_text="No.")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 200), (b"<html>", 200), ({}, 200), ({"id": ""}, 200), ([], 200), (b"", 302)],
)  # fmt: skip
def test_an_answer_that_is_neither_is_drift(body: object, status: int) -> None:
    """Whether there is a job then, nobody knows."""
    with pytest.raises(ProviderDrift):
        played(BYTEPLUS.submit(order(), ACCOUNT), reply(body, status))


# Poll ----------------------------------------------------------------------------------------------------------


def outcome_of(task: Mapping[str, Any], status: int = 200) -> Outcome | Unclear:
    calls, outcome = played(BYTEPLUS.poll(HANDLE, ACCOUNT), reply({"id": "cgt-1", **task}, status))
    assert calls == [Call(method="GET", url=TASK)]
    return outcome


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_job_under_way(status: str) -> None:
    """The vendor tells no progress."""
    assert outcome_of({"status": status, "content": None, "error": None}) == Running()


@pytest.mark.parametrize(("told", "seed"), [(7, 7), (None, None), ("7", 7)])
def test_a_finished_job(told: object, seed: int | None) -> None:
    """Its seed counts where it is a number."""
    video = {"video_url": "https://files.test/v.mp4?X-Tos-Signature=a%2F", "last_frame_url": None}
    outcome = outcome_of({"status": "succeeded", "content": video, "seed": told, "usage": {"total_tokens": "9"}})
    assert outcome == Finished(outputs=(Fetch(url="https://files.test/v.mp4?X-Tos-Signature=a%2F"),), seed=seed)


@pytest.mark.parametrize(
    "content", [None, {}, {"video_url": None}, {"video_url": 7}, {"video_url": ""}, {"video_url": "ftp://x/y"}]
)
def test_a_success_without_a_video_is_a_failure(content: object) -> None:
    """Nothing can be delivered."""
    outcome = outcome_of({"status": "succeeded", "content": content})
    assert isinstance(outcome, Failed)
    assert (outcome.failure, outcome.vendor_code) == (FailureClass.OUTPUT_INVALID, "no_video")


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        *((code, failure) for code, _, failure in CODES),
        ("New", FailureClass.TRANSIENT),
        (None, FailureClass.TRANSIENT),
    ],
)
def test_every_code_of_a_failed_job_has_its_class(code: str | None, failure: FailureClass) -> None:
    """Without a status, a new one is the vendor's own trouble."""
    outcome = outcome_of({"status": "failed", "error": {"code": code, "message": "It failed."}})
    assert outcome == Failed(failure=failure, vendor_code=code, vendor_text="It failed.")


def test_a_failure_without_a_reason() -> None:
    """It is still one."""
    assert outcome_of({"status": "failed"}) == Failed(failure=FailureClass.TRANSIENT)


@pytest.mark.parametrize(("status", "failure"), [("cancelled", "cancelled"), ("expired", "expired")])
def test_other_ends(status: str, failure: str) -> None:
    """At the vendor's side."""
    assert outcome_of({"status": status}) == Failed(failure=FailureClass(failure))


@pytest.mark.parametrize(
    "task",
    [{"status": "archived"}, {"status": ""}, {"status": None}, {"status": 2}, {"status": ["succeeded"]}, {}],
)  # fmt: skip
def test_an_unknown_word_is_unclear(task: Mapping[str, Any]) -> None:
    """It is never taken for one that is known; where a video would be is told, so that somebody looks."""
    outcome = outcome_of({**task, "content": {"video_url": "https://files.test/v.mp4"}, "seed": 7})
    assert isinstance(outcome, Unclear)
    assert (outcome.outputs, outcome.seed) == ((Fetch(url="https://files.test/v.mp4"),), 7)
    assert outcome_of(task) == Unclear(reason=outcome.reason)


@pytest.mark.parametrize(
    ("status", "error"), [(404, JobLost), (401, NotAnswered), (429, NotAnswered), (500, NotAnswered)]
)
def test_a_poll_that_is_refused_says_nothing_of_the_job(status: int, error: type[Exception]) -> None:
    """But that it is not there, where the vendor says so."""
    with pytest.raises(error):
        outcome_of({"error": {"code": "X", "message": "y"}}, status)


# Cancel --------------------------------------------------------------------------------------------------------

LOOK, DELETE = Call(method="GET", url=TASK), Call(method="DELETE", url=TASK)


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, "cancelled"), (204, "cancelled"), (409, "not_cancellable"), (500, "not_cancellable")],
)
def test_what_queues_is_cancelled(status: int, answer: str) -> None:
    """If the vendor agrees: it may have begun since the look."""
    calls, told = played(BYTEPLUS.cancel(HANDLE, ACCOUNT), reply({"status": "queued"}), reply({}, status))
    assert (calls, told) == ([LOOK, DELETE], answer)


@pytest.mark.parametrize("status", ["running", "succeeded", "failed", "cancelled", "expired"])
def test_nothing_else_is_touched(status: str) -> None:
    """A delete would remove the record of what is paid."""
    calls, told = played(BYTEPLUS.cancel(HANDLE, ACCOUNT), reply({"status": status}))
    assert (calls, told) == ([LOOK], "not_cancellable")


# Both sites ----------------------------------------------------------------------------------------------------


def test_two_sites_of_one_api() -> None:
    """They differ in address and in keys."""
    for site, other in ((BYTEPLUS, VOLCENGINE), (VOLCENGINE, BYTEPLUS)):
        assert site.access.root.startswith("https://")
        assert site.access.root != other.access.root
        assert not set(site.access.needed["api_key"]) & set(other.access.needed["api_key"])
        _, grant = played(
            site.sign_in(
                Account(provider=site.name, name="a", root="", values={"api_key": "k"}, concurrency=1), 0.0
            )
        )
        assert grant.headers == {"Authorization": "Bearer k"}
