"""`reelrouter keys`: make, look up, change and delete API keys of this installation."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import KeyKind, KeyRecord
from reelrouter.accounts.workspaces import DEFAULT_SLUG
from reelrouter.api.management_schemas import CreateKeyBody, UpdateKeyBody, key_wish, read_body
from reelrouter.api.management_views import key_view
from reelrouter.cli import wording
from reelrouter.cli.administration import OPERATOR, Administration, administer
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, out, print_json, print_line
from reelrouter.cli.rules import KEY_FIELDS, KeyOptions, cleared, key_body
from reelrouter.cli.tables import is_wide, pairs, table
from reelrouter.gateway.keys import GovernedKey, KeyListing, MadeKey, left_of
from reelrouter.money import usd

app = typer.Typer(
    help="Make, list, change and delete API keys of this installation. Live and test keys make videos in one "
    "workspace; management keys govern every workspace by the API, and are made by this command alone or by "
    "REELROUTER_MANAGEMENT_KEY, never by a first start.\n\nExample: reelrouter keys list",
    no_args_is_help=True,
)
KeyId = Annotated[str, typer.Argument(help="The id that keys list shows.", show_default=False)]
_MOST = 1000
"""Keys of a list."""


@app.command("create")
@grouped
def create(
    rules: KeyOptions,
    mode: Annotated[Literal["live", "test"], typer.Option(help="Test keys never cost anything.")] = "live",
    management: Annotated[
        bool, typer.Option("--management", help="Make a key that governs workspaces and keys, and no videos.")
    ] = False,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    workspace: Annotated[str, typer.Option(help="Whose videos it makes, by id or slug.")] = DEFAULT_SLUG,
    as_json: Json = False,
) -> None:
    """Make a key and show it, once.

    Example: reelrouter keys create --name "ci" --limit 20 --per monthly --expires 30d
    """
    kind: KeyKind = "management" if management else mode
    body = {"name": name, "workspace_id": workspace, "mode": kind, **key_body(rules)}
    made = administer(partial(_create, body=body))
    if as_json:
        print_json({"key": made.secret, **_shown(made.key)})
        return
    note(f"{made.key.record.id}: {kind} key, shown this once")
    print_line(made.secret)


@app.command("list")
def list_all(
    workspace: Annotated[
        str | None, typer.Option(help="Only keys of this workspace, by id or slug.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the keys of every workspace: their beginnings, never the keys themselves.

    Example: reelrouter keys list --json
    """
    listed, slugs = administer(partial(_list, workspace=workspace))
    if as_json:
        print_json([_shown(one) for one in listed.keys])
    elif not listed.keys:
        print_line("There are no keys here. To make one: reelrouter keys create")
    else:
        _print_table(listed, slugs)


@app.command("show")
def show(key_id: KeyId, as_json: Json = False) -> None:
    """Show a key: its rules, and what it has spent.

    Example: reelrouter keys show key_Ab3dEf6hIj9kLm2nOp5q
    """
    found, slugs = administer(partial(_show, key_id=key_id))
    if as_json:
        print_json(_shown(found))
    else:
        out.print(pairs(_facts(found, slugs)))


