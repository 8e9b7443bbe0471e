"""`make torture`: a run on each database, a line that says how far it is, and a report at the end."""

import argparse
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.torture import fleet
from tests.torture.fleet import FleetOf
from tests.torture.plan import Database, Plan
from tests.torture.report import Report, report_of
from tests.torture.run import Watching, run

FLEETS: Mapping[str, FleetOf] = {"sqlite": fleet.one_machine, "postgres": fleet.many}
_LOOK_SECONDS = 0.5
_SAID_EVERY = 20
"""Looks between two lines, where nobody sees a line move."""
_SHOWN = 40
"""Violations, at most; JSON has all."""


def main() -> None:
    asked = _parse()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the S3 server would tell of every request
    console = Console(stderr=True, highlight=False)
    reports = [_torture(plan, asked.directory, console) for plan in _plans(asked)]
    for report in reports:
        console.print(_table(report))
        for one in report.violations[:_SHOWN]:
            console.print(f"{one.rule}: {one.says}", style="red", soft_wrap=True, markup=False)
    if asked.json:
        print(json.dumps([report.as_dict() for report in reports], indent=2))  # noqa: T201 - it is what was asked for
    sys.exit(any(not report.is_good for report in reports))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    given = os.environ
    parser.add_argument("--database", choices=get_args(Database), default=given.get("TORTURE_DATABASE") or None)
    parser.add_argument("--seconds", type=float, default=float(given.get("TORTURE_SECONDS") or 600))
    parser.add_argument("--seed", type=int, default=int(given.get("TORTURE_SEED") or random.randrange(1_000_000)))
    parser.add_argument("--rate", type=float, default=3.0, help="jobs placed in a second")
    parser.add_argument("--directory", type=Path, help="where runs keep their files; a temporary one")
    parser.add_argument("--json", action="store_true", help="the reports as JSON on standard output")
    return parser.parse_args()


def _plans(asked: argparse.Namespace) -> list[Plan]:
    names: tuple[Database, ...] = (asked.database,) if asked.database else get_args(Database)
    return [Plan(database=name, seconds=asked.seconds, seed=asked.seed, rate=asked.rate) for name in names]


def _torture(plan: Plan, directory: Path | None, console: Console) -> Report:
    again = (
        f"TORTURE_DATABASE={plan.database} TORTURE_SECONDS={plan.seconds:g} TORTURE_SEED={plan.seed} make torture"
    )
    console.print(f"to repeat this run: {again}")
    folder = Path(tempfile.mkdtemp(prefix=f"torture-{plan.database}-", dir=directory))
    watching, over = Watching(), threading.Event()
    showing = threading.Thread(target=_show, args=(plan, watching, over, console))
    showing.start()
    try:
        report = report_of(plan, run(plan, folder, FLEETS[plan.database], watching))
    finally:
        over.set()
        showing.join()
    if report.is_good and directory is None:
        shutil.rmtree(folder)
    else:
        console.print(f"logs and data: {folder}")
    return report


def _show(plan: Plan, watching: Watching, over: threading.Event, console: Console) -> None:
    """One line that moves, or a line now and then."""
    if not console.is_terminal:
        while not over.wait(_LOOK_SECONDS * _SAID_EVERY):
            console.print(_line(plan, watching))
        return
    with Live(console=console, refresh_per_second=4) as live:
        while not over.wait(_LOOK_SECONDS):
            live.update(_line(plan, watching))


def _line(plan: Plan, watching: Watching) -> str:
    jobs, stage = watching.progress, f"{watching.elapsed:4.0f} s  {watching.stage:<11}"
    return (
        f"{plan.database} {stage}  {jobs.placed} placed, {jobs.ended} ended,"
        f" {jobs.under_way} under way, {watching.faults.total()} faults"
    )


def _table(report: Report) -> Table:
    plan = report.plan
    table = Table(title=f"{plan.database}, {plan.seconds:g} s, seed {plan.seed}", show_header=False)
    counted = {
        "faults": report.faults, "found nobody": report.missed, "vendors": report.fates, "jobs": report.jobs,
        "submits": report.answers, "webhooks": report.webhooks, "downloads": {"whole": report.downloads},
    }  # fmt: skip
    for name, counts in counted.items():
        table.add_row(name, ", ".join(f"{what} {count}" for what, count in sorted(counts.items())))
    if report.impatient:
        table.add_row("[red]unfinished", f"not everything came to its end within {plan.patience:g} s")
    found = len(report.violations)
    table.add_row("verdict", f"[red]{found} violations" if found else "[green]no violation")
    return table


if __name__ == "__main__":
    main()
