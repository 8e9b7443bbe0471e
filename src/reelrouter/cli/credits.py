"""`reelrouter credits`: what a workspace may spend in all."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from reelrouter.accounts.credits import Entry
from reelrouter.api import budget_views
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.money_options import OF_DEFAULT, WorkspaceRef, amount_of, shown
from reelrouter.cli.options import Json
from reelrouter.cli.output import out, print_json, print_line
from reelrouter.cli.own_installation import on_own
from reelrouter.cli.tables import pairs, table
from reelrouter.gateway.budgets import Account, Budgets
from reelrouter.ids import new_id
from reelrouter.money import Nanos

app = typer.Typer(
    help="Grant credits, look at them, or end the limit.\n\nExample: reelrouter credits show", no_args_is_help=True
)


# A negative amount looks like an option.
@app.command("add", context_settings={"ignore_unknown_options": True})
def add(
    amount: Annotated[str, typer.Argument(help="Dollars; less than nothing takes some back.", show_default=False)],
    workspace: WorkspaceRef = OF_DEFAULT,
    note: Annotated[str, typer.Option(help="What it is for, as the ledger shows it.")] = "",
    once: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Grant once under this key, however often it is run.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Grant a workspace credits. The first ones begin its limit.

    What it has spent before, while nothing limited it, is not held against it.

    Example: reelrouter credits add 20 --workspace team-red --note "June"

    Example: reelrouter credits add -5 --note "granted by mistake"
    """
    wanted = amount_of(amount)
    if not wanted:
        fail("0 dollars are nothing to grant", Exit.USAGE)
    key = once or new_id("grant")
    granted = on_own(lambda own: Budgets(own.db, own.clock).grant(workspace, wanted, note, key))
    if as_json:
        print_json(budget_views.granted_view(granted))
    else:
        print_line(f"{shown(granted.entry.amount)} for {granted.account.workspace.slug}; {_left(granted.account)}")


@app.command("show")
def show(
    workspace: WorkspaceRef = OF_DEFAULT,
    entries: Annotated[int, typer.Option(min=0, max=100, help="How many of the last entries to list.")] = 5,
    as_json: Json = False,
) -> None:
    """Show a workspace's credits, and the last entries of its ledger.

    Example: reelrouter credits show --workspace team-red --entries 20
    """
    account = on_own(lambda own: Budgets(own.db, own.clock).account(workspace))
    listed: tuple[Entry, ...] = ()
    if entries:
        page = on_own(lambda own: Budgets(own.db, own.clock).ledger(workspace, "live", entries, None))
        listed = page.entries
    if as_json:
        rows = [budget_views.entry_view(one) for one in listed]
        print_json({**budget_views.account_view(account), "entries": rows})
        return
    _print_account(account)
    if listed:
        _print_entries(listed)


@app.command("unlimit")
def unlimit(workspace: WorkspaceRef = OF_DEFAULT, as_json: Json = False) -> None:
    """End a workspace's credit limit. Its ledger stays as it is.

    Example: reelrouter credits unlimit --workspace team-red
    """
    account = on_own(lambda own: Budgets(own.db, own.clock).unlimit(workspace))
    if as_json:
        print_json(budget_views.account_view(account))
    else:
        print_line(f"{account.workspace.slug} has no credit limit; see its budgets: reelrouter budgets list")


def _print_account(account: Account) -> None:
    balance = account.balance
    if balance.amount is None:
        print_line(f"{account.workspace.slug} has no credit limit, and has spent {shown(balance.settled)}.")
        print_line(f"Give it one: reelrouter credits add 20 --workspace {account.workspace.slug}")
        return
    left = Nanos(balance.amount - balance.settled - balance.held)
    facts: dict[str, str | Text] = {
        "workspace": account.workspace.slug,
        "granted": shown(balance.amount),
        "spent": shown(balance.settled),
        "set aside": shown(balance.held),
        "left": Text(shown(left), "bold red" if left <= 0 else "green"),
    }
    out.print(pairs(facts.items()))


def _print_entries(entries: tuple[Entry, ...]) -> None:
    made = table("when", "what", ">amount", "for~")
    for one in entries:
        at = datetime.fromtimestamp(one.created_at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        said = one.note or one.job_id or ""
        more = f" ({shown(one.overrun)} above its hold)" if one.overrun else ""
        made.add_row(at, one.kind.replace("_", " "), shown(one.amount), Text(f"{said}{more}"))
    out.print()
    out.print(made)


def _left(account: Account) -> str:
    balance = account.balance
    if balance.amount is None:
        return "it has no credit limit"
    return f"{shown(Nanos(balance.amount - balance.settled - balance.held))} is left"
