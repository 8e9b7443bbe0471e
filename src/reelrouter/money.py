"""Money: integer nano-dollars inside, `Decimal` at the edges, no floats in arithmetic."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NewType

Nanos = NewType("Nanos", int)
"""Billionths of a US dollar."""

_NANOS_PER_USD = Decimal(1_000_000_000)


def nanos(usd: Decimal) -> Nanos:
    """Dollars to nano-dollars, rounded half up at the ninth place."""
    return Nanos(int((usd * _NANOS_PER_USD).to_integral_value(rounding=ROUND_HALF_UP)))


def usd(amount: Nanos) -> Decimal:
    """Nano-dollars to dollars, exactly."""
    return Decimal(amount) / _NANOS_PER_USD


def json_usd(amount: Nanos) -> float:
    """Dollars as a JSON number: at most nine places, and the digits that were meant.

    A double holds fifteen digits, so every amount below a million dollars prints as its decimal.
    """
    return float(usd(amount))


def json_number(value: Decimal) -> float:
    """A rate or a quantity as a JSON number: whole ones without a point."""
    whole = value.to_integral_value()
    return int(whole) if whole == value else float(value)
