"""`reelrouter usage`: what jobs have cost and vendors billed, summed up."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, cast

import typer
from rich.text import Text

from reelrouter.accounts.keys import Manager
from reelrouter.accounts.usage import DIMENSIONS, Dimension
from reelrouter.api import usage_views
from reelrouter.api.moments import EPOCH
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.options import Json
from reelrouter.cli.output import out, print_json, print_line
from reelrouter.cli.own_installation import on_own
from reelrouter.cli.tables import table
from reelrouter.cli.wording import NOTHING, dollars
from reelrouter.gateway.usage import Question, Report, Usage
from reelrouter.ids import KeyId

_OPERATOR = Manager(key_id=KeyId("cli"))
"""Whoever can read the database governs it."""


def usage(
    by: Annotated[
        str, typer.Option(help=f"What to tell apart, with commas between: {', '.join(DIMENSIONS)}.")
    ] = "day",
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="The first day, as 2026-11-01; else thirty days of them."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="The last day, inclusive; else today.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", help="One workspace, by its id or slug; else all.")
    ] = None,
    mode: Annotated[Literal["live", "test"], typer.Option(help="Live jobs, or test jobs.")] = "live",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout, and nothing else there.")] = False,
    as_json: Json = False,
) -> None:
    """Sum up what jobs have cost their workspaces, and what vendors billed you. Days are those of UTC.

    A vendor's bill counts on its own day, also for a job that failed or had expired when the bill came.

    Example: reelrouter usage --by workspace,model --from 2026-11-01

    Example: reelrouter usage --by day,key --csv
    """
    if as_csv and as_json:
        fail("--csv and --json exclude each other", Exit.USAGE)
    asked = Question(
        by=_dimensions(by), first_day=_day(first), last_day=_day(last), workspace=workspace, mode=mode
    )
    report = on_own(lambda own: Usage(own.db, own.clock).report(_OPERATOR, asked))
    if as_json:
        print_json(usage_views.report_view(report, of_operator=True))
    elif as_csv:
        print_line(usage_views.report_csv(report, of_operator=True).replace("\r\n", "\n").rstrip("\n"))
    elif report.sums:
        _print(report)
    else:
        shown = usage_views.report_view(report, of_operator=True)
        print_line(f"No {mode} job was charged from {shown['from']} to {shown['to']}, and no vendor billed one.")


def _dimensions(text: str) -> tuple[Dimension, ...]:
    words = tuple(word.strip() for word in text.split(","))
    wrong = [word for word in words if word not in DIMENSIONS]
    if wrong:
        fail(f"--by knows {', '.join(DIMENSIONS)}, and not {', '.join(wrong)}", Exit.USAGE)
    if len(set(words)) < len(words):
        fail("--by names something more than once", Exit.USAGE)
    return cast("tuple[Dimension, ...]", words)


def _day(text: str | None) -> int | None:
    try:
        return None if text is None else (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        fail(f"{text} is no day; write it as 2026-11-01", Exit.USAGE)


def _print(report: Report) -> None:
    shown = usage_views.report_view(report, of_operator=True)
    own = any(one.byok_jobs for one in report.sums)
    made = table(*report.by, ">jobs", ">cost", *([">on own keys"] if own else []), ">vendors")
    for row in shown["data"]:
        made.add_row(*(Text(str(row[name] or NOTHING)) for name in report.by), *_figures(row, own=own))
    if len(shown["data"]) > 1:
        rest = [""] * (len(report.by) - 1)
        made.add_row(Text("in all", "bold"), *rest, *_figures(shown["total"], own=own))
    out.print(made)


def _figures(row: dict[str, float], *, own: bool) -> list[str]:
    figures = ["cost", *(["byok_list_price"] if own else []), "vendor_cost"]
    return [str(row["jobs"]), *(dollars(Decimal(str(row[name]))) for name in figures)]
