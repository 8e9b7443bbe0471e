"""What `reelrouter models check` finds: who can serve which model here, or where another server's list differs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from reelrouter.catalogue.compare import Comparison, Difference, compare
from reelrouter.catalogue.load import CatalogueError
from reelrouter.catalogue.model import Catalogue, Endpoint, ModelSpec
from reelrouter.cli import wording
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.connection import connected
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.options import ServerOptions
from reelrouter.cli.output import out, print_json
from reelrouter.cli.tables import is_wide, table
from reelrouter.cli.vendors import configured_or_fail
from reelrouter.installation import own_catalogue
from reelrouter.providers.configured import Configured
from reelrouter.providers.registry import PROVIDERS

BUILT_IN = "renderer"
"""The one provider that needs no account: this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An endpoint of a model, and what it would take to use it; None if it can be used."""

    endpoint: str
    provider: str
    missing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    model: str
    endpoints: tuple[Checked, ...]

    @property
    def is_served(self) -> bool:
        return any(one.missing is None for one in self.endpoints)


def check_here(*, as_json: bool) -> None:
    """Every model, and who can serve it with this machine's settings."""
    found = [_readiness(model, configured) for configured in [configured_or_fail()] for model in _catalogue()]
    unserved = [one.model for one in found if not one.is_served]
    if as_json:
        print_json({"models": found, "served_by_nobody": unserved})
        return
    out.print(_models_table(found))
    out.print()
    out.print(_providers_table(found))
    served = len(found) - len(unserved)
    out.print(f"\n[dim]{_count(len(found), 'model')}: {served} can be served, {len(unserved)} by nobody.[/dim]")


def check_against(address: str, timeout: float, *, as_json: bool) -> None:
    """Ends with 1 where the other server has a model that we lack, or a field that differs."""
    with connected(ServerOptions(base_url=address, timeout=timeout), as_json=as_json) as client:
        rows = [model.raw for model in client.models()]
    compared = compare(_catalogue(), rows)
    if as_json:
        print_json({"against": address, "agrees": compared.agrees, **_compared_view(compared)})
    else:
        _print_comparison(compared, address)
    raise typer.Exit(Exit.DONE if compared.agrees else Exit.FAILED)


def _catalogue() -> Catalogue:
    try:
        return own_catalogue(settings_or_fail())
    except CatalogueError as wrong:
        fail(f"the catalogue cannot be used: {wrong}")


# Who can serve what ----------------------------------------------------------------------------------------------


def _readiness(model: ModelSpec, configured: Configured) -> Readiness:
    return Readiness(
        model=model.id,
        endpoints=tuple(
            Checked(endpoint=one.name, provider=one.provider, missing=_missing(one, configured))
            for one in model.endpoints
        ),
    )


def _missing(endpoint: Endpoint, configured: Configured) -> str | None:
    if endpoint.provider == BUILT_IN:
        return None
    provider = PROVIDERS.get(endpoint.provider)
    return "this version has no adapter for it" if provider is None else configured.missing(provider)


def _models_table(found: Iterable[Readiness]) -> Table:
    made = table("model", "ready~", "not ready~")
    for one in sorted(found, key=lambda one: one.model):
        ready, not_ready = (
            Text(", ".join(each.endpoint for each in one.endpoints if (each.missing is None) is wanted), style)
            for wanted, style in ((True, "green"), (False, "dim"))
        )
        made.add_row(wording.model_name(one.model), ready or Text("nobody", "yellow"), not_ready)
    return made


def _providers_table(found: Iterable[Readiness]) -> Table:
    """What to set is said once for each provider, with how much it would bring."""
    made = table("provider", ">models", "state~")
    pairs = sorted((each.provider, each.missing or "", one.model) for one in found for each in one.endpoints)
    for (provider, missing), rows in groupby(pairs, key=lambda row: row[:2]):
        models = {model for *_, model in rows}
        made.add_row(provider, str(len(models)), missing or Text("ready", "green"))
    return made


# Against another server ------------------------------------------------------------------------------------------


def _compared_view(compared: Comparison) -> dict[str, Any]:
    """With its nulls: that one side lists nothing is a value."""
    return {
        "shared": compared.shared,
        "lacking": compared.lacking,
        "extra": compared.extra,
        "differences": [
            {"model": one.model, "field": one.field, "ours": one.ours, "theirs": one.theirs}
            for one in compared.differences
        ],
    }


def _print_comparison(compared: Comparison, address: str) -> None:
    if compared.differences:
        out.print(_differences_table(compared.differences))
        out.print()
    for title, models in (("Not in our catalogue", compared.lacking), ("Only in our catalogue", compared.extra)):
        if models:
            out.print(f"{title}: {', '.join(models)}")
    word, style = ("Nothing differs", "bold green") if compared.agrees else (_found(compared), "bold yellow")
    end = f": {_count(len(compared.shared), 'model')} compared with {address}"
    out.print(Text.assemble((word, style), end), soft_wrap=True)


def _found(compared: Comparison) -> str:
    """`3 fields differ, 1 model is lacking`."""
    fields, models = len(compared.differences), len(compared.lacking)
    parts = (
        f"{_count(fields, 'field')} differ{'s' if fields == 1 else ''}" if fields else "",
        f"{_count(models, 'model')} {'is' if models == 1 else 'are'} lacking" if models else "",
    )
    return ", ".join(part for part in parts if part)


def _differences_table(differences: Sequence[Difference]) -> Table:
    """Of two lists only what one of them alone has is shown."""
    made = table("field~", "ours~", "theirs~")
    for model, some in groupby(differences, key=lambda one: one.model):
        made.add_row(Text(model, "bold"), "", "")
        for one in some:
            ours, theirs = _shown(one.ours, one.theirs), _shown(one.theirs, one.ours)
            made.add_row(f"  {_short(one.field)}", Text(ours, "red"), Text(theirs, "green"))
    return made


def _short(field: str) -> str:
    return field if is_wide() else field.removeprefix("supported_").removeprefix("pricing_skus.")


def _shown(value: Any, other: Any) -> str:
    if isinstance(value, list):
        alone = [one for one in value if not isinstance(other, list) or one not in other]
        return (
            ", ".join(map(str, alone)) or "none of these"
            if isinstance(other, list)
            else ", ".join(map(str, value))
        )
    if value is None:
        return wording.NOTHING
    return wording.known(value) if isinstance(value, bool) else str(value)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
