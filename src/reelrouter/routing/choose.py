"""Which endpoints may serve a plan, and in what order they are tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.model import Ability, Endpoint, ModelSpec
from reelrouter.catalogue.request import ProviderWish
from reelrouter.errors import NoEndpoint
from reelrouter.money import Nanos, nanos, usd
from reelrouter.routing.health import Condition, Place, State
from reelrouter.routing.needs import MISSING, needs

TEST = "test"
"""The one endpoint, provider and credential of test mode."""
BYOK = "byok:"
"""How the names of keys begin that workspaces have brought; an operator's account has no colon in its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One attempt's destination."""

    endpoint: str
    provider: str
    native_model: str
    credential: str
    """The name of an account, never its secret."""
    plan: int = 0
    """Which of the job's plans it carries out: each model that a request names has its own."""

    @property
    def queue(self) -> str:
        return queue_of(self.provider, self.credential)

    @property
    def place(self) -> Place:
        return self.endpoint, self.credential

    @property
    def is_byok(self) -> bool:
        """Whether the workspace pays the vendor itself."""
        return is_byok(self.credential)


def is_byok(credential: str) -> bool:
    """Whether a credential is one that a workspace has brought."""
    return credential.startswith(BYOK)


def queue_of(provider: str, credential: str) -> str:
    """Where jobs wait for a place: what a vendor limits is an account."""
    return f"{provider}/{credential}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An account with a provider, by its name."""

    name: str
    weight: int = 1
    """How often it is chosen, against the provider's other accounts."""
    rank: int = 0
    """0 is the operator's. Below are keys that the workspace wants used before any account of the operator's,
    above are those that it keeps for when all else fails; the lower, the earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What this gateway has, and what the caller wants of it."""

    mode: Literal["live", "test"]
    backends: Mapping[str, tuple[Credential, ...]]
    """Configured providers, each with its accounts."""
    wish: ProviderWish
    price: Nanos
    """What the job is estimated at, the same at every endpoint."""
    condition: Condition = field(default_factory=Condition)
    """How the endpoints are; the default is that nothing is known against any."""
    pinned: Place | None = None
    """Where the job that is continued was made, and so the only place that can go on with it."""
    draw: float = 0.0
    """A random number from 0 to below 1: in which order the accounts of a provider are tried."""
    own_only: frozenset[str] = frozenset()
    """Providers that the workspace wants asked with keys of its own, and not with the operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An endpoint in its rank, and why it is not used; None if it is."""

    endpoint: str
    reason: str | None = None
    is_byok: bool = False
    """Whether a key of the workspace's own would be tried there first."""


def choose(plan: Plan, model: ModelSpec, offer: Offer) -> tuple[Route, ...]:
    """The routes in the order to try them, at least one; raises `NoEndpoint` with every reason."""
    considered = ranked(plan, model, offer)
    usable = [candidate.endpoint for candidate in considered if candidate.reason is None]
    if not usable:
        raise _no_endpoint(model, considered)
    if offer.mode == "test":
        return (Route(endpoint=TEST, provider=TEST, native_model=model.id, credential=TEST),)
    ways = [
        (endpoint, credential)
        for endpoint in _preferred(model.endpoints, offer)
        for credential in _in_order(accounts_of(endpoint, offer.backends), offer.draw)
        if endpoint.name in usable and offer.pinned in (None, (endpoint.name, credential.name))
    ]
    # An account in trouble comes after other endpoints' healthy ones, and never before whom the caller prefers.
    if offer.condition.trouble or _has_own(offer):
        ways.sort(key=lambda way: (_turn(way, offer), _place(way[0], offer), _trouble(_place_of(way), offer)))
    routes = [_route(endpoint, credential, plan) for endpoint, credential in ways]
    return tuple(routes if offer.wish.allow_fallbacks else routes[:1])


