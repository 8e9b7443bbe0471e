"""Where commands print: results on stdout, progress and errors on stderr."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from reelrouter.money import json_number

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: object, *, in_one_line: bool = False) -> None:
    """The value on stdout, whatever the width of the terminal."""
    text = json.dumps(jsonable(value), indent=None if in_one_line else 2, ensure_ascii=False)
    out.print(text, soft_wrap=True, markup=False, emoji=False)


def print_line(text: str, style: str | None = None) -> None:
    """A line of text as it is, on stdout."""
    out.print(text, soft_wrap=True, markup=False, emoji=False, style=style)


def note(text: str) -> None:
    """Something to know, on stderr."""
    err.print("[yellow]note:[/yellow]", end=" ")
    err.print(text, soft_wrap=True, markup=False, emoji=False)


def jsonable(value: Any) -> Any:
    """A result as JSON has it: without what the server sent beside it, and without what is not known."""
    if is_dataclass(value) and not isinstance(value, type):
        named = ((one.name, getattr(value, one.name)) for one in fields(value) if one.name != "raw")
        return {name: jsonable(one) for name, one in named if one is not None}
    match value:
        case Decimal():
            return json_number(value)
        case Path():
            return str(value)
        case Mapping():
            return {str(name): jsonable(one) for name, one in value.items()}
        case list() | tuple():
            return [jsonable(one) for one in value]
        case _:
            return value
