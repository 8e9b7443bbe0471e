"""What a caller can reach: the operator's accounts, with its workspace's own keys in their places."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from reelrouter.accounts.keys import KeyMode
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.gateway.reach import Reach, reach_of
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.routing.choose import Credential
from tests.gateway.test_shelf import caller, stations

OPERATORS = {"byteplus": (Credential(name="default", weight=2),), "alibaba": (Credential(name="default"),)}
PLAIN = VendorKey(id="a", workspace=WorkspaceId("ws"), provider="byteplus", name="", label="", created_at=0)


def reached(*keys: VendorKey, model: str = "m") -> dict[str, list[tuple[str, int]]]:
    backends = Reach(accounts=OPERATORS, keys=keys, key_id=KeyId("key")).of(model).backends
    return {name: [(one.name, one.rank) for one in accounts] for name, accounts in backends.items()}


def test_keys_stand_before_and_after_the_operators_accounts() -> None:
    """In the order that they have; a provider of theirs alone is there too."""
    keys = (
        PLAIN,
        replace(PLAIN, id="z", is_fallback=True),
        replace(PLAIN, id="b"),
        replace(PLAIN, id="c", provider="x"),
    )
    assert reached(*keys) == {
        "byteplus": [("default", 0), ("byok:a", -2), ("byok:b", -1), ("byok:z", 1)],
        "alibaba": [("default", 0)],
        "x": [("byok:c", -1)],
    }


@pytest.mark.parametrize(
    "changes", [{"models": ("other",)}, {"keys": (KeyId("other"),)}, {"models": ("m",), "keys": ()}]
)
def test_a_key_is_there_for_what_it_is_for(changes: dict[str, Any]) -> None:
    """Some models, or some API keys."""
    assert reached(replace(PLAIN, **changes))["byteplus"] == [("default", 0)]


def test_a_required_key_shuts_the_operators_accounts_out() -> None:
    """For its models alone; one that is for its provider as a whole does for all models."""
    required = replace(PLAIN, models=("m",), is_required=True)
    assert reached(required)["byteplus"] == [("byok:a", -1)]
    assert reached(required, model="other")["byteplus"] == [("default", 0)]
    alone = replace(PLAIN, models=("m",), is_byok_only=True)
    assert "byteplus" not in reached(alone, model="other")
    shut = Reach(accounts=OPERATORS, keys=(alone,), key_id=KeyId("key")).of("other")
    assert shut.own_only == {"byteplus"}


@pytest.mark.parametrize(("mode", "own"), [("live", 1), ("test", 0), (None, 0)])
def test_only_live_keys_reach_what_was_brought(mode: KeyMode | None, own: int) -> None:
    """A test key's videos are made here; without a key there is no workspace."""

    class Brought:
        async def of(self, _workspace: WorkspaceId) -> tuple[VendorKey, ...]:
            return (PLAIN,)

    at = replace(stations("byteplus"), vendor_keys=cast("Any", Brought()))
    backends = asyncio.run(reach_of(at, mode and caller(mode))).of("m").backends
    assert len(backends["byteplus"]) == 1 + own
