"""What the answer to a submit proves, at every adapter: a job, that there is none, or nothing."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.providers.base import ProviderDrift
from reelrouter.work import Failed, FailureClass, SubmitRefused
from tests.providers.speakers import EVERYBODY, JOB, Speaker, everybody, odd_json, with_status

PAGE = b"<html><title>Attention</title></html>"


def refused(speaker: Speaker, body: object, status: int = 200, **headers: str) -> Failed:
    with pytest.raises(SubmitRefused) as refusal:
        speaker.submitted(body, status, **headers)
    return refusal.value.failed


# Acceptances ---------------------------------------------------------------------------------------------------


@with_status
@pytest.mark.parametrize(
    ("body", "native_id"),
    [
        ({"id": JOB}, JOB),
        ({"id": 12345}, "12345"),
        ({"id": 12345678901234567890123}, "12345678901234567890123"),
        ({"id": 7.0}, "7"),
        ({"task_id": JOB}, JOB),
        ({"taskId": 12345}, "12345"),
        ({"video_id": JOB, "code": 0, "message": "success"}, JOB),
        ({"data": {"id": JOB}, "code": 200}, JOB),
        ({"data": {"task_id": 7}}, "7"),
        ({"data": [{"task_id": JOB}]}, JOB),
        ({"output": {"task_id": JOB, "task_status": "PENDING"}, "request_id": "r"}, JOB),
        ({"task": {"id": JOB}}, JOB),
        ({"id": "", "task_id": JOB}, JOB),
        ({"id": "  job-1 "}, JOB),
        ([{"id": JOB}], JOB),
        ({"id": JOB, "status": "failed", "error": {"message": "insufficient balance", "code": "1008"}}, JOB),
        ({"id": JOB, "success": False, "code": 500}, JOB),
        ({"id": "cut \ud83d here"}, "cut \ufffd here"),
    ],
)
def test_whoever_gives_an_id_has_accepted(speaker: Speaker, body: object, native_id: str) -> None:
    """It may be paid for; what became of it is for its poll to tell."""
    for status in (200, 201, 202):
        assert speaker.submitted(body, status).native_id == native_id


@everybody
@pytest.mark.parametrize(
    "body",
    [
        {}, {"id": ""}, {"id": None}, {"id": True}, {"id": 7.5}, {"id": []}, {"id": {}}, {"id": "x" * 9000},
        {"status": "queued"}, {"code": 0, "message": "success"}, {"code": "200", "msg": "ok"}, {"error": None},
        {"error": {}, "errors": []}, {"error": {"code": 0, "message": ""}}, {"error": False}, {"success": True},
        {"message": "queued"}, {"base_resp": {"status_code": 0, "status_msg": "success"}}, {"request_id": "r"},
    ],
    ids=lambda body: str(body)[:50],
)  # fmt: skip
def test_without_an_id_and_an_error_nothing_is_proved(speaker: Speaker, body: object) -> None:
    """The outcome stays open."""
    with pytest.raises(ProviderDrift):
        speaker.submitted(body)


@everybody
def test_an_id_is_one_step_of_a_path(speaker: Speaker) -> None:
    """Whatever is in it: the vendor that made it up could lead the poll anywhere."""
    prefix = speaker.native_id.removesuffix(JOB)
    for native_id, step in (("../a?b#c", "..%2Fa%3Fb%23c"), ("..", "%2E%2E"), ("a b%/ä", "a%20b%25%2F%C3%A4")):
        handle = speaker.handle
        call = next(speaker.provider.poll(type(handle)(
            endpoint=handle.endpoint, credential="a", native_id=f"{prefix}{native_id}"
        ), speaker.account))  # fmt: skip
        if prefix:
            assert call.json == {"operationName": f"{prefix}{native_id}"}
        else:
            assert call.url.endswith(f"/{step}")


# Refusals with a success ---------------------------------------------------------------------------------------

TOLD: list[tuple[Mapping[str, Any], FailureClass]] = [
    ({"error": {"message": "insufficient balance", "code": "1008"}}, FailureClass.QUOTA_BILLING),
    ({"error": "insufficient balance"}, FailureClass.QUOTA_BILLING),
    ({"error": True, "message": "insufficient balance"}, FailureClass.QUOTA_BILLING),
    ({"errors": [{"message": "Not enough credits"}]}, FailureClass.QUOTA_BILLING),
    ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, FailureClass.QUOTA_BILLING),
    ({"code": 1102, "message": "Account balance not enough"}, FailureClass.QUOTA_BILLING),
    ({"code": 402, "message": "no"}, FailureClass.QUOTA_BILLING),
    ({"status": "error", "message": "Your quota is used up"}, FailureClass.QUOTA_BILLING),
    ({"data": None, "code": 401, "message": "bad key"}, FailureClass.AUTH),
    ({"code": "401", "msg": "no"}, FailureClass.AUTH),
    ({"code": 1002, "message": "Invalid API key"}, FailureClass.AUTH),
    ({"detail": "x", "code": "UnauthorizedRequest"}, FailureClass.AUTH),
    ({"error": {"code": 429, "message": "no"}}, FailureClass.RATE_LIMITED),
    ({"base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded"}}, FailureClass.RATE_LIMITED),
    ({"error": {"message": "Too many requests"}}, FailureClass.RATE_LIMITED),
    ({"success": False, "message": "system is busy"}, FailureClass.CONCURRENCY),
    ({"error": "too many concurrent tasks"}, FailureClass.CONCURRENCY),
    ({"error": "Prompt contains sensitive content"}, FailureClass.POLICY_INPUT),
    ({"base_resp": {"status_code": 1026, "status_msg": "moderation failed"}}, FailureClass.POLICY_INPUT),
    ({"error": {"message": "duration is required", "code": "x"}}, FailureClass.USER_ERROR),
    ({"code": 400, "message": "no"}, FailureClass.USER_ERROR),
    ({"code": 422, "message": "no"}, FailureClass.USER_ERROR),
    ({"success": False, "message": "no"}, FailureClass.DRIFT),
    ({"success": False}, FailureClass.DRIFT),
    ({"ok": "false"}, FailureClass.DRIFT),
    ({"status": "failed"}, FailureClass.DRIFT),
    ({"code": "SomethingNew", "message": "odd"}, FailureClass.DRIFT),
    ({"error": {"foo": 1}}, FailureClass.DRIFT),
    ({"error": 77}, FailureClass.DRIFT),
    ({"error": {"code": "²"}}, FailureClass.DRIFT),
    ({"error": {"code": "٤٠٤", "message": "odd"}}, FailureClass.DRIFT),
    ({"error": {"code": "9" * 5000, "message": "odd"}}, FailureClass.DRIFT),
]
OPEN: list[Mapping[str, Any]] = [
    {"error": {"message": "Internal error"}}, {"error": "timeout"}, {"error": "upstream timed out"},
    {"code": 500, "message": "insufficient balance"}, {"code": "503"}, {"error": {"code": 504}}, {"code": 408},
    {"code": 409, "message": "x"}, {"code": 499}, {"code": "InternalError", "message": "x"},
    {"error": {"code": "server_error"}}, {"error": "Service unavailable, it is overloaded"},
    {"error": "this request was already submitted"},
    {"base_resp": {"status_code": 1000, "status_msg": "unknown error"}},
]  # fmt: skip


@everybody
@pytest.mark.parametrize(("body", "failure"), TOLD, ids=lambda value: str(value)[:70])
def test_an_error_with_a_success_is_a_refusal(
    speaker: Speaker, body: Mapping[str, Any], failure: FailureClass
) -> None:
    """Classed by code or by plain words. One in words that nobody knows is drift; it is a refusal all the same."""
    assert refused(speaker, body).failure is failure


@everybody
@pytest.mark.parametrize("body", OPEN, ids=lambda value: str(value)[:70])
def test_an_error_after_which_a_job_may_exist_leaves_it_open(speaker: Speaker, body: Mapping[str, Any]) -> None:
    """Nobody sends the order again."""
    with pytest.raises(ProviderDrift):
        speaker.submitted(body)


@pytest.mark.parametrize(
    ("name", "body", "failure"),
    [
        ("byteplus", {"error": {"code": "AccountOverdueError", "message": "x"}}, FailureClass.QUOTA_BILLING),
        ("byteplus", {"code": "InputTextSensitiveContentDetected.x"}, FailureClass.POLICY_INPUT),
        ("alibaba", {"code": "Arrearage", "message": "x"}, FailureClass.QUOTA_BILLING),
        ("openai", {"error": {"code": "moderation_blocked"}}, FailureClass.POLICY_INPUT),
        ("openai", {"error": {"type": "insufficient_quota"}}, FailureClass.QUOTA_BILLING),
        ("openrouter", {"error": {"metadata": {"error_type": "authentication"}}}, FailureClass.AUTH),
        ("google-vertex", {"error": {"code": 8, "message": "x"}}, FailureClass.RATE_LIMITED),
        ("google-vertex", [{"error": {"status": "PERMISSION_DENIED"}}], FailureClass.AUTH),
    ],
)
def test_a_vendors_own_code_counts_first(name: str, body: object, failure: FailureClass) -> None:
    """With whatever status it comes."""
    assert refused(EVERYBODY[name], body).failure is failure


# Pages and redirects -------------------------------------------------------------------------------------------


@everybody
@pytest.mark.parametrize(
    ("status", "failures"),
    [
        (400, {FailureClass.TRANSIENT}),
        (401, {FailureClass.AUTH}),
        (402, {FailureClass.QUOTA_BILLING}),
        (403, {FailureClass.AUTH}),
        (404, {FailureClass.AUTH, FailureClass.TRANSIENT}),
        (405, {FailureClass.AUTH}),
        (413, {FailureClass.USER_ERROR}),
        (418, {FailureClass.TRANSIENT}),
        (422, {FailureClass.TRANSIENT}),
        (429, {FailureClass.RATE_LIMITED}),
    ],
)
@pytest.mark.parametrize("body", [PAGE, b"", b"Bad", b'{"error": ', "\ufeff<!doctype html>".encode()])
def test_a_page_refuses_by_its_status(
    speaker: Speaker, status: int, failures: set[FailureClass], body: bytes
) -> None:
    """Who said it stands before the vendor: its dislikes are not the caller's mistake."""
    assert refused(speaker, body, status).failure in failures


