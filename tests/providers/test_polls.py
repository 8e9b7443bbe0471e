"""What the answer to a poll comes to, at every adapter, however oddly it is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.providers import places
from reelrouter.providers.base import ProviderDrift, Unclear
from reelrouter.work import Failed, FailureClass, Finished, JobLost, NotAnswered, Running
from tests.providers.speakers import (
    EVERYBODY,
    JOB,
    VIDEO,
    WITH_STATUS,
    Speaker,
    everybody,
    odd_json,
    urls,
    with_status,
)

OWN = {"openrouter", "modelgates", "openai", "vllm-omni", "sglang"}
"""Whose contract says where a job's video is: they find it though nothing names it."""


# Answers that are about something else -------------------------------------------------------------------------


@everybody
@pytest.mark.parametrize("body", [b"", b"<html>Back soon</html>", b'{"id": ', b"Service Unavailable"])
def test_a_page_says_nothing_of_the_job(speaker: Speaker, body: bytes) -> None:
    """Whatever its status is; when to come back is kept."""
    for status in (200, 202, 302, 400, 401, 403, 429, 500, 502, 503):
        with pytest.raises(NotAnswered) as caught:
            speaker.polled(body, status, retry_after="20")
        assert caught.value.retry_after == 20
    for status in (404, 410):
        with pytest.raises(JobLost):
            speaker.polled(body, status)


@everybody
def test_json_of_another_shape_is_drift(speaker: Speaker) -> None:
    """Somebody has to look at it."""
    for body in (b"[1, 2]", b"7", b'"done"', b"null", b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}"):
        with pytest.raises(ProviderDrift):
            speaker.polled(body)


@with_status
@pytest.mark.parametrize(
    "error",
    [{"code": "task_not_exist", "message": "task not exist"}, {"code": 1, "message": "Task job-1 was not found"}],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_may_say_that_there_is_no_such_job(speaker: Speaker, error: Any, status: int) -> None:
    """As a 404 does."""
    with pytest.raises(JobLost):
        speaker.polled({"error": error}, status)


@with_status
@pytest.mark.parametrize("body", [{"error": {"message": "x", "code": 500}}, {"error": "x"}, {"success": False}])
def test_another_error_in_the_place_of_a_job_is_unclear(speaker: Speaker, body: Any) -> None:
    """It may be the job's, or not."""
    assert isinstance(speaker.polled(body), Unclear)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("byteplus", {"error": {"code": "RateLimitExceeded", "message": "x"}}),
        ("alibaba", {"code": "Throttling", "message": "slow"}),
        ("openai", {"error": {"code": "invalid_api_key", "message": "x"}}),
        ("openrouter", {"error": {"message": "x", "error_type": "rate_limit_exceeded"}}),
    ],
)
def test_an_error_about_the_asking_says_nothing_of_the_job(name: str, body: Any) -> None:
    """Though its status is a success."""
    with pytest.raises(NotAnswered):
        EVERYBODY[name].polled(body)


# Ends ----------------------------------------------------------------------------------------------------------


@with_status
@pytest.mark.parametrize(
    "error",
    [None, "", "SUCCESS", "sentence", ["a", {"b": 1}], 7, {}, {"foo": 1}, {"code": "200", "message": "ok"},
     {"code": 302, "message": "moved"}, {"code": "²", "message": "x"}, {"code": "9" * 5000}, {"code": ["x"]},
     {"message": {"en": "x"}}, {"message": "cut \ud83d here \0"}, {"code": {}, "type": [], "metadata": 7}],
    ids=lambda error: str(error)[:40],
)  # fmt: skip
def test_a_failed_job_has_failed_whatever_its_error_is(speaker: Speaker, error: Any) -> None:
    """Within one poll, and with words that can be stored."""
    outcome = speaker.polled(speaker.job("failed", error=error))
    assert isinstance(outcome, Failed)
    assert outcome.failure is FailureClass.TRANSIENT
    repr(outcome).encode()
    assert (outcome.vendor_text or "").isprintable()


@with_status
@pytest.mark.parametrize(
    ("code", "failure"),
    [(400, FailureClass.USER_ERROR), ("401", FailureClass.AUTH), (429, FailureClass.RATE_LIMITED),
     ("٤٠٤", FailureClass.TRANSIENT), (500, FailureClass.TRANSIENT)],
)  # fmt: skip
def test_a_failed_job_may_tell_an_http_status(speaker: Speaker, code: object, failure: FailureClass) -> None:
    """In the place of a code."""
    outcome = speaker.polled(speaker.job("failed", error={"code": code, "message": "x"}))
    assert isinstance(outcome, Failed)
    assert outcome.failure is failure


