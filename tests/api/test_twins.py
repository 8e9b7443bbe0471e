"""Headers that stand for parts of a body."""

from typing import Any

import pytest

from reelrouter.api.twins import idempotency_key, wait_seconds, with_twins
from reelrouter.errors import InvalidRequest

BODY: dict[str, Any] = {"model": "a/b", "prompt": "a fox"}
PROVIDER = "X-ReelRouter-Provider"
MODELS = "X-ReelRouter-Models"


def refusal(headers: dict[str, str]) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        with_twins(BODY, headers)
    (problem,) = caught.value.problems
    return problem.field, problem.message


def test_without_such_headers_the_body_is_left_as_it_is() -> None:
    """Most requests have none."""
    assert with_twins(BODY, {}) is BODY


def test_a_header_brings_in_what_the_body_does_not_say() -> None:
    """The official clients drop these keys from a body."""
    merged = with_twins(BODY, {PROVIDER: '{"only": ["x"], "max_price": 0.5}', MODELS: "c/d , e/f"})
    assert merged == {**BODY, "provider": {"only": ["x"], "max_price": 0.5}, "models": ["c/d", "e/f"]}


def test_what_the_body_says_wins() -> None:
    """The header is the weaker of the two, and options are joined by provider."""
    body = {**BODY, "models": ["g/h"], "provider": {"sort": "price", "zdr": None, "options": {"xai": {"a": 1}}}}
    header = '{"sort": "latency", "zdr": true, "options": {"xai": {"b": 2}, "runway": {"c": 3}}}'
    assert with_twins(body, {PROVIDER: header, MODELS: "c/d"}) == {
        **BODY,
        "models": ["g/h"],
        "provider": {"sort": "price", "zdr": True, "options": {"xai": {"a": 1}, "runway": {"c": 3}}},
    }


def test_a_body_that_is_wrong_is_left_for_the_body_s_own_check() -> None:
    """The words for it are the body's."""
    assert with_twins([1], {MODELS: "c/d"}) == [1]
    assert with_twins({**BODY, "provider": 3}, {PROVIDER: "{}"}) == {**BODY, "provider": 3}


@pytest.mark.parametrize(
    ("headers", "field", "words"),
    [
        ({PROVIDER: "not json"}, PROVIDER, "JSON object"),
        ({PROVIDER: '["x"]'}, PROVIDER, "JSON object"),
        ({PROVIDER: '{"sort": "speed"}'}, f"{PROVIDER}.sort", "price, latency"),
        ({PROVIDER: '{"only": "x"}'}, f"{PROVIDER}.only", "array"),
        ({PROVIDER: '{"max_price": NaN}'}, PROVIDER, "JSON object"),
        ({MODELS: "a/b,,c/d"}, MODELS, "commas"),
        ({MODELS: ""}, MODELS, "commas"),
        ({MODELS: '["a/b"]'}, MODELS, "commas"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused_by_name(headers: dict[str, str], field: str, words: str) -> None:
    """Nobody should have to guess which of two places was wrong."""
    named, message = refusal(headers)
    assert named == field
    assert words in message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("wait=20", 20), ("respond-async, wait = 5", 5), ('wait="7"', 7), ("wait=600", 60), ("respond-async", None)],
)
def test_the_time_that_an_answer_may_take(text: str, seconds: int | None) -> None:
    """Other preferences mean nothing here; a longer wait than the most is cut to it, and the answer tells."""
    assert wait_seconds({"Prefer": text}) == seconds


@pytest.mark.parametrize("text", ["wait=", "wait=-1", "wait=1.5", "wait=soon"])
def test_a_wait_that_is_no_number_is_refused(text: str) -> None:
    """Silence would look like a gateway that does not know the header."""
    with pytest.raises(InvalidRequest) as caught:
        wait_seconds({"Prefer": text})
    assert caught.value.problems[0].field == "Prefer"


def test_an_idempotency_key_has_a_length() -> None:
    """Up to 255 characters, as elsewhere."""
    assert idempotency_key({}) is None
    assert idempotency_key({"Idempotency-Key": "k" * 255}) == "k" * 255
    for wrong in ("", "k" * 256):
        with pytest.raises(InvalidRequest, match="Idempotency-Key"):
            idempotency_key({"Idempotency-Key": wrong})
