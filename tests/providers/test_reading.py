"""How replies are read: what is known is taken, and whatever differs is told by its place."""

import json
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.providers.base import ProviderDrift, Reply
from reelrouter.providers.reading import (
    class_of_status,
    dig,
    failed,
    json_object,
    polled,
    refused,
    retry_after,
    shown,
    status_in,
    text,
)
from reelrouter.work import FailureClass, JobLost, NotAnswered


def reply(body: bytes = b"{}", status: int = 200, **headers: str) -> Reply:
    return Reply(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body
    )


# JSON ----------------------------------------------------------------------------------------------------------


def test_an_object_is_read() -> None:
    """In any of JSON's encodings."""
    assert json_object(reply('{"a": "ü"}'.encode())) == {"a": "ü"}
    assert json_object(reply('{"a": 1}'.encode("utf-16"))) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html><body>Back soon</body></html>", b'{"id": "x', b"[]", b'"id"', b"null", b"12", b"\xff\xfe\x00",
        b"[" * 200_000, b"1" * 10_000, b"[{}, {}]", b"[[{}]]", b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
    ],
)  # fmt: skip
def test_anything_else_is_drift(body: bytes) -> None:
    """Told by its status and its beginning."""
    with pytest.raises(ProviderDrift, match="HTTP 200 with") as caught:
        json_object(reply(body))
    assert len(str(caught.value)) < 400


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    """It is an object, or drift."""
    with suppress(ProviderDrift):
        assert isinstance(json_object(reply(body)), dict)


# Polls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_a_job_that_the_vendor_does_not_know_is_lost(status: int) -> None:
    """Whatever its words are."""
    with pytest.raises(JobLost):
        polled(reply(b"<html>", status))


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 409, 429, 500, 502, 503])
def test_a_poll_that_is_not_answered_says_nothing(status: int) -> None:
    """The job is as it was; an hour that the vendor names is kept."""
    with pytest.raises(NotAnswered, match=f"HTTP {status}") as caught:
        polled(reply(b'{"status": "failed"}', status, retry_after="7"))
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [200, 202, 203])
def test_any_success_is_an_answer(status: int) -> None:
    """Some vendors answer polls of unfinished jobs with 202."""
    assert polled(reply(b'{"status": "x"}', status)) == {"status": "x"}


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"id": ', b"Back soon"])
def test_an_answered_poll_without_json_says_nothing(body: bytes) -> None:
    """A maintenance page has the status 200 too."""
    with pytest.raises(NotAnswered, match="HTTP 200 without JSON") as caught:
        polled(reply(body, retry_after="20"))
    assert caught.value.retry_after == 20


def test_an_answered_poll_with_other_json_is_drift() -> None:
    """Somebody has to look at it."""
    with pytest.raises(ProviderDrift):
        polled(reply(b"[1, 2]"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "task_not_exist"}),
        (400, {"message": "Task 17 does not exist"}),
        (422, {"code": "ResourceNotFound"}),
        (400, {"message": "no such video"}),
    ],
)
def test_a_refused_poll_may_say_that_there_is_no_such_job(status: int, error: dict[str, str]) -> None:
    """In the words of an error, where the status is another."""
    with pytest.raises(JobLost):
        polled(reply(json.dumps({"error": error}).encode(), status))
    with pytest.raises(NotAnswered):
        polled(reply(json.dumps({"error": error}).encode(), 403))


# Values --------------------------------------------------------------------------------------------------------

NESTED = {"a": [{"b": "c"}, None, 0], "e": "", "s": "text"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), NESTED),
        (("a", 0, "b"), "c"),
        (("a", -1), 0),
        (("a", 2), 0),
        (("a", 3), None),
        (("a", -4), None),
        (("a", "0"), None),
        (("s", 0), None),
        (("a", 1, "b"), None),
        (("x", "y", "z"), None),
        (("a", 0, 0), None),
    ],
)
def test_a_path_leads_to_a_value_or_to_none(path: tuple[Any, ...], found: object) -> None:
    """It never breaks on the way."""
    assert dig(NESTED, *path) == found


@pytest.mark.parametrize("path", [("a",), ("e",), ("x",), ("a", 2)])
def test_what_should_be_a_text_and_is_none_is_drift(path: tuple[Any, ...]) -> None:
    """The place is named."""
    with pytest.raises(ProviderDrift, match="^" + ".".join(map(str, path)) + " should be a text"):
        text(NESTED, *path)
    assert text(NESTED, "s") == "text"


def test_failures_keep_the_vendors_words_short() -> None:
    """They go into a row and a log line."""
    failure = failed(FailureClass.USER_ERROR, 42, "x" * 1000)
    assert (failure.vendor_code, len(failure.vendor_text or "")) == ("42", 300)
    assert failed(FailureClass.USER_ERROR) == refused(FailureClass.USER_ERROR).failed
    assert failed(FailureClass.USER_ERROR).vendor_code is None


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, FailureClass.USER_ERROR), (401, FailureClass.AUTH), (402, FailureClass.QUOTA_BILLING),
        (403, FailureClass.AUTH), (404, FailureClass.USER_ERROR), (413, FailureClass.USER_ERROR),
        (422, FailureClass.USER_ERROR), (429, FailureClass.RATE_LIMITED), (499, FailureClass.CANCELLED),
        (500, FailureClass.TRANSIENT), (502, FailureClass.TRANSIENT), (503, FailureClass.TRANSIENT),
        (529, FailureClass.TRANSIENT),
    ],
)  # fmt: skip
def test_what_a_status_means_by_itself(status: int, failure: FailureClass) -> None:
    """Where a vendor has no word of its own."""
    assert class_of_status(status) is failure


