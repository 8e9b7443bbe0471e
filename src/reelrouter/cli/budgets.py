"""`reelrouter budgets`: what a workspace may spend in a day, a week, a month, or in all."""

from typing import Annotated, Literal

import typer
from rich.text import Text

from reelrouter.accounts.limits import Limit
from reelrouter.api import budget_views
from reelrouter.api.moments import moment
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.money_options import OF_DEFAULT, WorkspaceRef, amount_of, shown
from reelrouter.cli.options import Json
from reelrouter.cli.output import out, print_json, print_line
from reelrouter.cli.own_installation import on_own
from reelrouter.cli.tables import table
from reelrouter.gateway.budgets import Budget, Budgets, period_of

app = typer.Typer(
    help="Limit what a workspace may spend in a day, a week, a month, or in all.\n\n"
    "Example: reelrouter budgets set 20 --per monthly",
    no_args_is_help=True,
)

Per = Annotated[
    Literal["daily", "weekly", "monthly", "lifetime"],
    typer.Option("--per", help="A day, a week from Monday, or a month, by UTC; lifetime never starts anew."),
]


@app.command("set")
def set_budget(
    amount: Annotated[str, typer.Argument(help="Dollars.", show_default=False)],
    per: Per,
    workspace: WorkspaceRef = OF_DEFAULT,
    include_byok: Annotated[
        bool | None,
        typer.Option(
            help="Whether jobs on the workspace's own vendor keys count at their list price, for all budgets.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a workspace's budget. What the present period has cost so far counts.

    Example: reelrouter budgets set 20 --per monthly --workspace team-red
    """
    limit = amount_of(amount)
    if limit <= 0:
        fail("a budget must be more than 0 dollars", Exit.USAGE)
    wanted = Budget(period=period_of(per), amount=limit, include_byok=include_byok)
    budget, beside = on_own(lambda own: Budgets(own.db, own.clock).set_budget(workspace, wanted))
    if as_json:
        print_json(budget_views.budget_view(budget, beside))
    else:
        print_line(
            f"{beside.workspace.slug} may spend {shown(budget.amount)} {_PER[budget.period]}; "
            f"{shown(budget.left)} is left"
        )


@app.command("list")
def list_all(workspace: WorkspaceRef = OF_DEFAULT, as_json: Json = False) -> None:
    """List a workspace's budgets, with what is left of them.

    Example: reelrouter budgets list --workspace team-red
    """
    found = on_own(lambda own: Budgets(own.db, own.clock).list_budgets(workspace))
    if as_json:
        print_json(budget_views.budgets_view(found))
        return
    if not found.budgets:
        print_line(f"{found.workspace.slug} has no budgets: only its credits limit what it may spend.")
        print_line(f"Set one: reelrouter budgets set 20 --per monthly --workspace {found.workspace.slug}")
        return
    made = table("per", ">limit", ">spent", ">set aside", ">left", "starts anew (UTC)")
    for one in found.budgets:
        left = Text(shown(one.left), "bold red" if one.left <= 0 else "green")
        made.add_row(_PER[one.period], shown(one.amount), shown(one.settled), shown(one.held), left, _anew(one))
    out.print(made)


@app.command("remove")
def remove(per: Per, workspace: WorkspaceRef = OF_DEFAULT, as_json: Json = False) -> None:
    """Remove a workspace's budget.

    Example: reelrouter budgets remove --per monthly --workspace team-red
    """
    removed = on_own(lambda own: Budgets(own.db, own.clock).remove_budget(workspace, period_of(per)))
    if not removed:
        fail(f"{workspace} has no {per} budget; see: reelrouter budgets list --workspace {workspace}")
    if as_json:
        print_json({"deleted": True})
    else:
        print_line(f"The {per} budget of {workspace} is removed")


_PER = {"daily": "a day", "weekly": "a week", "monthly": "a month", "total": "in all"}


def _anew(limit: Limit) -> str:
    return "never" if limit.resets_at is None else moment(limit.resets_at * 1000)[:16].replace("T", " ")
