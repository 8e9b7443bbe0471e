from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.catalogue.check import Plan, Rules, check
from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.request import Inputs, ProviderWish, VideoRequest
from reelrouter.errors import NoEndpoint
from reelrouter.routing.choose import Considered, Credential, Offer, Route, choose, places, ranked
from reelrouter.routing.health import Condition
from tests.catalogue.examples import ANIMATIC, WAN, model, references

BOTH = {"alibaba": ("first", "second"), "openrouter": ("main",)}


def plan(row: ModelSpec, **parts: Any) -> Plan:
    return check(VideoRequest(model=row.id, prompt="a red fox", **parts), row, Inputs(), Rules())


def offer(backends: dict[str, tuple[str, ...]] = BOTH, **parts: Any) -> Offer:
    """`states` are healths by endpoint and account; what is no part of an offer is a wish."""
    mode, states = parts.pop("mode", "live"), parts.pop("states", {})
    price = plan(model(WAN)).estimate
    accounts = {name: tuple(Credential(name=one) for one in names) for name, names in backends.items()}
    trouble = {tuple(place.split("/")): state for place, state in states.items()}
    known = {name: parts.pop(name) for name in ("latency", "drifting") if name in parts}
    condition = Condition(trouble=cast("Any", trouble), **known)
    return Offer(mode=mode, backends=accounts, wish=ProviderWish(**parts), price=price, condition=condition)


def endpoints(made: Offer) -> list[str]:
    row = model(WAN)
    return list(dict.fromkeys(route.endpoint for route in choose(plan(row), row, made)))


def queues(made: Offer) -> list[str]:
    row = model(WAN)
    return [route.queue for route in choose(plan(row), row, made)]


def reasons(made: Offer, row: ModelSpec | None = None) -> dict[str, str | None]:
    row = row or model(WAN)
    return {found.endpoint: found.reason for found in ranked(plan(row), row, made)}


def test_every_configured_endpoint_is_a_route_with_each_of_its_credentials() -> None:
    """In the catalogue's order; a second credential is the next thing to try."""
    row = model(WAN)
    assert choose(plan(row), row, offer()) == (
        Route(endpoint="alibaba", provider="alibaba", native_model="wan2.7-t2v", credential="first"),
        Route(endpoint="alibaba", provider="alibaba", native_model="wan2.7-t2v", credential="second"),
        Route(endpoint="openrouter", provider="openrouter", native_model=WAN, credential="main"),
    )


def test_the_native_model_follows_the_kind_of_job() -> None:
    """A vendor may have one model for prompts and another for references."""
    row = model(WAN)
    routes = choose(plan(row, references=references("image")), row, offer())
    assert routes[0].native_model == "wan2.7-r2v"


def test_an_endpoint_without_credentials_is_not_there() -> None:
    """What is not configured is named with what is missing."""
    made = offer({"openrouter": ("main",), "alibaba": ()})
    assert endpoints(made) == ["openrouter"]
    reason = reasons(made)["alibaba"]
    assert reason is not None
    assert "not configured" in reason


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, ["alibaba", "openrouter"]),
        ({"order": ("openrouter",)}, ["openrouter", "alibaba"]),
        ({"order": ("elsewhere", "openrouter", "alibaba")}, ["openrouter", "alibaba"]),
        ({"only": ("openrouter", "elsewhere")}, ["openrouter"]),
        ({"ignore": ("alibaba",)}, ["openrouter"]),
        ({"allow_fallbacks": False, "order": ("openrouter",)}, ["openrouter"]),
        ({"sort": "price"}, ["alibaba", "openrouter"]),
        ({"sort": "latency", "latency": {"alibaba": 90.0, "openrouter": 60.0}}, ["openrouter", "alibaba"]),
        ({"sort": "latency", "latency": {"openrouter": 60.0}}, ["openrouter", "alibaba"]),
        ({"latency": {"alibaba": 90.0, "openrouter": 60.0}}, ["alibaba", "openrouter"]),
        (
            {
                "sort": "latency",
                "order": ("alibaba",),
                "latency": {"alibaba": 90.0, "openrouter": 60.0},
            },
            ["alibaba", "openrouter"],
        ),
        ({"max_price": Decimal("0.5")}, ["alibaba", "openrouter"]),
    ],
)
def test_wishes_are_honoured(wish: dict[str, Any], expected: list[str]) -> None:
    """Order comes first, then sorting; names that this model does not have change nothing."""
    assert endpoints(offer(**wish)) == expected