def ranked(plan: Plan, model: ModelSpec, offer: Offer) -> tuple[Considered, ...]:
    """Every endpoint in the order of preference, each with the reason why it is left out, if it is.

    In test mode there is one endpoint, `test`, whatever is configured; only what no configuration could
    change, the caller's own choice, retention and price, is held against it, so that a test shows what a live
    key would meet.
    """
    if offer.mode == "test":
        return (Considered(endpoint=TEST, reason=_test_exclusion(model, offer)),)
    needed = frozenset(needs(plan, model) if any(endpoint.lacks for endpoint in model.endpoints) else ())
    reasons = {
        endpoint.name: next(_exclusions(endpoint, plan, needed, offer), None)
        for endpoint in _in_turn(_preferred(model.endpoints, offer), offer)
    }
    drifting = offer.condition.drifting
    if drifting and any(name not in drifting for name in _usable(reasons)):
        reasons |= {name: _DRIFTING for name in _usable(reasons) if name in drifting}
    if not offer.wish.allow_fallbacks:
        reasons |= dict.fromkeys(_usable(reasons)[1:], _NO_FALLBACKS)
    if not _has_own(offer):
        return tuple(Considered(endpoint=name, reason=reason) for name, reason in reasons.items())
    own = {endpoint.name for endpoint in model.endpoints if _first_turn(endpoint, offer) == 0}
    return tuple(Considered(endpoint=name, reason=why, is_byok=name in own) for name, why in reasons.items())


def places(model: ModelSpec, backends: Mapping[str, tuple[Credential, ...]]) -> tuple[Place, ...]:
    """Everywhere that the model's jobs may be sent in this gateway."""
    return tuple(
        (endpoint.name, credential.name)
        for endpoint in model.endpoints
        for credential in accounts_of(endpoint, backends)
    )


def unwanted(endpoint: Endpoint, wish: ProviderWish) -> str | None:
    """Why a wish rules an endpoint out, whatever is configured; None if it does not."""
    if wish.allowed is not None and not any(endpoint.answers_to(name) for name in wish.allowed):
        return "the workspace's rules do not allow it"
    if wish.only and not any(endpoint.answers_to(name) for name in wish.only):
        return "it is not among provider.only"
    if any(endpoint.answers_to(name) for name in wish.ignore):
        return "provider.ignore names it"
    if wish.zdr and not endpoint.zdr:
        return "it does not promise zero data retention"
    return None


def accounts_of(endpoint: Endpoint, backends: Mapping[str, tuple[Credential, ...]]) -> tuple[Credential, ...]:
    """The accounts that lead to an endpoint: a server of the operator's own is one of several, say."""
    accounts = backends.get(endpoint.provider, ())
    return tuple(one for one in accounts if one.name in endpoint.accounts) if endpoint.accounts else accounts


_DRIFTING = "its answers were not understood a short while ago, so it gets no new jobs while another endpoint can"
_NO_FALLBACKS = "provider.allow_fallbacks is false, and an endpoint before it is usable"
_TROUBLE: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


def _route(endpoint: Endpoint, credential: Credential, plan: Plan) -> Route:
    return Route(
        endpoint=endpoint.name,
        provider=endpoint.provider,
        native_model=endpoint.native[plan.mode],
        credential=credential.name,
    )


_Way = tuple[Endpoint, Credential]


def _place_of(way: _Way) -> Place:
    return way[0].name, way[1].name


def _turn(way: _Way, offer: Offer) -> int:
    """The workspace's own keys come first, whatever the caller's order: for that they were brought.

    One that was refused a moment ago waits with the operator's accounts until its pause is over.
    """
    rank = way[1].rank
    if rank < 0:
        return 1 if offer.condition.trouble.get(_place_of(way)) == "open" else 0
    return 1 if rank == 0 else 2


def _has_own(offer: Offer) -> bool:
    return any(account.rank for accounts in offer.backends.values() for account in accounts)


def _in_turn(endpoints: Sequence[Endpoint], offer: Offer) -> Sequence[Endpoint]:
    """First those that a key of the workspace's own leads to."""
    return sorted(endpoints, key=lambda one: _first_turn(one, offer)) if _has_own(offer) else endpoints


def _first_turn(endpoint: Endpoint, offer: Offer) -> int:
    """Of the best of its accounts."""
    accounts = accounts_of(endpoint, offer.backends)
    return min((_turn((endpoint, account), offer) for account in accounts), default=1)


def _usable(reasons: Mapping[str, str | None]) -> list[str]:
    return [name for name, reason in reasons.items() if reason is None]


def _preferred(endpoints: Sequence[Endpoint], offer: Offer) -> list[Endpoint]:
    """As `order` names them, then by health, then by `sort`, then as the catalogue lists them.

    All endpoints of a model have one price, so sorting by price leaves the catalogue's order.
    """

    def rank(endpoint: Endpoint) -> tuple[int, int, float]:
        by_latency = offer.wish.sort == "latency"
        latency = offer.condition.latency.get(endpoint.name, float("inf")) if by_latency else 0.0
        return _place(endpoint, offer), _least_trouble(endpoint, offer), latency

    return sorted(endpoints, key=rank)


