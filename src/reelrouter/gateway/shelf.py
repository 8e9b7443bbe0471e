"""What is on offer: models, their endpoints and the providers behind them, and who can use them here and now."""

from collections.abc import Sequence
from dataclasses import dataclass

from reelrouter.accounts.keys import Caller
from reelrouter.accounts.policy import Policy
from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.request import ProviderWish
from reelrouter.errors import NotFound
from reelrouter.gateway.governing import governed_wish
from reelrouter.gateway.reach import Backends, Reach, reach_of
from reelrouter.gateway.search import Search, is_wanted
from reelrouter.gateway.stations import Stations
from reelrouter.routing.choose import unwanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An endpoint that cannot be used, and what it would take."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A model, and the modes of keys that may use it: `live` needs a configured provider."""

    model: ModelSpec
    available: tuple[str, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Some of the models that a search has found."""

    models: tuple[ModelSpec, ...]
    total: int
    """How many it has found."""
    next_offset: int | None
    """Where the others begin; None if there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedEndpoint:
    endpoint: Endpoint
    missing: str | None
    """What it would take to use it; None if it can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedProvider:
    slug: str
    missing: str | None


class Shelf:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    def look_up(self, model_id: str) -> ModelSpec | None:
        """None for a model that the catalogue does not have, or not any more."""
        return self._at.catalogue.find(model_id)

    async def models(self, caller: Caller | None, *, everything: bool = False) -> tuple[Offered, ...]:
        """The models, each with the key modes that can use it here and now, under the caller's rules.

        For a live key those that it can use; for a test key, or none, all that its rules allow. With `everything`
        the others, too.
        """
        policy = caller.policy if caller is not None else Policy()
        reach = await reach_of(self._at, caller)
        offered = [self._offered(model, policy, reach) for model in self._at.catalogue]
        if everything:
            return tuple(offered)
        if caller is not None and caller.mode == "live":
            return tuple(offer for offer in offered if "live" in offer.available)
        return tuple(offer for offer in offered if _is_allowed(offer.model, policy))

    def search(self, search: Search) -> Found:
        """The models that answer to it, newest first, whoever can use them."""
        return self._found(tuple(self._at.catalogue), search)

    async def search_usable(self, search: Search, caller: Caller) -> Found:
        """Those of them that the caller can use here and now."""
        reach = await reach_of(self._at, caller)
        offered = [self._offered(model, caller.policy, reach) for model in self._at.catalogue]
        return self._found([one.model for one in offered if caller.mode in one.available], search)

    def find(self, name: str) -> ModelSpec:
        """By id, canonical slug or alias; raises `NotFound`."""
        model = self._at.catalogue.find(name)
        if model is None:
            raise NotFound(f"Model {name} not found. /api/v1/videos/models lists those that there are.")
        return model

    def endpoints(self, model: ModelSpec) -> tuple[OfferedEndpoint, ...]:
        return tuple(OfferedEndpoint(endpoint=one, missing=self._missing(one.provider)) for one in model.endpoints)

    def providers(self) -> tuple[OfferedProvider, ...]:
        """Every provider that the catalogue names, by name."""
        slugs = {endpoint.provider for model in self._at.catalogue for endpoint in model.endpoints}
        return tuple(OfferedProvider(slug=slug, missing=self._missing(slug)) for slug in sorted(slugs))

    def _offered(self, model: ModelSpec, policy: Policy, reach: Reach) -> Offered:
        backends = reach.of(model.id).backends
        reasons = {
            endpoint.name: _forbidden(model, endpoint, policy) or self._missing(endpoint.provider, backends)
            for endpoint in model.endpoints
        }
        live = None in reasons.values()
        test = self._at.terms.test_mode and _is_allowed(model, policy)
        return Offered(
            model=model,
            available=(("live",) if live else ()) + (("test",) if test else ()),
            missing=tuple(Missing(endpoint=name, reason=reason) for name, reason in reasons.items() if reason),
        )

    def _missing(self, provider: str, backends: Backends | None = None) -> str | None:
        if (self._at.backends if backends is None else backends).get(provider):
            return None
        how = self._at.setup.get(provider, "this version has no adapter for it")
        return f"the provider {provider} is not configured in this gateway: {how}"

    def _found(self, models: Sequence[ModelSpec], search: Search) -> Found:
        wanted = [model for model in models if is_wanted(model, search, self._at.clock.now())]
        end = len(wanted) if search.limit is None else search.offset + search.limit
        return Found(
            models=tuple(wanted[search.offset : end]),
            total=len(wanted),
            next_offset=end if end < len(wanted) else None,
        )


def _is_allowed(model: ModelSpec, policy: Policy) -> bool:
    return any(_forbidden(model, endpoint, policy) is None for endpoint in model.endpoints)


def _forbidden(model: ModelSpec, endpoint: Endpoint, policy: Policy) -> str | None:
    """Why the caller's rules keep it from an endpoint, whatever is configured; None if they do not."""
    if policy.models is not None and model.id not in policy.models:
        return "the workspace's rules do not allow this model"
    return unwanted(endpoint, governed_wish(_NO_WISH, policy))


_NO_WISH = ProviderWish()
