"""Submitting and estimating: how routing comes to know how its endpoints are, and what that costs."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.accounts.policy import Policy
from reelrouter.catalogue.request import VideoRequest
from reelrouter.clock import FrozenClock
from reelrouter.errors import Forbidden, InvalidRequest
from reelrouter.gateway.stations import Stations, Terms, Visit
from reelrouter.gateway.submissions import Estimate, Submissions
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.routing.choose import Credential
from reelrouter.routing.health import Condition, Health, Place, condition
from tests.catalogue.examples import VEO, WAN, ask, catalogue

BOTH = {"alibaba": (Credential(name="first"),), "openrouter": (Credential(name="main"),)}


@dataclass
class Told:
    """Conditions as a test says that they are; it counts who asks."""

    known: dict[Place, Health] = field(default_factory=dict)
    drifts: frozenset[str] = frozenset()
    asked: list[Place] = field(default_factory=list)

    async def of(self, places: tuple[Place, ...]) -> Condition:
        self.asked.extend(places)
        return condition(self.known, self.drifts)


def estimate(told: Told, mode: KeyMode = "live", draw: Callable[[], float] = float, **changes: Any) -> Estimate:
    """What a gateway under those conditions says to a plain request."""
    nothing = cast("Any", None)
    terms = Terms(**{**dict.fromkeys(Terms.__slots__, nothing), "test_mode": True, "strict": False})
    parts = {
        **dict.fromkeys(Stations.__slots__, nothing),
        "catalogue": catalogue(),
        "backends": changes.pop("backends", BOTH),
        "conditions": told,
        "clock": FrozenClock(),
        "terms": terms,
        "objects": cast("Any", NoObjects()),
    }
    policy = changes.pop("policy", Policy())
    caller = Caller(workspace=WorkspaceId("ws"), key_id=KeyId("key"), mode=mode, policy=policy)
    visit = Visit(base_url="http://localhost", is_gone=nothing)
    request: VideoRequest = ask(WAN, **changes)
    return asyncio.run(Submissions(Stations(**parts), draw).estimate(caller, request, visit))


class NoObjects:
    """A storage in which nothing was put."""

    async def delete(self, keys: Iterable[str]) -> None:
        assert not list(keys)


def test_health_decides_between_endpoints() -> None:
    """One whose key was refused a moment ago comes last."""
    told = Told(known={("alibaba", "first"): Health(state="open", open_until=2**53)})
    assert [one.endpoint for one in estimate(told).routes] == ["openrouter", "alibaba"]
    assert told.asked == [("alibaba", "first"), ("openrouter", "main")]


def test_a_drift_is_a_reason_that_the_estimate_names() -> None:
    """Nobody has to guess why an endpoint is passed over."""
    first, second = estimate(Told(drifts=frozenset({"alibaba"}))).routes
    assert (first.endpoint, second.reason) == ("alibaba", None)
    assert "not understood" in str(first.reason)


@pytest.mark.parametrize(
    ("mode", "backends"),
    [("test", BOTH), ("live", {"alibaba": (Credential(name="first"),)}), ("live", {})],
)
def test_nobody_asks_where_there_is_nothing_to_choose(mode: KeyMode, backends: Any) -> None:
    """A test key has one route, and so has a gateway with one account."""
    told = Told()
    estimate(told, mode, backends=backends)
    assert told.asked == []


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_model_that_the_workspace_may_not_use_is_refused_with_those_that_it_may(mode: KeyMode) -> None:
    """By name, and as data; in test mode as in life."""
    with pytest.raises(Forbidden) as refused:
        estimate(Told(), mode, policy=Policy(models=frozenset({VEO, "a/other"})))
    assert (refused.value.metadata["model"], refused.value.metadata["allowed"]) == (WAN, ["a/other", VEO])
    assert f"may not use {WAN}. It may use: a/other, {VEO}." in refused.value.message


def test_among_several_models_one_that_may_not_be_used_is_passed_over() -> None:
    """And the warnings say so, whichever of them it is."""
    found = estimate(Told(), policy=Policy(models=frozenset({WAN})), model=VEO, models=(WAN,))
    assert found.plan.model == WAN
    (warning,) = found.plan.warnings
    assert warning.startswith(f"model: {VEO} was passed over: This key's workspace may not use {VEO}.")


def test_a_workspaces_endpoints_and_rank_hold_for_every_request() -> None:
    """As if each of them had named them."""
    routes = estimate(Told(), policy=Policy(providers=frozenset({"openrouter"}))).routes
    assert {one.endpoint: one.reason for one in routes} == {
        "alibaba": "the workspace's rules do not allow it",
        "openrouter": None,
    }


def test_a_strict_workspace_refuses_what_would_be_warned_of() -> None:
    """Without a word about it in the request."""
    assert estimate(Told(), unknown=("colour",)).plan.warnings
    with pytest.raises(InvalidRequest) as refused:
        estimate(Told(), unknown=("colour",), policy=Policy(strict=True))
    assert [problem.field for problem in refused.value.problems] == ["colour"]