def _place(endpoint: Endpoint, offer: Offer) -> int:
    """Where the caller's `order` puts it; whom it does not name comes after all that it names."""
    order = offer.wish.order
    if not order:
        return 0
    return next((at for at, name in enumerate(order) if endpoint.answers_to(name)), len(order))


def _least_trouble(endpoint: Endpoint, offer: Offer) -> int:
    """Of the best of its accounts."""
    if not offer.condition.trouble:
        return 0
    accounts = accounts_of(endpoint, offer.backends)
    return min((_trouble((endpoint.name, account.name), offer) for account in accounts), default=0)


def _trouble(place: Place, offer: Offer) -> int:
    return _TROUBLE[offer.condition.trouble.get(place, "closed")]


def _in_order(accounts: Sequence[Credential], draw: float) -> Iterator[Credential]:
    """Every account once: by rank, and those of the operator as they are drawn."""
    if not any(one.rank for one in accounts):
        yield from _drawn(accounts, draw)
        return
    yield from sorted((one for one in accounts if one.rank < 0), key=lambda one: one.rank)
    yield from _drawn([one for one in accounts if one.rank == 0], draw)
    yield from sorted((one for one in accounts if one.rank > 0), key=lambda one: one.rank)


def _drawn(accounts: Sequence[Credential], draw: float) -> Iterator[Credential]:
    """Every account once, the heavier ones likelier to be early.

    One number decides it all: where in its share it fell is as evenly spread as the number itself was.
    """
    left = list(accounts)
    while len(left) > 1:
        rest, at = draw * sum(account.weight for account in left), 0
        while at < len(left) - 1 and rest >= left[at].weight:
            rest -= left[at].weight
            at += 1
        draw = rest / left[at].weight
        yield left.pop(at)
    yield from left


def _exclusions(endpoint: Endpoint, plan: Plan, needed: frozenset[Ability], offer: Offer) -> Iterator[str]:
    """What the caller chose first, then what the gateway lacks."""
    wish = offer.wish
    if reason := unwanted(endpoint, wish):
        yield reason
    if too_dear := _over_price(offer):
        yield too_dear
    if plan.mode not in endpoint.native:
        yield f"it does not serve the mode {plan.mode}"
    yield from (MISSING[ability] for ability in endpoint.lacks if ability in needed)
    if not offer.backends.get(endpoint.provider):
        if endpoint.provider in offer.own_only:
            yield f"only the workspace's own keys may be used at {endpoint.provider}, and none of them is for this"
        yield f"the provider {endpoint.provider} is not configured in this gateway"
    elif offer.pinned is not None and endpoint.name != offer.pinned[0]:
        yield f"the job that is to go on was made at {offer.pinned[0]}"
    elif not accounts_of(endpoint, offer.backends):
        yield f"none of its accounts with {endpoint.provider} is configured: {', '.join(endpoint.accounts)}"
    elif offer.pinned is not None and not _has(offer.pinned[1], endpoint, offer):
        yield f"the account {offer.pinned[1]}, with which the job that is to go on was made, is not configured"


def _has(account: str, endpoint: Endpoint, offer: Offer) -> bool:
    return any(one.name == account for one in accounts_of(endpoint, offer.backends))


def _test_exclusion(model: ModelSpec, offer: Offer) -> str | None:
    reasons = {endpoint.name: unwanted(endpoint, offer.wish) for endpoint in model.endpoints}
    if None in reasons.values():
        return _over_price(offer)
    told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    return f"none of this model's endpoints may serve it: {told}"


def _over_price(offer: Offer) -> str | None:
    limit = offer.wish.max_price
    if limit is None or offer.price <= nanos(limit):
        return None
    return f"the estimate of {usd(offer.price):f} USD is above provider.max_price of {limit:f} USD"


def _no_endpoint(model: ModelSpec, considered: Sequence[Considered]) -> NoEndpoint:
    reasons = "; ".join(f"{candidate.endpoint}: {candidate.reason}" for candidate in considered)
    return NoEndpoint(
        f"No endpoint can serve {model.id} for this request: {reasons}",
        routes=[{"endpoint": candidate.endpoint, "reason": candidate.reason} for candidate in considered],
    )
