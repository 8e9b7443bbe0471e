"""Options and values of commands about money."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from reelrouter.accounts.workspaces import DEFAULT_SLUG
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.wording import dollars
from reelrouter.money import Nanos, nanos, usd

_MOST = 10**9

WorkspaceRef = Annotated[str, typer.Option("--workspace", "-w", help="The workspace's id or slug.")]
OF_DEFAULT = DEFAULT_SLUG


def amount_of(text: str) -> Nanos:
    """`20`, `2.50` or `$2.50`. Ends the command for anything else."""
    try:
        value = Decimal(text.strip().replace("$", "", 1))
    except InvalidOperation:
        fail(f"{text} is no amount; write dollars, such as 20 or 2.50", Exit.USAGE)
    if not value.is_finite() or abs(value) > _MOST:
        fail(f"{text} is no amount; up to {_MOST} dollars will do", Exit.USAGE)
    if usd(nanos(value)) != value:
        fail(f"{text} has more than nine decimal places", Exit.USAGE)
    return nanos(value)


def shown(amount: Nanos) -> str:
    """`$20.00`, `-$0.50`."""
    text = dollars(usd(Nanos(abs(amount))))
    return f"-{text}" if amount < 0 else text