@everybody
@pytest.mark.parametrize("body", [PAGE, b"", b'{"id": ', b"[1, 2]"])
def test_a_page_with_a_success_proves_nothing(speaker: Speaker, body: bytes) -> None:
    """The job may have been taken before the page was made."""
    with pytest.raises(ProviderDrift):
        speaker.submitted(body)


@everybody
@pytest.mark.parametrize(
    ("status", "location", "failure"),
    [
        (302, "/login", FailureClass.AUTH),
        (302, "https://sso.example/start?token=s3cret", FailureClass.AUTH),
        (303, "/users/sign_in", FailureClass.AUTH),
        (307, "/oauth2/authorize", FailureClass.AUTH),
        (301, "https://new.example/v1/videos", FailureClass.DRIFT),
        (307, "https://new.example/v1/videos", FailureClass.DRIFT),
        (308, "", FailureClass.DRIFT),
    ],
)
def test_a_redirect_before_the_work_is_a_refusal(
    speaker: Speaker, status: int, location: str, failure: FailureClass
) -> None:
    """To a page for signing in, or one that wants the same request elsewhere."""
    failed = refused(speaker, b"", status, location=location)
    assert failed.failure is failure
    assert "s3cret" not in (failed.vendor_text or "")


@everybody
@pytest.mark.parametrize(
    ("status", "location"), [(302, "/videos/1"), (303, "/videos/1"), (302, ""), (300, "/x"), (304, "")]
)
def test_a_redirect_may_follow_the_work(speaker: Speaker, status: int, location: str) -> None:
    """That is how web forms answer."""
    with pytest.raises(ProviderDrift):
        speaker.submitted(b"", status, location=location)


