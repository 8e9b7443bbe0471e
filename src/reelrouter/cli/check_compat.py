"""`reelrouter check-compat`: whether a server keeps the contract, rule by rule."""

import asyncio
import json
import os
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.output import err, out
from reelrouter.compat.life import Pace
from reelrouter.compat.report import Finding, Report
from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.rules import AREAS, RULES
from reelrouter.compat.run import Unusable, Watch, run
from reelrouter.compat.session import Session, api_base
from reelrouter.compat.visit import Terms

KEY_NAMES = ("REELROUTER_API_KEY", "OPENROUTER_API_KEY", "MODELGATES_API_KEY")

_MARKS = {
    Outcome.PASS: "[green]pass[/green]",
    Outcome.FAIL: "[bold red]FAIL[/bold red]",
    Outcome.WARNING: "[yellow]warn[/yellow]",
    Outcome.SKIPPED: "[dim]skip[/dim]",
    Outcome.EXTRA: "[cyan]extra[/cyan]",
    Outcome.ABSENT: "[dim]no[/dim]",
}


def check_compat(
    base_url: Annotated[str, typer.Argument(help="The server, with or without /api/v1.")],
    api_key: Annotated[
        str | None,
        typer.Option(help=f"Your key; else the first that is set of {', '.join(KEY_NAMES)}.", show_default=False),
    ] = None,
    spend: Annotated[
        bool, typer.Option("--spend", help="Allow one job, at the price of the cheapest model.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="The model to make that job with.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="AREA", help=f"One area, repeatable: {', '.join(AREAS)}.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the job to end.")] = 600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check whether a server keeps OpenRouter's video contract: ReelRouter, OpenRouter, ModelGates, any other.

    Without --spend nothing is sent that should cost money: what can be learned from a list and from refusals.
    With a test key (rr-test-…) jobs cost nothing, and every rule is looked into. The key goes to no other server.

    Ends with 0 if no rule is broken, 1 if one is, 2 if the server cannot be asked.

    Example: reelrouter check-compat http://127.0.0.1:8088 --api-key rr-test-…

    Example: reelrouter check-compat https://openrouter.ai --only models --only headers

    Example: reelrouter check-compat https://openrouter.ai/api/v1 --spend --model x-ai/grok-imagine-video --json
    """
    try:
        base = api_base(base_url)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    key = api_key or next((os.environ[name] for name in KEY_NAMES if os.environ.get(name)), None)
    terms = Terms(spend=spend, model=model, pace=Pace(patience=timeout))
    rules = _chosen(only or AREAS)
    try:
        report = asyncio.run(_check(base, key, terms, rules))
    except Unusable as unusable:
        fail(str(unusable), Exit.USAGE)
    if as_json:
        out.out(json.dumps(report.as_json(), indent=2), highlight=False)
    else:
        _print(report)
    raise typer.Exit(0 if report.is_compatible else Exit.FAILED)


def _chosen(areas: Sequence[str]) -> Sequence[Rule]:
    for area in areas:
        if area not in AREAS:
            fail(f"there is no area {area}; there are {', '.join(AREAS)}", Exit.USAGE)
    return [rule for rule in RULES if rule.area in areas]


async def _check(base: str, key: str | None, terms: Terms, rules: Sequence[Rule]) -> Report:
    with _bar() as bar:
        task = bar.add_task("asking", total=len(rules))

        def on_rule(rule: Rule) -> None:
            bar.update(task, description=rule.id, advance=1)

        def on_news(news: str) -> None:
            bar.update(task, description=escape(news))

        async with Session(base, key) as session:
            return await run(session, terms, rules, Watch(on_rule=on_rule, on_news=on_news))


def _bar() -> Progress:
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    return Progress(
        *columns, TextColumn("{task.description}"), console=err, transient=True, disable=not err.is_terminal
    )


def _print(report: Report) -> None:
    out.print(f"[bold]{escape(report.base)}[/bold]", soft_wrap=True)
    out.print(f"{report.jobs}", soft_wrap=True, markup=False)
    for note in report.notes:
        out.print(note, soft_wrap=True, markup=False)
    for area, findings in groupby(report.findings, key=lambda finding: finding.rule.area):
        out.print(_table(area, list(findings)))
    out.print(_summary(report))


def _table(area: str, findings: Sequence[Finding]) -> Table:
    table = Table(
        title=area, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False
    )
    table.add_column("outcome", no_wrap=True, width=5)
    table.add_column("rule", no_wrap=True, width=21)
    table.add_column("what it asks", overflow="fold")
    for finding in findings:
        table.add_row(_MARKS[finding.verdict.outcome], finding.rule.name, _told(finding))
    return table


def _told(finding: Finding) -> str:
    """The rule in words; below it what was seen, and who is hurt where it is broken."""
    lines = [escape(finding.rule.title)]
    if finding.verdict.seen:
        lines.append(f"[dim]{escape(finding.verdict.seen)}[/dim]")
    if finding.verdict.outcome is Outcome.FAIL:
        lines.append(f"[red]This breaks[/red] {escape(finding.rule.protects)}")
    return "\n".join(lines)


def _summary(report: Report) -> str:
    names = {
        Outcome.PASS: "passed",
        Outcome.FAIL: "failed",
        Outcome.WARNING: "with a warning",
        Outcome.SKIPPED: "skipped",
        Outcome.EXTRA: "extra",
    }
    counts = ", ".join(f"{report.summary[outcome]} {name}" for outcome, name in names.items())
    colour, word = ("green", "No rule is broken") if report.is_compatible else ("red", "Not compatible")
    return f"\n[bold {colour}]{word}[/bold {colour}]: {counts}"
