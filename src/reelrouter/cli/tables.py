"""Tables as every command draws them: no lines, quiet heads, and a form for narrow and for wide terminals."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from reelrouter.cli.output import out

_WIDE = 110
"""Columns from which there is room for words."""


def is_wide() -> bool:
    return out.width >= _WIDE


def table(*heads: str, gap: int = 2) -> Table:
    """With a column for each head. A head that begins with `>` is for figures, and stands to the right.

    A head that ends with `~` may be broken over lines; the other columns keep their words whole.
    """
    made = Table(
        box=None,
        show_edge=False,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        header_style="bold dim",
        show_header=any(head.strip(">~") for head in heads),
    )
    for head in heads:
        folds = head.endswith("~")
        made.add_column(
            head.strip(">~").upper(),
            justify="right" if head.startswith(">") else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    return made


def pairs(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Names and values, without heads."""
    made = table("", "~")
    for name, value in rows:
        made.add_row(Text(name, style="dim"), value if isinstance(value, Text) else Text(value))
    return made
