"""What stands beside a result is read leniently, and exactly where it is money."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.providers.decoration import cost_of, count_of, number_of, progress_of, seed_of

NONSENSE: list[Any] = [
    True, False, "", " ", "lots", "NaN", "nan", "Infinity", "-inf", [], {}, [1], Decimal("NaN"),
    Decimal("Infinity"),
    float("nan"), float("inf"), "1e400", "²", "٤", "0x1", "1_000", "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_is_none(value: object) -> None:
    """And is told where it is missed."""
    assert number_of(value) is None
    assert progress_of(value, whole=100) is None
    assert count_of(value) is None
    for read in (seed_of, cost_of):
        found, (note,) = read(value)
        assert found is None
        assert note.isprintable()
        assert len(note) < 400


def test_what_is_not_said_is_not_missed() -> None:
    """Nobody is told of it."""
    assert (seed_of(None), cost_of(None), count_of(None)) == ((None, ()), (None, ()), None)


@pytest.mark.parametrize(
    ("value", "whole", "share"),
    [
        (0, 100, 0.0), (50, 100, 0.5), (100, 100, 1.0), (0.5, 1, 0.5), (1, 1, 1.0), (0.5, 100, 0.005),
        ("50", 100, 0.5),
        ("50%", 100, 0.5), ("50 %", 1, 0.5), (" 7.5% ", 1, 0.075), (Decimal("12.5"), 100, 0.125), (101, 100, None),
        (-1, 100, None), ("101%", 1, None), (2, 1, None), ("-5%", 100, None),
    ],
)  # fmt: skip
def test_progress_is_a_share(value: object, whole: int, share: float | None) -> None:
    """Of what the vendor calls all of it."""
    assert progress_of(value, whole=whole) == share


@pytest.mark.parametrize(
    ("value", "seed"),
    [(7, 7), ("7", 7), (Decimal("7.0"), 7), (7.0, 7), (-1, -1), (2**63 - 1, 2**63 - 1),
     (str(2**63 - 1), 2**63 - 1),
     (2**63, None), (-(2**63) - 1, None), (2**70, None), (7.5, None), ("7.5", None)],
)  # fmt: skip
def test_a_seed_fits_into_a_database(value: object, seed: int | None) -> None:
    """What does not is dropped with a note."""
    found, notes = seed_of(value)
    assert (found, len(notes)) == (seed, 0 if seed is not None else 1)


@pytest.mark.parametrize(
    ("value", "nanos"),
    [
        (0, 0), (3, 3_000_000_000), (Decimal("0.40"), 400_000_000), ("0.40", 400_000_000), ("$0.40", 400_000_000),
        ("0.40 USD", 400_000_000), ("USD 0.40", 400_000_000), ("US$0.40", 400_000_000), ("0.4$", 400_000_000),
        ("4e-1", 400_000_000), (" 0.40 dollars ", 400_000_000), (Decimal("0.1234567890123"), 123_456_789),
        ({"amount": "0.40", "currency": "USD"}, 400_000_000), ({"amount": Decimal("0.4")}, 400_000_000),
        ({"value": 1, "currency": " usd "}, 1_000_000_000), (1_000_000, 10**15),
        (-1, None), ("-0.40", None), (1_000_001, None), (Decimal("1e30"), None), ("€0.40", None),
        ("0.40 EUR", None),
        ({"amount": 1, "currency": "EUR"}, None), ({"amount": {"amount": 1}}, None), ({"amount": None}, None),
        ({"amount": True}, None), ("0,40", None), ("$", None), ({"amount": 1, "currency": 7}, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_cost_is_exact_or_none(value: object, nanos: int | None) -> None:
    """In dollars, and no more of them than a video can cost."""
    found, notes = cost_of(value)
    assert (found, len(notes)) == (nanos, 0 if nanos is not None else 1)


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), (3, 3), ("3", 3), (3.0, 3), (-1, None), ("-1", None), (1.5, None), (2**70, None)]
)
def test_a_count_is_a_whole_number(value: object, count: int | None) -> None:
    """From zero."""
    assert count_of(value) == count


@given(st.text() | st.integers() | st.floats() | st.decimals() | st.dictionaries(st.text(), st.text()))
def test_nothing_breaks_the_readers(value: object) -> None:
    """And nothing gets past them that is out of bounds."""
    share = progress_of(value, whole=100)
    assert share is None or 0 <= share <= 1
    seed, _ = seed_of(value)
    assert seed is None or -(2**63) <= seed < 2**63
    cost, _ = cost_of(value)
    assert cost is None or 0 <= cost <= 10**15
