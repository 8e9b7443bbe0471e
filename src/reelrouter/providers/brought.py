"""Keys that workspaces bring: which vendors take them, what they must say, and how one becomes an account; pure.

Whoever brings a key decides nothing but the key. Where it is shown is the vendor's own address, the operator's for
that vendor, or one that the operator has allowed: otherwise a workspace could send this gateway anywhere.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from reelrouter.providers.accounts import AccountSettings, AccountsRefused, account_of
from reelrouter.providers.base import Access, Account, Provider
from reelrouter.settings import VendorSettings

BASE_URL = "base_url"
"""The name under which a key may name another address, among those that the operator has allowed."""
MOST_TEXT = 32_000
"""Characters of a key; the longest are key files."""
_VISIBLE = re.compile(r"[!-~]+")
_PLAIN = re.compile(r"[A-Za-z0-9-]+")
_MOST_SHOWN = 4
_SHOWN_SHARE = 8
"""At most this share of a key's characters is shown at its beginning, and as much at its end."""


class KeyRefused(Exception):
    """The key cannot be used; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What this gateway makes of the keys that workspaces bring."""

    providers: Mapping[str, Provider]
    vendors: Mapping[str, VendorSettings]
    """The operator's terms with each vendor: its address, its limits."""
    environment: Mapping[str, str] = field(repr=False)
    addresses: tuple[str, ...] = ()
    """What a key may name as its `base_url`."""

    def names(self) -> tuple[str, ...]:
        """The providers that a key can be brought for."""
        return tuple(name for name, provider in self.providers.items() if self._has_address(provider))

    def read(self, provider: str, text: str) -> dict[str, str]:
        """The values that a key's text holds: the key as it is, or a JSON object with each value by its name.

        Raises `KeyRefused`.
        """
        vendor = self.providers[provider]
        text = text.strip()
        if not text or len(text) > MOST_TEXT:
            raise KeyRefused(f"key must have from 1 to {MOST_TEXT} characters")
        values = _with_told(_values(vendor.access, text), vendor.access)
        for name, value in values.items():
            _check(name, value, vendor.access)
        self._check_addresses(vendor, values)
        self.account(provider, "key", values)
        return values

    def account(self, provider: str, name: str, values: Mapping[str, str]) -> Account:
        """Raises `KeyRefused` for values that are not, or no longer, enough."""
        vendor = self.providers[provider]
        terms = self.vendors.get(provider, VendorSettings())
        given = AccountSettings(
            name=name,
            base_url=values.get(BASE_URL) or terms.base_url,
            concurrency=terms.concurrency,
            rate=terms.rate,
            values={key: value for key, value in values.items() if key != BASE_URL},
        )
        try:
            made = account_of(vendor, given, _only(vendor.access.root_variables, self.environment))
        except AccountsRefused:
            raise KeyRefused(f"the address of {provider} cannot be used; its operator can put it right") from None
        if isinstance(made, Account):
            return made
        lacking = [one for one in vendor.access.needed if not values.get(one)]
        if lacking:
            raise KeyRefused(f"key must say {' and '.join(lacking)}, as {_form(vendor.access)}")
        raise KeyRefused(
            f"{provider} has no address in this gateway; key can name one that is allowed as {BASE_URL}"
        )

    def _has_address(self, provider: Provider) -> bool:
        access = provider.access
        if access.local:  # a server of the operator's own: nobody else has a key for it, unless it is theirs
            return bool(self.addresses)
        terms = self.vendors.get(provider.name, VendorSettings())
        known = _only(access.root_variables, self.environment)
        return bool(access.root or terms.base_url or any(known.values()) or self.addresses)

    def _check_addresses(self, vendor: Provider, values: Mapping[str, str]) -> None:
        named = [values[BASE_URL]] if BASE_URL in values else []
        if vendor.access.local and not named:
            raise KeyRefused(f"key must name one of the addresses that are allowed as {BASE_URL}")
        for address in (*named, *vendor.strange_addresses(values)):
            if address.rstrip("/") not in {one.rstrip("/") for one in self.addresses}:
                allowed = ", ".join(self.addresses) or "none"
                raise KeyRefused(
                    f"key names an address that this gateway does not send keys to; allowed: {allowed}"
                )


def label_of(values: Mapping[str, str]) -> str:
    """What may be shown of a key: whose key file it is, or its first and last characters."""
    text = next(iter(values.values()), "")
    if text.startswith("{"):
        told = _object(text) or {}
        return str(told.get("client_email") or told.get("client_id") or "key file")[:80]
    shown = min(_MOST_SHOWN, len(text) // _SHOWN_SHARE)
    return f"{text[:shown]}…{text[len(text) - shown :]}"


def _values(access: Access, text: str) -> dict[str, str]:
    """As they were given. The first is the secret that the vendor is opened with."""
    main = next(iter(_known(access)))
    if not text.startswith("{"):
        return {main: text}
    given = _object(text)
    if given is not None and given and set(given) <= {*_known(access), BASE_URL}:
        named = {name: json.dumps(one) if isinstance(one, dict) else one for name, one in given.items()}
        ordered = {name: named[name] for name in (*_known(access), BASE_URL) if name in named}
        if all(isinstance(one, str) and one.strip() for one in ordered.values()):
            return {name: one.strip() for name, one in ordered.items()}
    elif given is not None and access.file_variables:
        return {main: text}
    raise KeyRefused(f"key must be {_form(access)}, each of them a text")


def _with_told(values: dict[str, str], access: Access) -> dict[str, str]:
    """With what the key file itself tells, where nothing else was said."""
    told = _object(next(iter(values.values()), "")) or {}
    found = {
        ours: told[theirs] for ours, theirs in access.told_by_key.items() if isinstance(told.get(theirs), str)
    }
    return values | {name: value for name, value in found.items() if name not in values}


def _check(name: str, value: str, access: Access) -> None:
    """A value must not be more than one: it stands in headers and in addresses."""
    if name in _in_braces(access.root) and not _PLAIN.fullmatch(value):
        raise KeyRefused(f"key: {name} may have letters, digits and hyphens")
    if not _VISIBLE.fullmatch(value) and not (access.file_variables and _object(value) is not None):
        raise KeyRefused(f"key: {name} may have neither spaces nor line breaks, nor letters beyond ASCII")


def _form(access: Access) -> str:
    return f"the key alone, or a JSON object of {', '.join(_known(access))}"


def _known(access: Access) -> tuple[str, ...]:
    """What a workspace may say, the secret first."""
    return tuple(name for name in (*access.needed, *access.optional) if name not in access.operators)


def _in_braces(root: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(root) if name)


def _only(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in names if name in environment}


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
