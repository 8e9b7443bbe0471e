"""Every account that this gateway has: what settings and environment say, held against what each vendor needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reelrouter.providers.accounts import (
    AccountSettings,
    AccountsRefused,
    Incomplete,
    read_accounts,
    root_of,
    what_to_set,
)
from reelrouter.providers.base import Account, Provider
from reelrouter.settings import AccountEntry, VendorSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """By provider."""

    accounts: Mapping[str, tuple[Account, ...]]
    """Those that can be used."""
    incomplete: tuple[Incomplete, ...]

    def missing(self, provider: Provider) -> str | None:
        """What it takes to use a vendor; None if it can be used."""
        return None if self.accounts.get(provider.name) else what_to_set(provider.access)


def read_configured(
    providers: Mapping[str, Provider], settings: Mapping[str, VendorSettings], environment: Mapping[str, str]
) -> Configured:
    """Raises `AccountsRefused` for settings of a vendor that is not there, or that contradict themselves."""
    for name in settings.keys() - providers.keys():
        raise AccountsRefused(f"providers.{name}: there is no such provider; there are {', '.join(providers)}")
    accounts: dict[str, tuple[Account, ...]] = {}
    incomplete: list[Incomplete] = []
    for name, provider in providers.items():
        vendor = settings.get(name, VendorSettings())
        given = [_given(provider, vendor, entry, environment) for entry in vendor.accounts]
        if provider.access.local and vendor.base_url and not given:
            given = [AccountSettings(base_url=vendor.base_url)]
        found, lacking = read_accounts(provider, given, environment)
        accounts[name] = tuple(_with_terms(one, vendor) for one in found)
        incomplete.extend(lacking)
    return Configured(accounts=accounts, incomplete=tuple(incomplete))


def _with_terms(account: Account, vendor: VendorSettings) -> Account:
    """The account of the environment has no terms of its own; those of others are written beside them."""
    if any(entry.name == account.name for entry in vendor.accounts):
        return account
    return replace(
        account,
        root=_root_of(account, vendor.base_url) if vendor.base_url else account.root,
        concurrency=vendor.concurrency or account.concurrency,
        rate=vendor.rate or account.rate,
    )


def _root_of(account: Account, given: str) -> str:
    return root_of(f"providers.{account.provider}: base_url", given, account.values)


def _given(
    provider: Provider, vendor: VendorSettings, entry: AccountEntry, environment: Mapping[str, str]
) -> AccountSettings:
    known = (*provider.access.needed, *provider.access.optional)
    values: dict[str, str] = {}
    for key, value in (entry.model_extra or {}).items():
        name = key.removesuffix("_env")
        if name not in known:
            raise AccountsRefused(f"providers.{provider.name}: {key} is none of {', '.join(known)}")
        if key != name and str(value) not in environment:
            raise AccountsRefused(f"providers.{provider.name}: {key} names a variable that is not set")
        values[name] = environment[str(value)] if key != name else str(value)
    return AccountSettings(
        name=entry.name,
        base_url=entry.base_url or vendor.base_url,
        weight=entry.weight,
        concurrency=entry.concurrency or vendor.concurrency,
        rate=entry.rate or vendor.rate,
        values=values,
    )
