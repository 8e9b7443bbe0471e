"""`reelrouter choose`: which model to take for a request, and why not the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json, Profile, ProfileName, Prompt, RequestOptions, ServerOptions
from reelrouter.cli.output import out, print_json
from reelrouter.cli.request import body_of
from reelrouter.cli.tables import is_wide, table
from reelrouter.client.results import Choice, Ranked, Ruled

_BAR = 20
_NAMED = 3
"""So many models are called by name in a remark; of more, the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """How to rank."""

    profile: ProfileName = Profile.BALANCED
    among: Annotated[
        list[str],
        typer.Option(metavar="MODEL", help="Choose among these alone; repeatable.", show_default=False),
    ] = field(default_factory=list)
    measured: Annotated[
        list[str],
        typer.Option(
            metavar="MODEL=SECONDS",
            help="How long a model took for you; repeatable. Without any, sizes stand in for speed.",
            show_default=False,
        ),
    ] = field(default_factory=list)


@grouped
def choose(
    request: RequestOptions, taste: Taste, server: ServerOptions, prompt: Prompt = None, as_json: Json = False
) -> None:
    """Rank the models that can serve a request, and say why each other one cannot.

    First what a model must be able to do counts, then what you weigh: speed, cost, quality. Nothing is submitted.
    Ends with 1 if no model can do it.

    Example: reelrouter choose --duration 8 --aspect-ratio 9:16 --audio --max-price 2 --profile quality-and-cost

    Example: reelrouter choose --reference https://example.com/backpack.jpg --duration 4 --json
    """
    latency = dict(_measured(text) for text in taste.measured)
    body = body_of(None, prompt, request)
    with connected(server, as_json=as_json) as client:
        models = [client.model(name) for name in taste.among] or None
        choice = client.choose(body, profile=taste.profile, models=models, latency=latency)
    if as_json:
        print_json(choice_view(choice))
    else:
        _print(choice)
    if choice.best is None:
        fail("no model of this server can serve that request", next_step="the reasons stand above")


def choice_view(choice: Choice) -> dict[str, Any]:
    """For programs: models by their ids."""
    return {
        "profile": choice.profile,
        "ranked": [_ranked_view(one) for one in choice.ranked],
        "ruled_out": [{"model": one.model.id, "reasons": one.reasons} for one in choice.ruled_out],
        "notes": choice.notes,
    }


def _ranked_view(one: Ranked) -> dict[str, Any]:
    return {
        "model": one.model.id,
        "score": one.score,
        "speed": one.speed,
        "cost": one.cost,
        "quality": one.quality,
        "price": one.price,
        "remarks": one.remarks,
    }


def _print(choice: Choice) -> None:
    if choice.ranked:
        out.print(_ranked(choice.ranked))
        _print_remarks(choice.ranked)
    if choice.ruled_out:
        out.print(f"\n[bold]Ruled out[/bold] [dim]({len(choice.ruled_out)})[/dim]")
        out.print(_ruled_out(choice.ruled_out))
    if choice.ranked:
        out.print(f"\n[bold]{choice.profile}[/bold] [dim]weighs[/dim]")
        for note in choice.notes:
            out.print(f"[dim]{escape(note)}[/dim]")


def _ranked(ranked: Sequence[Ranked]) -> Table:
    made = table(">", "model", "score" if not is_wide() else "", *([">score"] if is_wide() else []), *_PARTS)
    for place, one in enumerate(ranked, 1):
        score = [f"{one.score:.2f}"]
        made.add_row(
            f"[dim]{place}[/dim]",
            wording.model_name(one.model.id),
            *([_bar(one.score), *score] if is_wide() else score),
            *(f"{part:.2f}" for part in (one.speed, one.cost, one.quality)),
            wording.dollars(one.price),
            style="bold" if place == 1 else None,
        )
    return made


_PARTS = (">speed", ">cost", ">quality", ">price")


def _bar(score: float) -> str:
    full = round(score * _BAR)
    return f"[cyan]{'━' * full}[/cyan][dim]{'━' * (_BAR - full)}[/dim]"


def _print_remarks(ranked: Sequence[Ranked]) -> None:
    """Each remark once, with the models that it is about."""
    about: dict[str, list[str]] = {}
    for one in ranked:
        for remark in one.remarks:
            about.setdefault(remark, []).append(one.model.id)
    for remark, names in about.items():
        whose = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} models"
        out.print(f"[yellow]note:[/yellow] [dim]{escape(whose)}:[/dim] {escape(remark)}")


def _ruled_out(ruled: Sequence[Ruled]) -> Table:
    made = table("", "~")
    for one in sorted(ruled, key=lambda one: len(one.reasons)):
        made.add_row(wording.model_name(one.model.id), escape("; ".join(one.reasons)))
    return made


def _measured(text: str) -> tuple[str, float]:
    name, _, seconds = text.rpartition("=")
    try:
        value = float(seconds)
    except ValueError:
        value = 0.0
    if not name or not 0 < value < float("inf"):
        fail(f"--measured {text} cannot be read; it has the form MODEL=SECONDS", Exit.USAGE)
    return name, value
