"""`reelrouter keys`: make, list and disable API keys of this installation."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.markup import escape

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import KeyRecord, NewKey
from reelrouter.accounts.secrets import Secrets, load_secrets
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import fail
from reelrouter.cli.options import Json
from reelrouter.cli.output import out, print_json, print_line
from reelrouter.cli.tables import table
from reelrouter.clock import SystemClock
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.settings import Settings

app = typer.Typer(
    help="Make, list and disable API keys of this installation.\n\nExample: reelrouter keys list",
    no_args_is_help=True,
)


@app.command("create")
def create(
    mode: Annotated[Literal["live", "test"], typer.Option(help="Test keys never cost anything.")] = "live",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    as_json: Json = False,
) -> None:
    """Make a key and show it, once.

    Example: reelrouter keys create --mode test --name "ci"
    """
    secret = keys.new_key(mode)
    asyncio.run(_create(settings_or_fail(), mode, name, secret))
    if as_json:
        print_json({"key": secret, "mode": mode, "name": name})
    else:
        print_line(secret)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the keys: their beginnings, never the keys themselves.

    Example: reelrouter keys list --json
    """
    records = asyncio.run(_list(settings_or_fail()))
    if as_json:
        print_json([_shown(record) for record in records])
        return
    made = table("id", "mode", "begins with", "name~", "created", "state")
    for record in records:
        shown = _shown(record)
        made.add_row(*map(escape, (shown | {"created": shown["created"][:10]}).values()))
    out.print(made)


@app.command("disable")
def disable(
    key_id: Annotated[str, typer.Argument(help="The id that keys list shows.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Disable a key for good; it stops working within a second.

    Example: reelrouter keys disable key_Ab3dEf6hIj9kLm2nOp5q
    """
    if not asyncio.run(_disable(settings_or_fail(), key_id)):
        fail(f"there is no active key {key_id}; see: reelrouter keys list")
    if as_json:
        print_json({"id": key_id, "state": "disabled"})
    else:
        print_line(f"{key_id} is disabled")


async def _create(settings: Settings, mode: Literal["live", "test"], name: str, secret: str) -> None:
    db, secrets = _open(settings)
    now = SystemClock().now()
    pepper = secrets.derive("api-keys")

    def add(unit: Unit) -> None:
        workspace, _ = workspaces.ensure_default(unit, now)
        keys.add_key(unit, NewKey(workspace=workspace, mode=mode, name=name, secret=secret), pepper, now)

    try:
        await db.write(add)
    finally:
        await db.close()


async def _list(settings: Settings) -> list[KeyRecord]:
    db, _ = _open(settings)
    now = SystemClock().now()
    try:
        workspace, _ = await db.write(lambda unit: workspaces.ensure_default(unit, now))
        return await keys.list_keys(db, workspace)
    finally:
        await db.close()


async def _disable(settings: Settings, key_id: str) -> bool:
    db, _ = _open(settings)
    now = SystemClock().now()
    try:
        return await db.write(lambda unit: keys.disable_key(unit, key_id, now))
    finally:
        await db.close()


def _open(settings: Settings) -> tuple[SqliteDatabase, Secrets]:
    secret = settings.secret_key
    secrets = load_secrets(secret.get_secret_value() if secret else None, settings.data_dir)
    migrate(settings.data_dir / "app.db")
    return SqliteDatabase(settings.data_dir / "app.db"), secrets


def _shown(record: KeyRecord) -> dict[str, str]:
    return {
        "id": record.id,
        "mode": record.mode,
        "label": record.label,
        "name": record.name,
        "created": datetime.fromtimestamp(record.created_at / 1000, UTC).isoformat(timespec="seconds"),
        "state": "active" if record.disabled_at is None else "disabled",
    }
