"""`reelrouter byok`: the vendor keys that workspaces of this installation have brought."""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from reelrouter.accounts import workspaces
from reelrouter.accounts.vendor_keys import VendorKey, VendorKeys
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, out, print_json, print_line
from reelrouter.cli.own_installation import Own, on_own
from reelrouter.cli.tables import is_wide, table
from reelrouter.gateway.byok import Byok, Desk, NewVendorKey, Terms
from reelrouter.installation import own_brought, own_catalogue, own_vault

T = TypeVar("T")

_MOST = 10_000
_WIDEST = 20

app = typer.Typer(
    help="Add, list, change and remove vendor keys of workspaces' own.\n\nExample: reelrouter byok list",
    no_args_is_help=True,
)

KeyId = Annotated[str, typer.Argument(help="The id that byok list shows.", show_default=False)]
FromEnv = Annotated[
    str | None,
    typer.Option(
        help="Take the key from this environment variable; else it is read from stdin.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermOptions:
    """How a key may be used. What is left out stays as it is."""

    name: Annotated[str | None, typer.Option(help="What people call it.", show_default=False)] = None
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model that it is for; may be repeated. all: every model.", show_default=False),
    ] = None
    position: Annotated[
        int | None,
        typer.Option(min=0, help="The lower, the earlier it is tried among the provider's.", show_default=False),
    ] = None
    fallback: Annotated[
        bool | None,
        typer.Option(
            "--fallback/--no-fallback",
            help="Try it after the gateway's accounts, and not before them.",
            show_default=False,
        ),
    ] = None
    required: Annotated[
        bool | None,
        typer.Option(
            "--required/--not-required",
            help="Never use the gateway's accounts for its models.",
            show_default=False,
        ),
    ] = None
    byok_only: Annotated[
        bool | None,
        typer.Option(
            "--byok-only/--no-byok-only",
            help="Never use the gateway's accounts with its provider, for any model.",
            show_default=False,
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        models = None if self.model is None or "all" in self.model else self.model
        said = {
            "name": self.name,
            "position": self.position,
            "is_fallback": self.fallback,
            "is_required": self.required,
            "is_byok_only": self.byok_only,
        }
        terms = {name: value for name, value in said.items() if value is not None}
        return terms if self.model is None else {**terms, "models": models}


@app.command("add")
@grouped
def add(
    provider: Annotated[str, typer.Argument(help="Whose key it is, such as byteplus.", show_default=False)],
    terms: TermOptions,
    workspace: Annotated[str, typer.Option(help="The workspace, by id or slug.")] = workspaces.DEFAULT_SLUG,
    from_env: FromEnv = None,
    as_json: Json = False,
) -> None:
    """Add a workspace's own key for a vendor. The key comes from stdin, or from a variable, and never from here.

    Example: reelrouter byok add byteplus --workspace default --name "team account" --from-env TEAM_KEY
    """
    key = _secret(from_env)
    new = NewVendorKey(provider=provider, key=key, workspace=workspace, terms=Terms(given=terms.given()))
    _show(_run(lambda byok: byok.add(new)), as_json=as_json)


@app.command("list")
def list_all(
    workspace: Annotated[
        str | None, typer.Option(help="One workspace, by id or slug; all of them if left out.", show_default=False)
    ] = None,
    provider: Annotated[str | None, typer.Option(help="One provider.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """List the keys: their first and last characters, never the keys themselves.

    Example: reelrouter byok list --json
    """
    page = _run(lambda byok: byok.list_keys(workspace=workspace, provider=provider, most=_MOST))
    if as_json:
        print_json([_row(key) for key in page.keys])
        return
    if not page.keys:
        note("no workspace has brought a vendor key; one is added with: reelrouter byok add byteplus < key.txt")
        return
    heads = ("id", "provider", "key", "state", "use~")
    made = table(*heads, "workspace") if is_wide() else table(*heads)
    for key in page.keys:
        state = "active" if key.disabled_at is None else "disabled"
        use = ": ".join(filter(None, (key.name, _use(key))))
        cells = (key.id, key.provider, key.label[:_WIDEST], state, use, key.workspace)
        made.add_row(*map(escape, cells[: len(made.columns)]))
    out.print(made)


@app.command("update")
@grouped
def update(
    key_id: KeyId,
    terms: TermOptions,
    replace: Annotated[bool, typer.Option("--replace", help="Read a new key from stdin.")] = False,
    from_env: FromEnv = None,
    disable: Annotated[
        bool | None,
        typer.Option("--disable/--enable", help="A disabled key gets no new jobs.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change how a key is used, or replace it. Jobs that a vendor is making with it go on.

    Example: reelrouter byok update vk_Ab3dEf6hIj9kLm2nOp5q --disable
    """
    key = _secret(from_env) if replace or from_env is not None else None
    given = Terms(given=terms.given(), disabled=disable)
    _show(_run(lambda byok: byok.update(key_id, given, key)), as_json=as_json)


@app.command("remove")
def remove(key_id: KeyId, as_json: Json = False) -> None:
    """Remove a key for good. Jobs that a vendor is making with it fail here, and cost nothing here.

    Example: reelrouter byok remove vk_Ab3dEf6hIj9kLm2nOp5q
    """
    _run(lambda byok: byok.remove(key_id))
    if as_json:
        print_json({"id": key_id, "deleted": True})
    else:
        print_line(f"{key_id} is removed")


@app.command("reseal")
def reseal(as_json: Json = False) -> None:
    """Seal every key under the present root secret. Each start does so too; afterwards the earlier one can go.

    Example: reelrouter byok reseal
    """
    done = _run(lambda byok: byok.reseal())
    if as_json:
        print_json({"resealed": done.count, "broken": done.broken})
    else:
        print_line(f"{done.count} sealed anew")
    if done.broken:
        told = "; ".join(f"{key}: {reason}" for key, reason in done.broken.items())
        fail(f"{len(done.broken)} cannot be opened: {told}")


def _secret(variable: str | None) -> str:
    if variable is not None:
        if not os.environ.get(variable):
            fail(f"--from-env names {variable}, which is not set", Exit.USAGE)
        return os.environ[variable]
    if sys.stdin.isatty():
        given: str = typer.prompt("Key", hide_input=True, err=True)
        return given
    return sys.stdin.read()


def _run(work: Callable[[Byok], Awaitable[T]]) -> T:
    async def within(own: Own) -> T:
        desk = Desk(
            db=own.db,
            vault=own_vault(own.settings),
            brought=own_brought(own.settings),
            catalogue=own_catalogue(own.settings),
            clock=own.clock,
            known=VendorKeys(own.db, own.clock),
        )
        return await work(Byok(desk))

    return on_own(within, lists="reelrouter byok list")


def _show(key: VendorKey, *, as_json: bool) -> None:
    if as_json:
        print_json(_row(key))
    else:
        print_line(f"{key.id}  {key.provider}  {key.label}  {_use(key)}")


def _row(key: VendorKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "workspace": key.workspace,
        "provider": key.provider,
        "label": key.label,
        "name": key.name,
        "models": key.models,
        "position": key.position,
        "fallback": key.is_fallback,
        "required": key.is_required,
        "byok_only": key.is_byok_only,
        "disabled": key.disabled_at is not None,
    }


def _use(key: VendorKey) -> str:
    """When it is used, in a few words."""
    models = "all models" if key.models is None else ", ".join(key.models)
    if key.is_byok_only or key.is_required:
        return f"alone, {models}"
    return f"{'last' if key.is_fallback else 'first'}, {models}"
