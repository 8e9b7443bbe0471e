"""This installation, as settings and environment say: where its data is, its models, its accounts, its secrets."""

import os
from collections.abc import Mapping

from reelrouter import net
from reelrouter.accounts.secrets import SecretRefused, Secrets, load_secrets
from reelrouter.accounts.vault import Vault
from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.model import Catalogue
from reelrouter.db.opening import file_url, is_server
from reelrouter.gateway.management import Bounds
from reelrouter.providers.brought import Brought
from reelrouter.providers.configured import Configured, read_configured
from reelrouter.providers.key_files import with_key_files
from reelrouter.providers.registry import PROVIDERS
from reelrouter.settings import Settings, VendorSettings


def database_url(settings: Settings) -> str:
    if settings.database_url is None:
        return file_url(settings.data_dir / "app.db")
    return settings.database_url.get_secret_value()


def storage_url(settings: Settings) -> str:
    return settings.storage_url or (settings.data_dir / "objects").absolute().as_uri()


def own_secrets(settings: Settings) -> Secrets:
    """Raises `SecretRefused`: processes on several machines need one that they are given."""
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    if given is None and is_server(database_url(settings)):
        raise SecretRefused(
            "REELROUTER_SECRET_KEY is not set, and every process on this database needs the same one; "
            "make one with: openssl rand -base64 32"
        )
    return load_secrets(given, settings.data_dir)


def own_catalogue(settings: Settings) -> Catalogue:
    """Ours with the operator's own models, endpoints and names. Raises `CatalogueError`."""
    return load_catalogue(aliases=settings.aliases, own=settings.catalogue, providers={*PROVIDERS, "renderer"})


def own_accounts(vendors: Mapping[str, VendorSettings]) -> Configured:
    """Every account with every vendor. Raises `AccountsRefused`."""
    return read_configured(PROVIDERS, vendors, with_key_files(PROVIDERS.values(), os.environ))


def own_vault(settings: Settings) -> Vault:
    """Seals under the present root secret, and opens what an earlier one had sealed. Raises `SecretRefused`."""
    present, earlier = own_secrets(settings), settings.secret_key_previous
    return Vault(present, [load_secrets(earlier.get_secret_value(), settings.data_dir)] if earlier else [])


def own_brought(settings: Settings) -> Brought:
    """What is made of the vendor keys that workspaces bring."""
    return Brought(
        providers=PROVIDERS, vendors=settings.providers, environment=os.environ, addresses=settings.byok_base_urls
    )


def own_bounds(settings: Settings) -> Bounds:
    """How far the rules of workspaces may go."""
    return Bounds(
        longest_retention=settings.retention,
        callbacks=net.rules_for(allow_private=settings.allow_private_addresses),
        loopback_callbacks=settings.is_loopback(),
    )
