"""The words of a 402: what is needed, what is left of what, when that changes, and what to do."""

from dataclasses import replace
from datetime import UTC, datetime

from reelrouter.accounts.refusals import RETRY_AFTER, Shortage, refused
from reelrouter.money import Nanos

DOLLAR = 1_000_000_000
SHORT = Shortage(
    scope="credits",
    period="total",
    needed=Nanos(DOLLAR),
    amount=Nanos(10 * DOLLAR),
    settled=Nanos(9_750_000_001),
    held=Nanos(0),
    resets_at=None,
)


def test_want_of_credits_is_told_to_the_last_place() -> None:
    """Nothing but more credits helps, so that nobody is told to try again."""
    error = refused(SHORT)
    assert error.message == (
        "This job needs $1.00, and $0.249999999 of the workspace's credit is left. "
        "Ask the operator for more credits."
    )
    assert (error.limit, error.retry_after) == ("credits", None)
    assert error.metadata == {"required_usd": 1.0, "remaining_usd": 0.249999999, "limit_usd": 10.0}


def test_a_limit_says_when_it_starts_anew() -> None:
    """In words and for programs."""
    again = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    error = refused(replace(SHORT, scope="key_limit", period="monthly", resets_at=again))
    assert (
        "of this key's monthly limit of $10.00 is left. It starts anew at 2026-12-01T00:00:00Z." in error.message
    )
    assert error.message.endswith("Use another key, or ask the operator for a higher limit.")
    assert error.limit == "key_limit"
    assert error.metadata["resets_at"] == "2026-12-01T00:00:00Z"


def test_money_that_running_jobs_hold_may_come_back() -> None:
    """That refusal alone is worth repeating, after a while that it names."""
    error = refused(replace(SHORT, scope="workspace_budget", settled=Nanos(0), held=Nanos(9_500_000_000)))
    assert "$0.50 of the workspace's budget of $10.00 is left. $9.50 of it is set aside" in error.message
    assert (error.limit, error.retry_after) == ("in_flight_budget", RETRY_AFTER)
    assert error.metadata["retry_after_seconds"] == RETRY_AFTER


def test_less_than_nothing_is_called_what_it_is() -> None:
    """A charge above its hold can leave a debt."""
    error = refused(replace(SHORT, scope="workspace_budget", period="daily", settled=Nanos(12 * DOLLAR)))
    assert "the workspace's daily budget of $10.00 is overdrawn by $2.00" in error.message
    assert error.metadata["remaining_usd"] == -2.0
