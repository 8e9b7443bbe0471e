"""`reelrouter estimate`: what a request would cost, and who would make it."""

from rich.markup import escape
from rich.table import Table

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json, ModelName, Prompt, RequestOptions, ServerOptions
from reelrouter.cli.output import note, out, print_json
from reelrouter.cli.request import body_of
from reelrouter.cli.tables import pairs, table
from reelrouter.client.results import Estimate

_SOURCES = {
    "server": "the server's own estimate",
    "catalogue": "worked out from the model's price list, since this server gives no estimates",
}
_SHOWN = ("duration", "resolution", "aspect_ratio", "fps", "audio")


@grouped
def estimate(
    request: RequestOptions,
    server: ServerOptions,
    prompt: Prompt = None,
    model: ModelName = "reelrouter/animatic",
    as_json: Json = False,
) -> None:
    """Say what a request would cost, line by line. Nothing is submitted.

    Example: reelrouter estimate "a fox in the snow" --model google/veo-3.1 --duration 8 --resolution 1080p
    """
    with connected(server, as_json=as_json) as client:
        found = client.estimate(body_of(model, prompt, request))
    if as_json:
        print_json(found)
        return
    for warning in found.warnings:
        note(warning)
    _print(found)


def _print(found: Estimate) -> None:
    out.print(f"[bold]{wording.dollars(found.cost)}[/bold]  {escape(found.model)}", soft_wrap=True)
    out.print(f"[dim]{_SOURCES[found.source]}[/dim]\n")
    if found.lines:
        out.print(_lines(found))
    if facts := _facts(found):
        out.print()
        out.print(pairs(facts))


def _lines(found: Estimate) -> Table:
    made = table("charge", ">quantity", "unit", ">rate", ">cost")
    for line in found.lines:
        made.add_row(
            escape(line.sku),
            f"{line.quantity:,f}",
            escape(line.unit),
            wording.dollars(line.rate),
            wording.dollars(line.cost),
        )
    return made


def _facts(found: Estimate) -> list[tuple[str, str]]:
    resolved = found.resolved
    facts: list[tuple[str, str]] = [
        (name.replace("_", " "), _shown(resolved[name])) for name in _SHOWN if resolved.get(name) is not None
    ]
    if "width" in resolved and "height" in resolved:
        facts.insert(0, ("pixels", f"{resolved['width']}x{resolved['height']}"))
    routes = (f"{one.endpoint}: {one.reason}" if one.reason else one.endpoint for one in found.routes)
    return facts + [("route", route) for route in routes]


def _shown(value: object) -> str:
    return wording.known(value) if isinstance(value, bool) else str(value)
