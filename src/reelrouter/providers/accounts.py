"""Which accounts this gateway has with vendors: by the vendors' own environment names, and by settings; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from reelrouter.providers.base import Access, Account, Provider

DEFAULT = "default"
"""The account that the environment describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One account as the operator writes it down; `values` are `api_key` and the like."""

    name: str = DEFAULT
    base_url: str | None = None
    weight: int = 1
    concurrency: int | None = None
    rate: float | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """An account that cannot be used, and what it lacks, in the names of the vendor's own environment."""

    provider: str
    account: str
    missing: tuple[str, ...]


class AccountsRefused(Exception):
    """The settings of an account contradict themselves; the message says which and how."""


def read_accounts(
    provider: Provider, settings: Sequence[AccountSettings], environment: Mapping[str, str]
) -> tuple[tuple[Account, ...], tuple[Incomplete, ...]]:
    """The vendor's accounts in the settings' order, the environment's first, and those that lack something.

    A server of the operator's own is an account as soon as its address is known. Settings of the account `default`
    take from the environment what they leave out. Raises `AccountsRefused`.
    """
    names = [one.name for one in settings]
    if len(set(names)) != len(names):
        raise AccountsRefused(f"{provider.name}: two accounts have the same name")
    of_environment = _of_environment(provider.access, environment)
    if DEFAULT not in names and (of_environment.values or of_environment.base_url):
        settings = (of_environment, *settings)
    own = {DEFAULT: of_environment.values}
    full = [replace(one, values={**own.get(one.name, {}), **one.values}) for one in settings]
    read = [account_of(provider, one, environment) for one in full]
    return (
        tuple(one for one in read if isinstance(one, Account)),
        tuple(one for one in read if isinstance(one, Incomplete)),
    )


def what_to_set(access: Access) -> str:
    """How to give the gateway an account, in one phrase."""
    wanted = [*access.needed.values()] + ([] if access.root else [access.root_variables])
    phrases = [" or ".join(names) for names in wanted]
    if len(phrases) > 1:
        phrases = [f"({phrase})" if " or " in phrase else phrase for phrase in phrases]
    return "set " + " and ".join(phrases)


def _of_environment(access: Access, environment: Mapping[str, str]) -> AccountSettings:
    known = {**access.needed, **access.optional}
    found = {name: value for name, variables in known.items() if (value := _first(variables, environment))}
    if not access.local and not set(found) & set(access.needed):
        found = {}  # a region or a project alone is nobody's wish to pay
    return AccountSettings(
        values=found, base_url=_first(access.root_variables, environment) if access.local else None
    )


def account_of(provider: Provider, given: AccountSettings, environment: Mapping[str, str]) -> Account | Incomplete:
    """Raises `AccountsRefused`."""
    access = provider.access
    # A key that was read from a file has the file's last line break at its end.
    values = {**access.defaults, **{name: value.strip() for name, value in given.values.items()}}
    missing = tuple(" or ".join(variables) for name, variables in access.needed.items() if not values.get(name))
    root = given.base_url or _first(access.root_variables, environment) or access.root
    if not root:
        missing = (*missing, " or ".join(access.root_variables))
    if missing:
        return Incomplete(provider=provider.name, account=given.name, missing=missing)
    if given.weight < 1 or (given.concurrency is not None and given.concurrency < 1):
        raise AccountsRefused(f"{provider.name}: weight and concurrency of {given.name} must be at least 1")
    if given.rate is not None and given.rate <= 0:
        raise AccountsRefused(f"{provider.name}: rate of {given.name} must be more than 0, or left out")
    return Account(
        provider=provider.name,
        name=given.name,
        root=root_of(f"{provider.name}: base_url of {given.name}", root, values),
        values=values,
        weight=given.weight,
        concurrency=given.concurrency or provider.concurrency,
        rate=given.rate,
    )


def root_of(what: str, given: str, values: Mapping[str, str]) -> str:
    """An address of an API, with the account's values in it. `what` is how the operator knows it."""
    try:
        root = given.strip().format_map(values)
        address = urlsplit(root)
    except (LookupError, ValueError, AttributeError):
        raise AccountsRefused(f"{what} is {given}, and only {', '.join(values)} may stand in braces") from None
    if address.scheme not in ("http", "https") or not address.hostname:
        raise AccountsRefused(f"{what} should begin with https:// or http:// and a host")
    if address.username is not None or address.query or address.fragment:
        raise AccountsRefused(f"{what} should end with its path, and have no user in it: keys are given as values")
    return root.rstrip("/")


def _first(variables: Sequence[str], environment: Mapping[str, str]) -> str | None:
    return next((environment[name] for name in variables if environment.get(name, "").strip()), None)
