"""`reelrouter completion`: what a shell needs to complete commands and options."""

from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script

from reelrouter.cli.output import print_line


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.", show_default=False)]) -> None:
    """Print the completion script of a shell. Nothing is installed.

    For good: put it into a file that your shell reads when it starts, or let the start evaluate it.

    Example: reelrouter completion bash > reelrouter.bash && source reelrouter.bash
    """
    print_line(get_completion_script(prog_name="reelrouter", complete_var="_REELROUTER_COMPLETE", shell=shell))
