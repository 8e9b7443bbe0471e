"""Measures ReelRouter, each figure beside its floor in the same run, and prints one table. No figure fails it."""

import argparse
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import beside, clip, crash, download, poll, render, start, submit, waiting, whole
from bench.figures import Figure, Plan, Target

BENCHMARKS: Mapping[str, Callable[[Plan], list[Figure]]] = {
    "submit": submit.measure,
    "poll": poll.measure,
    "download": download.measure,
    "beside": beside.measure,
    "waiting": waiting.measure,
    "whole": whole.measure,
    "crash": crash.measure,
    "start": start.measure,
    "render": render.measure,
}


def main() -> None:
    asked = _parse()
    names = asked.names or list(BENCHMARKS)
    figures: list[Figure] = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="reelrouter-bench-", dir=asked.directory) as root:
        ready = clip.make(Path(root) / "clip.mp4")
        for name in names:
            directory = Path(root) / name
            directory.mkdir()
            print(f"measuring {name}", file=sys.stderr, flush=True)
            plan = Plan(directory=directory, clip=ready, quick=asked.quick, large=asked.large)
            try:
                figures += BENCHMARKS[name](plan)
            except Exception:  # noqa: BLE001 - what was measured before it, perhaps for an hour, is not thrown away
                traceback.print_exc()
                broken.append(name)
    if asked.json:
        print(json.dumps([figure.as_json() for figure in figures], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(_table(figures))
    if broken:
        sys.exit(f"not measured, for the reasons above: {', '.join(broken)}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which of: {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--large", action="store_true", help="measure downloads of 2 GB too")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--directory", type=Path, help="where to put data while measuring; default the system's")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return asked


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(show_lines=False)
    table.add_column("what")
    for name in ("ours", "floor", "ratio", "to reach", "met"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("note")
    for figure in figures:
        table.add_row(*_cells(figure))
    return table


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {True: "yes", False: "[bold red]no[/]", None: ""}[figure.met]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    floor = "" if figure.floor is None else _number(figure.floor, figure.unit)
    return figure.what, _number(figure.ours, figure.unit), floor, ratio, _target(figure), met, figure.note


def _target(figure: Figure) -> str:
    target: Target | None = figure.target
    if target is None:
        return ""
    sign = "≥" if target.bound == "at least" else "≤"
    limit = f"{target.limit:g} x floor" if target.of == "ratio" else f"{target.limit:g} {figure.unit}".strip()
    return f"{sign} {limit}"


def _number(value: float, unit: str) -> str:
    shown = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{shown} {unit}".strip()


if __name__ == "__main__":
    main()