# What reaches people -------------------------------------------------------------------------------------------


@everybody
@pytest.mark.parametrize("status", [200, 400])
def test_no_sentence_gets_to_where_a_code_stands(speaker: Speaker, status: int) -> None:
    """The job's owner reads the code, and may not read what operators may."""
    error = {
        "code": "key sk-live-123 of team x@y.z",
        "message": "quota \ud83d\u0000\u202e\nof sk-live-123 " + "x" * 2_000_000,
    }
    failed = refused(speaker, {"error": error}, status)
    assert "sk-live" not in (failed.vendor_code or "")
    said = failed.vendor_text or ""
    assert said.startswith("quota \ufffd\ufffd\ufffd of sk-live-123 x")
    assert said.isprintable()
    assert len(said) == 300


_NAMES = """
    id error code message data status errors type detail base_resp output metadata details reason success
"""


@given(body=odd_json(_NAMES.split()), status=st.sampled_from([200, 202, 302, 400, 404, 429, 500]))
def test_no_answer_breaks_an_adapter(body: Any, status: int) -> None:
    """Every one is an acceptance, a refusal, or drift; what it says can be stored."""
    for speaker in EVERYBODY.values():
        try:
            ticket = speaker.submitted(body, status)
        except ProviderDrift as drift:
            str(drift).encode()
        except SubmitRefused as refusal:
            repr(refusal.failed).encode()
        else:
            assert ticket.native_id.encode()


@everybody
@pytest.mark.parametrize(
    "body",
    [
        {"code": 1, "description": "Submit success", "result": "1712204995849323"},
        {"code": 22, "description": "In queue, there are 3 tasks ahead", "result": "1712204995849323"},
        {"code": 10000, "message": "Success", "data": {"order_no": "7"}},
        {"code": 1, "message": "Task created, pending safety review"},
        {"code": 20, "message": "accepted; waiting for capacity"},
        {"error": {"code": "DEADLINE_EXCEEDED", "message": "deadline exceeded"}},
        {"error": "read tcp 10.0.0.1:443: connection reset by peer"},
        {"error": "unexpected EOF"},
    ],
    ids=lambda body: str(body)[:50],
)
def test_an_unknown_code_beside_words_of_success_or_of_a_broken_line_proves_nothing(
    speaker: Speaker, body: object
) -> None:
    """A code above zero is some vendors' word for success: a task may exist, and the next endpoint costs twice."""
    with pytest.raises(ProviderDrift):
        speaker.submitted(body)


@everybody
@pytest.mark.parametrize("body", [
    {"code": 400, "message": "bad prompt", "task_id": 0}, {"error": {"code": 400}, "data": {"id": 0}},
])  # fmt: skip
def test_an_id_of_zero_beside_an_error_is_none(speaker: Speaker, body: object) -> None:
    """It is what a server that fills all its fields puts there: no job is to be waited for."""
    refused(speaker, body)


def test_the_place_that_a_vendor_is_known_for_comes_before_all_others() -> None:
    """What stands outside may be the id of the request, and polls for that find nothing: a lost video."""
    alibaba = EVERYBODY["alibaba"]
    assert alibaba.submitted({"id": "request-1", "output": {"task_id": JOB}}).native_id == JOB
