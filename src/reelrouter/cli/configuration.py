"""This installation's settings, for commands that work on its own data."""

from pydantic import ValidationError

from reelrouter.cli.ending import Exit, fail
from reelrouter.settings import Settings, read_settings


def settings_or_fail(**overrides: object) -> Settings:
    """The settings, or one line for each that is wrong."""
    try:
        return read_settings(**overrides)
    except ValidationError as error:
        wrong = [
            f"REELROUTER_{str(one['loc'][-1]).upper() if one['loc'] else ''}: {one['msg']}"
            for one in error.errors()
        ]
        fail("; ".join(wrong), Exit.USAGE)
    except FileNotFoundError as error:
        fail(str(error), Exit.USAGE)