def test_without_fallbacks_there_is_one_route() -> None:
    """Not even a second credential is tried, and the estimate says why the rest is out."""
    row = model(WAN)
    made = offer(allow_fallbacks=False)
    assert len(choose(plan(row), row, made)) == 1
    assert "allow_fallbacks" in str(reasons(made)["openrouter"])


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"only": ("elsewhere",)}, "provider.only"),
        ({"ignore": ("alibaba", "openrouter")}, "provider.ignore"),
        ({"zdr": True}, "zero data retention"),
        ({"allowed": frozenset({"elsewhere"})}, "the workspace's rules"),
        ({"max_price": Decimal("0.49")}, "0.5 USD is above provider.max_price of 0.49 USD"),
        ({"backends": {}}, "not configured"),
    ],
)
def test_no_endpoint_comes_with_every_reason(wish: dict[str, Any], word: str) -> None:
    """Whoever reads the error knows what to change, endpoint by endpoint."""
    row = model(WAN)
    with pytest.raises(NoEndpoint) as caught:
        choose(plan(row), row, offer(**wish))
    assert caught.value.message.startswith(f"No endpoint can serve {WAN}")
    listed = caught.value.metadata["routes"]
    assert [entry["endpoint"] for entry in listed] == ["alibaba", "openrouter"]
    assert all(word in entry["reason"] for entry in listed)


def test_an_endpoint_serves_only_its_own_kinds_of_job() -> None:
    """One that has no native model for the mode is passed over."""
    first, second = model(WAN).endpoints
    row = replace(model(WAN), endpoints=(replace(first, native={"frames": "wan2.7-i2v"}), second))
    assert reasons(offer(), row) == {"alibaba": "it does not serve the mode text", "openrouter": None}


def test_zero_data_retention_keeps_to_own_hardware() -> None:
    """An endpoint that the operator vouches for is the only one left."""
    own = Endpoint(name="own-gpu", provider="diffusers", native={"text": "wan"}, zdr=True)
    row = replace(model(WAN), endpoints=(*model(WAN).endpoints, own))
    routes = choose(plan(row), row, offer({**BOTH, "diffusers": ("local",)}, zdr=True))
    assert [route.endpoint for route in routes] == ["own-gpu"]


def test_a_workspace_keeps_to_the_endpoints_that_it_allows() -> None:
    """Whatever a request asks for beside that. An endpoint's option slugs are no name of it here, either."""
    assert endpoints(offer(allowed=frozenset({"openrouter"}))) == ["openrouter"]
    assert endpoints(offer(allowed=frozenset({"openrouter", "alibaba"}), ignore=("alibaba",))) == ["openrouter"]
    row = model(WAN)
    with pytest.raises(NoEndpoint):
        choose(plan(row), row, offer({"openrouter": ("main",)}, allowed=frozenset({"alibaba"})))


def test_our_own_model_runs_on_the_renderer() -> None:
    """It has one endpoint, which needs no vendor."""
    row = model(ANIMATIC)
    routes = choose(plan(row), row, offer({"renderer": ("local",)}))
    assert routes == (
        Route(endpoint="renderer", provider="renderer", native_model="animatic", credential="local"),
    )


@pytest.mark.parametrize("backends", [{}, BOTH])
def test_test_mode_has_one_route_whatever_is_configured(backends: dict[str, tuple[str, ...]]) -> None:
    """No vendor is asked, nor needed."""
    row = model(WAN)
    made = offer(backends, mode="test", only=("alibaba",))
    assert choose(plan(row), row, made) == (
        Route(endpoint="test", provider="test", native_model=WAN, credential="test"),
    )
    assert ranked(plan(row), row, made) == (Considered(endpoint="test"),)


@pytest.mark.parametrize(
    "wish",
    [
        {"zdr": True},
        {"max_price": Decimal("0.1")},
        {"only": ("nobody",)},
        {"ignore": ("alibaba", "openrouter")},
        {"allowed": frozenset()},
        {"allowed": frozenset({"alibaba"}), "only": ("openrouter",)},
    ],
)
def test_test_mode_shows_refusals_that_no_configuration_could_change(wish: dict[str, Any]) -> None:
    """What a live key would be refused over is met in the test."""
    row = model(WAN)
    with pytest.raises(NoEndpoint):
        choose(plan(row), row, offer(mode="test", **wish))


ALL = ["alibaba/first", "alibaba/second", "openrouter/main"]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, [0, 1, 2]),
        (dict.fromkeys(ALL, "open"), [0, 1, 2]),
        ({"alibaba/first": "open"}, [1, 2, 0]),
        ({"alibaba/first": "half_open"}, [1, 2, 0]),
        ({"alibaba/first": "open", "alibaba/second": "half_open"}, [2, 1, 0]),
        ({"alibaba/first": "half_open", "alibaba/second": "half_open", "openrouter/main": "open"}, [0, 1, 2]),
    ],
)
def test_the_healthy_come_first_and_nobody_is_left_out(states: dict[str, str], expected: list[int]) -> None:
    """An account in trouble comes after every healthy one of any endpoint; if it is all there is, it is tried."""
    assert queues(offer(states=states)) == [ALL[at] for at in expected]


def test_whom_the_caller_prefers_comes_first_even_in_trouble() -> None:
    """They said so; the fallbacks are there."""
    made = offer(states=dict.fromkeys(ALL[:2], "open"), order=("alibaba",))
    assert queues(made) == ALL
    assert [one.endpoint for one in ranked(plan(model(WAN)), model(WAN), made)] == ["alibaba", "openrouter"]


def test_health_goes_before_speed() -> None:
    """The quickest of those that work."""
    latency = {"alibaba": 10.0, "openrouter": 90.0}
    assert endpoints(offer(sort="latency", latency=latency)) == ["alibaba", "openrouter"]
    made = offer(sort="latency", latency=latency, states=dict.fromkeys(ALL[:2], "half_open"))
    assert endpoints(made) == ["openrouter", "alibaba"]


