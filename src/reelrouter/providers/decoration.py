"""Reads what stands beside a result: progress, seed, cost, counts; pure.

None of it may keep a video back. What cannot be read is left out, with a note for operators where it is missed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

from reelrouter.money import nanos
from reelrouter.providers.reading import dig, shown

T = TypeVar("T")
Read = tuple[T | None, tuple[str, ...]]
"""A value, and what is to be noted because it could not be read."""

MOST_OUTPUTS = 8
"""Files of one job. A vendor that speaks of more is not believed."""
_MOST_DOLLARS = 1_000_000
_INT64 = 1 << 63
_MOST_DIGITS = 64
"""Characters of a text that may be a number."""
_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,30})?|\.\d{1,30})(?:e[+-]?\d{1,2})?", re.IGNORECASE | re.ASCII)
_DOLLARS = re.compile(
    r"(?:(?:US\s?)?\$|USD)?\s*(?P<amount>[-+.\de]+)\s*(?:(?:US\s?)?\$|USD|dollars?)?", re.IGNORECASE
)
_USD = frozenset({"", "usd", "us$", "$", "dollar", "dollars"})


def number_of(value: object) -> Decimal | None:
    """A number, or a text that is one. No flag is a number, nor is what is infinite."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return number if number.is_finite() else None
    if isinstance(value, float):
        return Decimal(str(value)) if isfinite(value) else None
    text = value.strip() if isinstance(value, str) and len(value) <= _MOST_DIGITS else ""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def progress_of(value: object, *, whole: int) -> float | None:
    """The share that is done, 0 to 1. `whole` is all of it, in the unit of a vendor that does not say percent."""
    if isinstance(value, str) and value.strip().endswith("%"):
        value, whole = value.strip().removesuffix("%"), 100
    number = number_of(value)
    return float(number / whole) if number is not None and 0 <= number <= whole else None


def seed_of(value: object) -> Read[int]:
    """A whole number that fits into 64 bits."""
    number = number_of(value)
    if number is not None and -_INT64 <= number < _INT64 and number == int(number):
        return int(number), ()
    return None, () if value is None else (f"the seed cannot be read: {shown(value)}",)


def cost_of(value: object) -> Read[int]:
    """Nano-dollars of an amount in dollars: a number, a text, or an object of an amount and its currency."""
    dollars = _dollars_of(value)
    if dollars is not None and 0 <= dollars <= _MOST_DOLLARS:
        return nanos(dollars), ()
    return None, () if value is None else (f"the cost cannot be read: {shown(value)}",)


def count_of(value: object) -> int | None:
    """A whole number from 0."""
    number = number_of(value)
    return int(number) if number is not None and 0 <= number < _INT64 and number == int(number) else None


def _dollars_of(value: Any) -> Decimal | None:
    if isinstance(value, Mapping):
        amounts = (dig(value, name) for name in ("amount", "value", "total", "usd"))
        amount = next((one for one in amounts if one is not None), None)
        currency = dig(value, "currency")
        known = currency is None or (isinstance(currency, str) and currency.strip().casefold() in _USD)
        return None if isinstance(amount, Mapping) or not known else _dollars_of(amount)
    if isinstance(value, str):
        found = _DOLLARS.fullmatch(value.strip()[:_MOST_DIGITS])
        return number_of(found["amount"]) if found else None
    return number_of(value)
