"""Which endpoints may serve a plan, and in what order they are tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.request import ProviderWish
from reelrouter.errors import NoEndpoint
from reelrouter.money import Nanos, nanos, usd

TEST = "test"
"""The one endpoint, provider and credential of test mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One attempt's destination."""

    endpoint: str
    provider: str
    native_model: str
    credential: str
    """The name of a credential, never its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What this gateway has, and what the caller wants of it."""

    mode: Literal["live", "test"]
    backends: Mapping[str, tuple[str, ...]]
    """Configured providers, each with the names of its credentials in the order of preference."""
    wish: ProviderWish
    price: Nanos
    """What the job is estimated at, the same at every endpoint."""
    latency: Mapping[str, float] = field(default_factory=dict)
    """Seconds that an endpoint's jobs took of late, by endpoint name, where known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An endpoint in its rank, and why it is not used; None if it is."""

    endpoint: str
    reason: str | None = None


def choose(plan: Plan, model: ModelSpec, offer: Offer) -> tuple[Route, ...]:
    """The routes in the order to try them, at least one; raises `NoEndpoint` with every reason."""
    considered = ranked(plan, model, offer)
    usable = [candidate.endpoint for candidate in considered if candidate.reason is None]
    if not usable:
        raise _no_endpoint(model, considered)
    if offer.mode == "test":
        return (Route(endpoint=TEST, provider=TEST, native_model=model.id, credential=TEST),)
    endpoints = {endpoint.name: endpoint for endpoint in model.endpoints}
    routes = [
        Route(
            endpoint=name,
            provider=endpoints[name].provider,
            native_model=endpoints[name].native[plan.mode],
            credential=credential,
        )
        for name in usable
        for credential in offer.backends[endpoints[name].provider]
    ]
    return tuple(routes if offer.wish.allow_fallbacks else routes[:1])


def ranked(plan: Plan, model: ModelSpec, offer: Offer) -> tuple[Considered, ...]:
    """Every endpoint in the order of preference, each with the reason why it is left out, if it is.

    In test mode there is one endpoint, `test`, whatever is configured; only what no configuration could
    change, the caller's own choice, retention and price, is held against it, so that a test shows what a live
    key would meet.
    """
    if offer.mode == "test":
        return (Considered(endpoint=TEST, reason=_test_exclusion(model, offer)),)
    considered: list[Considered] = []
    for endpoint in _preferred(model.endpoints, offer):
        reason = _exclusion(endpoint, plan, offer)
        if reason is None and not offer.wish.allow_fallbacks and _any_usable(considered):
            reason = "provider.allow_fallbacks is false, and an endpoint before it is usable"
        considered.append(Considered(endpoint=endpoint.name, reason=reason))
    return tuple(considered)


def _preferred(endpoints: Sequence[Endpoint], offer: Offer) -> list[Endpoint]:
    """As `order` names them, then by `sort`, then as the catalogue lists them.

    All endpoints of a model have one price, so sorting by price leaves the catalogue's order.
    """

    def rank(endpoint: Endpoint) -> tuple[int, float]:
        order = offer.wish.order
        place = next((at for at, name in enumerate(order) if endpoint.answers_to(name)), len(order))
        by_latency = offer.wish.sort == "latency"
        return place, offer.latency.get(endpoint.name, float("inf")) if by_latency else 0.0

    return sorted(endpoints, key=rank)


def _exclusion(endpoint: Endpoint, plan: Plan, offer: Offer) -> str | None:
    return next(_exclusions(endpoint, plan, offer), None)


def _exclusions(endpoint: Endpoint, plan: Plan, offer: Offer) -> Iterator[str]:
    """What the caller chose first, then what the gateway lacks."""
    wish = offer.wish
    if unwanted := _unwanted(endpoint, wish):
        yield unwanted
    if wish.zdr and not endpoint.zdr:
        yield "it does not promise zero data retention"
    if too_dear := _over_price(offer):
        yield too_dear
    if plan.mode not in endpoint.native:
        yield f"it does not serve the mode {plan.mode}"
    if not offer.backends.get(endpoint.provider):
        yield f"the provider {endpoint.provider} is not configured in this gateway"


def _unwanted(endpoint: Endpoint, wish: ProviderWish) -> str | None:
    if wish.only and not any(endpoint.answers_to(name) for name in wish.only):
        return "it is not among provider.only"
    if any(endpoint.answers_to(name) for name in wish.ignore):
        return "provider.ignore names it"
    return None


def _test_exclusion(model: ModelSpec, offer: Offer) -> str | None:
    left = [endpoint for endpoint in model.endpoints if _unwanted(endpoint, offer.wish) is None]
    if not left:
        names = ", ".join(endpoint.name for endpoint in model.endpoints)
        return f"provider.only and provider.ignore leave none of this model's endpoints, {names}"
    if offer.wish.zdr and not any(endpoint.zdr for endpoint in model.endpoints):
        return "no endpoint of this model promises zero data retention"
    return _over_price(offer)


def _over_price(offer: Offer) -> str | None:
    limit = offer.wish.max_price
    if limit is None or offer.price <= nanos(limit):
        return None
    return f"the estimate of {usd(offer.price):f} USD is above provider.max_price of {limit:f} USD"


def _any_usable(considered: Sequence[Considered]) -> bool:
    return any(candidate.reason is None for candidate in considered)


def _no_endpoint(model: ModelSpec, considered: Sequence[Considered]) -> NoEndpoint:
    reasons = "; ".join(f"{candidate.endpoint}: {candidate.reason}" for candidate in considered)
    return NoEndpoint(
        f"No endpoint can serve {model.id} for this request: {reasons}",
        routes=[{"endpoint": candidate.endpoint, "reason": candidate.reason} for candidate in considered],
    )
