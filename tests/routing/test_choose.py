from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reelrouter.catalogue.check import Plan, Rules, check
from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.request import Inputs, ProviderWish, VideoRequest
from reelrouter.errors import NoEndpoint
from reelrouter.routing.choose import Considered, Offer, Route, choose, ranked
from tests.catalogue.examples import ANIMATIC, WAN, model, references

BOTH = {"alibaba": ("first", "second"), "openrouter": ("main",)}


def plan(row: ModelSpec, **parts: Any) -> Plan:
    return check(VideoRequest(model=row.id, prompt="a red fox", **parts), row, Inputs(), Rules())


def offer(backends: dict[str, tuple[str, ...]] = BOTH, **parts: Any) -> Offer:
    latency = parts.pop("latency", {})
    mode = parts.pop("mode", "live")
    price = plan(model(WAN)).estimate
    return Offer(mode=mode, backends=backends, wish=ProviderWish(**parts), price=price, latency=latency)


def endpoints(made: Offer) -> list[str]:
    row = model(WAN)
    return list(dict.fromkeys(route.endpoint for route in choose(plan(row), row, made)))


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
    [{"zdr": True}, {"max_price": Decimal("0.1")}, {"only": ("nobody",)}, {"ignore": ("alibaba", "openrouter")}],
)
def test_test_mode_shows_refusals_that_no_configuration_could_change(wish: dict[str, Any]) -> None:
    """What a live key would be refused over is met in the test."""
    row = model(WAN)
    with pytest.raises(NoEndpoint):
        choose(plan(row), row, offer(mode="test", **wish))
