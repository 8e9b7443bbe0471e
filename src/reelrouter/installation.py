"""This installation, as settings and environment describe it: its models, and its accounts with vendors."""

import os
from collections.abc import Mapping

from reelrouter import net
from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.model import Catalogue
from reelrouter.gateway.management import Bounds
from reelrouter.providers.configured import Configured, read_configured
from reelrouter.providers.key_files import with_key_files
from reelrouter.providers.registry import PROVIDERS
from reelrouter.settings import Settings, VendorSettings


def own_catalogue(settings: Settings) -> Catalogue:
    """Ours with the operator's own models, endpoints and names. Raises `CatalogueError`."""
    return load_catalogue(aliases=settings.aliases, own=settings.catalogue, providers={*PROVIDERS, "renderer"})


def own_accounts(vendors: Mapping[str, VendorSettings]) -> Configured:
    """Every account with every vendor. Raises `AccountsRefused`."""
    return read_configured(PROVIDERS, vendors, with_key_files(PROVIDERS.values(), os.environ))


def own_bounds(settings: Settings) -> Bounds:
    """How far the rules of workspaces may go."""
    return Bounds(
        longest_retention=settings.retention,
        callbacks=net.rules_for(allow_private=settings.allow_private_addresses),
        loopback_callbacks=settings.is_loopback(),
    )
