"""Who can make a caller's videos: the operator's accounts with vendors, and the keys of its workspace's own.

What a caller can reach is decided here, and who of those makes a job by routing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reelrouter.accounts.keys import Caller
from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.gateway.stations import Stations
from reelrouter.ids import KeyId
from reelrouter.routing.choose import BYOK, Credential

Backends = Mapping[str, tuple[Credential, ...]]
"""Providers, each with the accounts that lead there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one caller can reach."""

    accounts: Backends
    """The operator's."""
    keys: Sequence[VendorKey] = ()
    """The workspace's own, in the order in which they are tried."""
    key_id: KeyId | None = None

    def of(self, model: str) -> "Reached":
        """For jobs with that model."""
        if self.key_id is None or not self.keys:
            return Reached(backends=self.accounts)
        own = [key for key in self.keys if key.is_for(self.key_id, model)]
        own_only = frozenset(
            {key.provider for key in own if key.is_required}
            | {key.provider for key in self.keys if key.is_byok_only}
        )
        backends = {name: accounts for name, accounts in self.accounts.items() if name not in own_only}
        for provider in dict.fromkeys(key.provider for key in own):
            credentials = _credentials([key for key in own if key.provider == provider])
            backends[provider] = (*backends.get(provider, ()), *credentials)
        return Reached(backends=backends, own_only=own_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    backends: Backends
    own_only: frozenset[str] = field(default_factory=frozenset)
    """Providers at which the workspace does not want the operator's accounts used."""


async def reach_of(at: Stations, caller: Caller | None) -> Reach:
    """A test key reaches what the operator has, as nobody does: its videos are made here."""
    if caller is None or caller.mode != "live":
        return Reach(accounts=at.backends)
    return Reach(accounts=at.backends, keys=await at.vendor_keys.of(caller.workspace), key_id=caller.key_id)


def _credentials(keys: Sequence[VendorKey]) -> list[Credential]:
    first = [key for key in keys if not key.is_fallback]
    return [
        *(Credential(name=BYOK + key.id, rank=at - len(first)) for at, key in enumerate(first)),
        *(
            Credential(name=BYOK + key.id, rank=at + 1)
            for at, key in enumerate(key for key in keys if key.is_fallback)
        ),
    ]
