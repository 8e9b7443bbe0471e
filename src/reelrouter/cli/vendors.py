"""This installation's accounts with vendors, for commands that look at them or use them."""

import os
from collections.abc import Mapping

from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import Exit, fail
from reelrouter.providers.accounts import AccountsRefused
from reelrouter.providers.configured import Configured, read_configured
from reelrouter.providers.key_files import with_key_files
from reelrouter.providers.registry import PROVIDERS
from reelrouter.settings import VendorSettings


def configured(settings: Mapping[str, VendorSettings]) -> Configured:
    """Raises `AccountsRefused`."""
    return read_configured(PROVIDERS, settings, with_key_files(PROVIDERS.values(), os.environ))


def configured_or_fail() -> Configured:
    """The accounts that a gateway with this environment would have, or one line that says what is wrong."""
    settings = settings_or_fail()
    try:
        return configured(settings.providers)
    except AccountsRefused as refused:
        fail(str(refused), Exit.USAGE)
