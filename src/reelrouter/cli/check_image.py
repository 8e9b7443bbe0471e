"""`reelrouter check-image`: whether a provider could use an image, found out before it costs anything."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.ending import Exit
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json, ServerOptions
from reelrouter.cli.output import out, print_json
from reelrouter.cli.tables import pairs
from reelrouter.client.results import ImageCheck, Remark

_NAMED = 4
"""So many models are called by name; of more, the number."""


@grouped
def check_image(
    source: Annotated[str, typer.Argument(metavar="URL|FILE", help="The image.", show_default=False)],
    server: ServerOptions,
    as_json: Json = False,
) -> None:
    """Look at an image as a provider would: without key and cookies, from its first bytes.

    Says what it is, what is wrong with it, and which models would take it. Ends with 1 if it cannot be used.

    Example: reelrouter check-image https://example.com/backpack.jpg
    """
    with connected(server, as_json=as_json) as client:
        found = client.check_image(source)
    if as_json:
        print_json({"ok": found.ok, "image": found})
    else:
        print_check(found)
    raise typer.Exit(Exit.DONE if found.ok else Exit.FAILED)


def print_check(found: ImageCheck) -> None:
    """The verdict, the facts, and every remark with what to do."""
    verdict = Text("usable", "bold green") if found.ok else Text("not usable", "bold red")
    out.print(verdict, Text(found.source), soft_wrap=True)
    out.print(pairs(_facts(found)))
    for remark in found.problems:
        out.print(_told("problem", "bold red", remark))
    for remark in found.warnings:
        out.print(_told("note", "yellow", remark))


def _told(word: str, style: str, remark: Remark) -> Text:
    next_step = f"\n  {remark.next_step[:1].upper()}{remark.next_step[1:]}." if remark.next_step else ""
    return Text.assemble((f"{word}: ", style), remark.text, (next_step, "dim"))


def _facts(found: ImageCheck) -> Iterator[tuple[str, str]]:
    if found.status is not None:
        yield "answer", f"{found.status} {found.content_type or 'without a type'}"
    if found.format is not None:
        yield "format", found.format
    if found.width is not None:
        yield "pixels", f"{found.width}x{found.height}"
    if found.size is not None:
        yield "size", wording.size(found.size)
    for hop in found.hops[1:]:
        yield "sent on to", hop
    takers = (found.first_frame_models, found.last_frame_models, found.reference_models, found.unstated_models)
    words = ("first frame for", "last frame for", "reference for", "perhaps for")
    for word, models in zip(words, takers, strict=True):
        if models:
            yield word, _models(models)


def _models(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} models"
