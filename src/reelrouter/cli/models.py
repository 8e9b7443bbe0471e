"""`reelrouter models`: what there is to make videos with, what each model takes, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.groups import grouped
from reelrouter.cli.loading import loaded_from
from reelrouter.cli.options import Json, Profile, ServerOptions, ShapeOptions
from reelrouter.cli.output import out, print_json
from reelrouter.cli.tables import is_wide, pairs, table
from reelrouter.client.prices import NoPrice, price_of
from reelrouter.client.results import Model
from reelrouter.client.sync import Client
from reelrouter.client.wishes import Wish

app = typer.Typer(invoke_without_command=True)

_LEGEND = "F first frame, L last frame; i images, v videos, a sounds as references; ? not stated by this server"


class Input(StrEnum):
    """What a model may be asked to take."""

    FIRST_FRAME = "first-frame"
    LAST_FRAME = "last-frame"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions(ShapeOptions):
    """Which models to list: those that could serve such a request."""

    seed: Annotated[bool, typer.Option("--seed", help="Only models that take a seed.")] = False
    takes: Annotated[
        list[Input],
        typer.Option(
            metavar="INPUT",
            help=f"Only models that take this; repeatable, and an image twice means two: {', '.join(Input)}.",
            show_default=False,
        ),
    ] = field(default_factory=list)
    search: Annotated[
        str | None, typer.Option("--search", "-s", help="Only models with this in their id or name.")
    ] = None


@app.callback()
@grouped
def models(
    context: typer.Context,
    filters: FilterOptions,
    server: ServerOptions,
    rank: Annotated[
        Profile | None,
        typer.Option(
            metavar="PROFILE",
            help=f"Put the best first, as choose does: {', '.join(Profile)}.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Models too that this key cannot use.")] = False,
    as_json: Json = False,
) -> None:
    """List the models, with what each takes and costs; filters keep those that could serve a request.

    The price is that of one second of a usual video: 720p where the model has it.

    Example: reelrouter models --duration 8 --takes first-frame --takes last-frame --rank balanced

    Example: reelrouter models show google/veo-3.1
    """
    if context.invoked_subcommand is not None:
        return
    with connected(server, as_json=as_json) as client:
        listed = client.models(all=everything)
        found = _found(client, listed, filters, rank)
    if as_json:
        print_json({"data": [model.raw for model in found]})
        return
    out.print(_wide(found) if is_wide() else _narrow(found))
    out.print(f"\n[dim]{_summary(found, listed)}[/dim]")


@app.command("show")
@grouped
def show(
    name: Annotated[str, typer.Argument(help="A model's id.", show_default=False)],
    server: ServerOptions,
    as_json: Json = False,
) -> None:
    """Show all that is known of one model: limits, inputs, options, prices.

    Example: reelrouter models show google/veo-3.1-lite
    """
    with connected(server, as_json=as_json) as client:
        model = client.model(name)
    if as_json:
        print_json(model.raw)
        return
    out.print(f"[bold]{escape(model.name)}[/bold]  {escape(model.id)}", soft_wrap=True)
    if model.description:
        out.print(f"\n{escape(model.description)}")
    out.print()
    out.print(pairs(_facts(model)))
    out.print()
    out.print(_prices(model))


@app.command("check")
def check(
    against: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Compare our catalogue with this server's list; no key is needed.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for its answer.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Say for each model who can serve it with this machine's settings, and what to set for the others.

    With --against it looks through another server's list instead: which of its
    models our catalogue lacks, and which fields differ. Ends with 1 if any does.

    Example: reelrouter models check

    Example: reelrouter models check --against https://openrouter.ai
    """
    if against is None:
        loaded_from("checking:check_here")(as_json=as_json)
    else:
        loaded_from("checking:check_against")(against, timeout, as_json=as_json)


def _found(
    client: Client, listed: Sequence[Model], filters: FilterOptions, rank: Profile | None
) -> Sequence[Model]:
    word = (filters.search or "").lower()
    named = [model for model in listed if word in f"{model.id} {model.name}".lower()]
    request = _request(filters)
    if not request and rank is None:
        return sorted(named, key=lambda model: model.id)
    if "frame_images" in request and "input_references" in request:
        # In one request the frames would win, and say nothing of references.
        without = {name: value for name, value in request.items() if name != "frame_images"}
        named = [one.model for one in client.choose(without, models=named).ranked]
    choice = client.choose(request, profile=rank or Profile.BALANCED, models=named)
    found = [one.model for one in choice.ranked]
    return found if rank is not None else sorted(found, key=lambda model: model.id)


