"""Requests a minute: each key's own, and those of its workspace; what is refused says when to come back."""

from typing import Any, Literal

import pytest

from reelrouter.accounts.keys import Caller
from reelrouter.accounts.policy import Caps, Policy
from reelrouter.accounts.rates import Rates
from reelrouter.clock import FrozenClock
from reelrouter.errors import TooManyRequests
from reelrouter.ids import KeyId, WorkspaceId


def caller(
    key: str = "k",
    workspace: str = "w",
    mode: Literal["live", "test"] = "live",
    of_key: int | None = None,
    of_workspace: int | None = None,
) -> Caller:
    policy = Policy(of_key=Caps(rate=of_key), of_workspace=Caps(rate=of_workspace))
    return Caller(workspace=WorkspaceId(workspace), key_id=KeyId(key), mode=mode, policy=policy)


def admitted(rates: Rates, who: Caller, tries: int = 100) -> int:
    """How many of so many requests at once are let through."""
    passed = 0
    for _ in range(tries):
        try:
            rates.admit(who)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def refusal(rates: Rates, who: Caller) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as refused:
        rates.admit(who)
    return refused.value


def test_a_minutes_worth_may_come_at_once_and_then_evenly() -> None:
    """Ten a minute are ten now, and one every six seconds after that."""
    clock = FrozenClock()
    rates, who = Rates(clock), caller(of_key=10)
    assert admitted(rates, who) == 10
    clock.advance(6.1)
    assert admitted(rates, who) == 1
    clock.advance(3600)
    assert admitted(rates, who) == 10


def test_without_a_rate_nothing_is_counted_or_remembered() -> None:
    """Most installations set none."""
    rates = Rates(FrozenClock())
    assert admitted(rates, caller()) == 100
    assert not rates._turnstiles


def test_a_refusal_says_whose_limit_it_was_and_when_to_come_back() -> None:
    """In seconds for HTTP, and in upstream's headers: milliseconds since 1970."""
    clock = FrozenClock(1_800_000_000.0)
    rates, who = Rates(clock), caller(of_key=10)
    admitted(rates, who)
    error = refusal(rates, who)
    assert (error.retry_after, error.metadata["retry_after_seconds"], error.metadata["limit"]) == (
        6,
        6,
        "key_rate",
    )
    assert error.metadata["headers"] == {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1800000006000",
    }
    clock.advance(6.0)
    rates.admit(who)


def test_the_keys_of_a_workspace_share_its_rate() -> None:
    """And each of them has its own besides; what one of the two refuses is not taken from the other."""
    rates = Rates(FrozenClock())
    first, second = caller("a", of_key=3, of_workspace=5), caller("b", of_key=3, of_workspace=5)
    assert [admitted(rates, first), admitted(rates, second)] == [3, 2]
    assert refusal(rates, second).metadata["limit"] == "workspace_rate"
    assert admitted(rates, caller("b", of_key=3)) == 1


def test_modes_and_workspaces_do_not_take_from_each_other() -> None:
    """A test run must not hold up the live application beside it."""
    rates = Rates(FrozenClock())
    whos = [caller(of_workspace=5), caller(mode="test", of_workspace=5), caller(workspace="other", of_workspace=5)]
    assert [admitted(rates, who) for who in whos] == [5, 5, 5]


def test_another_rate_holds_at_once() -> None:
    """Whoever asks the operator for more need not wait until the old count has run out."""
    rates = Rates(FrozenClock())
    assert admitted(rates, caller(of_key=5)) == 5
    assert admitted(rates, caller(of_key=8)) == 8


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    """Who has not asked for longest is forgotten, which costs nothing after a minute."""
    rates = Rates(FrozenClock(), most=3)
    busy: Any = caller("busy", of_key=5)
    for at in range(10):
        admitted(rates, busy, tries=1)
        rates.admit(caller(f"passing-{at}", of_key=5))
    assert len(rates._turnstiles) == 3
    assert admitted(rates, busy) == 0