@pytest.mark.parametrize("status", [100, 200, 201, 202, 204, 302, 308])
def test_a_status_that_refuses_nothing_is_no_refusal(status: int) -> None:
    """A job may exist after it."""
    with pytest.raises(ProviderDrift, match=f"HTTP {status}"):
        class_of_status(status)


# When to come back ---------------------------------------------------------------------------------------------

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "1e999"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:29:30 GMT", "date": DATE}, 90.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": DATE}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:29:30 GMT"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:29:30 -0000", "date": DATE}, None),
    ],
)
def test_when_a_vendor_wants_to_be_asked_again(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, or as an hour, which counts from the vendor's own."""
    assert retry_after(reply(b"", 429, **headers)) == seconds


@given(st.text(), st.text())
def test_no_header_breaks_the_reader(given_hour: str, date: str) -> None:
    """It is a number from 0, or nothing."""
    seconds = retry_after(reply(retry_after=given_hour, date=date))
    assert seconds is None or 0 <= seconds < float("inf")


# Numbers and texts ---------------------------------------------------------------------------------------------


def test_numbers_are_exact_and_of_this_world() -> None:
    """What is none that a database or money can be written with stays the text that it was."""
    body = b'[{"a": 0.1, "b": NaN, "c": -Infinity, "d": 1e400, "e": 12345678901234567890, "f": 4e-1, "g": 7}]'
    assert json_object(reply(body)) == {
        "a": Decimal("0.1"), "b": "NaN", "c": "-Infinity", "d": "1e400", "e": "12345678901234567890",
        "f": Decimal("0.4"), "g": 7,
    }  # fmt: skip
    assert json_object(reply(b'{"a": %s}' % (b"9" * 9000))) == {"a": "9" * 9000}
    assert json_object(reply(b'{"a": 1e99999999999999999999}')) == {"a": "1e99999999999999999999"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"cut \ud83d here", "cut \ufffd here"),
        (rb"a\u0000b\u001b[31m\u202ec\u009b", "a\ufffdb\ufffd[31m\ufffdc\ufffd"),
        (rb"one\r\ntwo\n\tthree\r", "one\ntwo\n\tthree\ufffd"),
        (rb"\ud83d\ude00 \u00fc", "\U0001f600 ü"),
        (rb"https://a.test/\u0000\ud83d.mp4", "https://a.test/%00%ED%A0%BD.mp4"),
        (rb"gs://a/\u0007", "gs://a/%07"),
        (rb"/v1/\u0000?x=\ud83d", "/v1/%00?x=%ED%A0%BD"),
        (b"raw \x00 and \xed\xa0\xbd and \xff", "raw \ufffd and \ufffd\ufffd\ufffd and \ufffd"),
    ],
)
def test_texts_are_clean(written: bytes, read: str) -> None:
    """Of what cannot be stored or would deceive a reader; an address still leads where it led."""
    assert json_object(reply(b'{"%s": ["%s"]}' % (written, written))) == {read: [read]}


@given(st.text(st.characters()))
def test_every_text_can_be_stored(said: str) -> None:
    """As UTF-8 and without NUL, be it a sentence, a code or an address."""
    for text_ in (said, f"https://a.test/{said}"):
        found = json_object(reply(json.dumps({"a": text_}).encode()))["a"]
        assert "\0" not in found.encode().decode()
    failure = failed(FailureClass.USER_ERROR, said, said)
    assert (failure.vendor_text or "").isprintable()
    assert failure.vendor_code is None or re.fullmatch(r"[A-Za-z0-9_.:-]{1,100}", failure.vendor_code)


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("Arrearage", "Arrearage"), (1008, "1008"), (" x.y:z-1_ ", "x.y:z-1_"), (True, None), (None, None),
        ("", None), ("key sk-live-123 of team x@y.z", None), ("x" * 101, None), ("cut \ufffd", None), ("²", None),
        ({}, None), ("a\nb", None), (7.5, None),
    ],
)  # fmt: skip
def test_a_code_looks_like_one(code: object, kept: str | None) -> None:
    """The job's owner reads it: a sentence with a secret in it does not get there."""
    assert failed(FailureClass.USER_ERROR, code).vendor_code == kept


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (400, 400), ("429", 429), (" 503 ", 503), (200, None), ("302", None), (1008, None), ("²", None),
        ("٤٠٤", None), ("9" * 5000, None), (None, None), (True, None), (-404, None), ("4e2", None),
    ],
)  # fmt: skip
def test_an_http_status_may_stand_where_a_code_does(code: object, status: int | None) -> None:
    """In three digits as everybody writes them."""
    assert status_in(code) == status


def test_what_is_shown_is_short() -> None:
    """Whatever it is."""
    assert shown(b"\xffabc") == "\ufffdabc"
    assert shown({"a": 1}) == "{'a': 1}"
    assert shown(b"a\r\n b\x1b") == "a b\ufffd"
    assert shown(Decimal("0.40")) == "0.40"
    assert len(shown(b"x" * 1_000_000)) == len(shown("x" * 1_000_000)) == 301
