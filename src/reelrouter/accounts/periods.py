"""The periods over which spending is limited: when each begins and when it starts anew. By UTC, and pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

Period = Literal["total", "daily", "weekly", "monthly"]
PERIODS: Sequence[Period] = get_args(Period)
"""`total` never starts anew, a day at midnight, a week on Monday, a month on its first day."""
DAY_MS = 24 * 3600 * 1000
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDays:
    """The first days of the day, the week and the month that a moment falls in: whole days since 1970."""

    today: int
    monday: int
    first: int

    def of(self, period: Period) -> int:
        """The first day that counts; for `total` the first of all."""
        return {"total": 0, "daily": self.today, "weekly": self.monday, "monthly": self.first}[period]


def first_days(at: float) -> FirstDays:
    """`at` is Unix seconds."""
    now = datetime.fromtimestamp(at, UTC)
    today = day_of(at)
    return FirstDays(today=today, monday=today - now.weekday(), first=today - now.day + 1)


def day_of(at: float) -> int:
    """Whole days since 1970."""
    return int(at // _DAY)


def resets_at(period: Period, at: float) -> int | None:
    """When the period that `at` falls in is over, in Unix seconds; None for `total`."""
    if period == "total":
        return None
    first = first_days(at).of(period) * _DAY
    if period == "monthly":
        last = datetime.fromtimestamp(first, UTC) + timedelta(days=31)
        return int(last.replace(day=1).timestamp())
    return first + _DAY * {"daily": 1, "weekly": 7}[period]