def _request(filters: FilterOptions) -> dict[str, Any]:
    """A request that only such models can serve. Its inputs are never sent, and so have no address."""
    frames = [one for one in filters.takes if one.endswith("frame")]
    kinds = [f"{one}_url" for one in filters.takes if not one.endswith("frame")]
    request = {
        "duration": filters.duration,
        "resolution": filters.resolution,
        "aspect_ratio": filters.aspect_ratio,
        "size": filters.size,
        "generate_audio": filters.audio,
        "seed": 0 if filters.seed else None,
        "frame_images": [{"frame_type": one.replace("-", "_")} for one in frames],
        "input_references": [{"type": kind} for kind in kinds],
        "provider": {} if filters.max_price is None else {"max_price": filters.max_price},
    }
    return {name: value for name, value in request.items() if value not in (None, [], {})}


def _narrow(found: Sequence[Model]) -> Table:
    made = table("model", ">seconds", "size", "takes", "♪", ">$/s", gap=1)
    for model in found:
        made.add_row(
            wording.model_name(model.id),
            wording.seconds(model),
            wording.resolutions(model, most=2),
            wording.letters(model),
            {True: "♪", False: " ", None: wording.UNSTATED}[model.generate_audio],
            _rate(model).removeprefix("$"),
        )
    return made


def _wide(found: Sequence[Model]) -> Table:
    made = table("model", ">seconds", "resolutions", "frames", "references", "sound", ">a second")
    for model in found:
        made.add_row(
            wording.model_name(model.id),
            wording.seconds(model),
            wording.resolutions(model, most=4),
            wording.frames(model),
            wording.references(model),
            wording.known(model.generate_audio),
            _rate(model),
        )
    return made


def _summary(found: Sequence[Model], listed: Sequence[Model]) -> str:
    count = f"{len(found)} of {len(listed)} models" if len(found) < len(listed) else f"{len(found)} models"
    return count if is_wide() else f"{count}. {_LEGEND}"


def _rate(model: Model) -> str:
    return wording.dollars(_second(model))


def _second(model: Model) -> Decimal | None:
    """Dollars for a second of a usual video."""
    try:
        price = price_of(Wish(), model)
    except NoPrice:
        return None
    return price.cost / price.seconds


def _facts(model: Model) -> list[tuple[str, str]]:
    upscale = model.upscale_factor
    facts: tuple[tuple[str, str | None], ...] = (
        ("seconds", _listed(sorted(model.supported_durations or ()), "as long as its input")),
        ("resolutions", _listed(model.supported_resolutions, "as large as its input")),
        ("aspect ratios", _listed(model.supported_aspect_ratios, wording.NOTHING)),
        ("sizes", _listed(model.supported_sizes, "by resolution and ratio")),
        ("frames", wording.frames(model)),
        ("references", wording.references(model)),
        ("sound", wording.known(model.generate_audio)),
        ("seed", wording.known(model.seed)),
        ("upscaling", None if upscale is None else f"{upscale.min:g} to {upscale.max:g} times"),
        ("creativity", None if model.creativity is None else _listed(model.creativity, "")),
        ("options", _listed(model.allowed_passthrough_parameters, wording.NOTHING)),
        ("works with", None if model.available is None else _listed(model.available, "no key of this server")),
        ("missing", "; ".join(f"{one.endpoint}: {one.reason}" for one in model.missing) or None),
    )
    return [(name, value) for name, value in facts if value is not None]


def _listed(values: Sequence[object] | None, otherwise: str) -> str:
    return ", ".join(str(value) for value in values) if values else otherwise


def _prices(model: Model) -> Table:
    made = table("price", ">rate", "unit")
    for sku, rate in model.pricing_skus.items():
        is_cents = "cents_per" in sku or "_cents_" in sku
        made.add_row(escape(sku), escape(str(rate)), "US cents" if is_cents else "US dollars")
    return made
