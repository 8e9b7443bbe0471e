"""Figures as people and programs read them: one table for a terminal, one for a page, and JSON."""

import json
from collections.abc import Sequence

from rich.table import Table

from bench.figures import Figure

_HEADS = ("what", "ours", "floor", "ratio", "to reach", "met", "note")


def as_table(figures: Sequence[Figure]) -> Table:
    """For a terminal; what was missed is red."""
    table = Table()
    for head in _HEADS:
        table.add_column(head, justify="left" if head in ("what", "note") else "right", no_wrap=head == "to reach")
    for figure in figures:
        table.add_row(*_cells(figure), style="red" if figure.met is False else "")
    return table


def as_markdown(figures: Sequence[Figure]) -> str:
    """For RESULTS.md."""
    rows = [_HEADS, ("---", *(("--:",) * 5), "---"), *map(_cells, figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_json(figures: Sequence[Figure]) -> str:
    """Every figure with its samples."""
    return json.dumps([figure.as_json() for figure in figures], indent=2)


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: ""}[figure.met]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    floor = "" if figure.floor is None else _number(figure.floor, figure.unit)
    return figure.what, _number(figure.ours, figure.unit), floor, ratio, _target(figure), met, figure.note


def _target(figure: Figure) -> str:
    target = figure.target
    if target is None:
        return ""
    sign = "≥" if target.bound == "at least" else "≤"
    limit = f"{target.limit:g} x {figure.beside}" if target.of == "ratio" else f"{target.limit:g} {figure.unit}"
    return f"{sign} {limit}"


def _number(value: float, unit: str) -> str:
    shown = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{shown} {unit}"
