"""The table of rules as a whole."""

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelrouter.compat.exchange import Exchange
from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.rules import AREAS, RULES
from tests.compat import (
    test_content,
    test_errors,
    test_extensions,
    test_headers,
    test_models,
    test_poll,
    test_submit,
)
from tests.compat.exchanges import Exchanges, answer

_CASES = {
    "models": test_models.CASES,
    "submit": test_submit.CASES,
    "poll": test_poll.CASES,
    "content": test_content.CASES,
    "errors": test_errors.CASES,
    "headers": test_headers.CASES,
    "extensions": test_extensions.CASES,
}
_ODD = (
    b"",
    b"null",
    b"true",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b"<html>",
    b"{",
    b"NaN",
    b"[" * 9999,
    b'{"data": [[1]]}',
)
_KEYS = (
    "id",
    "status",
    "error",
    "usage",
    "urls",
    "unsigned_urls",
    "polling_url",
    "generation_id",
    "data",
    "message",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(string.printable, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=8,
)


def good_exchanges(rule: Rule) -> Exchanges:
    """Of those that a rule passes, the longest row."""
    return max(_CASES[rule.area][rule.name].good, key=len)


def test_each_area_has_rules_and_each_rule_an_id_of_its_own() -> None:
    """`--only` names an area, and reports name rules by id."""
    assert {rule.area for rule in RULES} == set(AREAS) == set(_CASES)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_no_title_is_said_twice_within_an_area() -> None:
    """Whoever reads a report can tell the rules apart."""
    assert len({(rule.area, rule.title) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_answer_is_too_odd_for_a_rule(rule: Rule) -> None:
    """Servers answer anything; a judge says what it thinks of it and never raises."""
    exchanges = good_exchanges(rule)
    for odd in _ODD:
        broken = tuple(replace(exchange, body=odd) for exchange in exchanges)
        assert rule.judge(*broken).outcome in Outcome
        emptied = tuple(replace(answer(odd, status), headers={}) for status in (200, 404) for _ in exchanges)
        assert rule.judge(*emptied[: len(exchanges)]).outcome in Outcome


@settings(max_examples=40, deadline=None)
@given(body=_JSON, status=st.sampled_from([200, 202, 400, 404]))
def test_no_json_is_too_odd_for_a_rule(body: Any, status: int) -> None:
    """Likewise for documents whose parts have any type."""
    odd: Exchange = answer(body, status)
    for rule in RULES:
        assert rule.judge(*(odd for _ in good_exchanges(rule))).outcome in Outcome
