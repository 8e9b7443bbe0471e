"""Keys of the workspace's own among the routes: where they stand, whatever else there is."""

from dataclasses import replace
from typing import Any

import pytest

from reelrouter.errors import NoEndpoint
from reelrouter.routing.choose import Credential, Offer, choose, ranked
from tests.catalogue.examples import WAN, model
from tests.routing.test_choose import offer, plan

A, B, LAST = (Credential(name=f"byok:{name}", rank=rank) for name, rank in (("a", -2), ("b", -1), ("z", 1)))
OPERATORS = Credential(name="main")


def own(alibaba: tuple[Credential, ...], openrouter: tuple[Credential, ...], **parts: Any) -> Offer:
    return replace(offer(**parts), backends={"alibaba": alibaba, "openrouter": openrouter})


def places(made: Offer) -> list[str]:
    row = model(WAN)
    return ["/".join(route.place) for route in choose(plan(row), row, made)]


def test_own_keys_come_first_and_spare_ones_last() -> None:
    """Before every account of the operator's, at whatever endpoint; among themselves in their order."""
    made = own((OPERATORS, LAST, B, A), (OPERATORS,))
    assert places(made) == [
        "alibaba/byok:a",
        "alibaba/byok:b",
        "alibaba/main",
        "openrouter/main",
        "alibaba/byok:z",
    ]
    made = own((OPERATORS,), (OPERATORS, A))
    assert places(made) == ["openrouter/byok:a", "alibaba/main", "openrouter/main"]


def test_the_callers_order_decides_among_own_keys_and_among_the_others() -> None:
    """It does not make the operator's account pay where a key was brought."""
    made = own((OPERATORS, A), (OPERATORS, B), order=("openrouter",))
    assert places(made) == ["openrouter/byok:b", "alibaba/byok:a", "openrouter/main", "alibaba/main"]
    made = own((OPERATORS,), (OPERATORS, B), order=("alibaba",))
    assert places(made) == ["openrouter/byok:b", "alibaba/main", "openrouter/main"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("open", ["alibaba/main", "openrouter/main", "alibaba/byok:a"]),
        ("half_open", ["alibaba/byok:a", "alibaba/main", "openrouter/main"]),
    ],
)
def test_a_key_that_was_refused_waits_until_its_pause_is_over(state: str, expected: list[str]) -> None:
    """Then it is tried first again: what the workspace has put right is not paid for twice."""
    made = own((OPERATORS, A), (OPERATORS,), states={"alibaba/byok:a": state})
    assert places(made) == expected


def test_without_fallbacks_the_first_key_is_all_there_is() -> None:
    """Also where it leads to an endpoint that would otherwise come second."""
    made = own((OPERATORS,), (OPERATORS, A), allow_fallbacks=False)
    assert places(made) == ["openrouter/byok:a"]


def test_a_job_goes_on_with_the_key_that_made_the_one_before() -> None:
    """And with no other."""
    made = replace(own((OPERATORS, A, B), (OPERATORS,)), pinned=("alibaba", "byok:b"))
    assert places(made) == ["alibaba/byok:b"]


def test_what_the_workspace_has_shut_out_says_so() -> None:
    """The operator has done nothing wrong."""
    row = model(WAN)
    made = replace(own((), ()), own_only=frozenset({"alibaba"}))
    reasons = {one.endpoint: one.reason or "" for one in ranked(plan(row), row, made)}
    assert "only the workspace's own keys" in reasons["alibaba"]
    assert "not configured" in reasons["openrouter"]
    with pytest.raises(NoEndpoint):
        places(made)


def test_an_endpoint_with_accounts_of_its_own_takes_no_other_key() -> None:
    """A server of the operator's is no place that a workspace could have a key for."""
    row = model(WAN)
    ends = tuple(replace(end, accounts=("main",)) if end.name == "alibaba" else end for end in row.endpoints)
    routes = choose(plan(row), replace(row, endpoints=ends), own((OPERATORS, A), (OPERATORS,)))
    assert ["/".join(route.place) for route in routes] == ["alibaba/main", "openrouter/main"]
    assert not any(route.is_byok for route in routes)
