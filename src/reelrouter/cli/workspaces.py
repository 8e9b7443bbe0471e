"""`reelrouter workspaces`: make, look up, change and delete the workspaces of this installation."""

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import typer
from rich.markup import escape

from reelrouter.accounts.workspaces import Workspace
from reelrouter.api.management_schemas import (
    CreateWorkspaceBody,
    UpdateWorkspaceBody,
    read_body,
    workspace_wish,
)
from reelrouter.api.management_views import workspace_view
from reelrouter.cli import wording
from reelrouter.cli.administration import OPERATOR, Administration, administer
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, out, print_json, print_line
from reelrouter.cli.rules import WORKSPACE_FIELDS, WorkspaceOptions, cleared, workspace_body
from reelrouter.cli.tables import pairs, table
from reelrouter.gateway.workspaces import GovernedWorkspace

app = typer.Typer(
    help="Make, list, change and delete workspaces: each has its own jobs, files, keys and rules.\n\n"
    "Example: reelrouter workspaces list",
    no_args_is_help=True,
)
Ref = Annotated[str, typer.Argument(help="The workspace's slug or id, as workspaces list shows them.")]
_MOST = 1000
"""Workspaces of a list."""


@app.command("create")
@grouped
def create(
    slug: Annotated[
        str, typer.Argument(help="What addresses and commands call it: small letters, digits, hyphens.")
    ],
    rules: WorkspaceOptions,
    as_json: Json = False,
) -> None:
    """Make a workspace. It has no keys yet.

    Example: reelrouter workspaces create acme --name "Acme" --retention 2d --concurrency 5
    """
    body = {"name": slug, "slug": slug, **workspace_body(rules)}
    made = administer(partial(_create, body=body))
    if as_json:
        print_json(workspace_view(made))
        return
    _tell(made)
    print_line(f"{slug} is made: {made.workspace.id}")
    note(f"to make a key in it: reelrouter keys create --workspace {slug}")


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the workspaces, and the rules that they have.

    Example: reelrouter workspaces list --json
    """
    page = administer(lambda at: at.workspaces.list_page(0, _MOST))
    if as_json:
        print_json([workspace_view(one) for one in page.workspaces])
        return
    made = table("slug", "id", "name~", "rules~")
    for one in page.workspaces:
        of = one.workspace
        made.add_row(*map(escape, (of.slug, of.id, of.name, ", ".join(_rules(of)) or wording.NOTHING)))
    out.print(made)
    if page.total == 1:
        note("keys of this one see all of its jobs. For another team: reelrouter workspaces create <slug>")
    if page.total > len(page.workspaces):
        note(f"{page.total - len(page.workspaces)} more workspaces are not shown")


@app.command("show")
def show(ref: Ref, as_json: Json = False) -> None:
    """Show a workspace and its rules.

    Example: reelrouter workspaces show default
    """
    found = administer(lambda at: at.workspaces.get(ref))
    if as_json:
        print_json(workspace_view(found))
    else:
        out.print(pairs(_facts(found)))


@app.command("update")
@grouped
def update(
    ref: Ref,
    rules: WorkspaceOptions,
    slug: Annotated[
        str | None, typer.Option(help="What addresses and commands shall call it.", show_default=False)
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help=f"A rule to do away with: {', '.join(WORKSPACE_FIELDS)}; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a workspace: what is not said stays as it is, and so do jobs that were placed before.

    Example: reelrouter workspaces update default --allow-model google/veo-3.1 --sort price --clear retention
    """
    body = workspace_body(rules) | ({} if slug is None else {"slug": slug})
    body = cleared(clear or (), WORKSPACE_FIELDS, body)
    if not body:
        fail("there is nothing to change: say what, as in --zdr or --clear retention", Exit.USAGE)
    changed = administer(partial(_update, ref=ref, body=body))
    if as_json:
        print_json(workspace_view(changed))
        return
    _tell(changed)
    print_line(f"{changed.workspace.slug} is changed")


@app.command("rotate-links")
def rotate_links(ref: Ref, as_json: Json = False) -> None:
    """End every signed link to a workspace's videos within a second; polls give new ones.

    Example: reelrouter workspaces rotate-links default
    """
    rotated = administer(lambda at: at.workspaces.rotate_links(OPERATOR, ref))
    if as_json:
        print_json(workspace_view(rotated))
    else:
        print_line(f"the links of {rotated.workspace.slug} that were handed out so far are dead")


@app.command("delete")
def delete(
    ref: Ref,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a workspace. Its keys and links stop working within a second; files go when their retention ends.

    Example: reelrouter workspaces delete acme --yes
    """
    if not yes and sys.stdin.isatty() and not typer.confirm(f"Delete {ref} with all of its keys?", err=True):
        fail(f"{ref} is left as it is", Exit.FAILED)
    administer(lambda at: at.workspaces.delete(OPERATOR, ref))
    if as_json:
        print_json({"workspace": ref, "deleted": True})
    else:
        print_line(f"{ref} is deleted")


async def _create(at: Administration, body: Mapping[str, Any]) -> GovernedWorkspace:
    shape, _ = read_body(CreateWorkspaceBody, body)
    return await at.workspaces.create(OPERATOR, shape.slug, workspace_wish(shape))


async def _update(at: Administration, ref: str, body: Mapping[str, Any]) -> GovernedWorkspace:
    shape, _ = read_body(UpdateWorkspaceBody, body)
    return await at.workspaces.update(OPERATOR, ref, workspace_wish(shape))


def _tell(governed: GovernedWorkspace) -> None:
    for warning in governed.warnings:
        note(warning)


def _rules(of: Workspace) -> Iterator[str]:
    """In few words."""
    if of.zdr:
        yield "zdr"
    if of.strict:
        yield "strict"
    if of.allowed_models is not None:
        yield f"{len(of.allowed_models)} models" if len(of.allowed_models) > 1 else of.allowed_models[0]
    if of.allowed_providers is not None:
        yield " ".join(of.allowed_providers)
    if of.provider_sort is not None:
        yield f"by {of.provider_sort}"
    if of.retention is not None:
        yield f"kept {wording.duration(of.retention)}"
    if of.concurrency is not None:
        yield f"{of.concurrency} at a time"
    if of.rate is not None:
        yield f"{of.rate}/min"
    if of.callback_url is not None:
        yield "callback"


def _facts(governed: GovernedWorkspace) -> Iterator[tuple[str, str]]:
    of, shown = governed.workspace, workspace_view(governed)
    facts = {
        "slug": of.slug,
        "id": of.id,
        "name": of.name,
        "description": of.description,
        "created": shown["created_at"],
        "changed": shown["updated_at"],
        "callback": of.callback_url,
        "models": ", ".join(of.allowed_models) if of.allowed_models is not None else "all",
        "providers": ", ".join(of.allowed_providers) if of.allowed_providers is not None else "all",
        "sort": of.provider_sort,
        "videos kept": f"{of.retention} s" if of.retention is not None else "as long as the gateway does",
        "jobs at one time": of.concurrency and str(of.concurrency),
        "requests a minute": of.rate and str(of.rate),
        "zdr": "yes" if of.zdr else None,
        "strict": "yes" if of.strict else None,
    }
    yield from ((name, value) for name, value in facts.items() if value)
