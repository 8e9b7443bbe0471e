"""The gateway's own side of `reelrouter doctor`: with which vendors this machine's settings have accounts."""

import asyncio
import os
from collections.abc import Iterator, Mapping

import httpx
from pydantic import ValidationError

from reelrouter.cli import wording
from reelrouter.cli.finding import Finding
from reelrouter.installation import own_accounts
from reelrouter.providers.accounts import AccountsRefused
from reelrouter.providers.base import Provider
from reelrouter.providers.configured import Configured
from reelrouter.providers.registry import PROVIDERS
from reelrouter.settings import Settings, VendorSettings, read_settings

_PROBE_SECONDS = 5.0


def vendor_findings(*, probe: bool) -> Iterator[Finding]:
    """A line for each vendor; nothing where the settings themselves cannot be read, which is another's to say."""
    try:
        settings = read_settings()
        found = own_accounts(settings.providers)
    except (ValidationError, FileNotFoundError):
        return
    except AccountsRefused as refused:
        yield Finding("fail", "vendors", str(refused), "correct this machine's settings, or its environment")
        return
    reached = asyncio.run(_probe(_roots(settings, found))) if probe else {}
    for name, provider in PROVIDERS.items():
        yield _finding(provider, found, reached.get(name, {}))


def _finding(provider: Provider, found: Configured, reached: Mapping[str, str | None]) -> Finding:
    """`reached` has what is wrong with each origin that was asked, None where it answers."""
    accounts = found.accounts.get(provider.name, ())
    lacking = [one for one in found.incomplete if one.provider == provider.name]
    silent = [f"{origin} does not answer ({reason})" for origin, reason in reached.items() if reason]
    if lacking:
        what = "; ".join(f"the account {one.account} lacks {' and '.join(one.missing)}" for one in lacking)
        return Finding("warn", provider.name, what, "set what is missing")
    if not accounts:
        return Finding("off", provider.name, "; ".join(("no account", *silent)), found.missing(provider))
    names = wording.either([one.name for one in accounts], "and")
    has = f"has the account{'s' if len(accounts) > 1 else ''} {names}"
    if silent:
        return Finding("fail", provider.name, f"{has}; {'; '.join(silent)}", "check the address, and the network")
    answering = f"; {wording.either([*reached], 'and')} answers" if reached else ""
    return Finding("ok", provider.name, has + answering)


# Probing ---------------------------------------------------------------------------------------------------------


def _roots(settings: Settings, found: Configured) -> dict[str, set[str]]:
    """The addresses to ask for each vendor: those of its accounts, else the one that an account would have."""
    return {
        name: {account.root for account in found.accounts.get(name, ())}
        or set(_root_without_account(provider, settings.providers.get(name, VendorSettings())))
        for name, provider in PROVIDERS.items()
    }


def _root_without_account(provider: Provider, vendor: VendorSettings) -> Iterator[str]:
    access = provider.access
    named = next((os.environ[name] for name in access.root_variables if os.environ.get(name)), None)
    root = vendor.base_url or named or access.root
    try:
        yield from [root.format_map(access.defaults)] if root else []
    except LookupError:
        return  # the address itself depends on what an account would say


async def _probe(roots: Mapping[str, set[str]]) -> dict[str, dict[str, str | None]]:
    """What is wrong with each origin, by vendor; all are asked at once, each once."""
    origins = {name: sorted({_origin(root) for root in some}) for name, some in roots.items()}
    each = sorted({origin for some in origins.values() for origin in some})
    async with httpx.AsyncClient(timeout=_PROBE_SECONDS, trust_env=False) as client:
        told = dict(zip(each, await asyncio.gather(*(_ask(client, origin) for origin in each)), strict=True))
    return {name: {origin: told[origin] for origin in some} for name, some in origins.items()}


async def _ask(client: httpx.AsyncClient, origin: str) -> str | None:
    """Any answer will do: what it says to those without a key is the vendor's business."""
    try:
        async with client.stream("GET", origin):
            return None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__


def _origin(root: str) -> str:
    scheme, _, rest = root.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
