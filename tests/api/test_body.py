"""Reading a body: its form, its size, its pace, and JSON that means the same to everybody."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from reelrouter.api.body import MOST_VALUES, decode, doubts, read_json
from reelrouter.api.complaints import MOST_PROBLEMS
from reelrouter.errors import InvalidRequest, PayloadTooLarge

JSON = {"content-type": "application/json"}
GONE: Message = {"type": "http.disconnect"}


def part(data: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


class Sender:
    """A client that sends these parts, and then nothing."""

    def __init__(self, *parts: Message) -> None:
        self._parts: AsyncIterator[Message] = self._all(parts)
        self.taken = 0

    async def _all(self, parts: Sequence[Message]) -> AsyncIterator[Message]:
        for message in parts:
            self.taken += 1
            yield message
        await asyncio.Event().wait()

    async def receive(self) -> Message:
        return await anext(self._parts)


def read(
    *parts: Message,
    headers: Mapping[str, str] = JSON,
    max_body: int = 1000,
    patience: float = 10.0,
    sender: Sender | None = None,
) -> Any:
    scope = {"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    client = sender or Sender(*parts)
    return asyncio.run(read_json(Request(scope, client.receive), max_body, patience))


def complaint(*parts: Message, **more: Any) -> tuple[str, str]:
    """The field and the message of the only problem."""
    with pytest.raises(InvalidRequest) as refused:
        read(*parts, **more)
    (problem,) = refused.value.problems
    return problem.field, problem.message


def of(data: bytes) -> Mapping[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        decode(data)
    return {problem.field: problem.message for problem in refused.value.problems}


def test_a_body_comes_in_parts() -> None:
    """However it is cut, it is read as one."""
    assert read(part(b'{"a": '), part(b"", more=True), part(b"1}", more=False)) == {"a": 1}


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"']
)
def test_json_is_named_in_many_ways(content_type: str) -> None:
    """Case, parameters and quotation marks make no difference."""
    assert read(part(b"{}", more=False), headers={"content-type": content_type}) == {}


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({}, "Content-Type"),
        ({"content-type": "text/plain"}, "Content-Type"),
        ({"content-type": "application/json; charset=utf-16"}, "Content-Type"),
        ({**JSON, "content-encoding": "gzip"}, "Content-Encoding"),
    ],
)
def test_any_other_form_is_refused_unread(headers: Mapping[str, str], field: str) -> None:
    """By the header that is wrong."""
    sender = Sender(part(b"{}", more=False))
    assert complaint(headers=headers, sender=sender)[0] == field
    assert sender.taken == 0


def test_a_body_over_the_limit_is_refused_before_its_end() -> None:
    """Nobody makes us take in what we shall refuse."""
    sender = Sender(*[part(b"x" * 600)] * 100)
    with pytest.raises(PayloadTooLarge) as refused:
        read(sender=sender, max_body=1000)
    assert refused.value.metadata == {"max_body": 1000}
    assert sender.taken == 2


def test_a_length_over_the_limit_is_refused_at_once() -> None:
    """To read would tell a client that sent `Expect: 100-continue` to go on."""
    sender = Sender(part(b"x"))
    with pytest.raises(PayloadTooLarge):
        read(sender=sender, headers={**JSON, "content-length": "1001"})
    assert sender.taken == 0


def test_a_body_that_stalls_is_not_waited_for() -> None:
    """It says how much had come."""
    field, message = complaint(part(b'{"a":'), patience=0.01)
    assert field == "Content-Length"
    assert "after 5 bytes" in message


def test_a_client_that_goes_away_is_no_fault_of_ours() -> None:
    """Nobody reads the refusal, and no failure is logged either."""
    assert "the connection was closed" in complaint(part(b'{"a":'), GONE)[1]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (b'{"a": 1, "a": 1}', "a", "more than once"),
        (b'{"a": [{"b": {"c": 1, "c": null}}]}', "a[0].b.c", "more than once"),
        (b'{"a": 1, "\\u0061": 2}', "a", "more than once"),
        (b'{"a": "x\\u0000y"}', "a", "NUL"),
        (b'["x\\u0000"]', "[0]", "NUL"),
        (b'"\\u0000"', "", "NUL"),
        (b'{"\\u0000": 1}', "\\x00", "in its name"),
        (b'{"a": 1e400}', "a", "too large"),
        (b'{"a": [-1e400]}', "a[0]", "too large"),
        (b"1e400", "", "too large"),
    ],
)
def test_what_two_readers_could_take_differently_is_refused(data: bytes, field: str, words: str) -> None:
    """With the path of the value."""
    assert words in of(data)[field]


@pytest.mark.parametrize(
    "data", [b'{"a": "\\\\u0000"}', b'{"a": 1e308, "b": {"a": 1}}', b'{"a": [{"b": 1}, {"b": 2}]}']
)
def test_what_only_looks_like_it_passes(data: bytes) -> None:
    """A backslash in front, a number that fits, the same key in two objects."""
    assert decode(data) == json.loads(data)


def test_a_key_is_repeated_to_its_sender_only_in_part() -> None:
    """An answer is never as large as the mistake."""
    (field,) = of(b'{"%s": 1, "%s": 2}' % ((b"k" * 10_000,) * 2))
    assert len(field) < 200


def test_only_so_many_problems_are_told() -> None:
    """And how many are not."""
    found = of(json.dumps({f"k{number}": "\0" for number in range(300)}).encode())
    assert len(found) == MOST_PROBLEMS + 1
    assert found[""] == "200 more problems are not listed."


@pytest.mark.parametrize("piece", [b"0,", b"[],", b"{},"])
def test_many_small_values_are_refused_before_they_take_memory(piece: bytes) -> None:
    """A value of two bytes takes fifty and more in memory."""
    assert f"more than {MOST_VALUES} values" in of(b"[" + piece * (MOST_VALUES + 1) + b"0]")[""]


def test_a_header_s_json_is_judged_by_the_same_rules() -> None:
    """Its problems begin with the header's name."""
    (problem,) = doubts(b'{"zdr": true, "zdr": false}', "X-Header")
    assert problem.field == "X-Header.zdr"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_all_json_is_read_as_it_was_written_or_refused_for_a_nul(value: Any, ascii_only: bool) -> None:
    """There is no third way."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    if "\\u0000" in text.replace("\\\\", ""):
        assert any("NUL" in message for message in of(text.encode()).values())
    else:
        assert decode(text.encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """And never anything else."""
    with suppress(InvalidRequest):
        decode(data)
