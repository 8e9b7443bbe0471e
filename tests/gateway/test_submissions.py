"""Submitting and estimating: how routing comes to know how its endpoints are, and what is set aside for a job."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from reelrouter.accounts import ledger, workspaces
from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.accounts.policy import Policy
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.catalogue.request import VideoRequest
from reelrouter.clock import FrozenClock
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import Forbidden, InvalidRequest
from reelrouter.gateway.stations import Stations, Terms, Visit
from reelrouter.gateway.submissions import Estimate, Submissions
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.routing.choose import Credential
from reelrouter.routing.health import Condition, Health, Place, condition
from tests.catalogue.examples import SEEDANCE, VEO, WAN, ask, catalogue

BOTH = {"alibaba": (Credential(name="first"),), "openrouter": (Credential(name="main"),)}
ALIBABA = {"alibaba": BOTH["alibaba"]}
NOTHING = cast("Any", None)
VISIT = Visit(base_url="http://localhost", is_gone=NOTHING)
SHORT: dict[str, Any] = {"duration": 4, "resolution": "720p"}


@dataclass
class Told:
    """Conditions as a test says that they are; it counts who asks."""

    known: dict[Place, Health] = field(default_factory=dict)
    drifts: frozenset[str] = frozenset()
    asked: list[Place] = field(default_factory=list)

    async def of(self, places: tuple[Place, ...]) -> Condition:
        self.asked.extend(places)
        return condition(self.known, self.drifts)


def gateway(told: Told, draw: Callable[[], float] = float, **stations: Any) -> Submissions:
    """One under those conditions, with the vendors `BOTH`, that holds half as much again as it estimates."""
    known = {"test_mode": True, "strict": False, "byok_fee": Decimal(5)}
    terms = {**dict.fromkeys(Terms.__slots__, NOTHING), **known}
    parts = {
        **dict.fromkeys(Stations.__slots__, NOTHING),
        "catalogue": catalogue(),
        "backends": BOTH,
        "vendor_keys": brought(),
        "conditions": told,
        "clock": FrozenClock(),
        "terms": Terms(**{**terms, "hold_margin": Decimal("1.5"), "max_job_age": 60}),
        "objects": NoObjects(),
        "emit": lambda _event: None,
    }
    return Submissions(Stations(**{**parts, **stations}), draw)


def estimate(told: Told, mode: KeyMode = "live", draw: Callable[[], float] = float, **changes: Any) -> Estimate:
    """What a gateway under those conditions says to a plain request."""
    keys = brought(*changes.pop("keys", ()))
    submissions = gateway(told, draw, backends=changes.pop("backends", BOTH), vendor_keys=keys)
    policy = changes.pop("policy", Policy())
    caller = Caller(workspace=WorkspaceId("ws"), key_id=KeyId("key"), mode=mode, policy=policy)
    request: VideoRequest = ask(changes.pop("model", WAN), **changes)
    return asyncio.run(submissions.estimate(caller, request, VISIT))


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


def test_an_estimate_tells_of_the_models_that_the_job_would_go_on_to() -> None:
    """With their prices, since the dearest of all sets what is held; and of those that it would not."""
    found = estimate(Told(), models=(VEO, SEEDANCE), **SHORT)
    assert (found.plan.model, [one.endpoint for one in found.routes]) == (WAN, ["alibaba", "openrouter"])
    assert [one.model for one in found.spares] == [VEO, SEEDANCE]
    assert found.spares[1].estimate == estimate(Told(), model=SEEDANCE, **SHORT).plan.estimate
    without = estimate(Told(), models=(VEO, SEEDANCE), backends=ALIBABA, **SHORT)
    assert without.spares == ()
    assert [warning[:9] for warning in without.plan.warnings] == ["models[0]", "models[1]"]


def test_the_dearest_of_its_models_sets_what_is_held_for_a_job(tmp_path: Path) -> None:
    """Whichever serves in the end, the hold covers it; the job begins with the first, whatever that costs."""
    cheap, dear = (estimate(Told(), model=name, **SHORT).plan.estimate for name in (SEEDANCE, WAN))
    assert cheap < dear

    async def run() -> None:
        migrate(tmp_path / "app.db")
        db = SqliteDatabase(tmp_path / "app.db")
        try:
            workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, 0.0))
            caller = Caller(workspace=workspace, key_id=KeyId("key"), mode="live")
            request = ask(SEEDANCE, models=(WAN,), **SHORT)
            placed = await gateway(Told(), db=db).submit(caller, request, VISIT)
            job = await store.get(db, JobId(placed.job.view.id))
            assert job is not None
            assert [plan.model for plan in job.plans] == [SEEDANCE, WAN]
            assert (job.model, job.queue, job.estimate) == (SEEDANCE, "openrouter/main", dear)
            assert replace(placed.job.view, version=job.version) == await store.view(db, job.id)
            assert (await ledger.balance(db, workspace, "live")).held == dear * 3 // 2
        finally:
            await db.close()

    asyncio.run(run())


def test_an_estimate_tells_what_a_job_costs_on_a_key_of_ones_own() -> None:
    """Beside the list price, and where that key would be tried."""
    own = VendorKey(id="vk_1", workspace=WorkspaceId("ws"), provider="openrouter", name="", label="", created_at=0)
    told = estimate(Told(), keys=[own])
    assert [(one.endpoint, one.is_byok) for one in told.routes] == [("openrouter", True), ("alibaba", False)]
    assert told.byok_cost == told.plan.estimate // 20
    assert estimate(Told()).byok_cost is None
    assert estimate(Told(), "test", keys=[own]).byok_cost is None


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