def test_without_fallbacks_the_one_route_is_a_healthy_one() -> None:
    """Of the first account that works, and not simply of the first."""
    assert queues(offer(allow_fallbacks=False, states={"alibaba/first": "open"})) == ["alibaba/second"]
    assert queues(offer(allow_fallbacks=False, states=dict.fromkeys(ALL[:2], "open"))) == ["openrouter/main"]


def test_a_drifting_endpoint_gets_nothing_while_there_is_another() -> None:
    """And the estimate says why."""
    made = offer(drifting=frozenset({"alibaba"}))
    assert endpoints(made) == ["openrouter"]
    assert "not understood" in str(reasons(made)["alibaba"])
    assert reasons(made)["openrouter"] is None


@pytest.mark.parametrize(
    "parts",
    [
        {"only": ("alibaba",)},
        {"backends": {"alibaba": ("first",)}},
        {"drifting": frozenset({"alibaba", "openrouter"})},
    ],
)
def test_a_drifting_endpoint_is_used_where_there_is_no_other(parts: dict[str, Any]) -> None:
    """Better a word that nobody knows than no video."""
    assert endpoints(offer(**({"drifting": frozenset({"alibaba"})} | parts)))[0] == "alibaba"


def test_drift_counts_before_the_want_of_fallbacks() -> None:
    """The one endpoint that is left is the first that is understood."""
    made = offer(drifting=frozenset({"alibaba"}), allow_fallbacks=False)
    assert endpoints(made) == ["openrouter"]


def test_what_an_endpoint_lacks_is_a_reason_only_for_jobs_that_need_it() -> None:
    """The others go there as ever."""
    first, second = model(WAN).endpoints
    row = replace(model(WAN), endpoints=(replace(first, lacks=("seed", "last_frame")), second))
    assert reasons(offer(), row) == {"alibaba": None, "openrouter": None}
    seeded = ranked(plan(row, seed=7), row, offer())
    assert [(one.endpoint, one.reason) for one in seeded] == [
        ("alibaba", "it takes no seed"),
        ("openrouter", None),
    ]


def weighted(draw: float, **weights: int) -> list[str]:
    row = model(WAN)
    accounts = tuple(Credential(name=name, weight=weight) for name, weight in weights.items())
    made = replace(offer(), backends={"alibaba": accounts}, draw=draw)
    return [route.credential for route in choose(plan(row), row, made)]


def test_accounts_are_drawn_by_weight() -> None:
    """Over all draws each is first as often as its weight says, and second as often as is left to it."""
    draws = [(at + 0.5) / 6000 for at in range(6000)]
    orders = Counter(tuple(weighted(draw, a=3, b=2, c=1)) for draw in draws)
    assert orders == {
        ("a", "b", "c"): 2000,
        ("a", "c", "b"): 1000,
        ("b", "a", "c"): 1500,
        ("b", "c", "a"): 500,
        ("c", "a", "b"): 600,
        ("c", "b", "a"): 400,
    }


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=8),
    st.floats(0, 1, exclude_max=True),
)
def test_every_account_is_drawn_once(weights: list[int], draw: float) -> None:
    """Whatever the number: nobody is tried twice, nobody is forgotten."""
    named = {f"account-{at}": weight for at, weight in enumerate(weights)}
    assert sorted(weighted(draw, **named)) == sorted(named)


def test_places_are_endpoints_with_each_of_their_accounts() -> None:
    """What is not configured has none."""
    made = offer()
    assert places(model(WAN), made.backends) == (
        ("alibaba", "first"),
        ("alibaba", "second"),
        ("openrouter", "main"),
    )
    assert places(model(ANIMATIC), made.backends) == ()


def test_an_endpoint_may_be_served_by_some_accounts_only() -> None:
    """One of several servers of the operator's own has the model."""
    row = model(WAN)
    first, *others = row.endpoints
    row = replace(row, endpoints=(replace(first, accounts=("second",)), *others))
    assert [route.queue for route in choose(plan(row), row, offer())] == ["alibaba/second", "openrouter/main"]
    told = reasons(offer({"alibaba": ("first",), "openrouter": ("main",)}), row)
    assert told == {"alibaba": "none of its accounts with alibaba is configured: second", "openrouter": None}


def test_a_job_goes_on_only_where_the_one_before_it_was_made() -> None:
    """At the same endpoint, and with the same account; every other endpoint has the reason."""
    row = model(WAN)
    pinned = replace(offer(), pinned=("alibaba", "second"))
    assert [route.queue for route in choose(plan(row), row, pinned)] == ["alibaba/second"]
    assert reasons(pinned)["openrouter"] == "the job that is to go on was made at alibaba"
    with pytest.raises(NoEndpoint):
        choose(plan(row), row, replace(offer(), pinned=("elsewhere", "main")))
    with pytest.raises(NoEndpoint, match="third, with which the job that is to go on was made, is not configured"):
        choose(plan(row), row, replace(offer(), pinned=("alibaba", "third")))
