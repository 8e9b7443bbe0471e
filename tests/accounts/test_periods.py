"""Periods: when each begins and when it starts anew, by UTC."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.accounts.periods import PERIODS, Period, day_of, first_days, resets_at

DAY = 24 * 3600
MOMENTS = st.integers(0, 4_000_000_000)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "period", "first", "again"),
    [
        ("2026-11-21T12:00:00", "daily", "2026-11-21", "2026-11-22"),
        ("2026-11-21T12:00:00", "weekly", "2026-11-16", "2026-11-23"),
        ("2026-11-21T12:00:00", "monthly", "2026-11-01", "2026-12-01"),
        ("2026-12-31T23:59:59", "monthly", "2026-12-01", "2027-01-01"),
        ("2027-01-01T00:00:00", "weekly", "2026-12-28", "2027-01-04"),
        ("2028-02-29T00:00:00", "monthly", "2028-02-01", "2028-03-01"),
    ],
)
def test_a_period_begins_and_ends_at_midnight(now: str, period: Period, first: str, again: str) -> None:
    """A day at each, a week at Monday's, a month at that of its first day."""
    assert first_days(at(now)).of(period) == day_of(at(first))
    assert resets_at(period, at(now)) == at(again)


def test_a_total_counts_from_the_first_day_and_never_starts_anew() -> None:
    """The epoch is before any charge."""
    assert first_days(at("2026-11-21")).of("total") == 0
    assert resets_at("total", at("2026-11-21")) is None


@given(moment=MOMENTS, period=st.sampled_from([one for one in PERIODS if one != "total"]))
def test_every_moment_is_in_the_period_that_ends_after_it(moment: int, period: Period) -> None:
    """And the next period begins where this one ends."""
    again = resets_at(period, moment)
    assert again is not None
    assert first_days(moment).of(period) * DAY <= moment < again
    assert first_days(again).of(period) * DAY == again
    assert first_days(again - 1).of(period) == first_days(moment).of(period)
