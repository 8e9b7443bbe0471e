"""`reelrouter keys`: make, list and disable API keys of this installation."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import KeyRecord, NewKey
from reelrouter.accounts.secrets import Secrets, load_secrets
from reelrouter.cli.output import fail, out, settings_or_fail
from reelrouter.clock import SystemClock
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.settings import Settings

app = typer.Typer(help="Make, list and disable API keys.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("create")
def create(
    mode: Annotated[Literal["live", "test"], typer.Option(help="Test keys never cost anything.")] = "live",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    as_json: _Json = False,
) -> None:
    """Make a key and show it, once.

    Example: reelrouter keys create --mode test --name "ci"
    """
    secret = keys.new_key(mode)
    asyncio.run(_create(settings_or_fail(), mode, name, secret))
    out.print_json(json.dumps({"key": secret, "mode": mode, "name": name})) if as_json else out.print(
        secret, soft_wrap=True
    )


@app.command("list")
def list_all(as_json: _Json = False) -> None:
    """List the keys: their beginnings, never the keys themselves."""
    records = asyncio.run(_list(settings_or_fail()))
    if as_json:
        out.print_json(json.dumps([_shown(record) for record in records]))
        return
    table = Table("id", "mode", "begins with", "name", "created", "state")
    for record in records:
        table.add_row(*(str(value) for value in _shown(record).values()))
    out.print(table)


@app.command("disable")
def disable(key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")]) -> None:
    """Disable a key for good; it stops working within a second."""
    if not asyncio.run(_disable(settings_or_fail(), key_id)):
        fail(f"there is no active key {key_id}; see: reelrouter keys list")
    out.print(f"{key_id} is disabled")


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
