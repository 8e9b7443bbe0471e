"""The words in which a job that its budget does not cover is refused. What is lacking was found elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from reelrouter.accounts.periods import Period
from reelrouter.errors import PaymentRequired
from reelrouter.money import Nanos, json_usd, usd

Scope = Literal["credits", "key_limit", "workspace_budget"]

RETRY_AFTER = 10
"""Seconds after which it is worth trying again where running jobs hold the money: some will have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A sum of money that has less left than a job needs."""

    scope: Scope
    period: Period
    needed: Nanos
    amount: Nanos
    settled: Nanos
    held: Nanos
    resets_at: int | None
    """Unix seconds; None if it never starts anew."""

    @property
    def left(self) -> Nanos:
        return Nanos(self.amount - self.settled - self.held)

    @property
    def is_in_flight(self) -> bool:
        """Whether it would do if nothing were set aside for running jobs."""
        return self.amount - self.settled >= self.needed


def refused(shortage: Shortage) -> PaymentRequired:
    """The refusal: what is needed, what is left of what, and what to do."""
    waits = shortage.is_in_flight
    return PaymentRequired(
        " ".join(_sentences(shortage)),
        limit="in_flight_budget" if waits else shortage.scope,
        retry_after=RETRY_AFTER if waits else None,
        **_metadata(shortage),
    )


def _sentences(shortage: Shortage) -> Iterator[str]:
    yield f"This job needs {_dollars(shortage.needed)}, and {_what_is_left(shortage)}."
    if shortage.is_in_flight:
        yield (
            f"{_dollars(shortage.held)} of it is set aside for running jobs, "
            f"and what they do not need comes back: try again in {RETRY_AFTER} seconds."
        )
        return
    if shortage.resets_at is not None:
        yield f"It starts anew at {_moment(shortage.resets_at)}."
    yield _REMEDIES[shortage.scope]


_REMEDIES = {
    "credits": "Ask the operator for more credits.",
    "key_limit": "Use another key, or ask the operator for a higher limit.",
    "workspace_budget": "Ask the operator for a larger budget.",
}


def _what_is_left(shortage: Shortage) -> str:
    left = shortage.left
    if left < 0:
        return f"{_name(shortage)} is overdrawn by {_dollars(Nanos(-left))}"
    return f"{_dollars(left)} of {_name(shortage)} is left"


def _name(shortage: Shortage) -> str:
    period = "" if shortage.period == "total" else f"{shortage.period} "
    match shortage.scope:
        case "credits":
            return "the workspace's credit"
        case "key_limit":
            return f"this key's {period}limit of {_dollars(shortage.amount)}"
        case "workspace_budget":
            return f"the workspace's {period}budget of {_dollars(shortage.amount)}"


def _metadata(shortage: Shortage) -> dict[str, Any]:
    told: dict[str, Any] = {
        "required_usd": json_usd(shortage.needed),
        "remaining_usd": json_usd(shortage.left),
        "limit_usd": json_usd(shortage.amount),
    }
    if shortage.resets_at is not None:
        told["resets_at"] = _moment(shortage.resets_at)
    return told


def _dollars(amount: Nanos) -> str:
    """At least cents, and every further place that is not zero."""
    exact = usd(amount)
    cents = exact.quantize(_CENT)
    return f"${cents:f}" if cents == exact else f"${exact.normalize():f}"


_CENT = usd(Nanos(10_000_000))


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
