"""How replies are read: what is known is taken, and whatever differs is told by its place."""

from contextlib import suppress
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
        b"[" * 200_000, b"1" * 10_000,
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


def test_an_answered_poll_without_json_is_drift() -> None:
    """A login page has the status 200 too."""
    with pytest.raises(ProviderDrift):
        polled(reply(b"<html>"))


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


def test_what_is_shown_is_short() -> None:
    """Whatever it is."""
    assert shown(b"\xffabc") == "\ufffdabc"
    assert shown({"a": 1}) == "{'a': 1}"
    assert len(shown(b"x" * 1_000_000)) == len(shown("x" * 1_000_000)) == 301
