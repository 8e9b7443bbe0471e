"""How commands speak: one clear line on an error, pictures of progress on stderr, results on stdout."""

from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from reelrouter.settings import Settings, read_settings

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

USAGE, FAILED = 2, 1


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Prints one line and ends the command."""
    err.print(f"[red]error:[/red] {message}", soft_wrap=True)
    raise typer.Exit(code)


def settings_or_fail(**overrides: object) -> Settings:
    """The settings, or one line for each that is wrong."""
    try:
        return read_settings(**overrides)
    except ValidationError as error:
        wrong = [
            f"REELROUTER_{str(one['loc'][-1]).upper() if one['loc'] else ''}: {one['msg']}"
            for one in error.errors()
        ]
        fail("; ".join(wrong), USAGE)
    except FileNotFoundError as error:
        fail(str(error), USAGE)