@with_status
@pytest.mark.parametrize(
    "more",
    [
        {"progress": "50%"}, {"progress": 0.5}, {"progress": float("nan")}, {"progress": True},
        {"progress": 1e300},
        {"seed": "x"}, {"seed": 2**70}, {"seed": True}, {"seed": 7.5}, {"usage": "lots"}, {"usage": []},
        {"usage": {"cost": "lots"}}, {"usage": {"cost": float("inf")}}, {"usage": {"cost": {"amount": []}}},
        {"created_at": "2026-11-30T00:00:00Z"}, {"created_at": {}}, {"num_outputs": {}}, {"error": []},
    ],
    ids=str,
)  # fmt: skip
def test_decoration_keeps_no_video_back(speaker: Speaker, more: Any) -> None:
    """Nor an end, nor the news that a job runs."""
    assert len(urls(speaker.polled(speaker.job("completed", **more)))) == 1
    assert isinstance(speaker.polled(speaker.job("running", **more)), Running)
    assert isinstance(speaker.polled(speaker.job("failed", **more)), Failed)
    assert isinstance(speaker.polled(speaker.job("cancelled", **more)), Failed)


# Where videos are ----------------------------------------------------------------------------------------------

PLACES: list[Any] = [
    {"video_url": VIDEO}, {"url": VIDEO}, {"video": {"url": VIDEO}}, {"video": VIDEO}, {"output": VIDEO},
    {"output": [VIDEO]}, {"output": {"video_url": VIDEO}}, {"outputs": [{"url": VIDEO}]},
    {"results": [{"url": VIDEO}]},
    {"result": {"sample": VIDEO}}, {"content": {"video_url": VIDEO}}, {"content": [{"url": VIDEO}]},
    {"data": {"video_url": VIDEO}}, {"data": [{"url": VIDEO}]}, {"assets": {"video": VIDEO}},
    {"videos": [{"uri": VIDEO}]},
    {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": VIDEO}}]}},
    {"file": {"download_url": VIDEO}},
    {"video_url": [VIDEO, 7, None]}, {"video_url": f" {VIDEO}\n"}, {"url": None, "video": {"url": VIDEO}},
    {"images": ["https://files.test/v.png"], "output": ["https://files.test/v.png", VIDEO]},
]  # fmt: skip


@with_status
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_video_is_found_wherever_it_is_named(speaker: Speaker, place: Any) -> None:
    """Vendors that speak each other's dialects mix such shapes."""
    outcome = speaker.polled({"id": JOB, "status": "completed", **place})
    assert isinstance(outcome, Finished)
    assert urls(outcome) == [VIDEO]


@with_status
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("/file/v.mp4", "https://vendor.test/file/v.mp4"),
        ("file/v.mp4", "https://vendor.test/v1/file/v.mp4"),
        ("//files.test/v", "https://files.test/v"),
        ("https://files.test/\0\ud83d.mp4", "https://files.test/%00%ED%A0%BD.mp4"),
        ("HTTPS://files.test/v", "https://files.test/v"),
    ],
)
def test_an_address_is_read_as_it_was_meant(speaker: Speaker, given: str, found: str) -> None:
    """Below the account's own root, where it is relative."""
    (url,) = urls(speaker.polled({"id": JOB, "status": "completed", "video_url": given}))
    assert url.replace("HTTPS", "https") == found


@with_status
@pytest.mark.parametrize(
    "given", [7, None, [], {}, "", "ftp://x/y", "gs://x/y", "not yet", "javascript:x", ["x y"], "http://[", True]
)
def test_what_is_no_address_leads_to_none(speaker: Speaker, given: object) -> None:
    """Then the contract's own place counts, or there is no video."""
    outcome = speaker.polled({"id": JOB, "status": "completed", "video_url": given})
    if speaker.provider.name in OWN:
        (url,) = urls(outcome)
        assert f"/videos/{JOB}/content" in url
    else:
        assert isinstance(outcome, Failed)
        assert outcome.failure is FailureClass.OUTPUT_INVALID


@with_status
def test_no_more_videos_are_believed_in_than_can_be(speaker: Speaker) -> None:
    """A thousand links are no reason to load a thousand files."""
    many = [f"{VIDEO}?n={n}" for n in range(1000)]
    assert len(urls(speaker.polled({"id": JOB, "status": "completed", "output": many}))) == 8


@with_status
def test_a_done_job_without_a_video_may_tell_why(speaker: Speaker) -> None:
    """Where nothing else says where one is."""
    if speaker.provider.name not in OWN:
        outcome = speaker.polled({"id": JOB, "status": "completed", "error": {"code": 429, "message": "x"}})
        assert isinstance(outcome, Failed)
        assert outcome.failure is FailureClass.RATE_LIMITED


