"""The words for what is wrong with a body."""

import pytest
from pydantic_core import from_json

from reelrouter.api.complaints import MOST_PROBLEMS, capped, not_json, shown
from reelrouter.errors import Problem


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The body is empty"),
        (b"  \n", "The body is empty"),
        (b"\xef\xbb\xbf{}", "a byte order mark"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b'{"a": ', "ends too early, at line 1 column 6"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\udc00"}', "half of a surrogate pair"),
        (b"[" * 1000, "nested too deep"),
        (b"9" * 5000, "too many digits"),
        (b"{} {}", "something follows the end of the object, at line 1 column 4"),
        (b'{"a": 1,\n}', "at line 2"),
    ],
)
def test_a_body_that_is_no_json_is_told_where_and_why(body: bytes, words: str) -> None:
    """In words for somebody who did not write the parser."""
    with pytest.raises(ValueError, match=r".") as broken:
        from_json(body, allow_inf_nan=False)
    (problem,) = not_json(body, broken.value).problems
    assert problem.field == ""
    assert words in problem.message


def test_the_rest_of_many_problems_is_counted() -> None:
    """A list up to the limit stays as it is."""
    problem = Problem("a", "a is wrong")
    assert list(capped([problem] * MOST_PROBLEMS)) == [problem] * MOST_PROBLEMS
    assert capped([problem] * (MOST_PROBLEMS + 7))[-1].message == "7 more problems are not listed."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain text", "plain text"),
        ("Zürich 東京", "Zürich 東京"),
        ("a\nb\0", "a\\nb\\x00"),
        ("\u202e", "\\u202e"),
    ],
)
def test_a_callers_words_are_repeated_without_tricks(text: str, said: str) -> None:
    """No line breaks, no marks that turn the text around."""
    assert shown(text) == said


def test_a_callers_words_are_repeated_in_part() -> None:
    """And what is left out is marked."""
    assert shown("x" * 1000) == f"{'x' * 100}…"
