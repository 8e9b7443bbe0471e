"""The Range header: one part, the whole, or an honest no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.api.ranges import wanted_span
from reelrouter.errors import RangeNotSatisfiable


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-99", (0, 100)),
        ("bytes=900-", (900, 1000)),
        ("bytes=-100", (900, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=990-5000", (990, 1000)),
        ("Bytes = 1 - 2", (1, 3)),
        (None, None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("nonsense", None),
    ],
)
def test_a_range_is_read_as_http_says(header: str | None, span: tuple[int, int] | None) -> None:
    """What is not one range of bytes means the whole file."""
    assert wanted_span(header, 1000) == span


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_is_refused_with_its_size(header: str) -> None:
    """A client that resumes learns where the end is."""
    with pytest.raises(RangeNotSatisfiable) as refused:
        wanted_span(header, 1000)
    assert refused.value.size == 1000


@given(st.text(max_size=40), st.integers(1, 10**9))
def test_a_span_always_lies_within_the_file(header: str, size: int) -> None:
    """No header reaches beyond the file, whatever it says."""
    try:
        span = wanted_span("bytes=" + header, size)
    except RangeNotSatisfiable:
        return
    assert span is None or 0 <= span[0] < span[1] <= size