_NAMES = """
    id status error code message data output video url urls usage cost seed progress done response videos
    unsigned_urls num_outputs content video_url task_status metadata details is_byok amount uri
"""


@given(body=odd_json(_NAMES.split()), status=st.sampled_from([200, 202, 302, 400, 404, 500]))
def test_no_answer_breaks_an_adapter(body: Any, status: int) -> None:
    """Every one is an outcome, or one of four exceptions; all of it can be stored."""
    for speaker in EVERYBODY.values():
        try:
            outcome = speaker.polled(body, status)
        except (ProviderDrift, NotAnswered, JobLost) as error:
            str(error).encode()
        else:
            repr(outcome).encode()


@given(more=st.dictionaries(st.sampled_from(_NAMES.split()), odd_json(_NAMES.split())))
def test_no_decoration_breaks_an_end(more: Any) -> None:
    """Beside a word that is known, all else is read leniently."""
    decoration = {name: value for name, value in more.items() if name not in ("status", "task_status")}
    for speaker in WITH_STATUS.values():
        done = speaker.polled({**decoration, **speaker.job("completed")})
        assert isinstance(done, Finished | Failed)
        assert isinstance(speaker.polled({**decoration, **speaker.job("failed")}), Failed)
        assert isinstance(speaker.polled({**decoration, **speaker.job("running")}), Running)


@with_status
@pytest.mark.parametrize("outside", ["success", "ok", "SUCCEEDED"])
def test_the_word_of_an_envelope_is_not_the_jobs(speaker: Speaker, outside: str) -> None:
    """That the question was answered well says nothing of the job: after ten minutes it would fail as empty."""
    assert isinstance(speaker.polled({"status": outside, "data": {"id": JOB, "status": "processing"}}), Running)


@with_status
@pytest.mark.parametrize(
    "body",
    [
        {"status": "error", "message": "Too many requests"},
        {"status": "fail", "error": {"code": 429, "message": "slow down"}},
        {"status": "error", "error": {"code": 401, "message": "Invalid token"}},
        {"status": "error", "error": "Unauthorized"},
    ],
    ids=lambda body: str(body)[:50],
)
def test_an_envelope_that_says_error_does_not_end_the_job(speaker: Speaker, body: Any) -> None:
    """It names no job and speaks of the asking: taken for the job's end, it costs a second submit."""
    try:
        outcome = speaker.polled(body)
    except NotAnswered:
        return
    assert not isinstance(outcome, Failed)


@pytest.mark.parametrize("number", [8, 14, 16], ids=["exhausted", "unavailable", "unauthenticated"])
def test_an_error_in_the_place_of_an_operation_is_not_its_end(number: int) -> None:
    """Only an operation that is done has an error of its own: else the next endpoint is paid as well."""
    try:
        outcome = EVERYBODY["google-vertex"].polled({"error": {"code": number, "message": "try again"}})
    except NotAnswered:
        return
    assert not isinstance(outcome, Failed)


@pytest.mark.parametrize("name", ["openai", "openrouter", "byteplus", "alibaba"])
@pytest.mark.parametrize(
    "told",
    [
        {"url": "https://vendor.test/v1/tasks/job-1", "output": {"video_url": VIDEO}},
        {"outputs": [{"type": "thumbnail", "url": "https://files.test/a"}, {"type": "video", "url": VIDEO}]},
        {"prompt": "redder", "video_url": "https://in.test/i.mp4", "output": {"url": VIDEO}},
    ],
    ids=["link to itself", "thumbnail", "input echoed"],
)
def test_an_address_of_something_else_is_not_taken_for_the_video(name: str, told: Any) -> None:
    """A job's own address, a picture without a suffix, and the input that the request came with."""
    assert urls(EVERYBODY[name].polled({"id": JOB, "status": "completed", **told})) == [VIDEO]


@pytest.mark.parametrize(
    "said", [{"urls": ["/"] * 20_000}, {"data": [{"url": "/v.mp4?"}] * 20_000}], ids=["texts", "objects"]
)
def test_an_answer_full_of_addresses_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    """Two megabytes of them hold the loop of an engine, and so all of its jobs, for many seconds at each poll."""
    looked_at, absolute = list[str](), places._absolute

    def counting(text: str, job: Any) -> str | None:
        looked_at.append(text)
        return absolute(text, job)

    monkeypatch.setattr(places, "_absolute", counting)
    places.places_in(said, "https://vendor.test/v1")
    assert 0 < len(looked_at) <= 1000
