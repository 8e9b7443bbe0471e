"""This installation's accounts with vendors, for commands that look at them or use them."""

from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import Exit, fail
from reelrouter.installation import own_accounts
from reelrouter.providers.accounts import AccountsRefused
from reelrouter.providers.configured import Configured


def configured_or_fail() -> Configured:
    """The accounts that a gateway with this environment would have, or one line that says what is wrong."""
    settings = settings_or_fail()
    try:
        return own_accounts(settings.providers)
    except AccountsRefused as refused:
        fail(str(refused), Exit.USAGE)
