"""The shelf: what is configured here can be used by live keys, what is not says so, and pages cover all of it."""

import asyncio
from typing import Any, cast

import pytest

from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.accounts.policy import Policy
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.clock import FrozenClock
from reelrouter.errors import NotFound
from reelrouter.gateway.search import Search
from reelrouter.gateway.shelf import Shelf
from reelrouter.gateway.stations import Stations, Terms
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.routing.choose import Credential
from tests.catalogue.examples import ANIMATIC, VEO, catalogue

ALL = Search(output_modalities=("all",))
VERTEX = "google-vertex"


class Nothing:
    """No workspace has brought a key."""

    async def of(self, _workspace: WorkspaceId) -> tuple[VendorKey, ...]:
        return ()


def shelf(*providers: str, test_mode: bool = True) -> Shelf:
    return Shelf(stations(*providers, test_mode=test_mode))


def stations(*providers: str, test_mode: bool = True) -> Stations:
    """What a shelf looks at; it has nothing to do with the others."""
    parts = dict.fromkeys(Stations.__slots__, cast("Any", None))
    terms = Terms(**{**dict.fromkeys(Terms.__slots__, cast("Any", None)), "test_mode": test_mode})
    backends = dict.fromkeys(providers, (Credential(name="main"),))
    told: dict[str, Any] = {"catalogue": catalogue(), "backends": backends, "setup": {VERTEX: "set A and B"}}
    told["vendor_keys"] = Nothing()
    return Stations(**{**parts, **told, "clock": FrozenClock(), "terms": terms})


def caller(mode: KeyMode, **rules: Any) -> Caller:
    return Caller(workspace=WorkspaceId("ws"), key_id=KeyId("key"), mode=mode, policy=Policy(**rules))


def test_a_live_key_needs_one_configured_endpoint() -> None:
    """Which it is does not matter; what the other ones lack is told."""
    offered = asyncio.run(shelf("renderer", "openrouter").models(None))
    offers = {offer.model.id: offer for offer in offered}
    assert offers[VEO].available == ("live", "test")
    assert [(one.endpoint, one.reason) for one in offers[VEO].missing] == [
        (VERTEX, "the provider google-vertex is not configured in this gateway: set A and B")
    ]
    assert offers[ANIMATIC].missing == ()
    usable = asyncio.run(shelf("renderer").models(caller("live")))
    assert [offer.model.id for offer in usable] == [ANIMATIC]


def test_what_a_caller_can_use_follows_from_its_mode() -> None:
    """A test key can use everything, unless the operator has switched test keys off."""
    assert asyncio.run(shelf("renderer").search_usable(ALL, caller("live"))).total == 1
    assert asyncio.run(shelf().search_usable(ALL, caller("test"))).total == len(catalogue())
    assert asyncio.run(shelf(test_mode=False).search_usable(ALL, caller("test"))).total == 0


@pytest.mark.parametrize("mode", ["live", "test"])
def test_models_that_a_workspace_may_not_use_are_not_offered_to_it(mode: KeyMode) -> None:
    """Unless everything is asked for; then it says why they cannot be used."""
    at, who = shelf("renderer", "openrouter"), caller(mode, models=frozenset({VEO}))
    assert [offer.model.id for offer in asyncio.run(at.models(who))] == [VEO]
    assert asyncio.run(at.search_usable(ALL, who)).total == 1
    offers = {offer.model.id: offer for offer in asyncio.run(at.models(who, everything=True))}
    assert offers[ANIMATIC].available == ()
    assert [one.reason for one in offers[ANIMATIC].missing] == ["the workspace's rules do not allow this model"]


def test_endpoints_that_a_workspace_may_not_use_do_not_count() -> None:
    """What another one of the model can serve stays on offer; with zero retention, own hardware alone does."""
    at = shelf("renderer", VERTEX, "openrouter")
    assert VEO in {
        offer.model.id for offer in asyncio.run(at.models(caller("live", providers=frozenset({VERTEX}))))
    }
    assert ANIMATIC not in {
        offer.model.id for offer in asyncio.run(at.models(caller("test", providers=frozenset({VERTEX}))))
    }
    assert [offer.model.id for offer in asyncio.run(at.models(caller("live", zdr=True)))] == [ANIMATIC]


def test_pages_cover_what_was_found_once() -> None:
    """From each page it is known where the next one begins, and the last one ends it."""
    whole = shelf().search(ALL)
    assert (whole.total, whole.next_offset) == (len(catalogue()), None)
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = shelf().search(Search(output_modalities=("all",), offset=offset, limit=4))
        seen += [model.id for model in page.models]
        offset = page.next_offset
    assert seen == [model.id for model in whole.models]
    past = shelf().search(Search(output_modalities=("all",), offset=1000, limit=4))
    assert (past.models, past.total, past.next_offset) == ((), len(catalogue()), None)


def test_models_are_found_by_each_of_their_names() -> None:
    """By id, dated slug and alias; any other name is refused."""
    assert shelf().find("google/veo-3.1-lite-20260331") is shelf().find(VEO)
    with pytest.raises(NotFound, match="google/veo-0 not found"):
        shelf().find("google/veo-0")


def test_every_provider_is_listed_once() -> None:
    """With what it would take to use it, where it cannot be used."""
    listed = {provider.slug: provider.missing for provider in shelf("renderer").providers()}
    assert list(listed) == sorted({end.provider for model in catalogue() for end in model.endpoints})
    assert [slug for slug, missing in listed.items() if missing is None] == ["renderer"]
    ends = shelf("openrouter").endpoints(shelf().find(VEO))
    assert [end.missing is None for end in ends] == [False, True]