@app.command("update")
@grouped
def update(
    key_id: KeyId,
    rules: KeyOptions,
    name: Annotated[str | None, typer.Option(help="What the key is for.", show_default=False)] = None,
    workspace: Annotated[
        str | None, typer.Option(help="Where it moves to, by id or slug.", show_default=False)
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help=f"A rule to do away with: {', '.join(KEY_FIELDS)}; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a key: what is not said stays as it is.

    Example: reelrouter keys update key_Ab3dEf6hIj9kLm2nOp5q --limit 50 --clear expires
    """
    given = {"name": name, "workspace_id": workspace}
    body = {name: value for name, value in given.items() if value is not None} | key_body(rules)
    body = cleared(clear or (), KEY_FIELDS, body)
    if not body:
        fail("there is nothing to change: say what, as in --limit 50 or --clear expires", Exit.USAGE)
    _change(key_id, body, "is changed", as_json=as_json)


@app.command("disable")
def disable(key_id: KeyId, as_json: Json = False) -> None:
    """Disable a key; it stops working within a second.

    Example: reelrouter keys disable key_Ab3dEf6hIj9kLm2nOp5q
    """
    _change(key_id, {"disabled": True}, "is disabled", as_json=as_json)


@app.command("enable")
def enable(key_id: KeyId, as_json: Json = False) -> None:
    """Enable a key that was disabled.

    Example: reelrouter keys enable key_Ab3dEf6hIj9kLm2nOp5q
    """
    _change(key_id, {"disabled": False}, "is enabled", as_json=as_json)


@app.command("delete")
def delete(key_id: KeyId, as_json: Json = False) -> None:
    """Delete a key for good; it stops working within a second. What it has spent stays in the books.

    Example: reelrouter keys delete key_Ab3dEf6hIj9kLm2nOp5q
    """
    administer(lambda at: at.keys.delete(OPERATOR, key_id))
    if as_json:
        print_json({"id": key_id, "deleted": True})
    else:
        print_line(f"{key_id} is deleted")


def _change(key_id: str, body: Mapping[str, Any], done: str, *, as_json: bool) -> None:
    changed = administer(partial(_update, key_id=key_id, body=body))
    if as_json:
        print_json(_shown(changed))
    else:
        print_line(f"{key_id} {done}")


async def _create(at: Administration, body: Mapping[str, Any]) -> MadeKey:
    shape, _ = read_body(CreateKeyBody, body)
    return await at.keys.create(OPERATOR, shape.mode, key_wish(shape))


async def _update(at: Administration, key_id: str, body: Mapping[str, Any]) -> GovernedKey:
    shape, _ = read_body(UpdateKeyBody, body)
    return await at.keys.update(OPERATOR, key_id, key_wish(shape))


async def _list(at: Administration, workspace: str | None) -> tuple[KeyListing, Mapping[str, str]]:
    return await at.keys.list_page(workspace, KeyPage(limit=_MOST)), await _slugs(at)


async def _show(at: Administration, key_id: str) -> tuple[GovernedKey, Mapping[str, str]]:
    return await at.keys.get(key_id), await _slugs(at)


async def _slugs(at: Administration) -> Mapping[str, str]:
    """By workspace id."""
    page = await at.workspaces.list_page(0, _MOST)
    return {one.workspace.id: one.workspace.slug for one in page.workspaces}


def _shown(governed: GovernedKey) -> dict[str, Any]:
    """As the API shows it, with the id under its own name, and one word for its state."""
    return {"id": governed.record.id, "state": _state(governed.record), **key_view(governed)}


def _state(record: KeyRecord) -> str:
    if record.disabled_at is not None:
        return "disabled"
    if record.expires_at is not None and record.expires_at <= time.time() * 1000:
        return "expired"
    return "active"


def _print_table(listed: KeyListing, slugs: Mapping[str, str]) -> None:
    more = ("begins with", ">limit") if is_wide() else ()
    made = table("id", "kind", "workspace~", "name~", *more, ">spent", "state")
    for one in listed.keys:
        record = one.record
        beyond = (record.label, _limit(one)) if is_wide() else ()
        whose = "every one" if record.mode == "management" else slugs.get(record.workspace, record.workspace)
        spent = wording.dollars(usd(one.spent.total))
        cells = (record.id, record.mode, whose, record.name, *beyond, spent, _state(record))
        made.add_row(*map(escape, cells))
    out.print(made)
    if listed.total > len(listed.keys):
        note(f"{listed.total - len(listed.keys)} more keys are not shown; narrow the list with --workspace")


def _limit(governed: GovernedKey) -> str:
    limit = governed.limit
    return wording.NOTHING if limit is None else f"{wording.dollars(usd(limit.amount))} {limit.period}"


def _facts(governed: GovernedKey, slugs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    record, limit, shown = governed.record, governed.limit, key_view(governed)
    facts = {
        "id": record.id,
        "name": record.name,
        "kind": record.mode,
        "state": _state(record),
        "workspace": slugs.get(record.workspace, record.workspace),
        "begins with": record.label,
        "created": shown["created_at"],
        "expires": shown["expires_at"],
        "limit": None if limit is None else _limit(governed),
        "left of it": None if limit is None else wording.dollars(usd(left_of(limit))),
        "spent": f"{wording.dollars(usd(governed.spent.total))} in all, "
        f"{wording.dollars(usd(governed.spent.month))} this month",
        "requests a minute": record.rate and str(record.rate),
        "jobs at one time": record.concurrency and str(record.concurrency),
        "strict": "yes" if record.strict else None,
    }
    yield from ((name, value) for name, value in facts.items() if value)
