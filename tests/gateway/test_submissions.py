"""Submitting and estimating: how routing comes to know how its endpoints are, and what that costs."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.catalogue.request import VideoRequest
from reelrouter.clock import FrozenClock
from reelrouter.gateway.stations import Stations, Terms, Visit
from reelrouter.gateway.submissions import Estimate, Submissions
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.routing.choose import Credential
from reelrouter.routing.health import Condition, Health, Place, condition
from tests.catalogue.examples import WAN, ask, catalogue

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
    known = {"test_mode": True, "strict": False, "byok_fee": Decimal(5)}
    terms = Terms(**{**dict.fromkeys(Terms.__slots__, nothing), **known})
    parts = {
        **dict.fromkeys(Stations.__slots__, nothing),
        "catalogue": catalogue(),
        "backends": changes.pop("backends", BOTH),
        "vendor_keys": brought(*changes.pop("keys", ())),
        "conditions": told,
        "clock": FrozenClock(),
        "terms": terms,
        "objects": cast("Any", NoObjects()),
    }
    caller = Caller(workspace=WorkspaceId("ws"), key_id=KeyId("key"), mode=mode)
    visit = Visit(base_url="http://localhost", is_gone=nothing)
    request: VideoRequest = ask(WAN, **changes)
    return asyncio.run(Submissions(Stations(**parts), draw).estimate(caller, request, visit))


def brought(*keys: VendorKey) -> Any:
    """What the caller's workspace has brought."""

    class Brought:
        async def of(self, _workspace: WorkspaceId) -> tuple[VendorKey, ...]:
            return keys

    return Brought()


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


def test_an_estimate_tells_what_a_job_costs_on_a_key_of_ones_own() -> None:
    """Beside the list price, and where that key would be tried."""
    own = VendorKey(id="vk_1", workspace=WorkspaceId("ws"), provider="openrouter", name="", label="", created_at=0)
    told = estimate(Told(), keys=[own])
    assert [(one.endpoint, one.is_byok) for one in told.routes] == [("openrouter", True), ("alibaba", False)]
    assert told.byok_cost == told.plan.estimate // 20
    assert estimate(Told()).byok_cost is None
    assert estimate(Told(), "test", keys=[own]).byok_cost is None
