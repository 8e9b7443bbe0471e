"""`reelrouter serve`: the gateway on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel

from reelrouter import app
from reelrouter.app import Started
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.output import err
from reelrouter.cli.serving import told


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any that is free.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where database, secret and videos live.")] = None,
    public_url: Annotated[str | None, typer.Option(help="The address that clients use.")] = None,
) -> None:
    """Run the gateway: the API and its engine, until Ctrl-C. On PostgreSQL, any number of them share the work.

    The first start makes a workspace and two keys, and shows the keys once. A key that governs workspaces and
    keys by the API is never made by itself: see keys create --management.

    Example: reelrouter serve --port 8088 --data-dir ./data
    """
    given = {"host": host, "port": port, "data_dir": data_dir, "public_url": public_url}
    settings = settings_or_fail(**given)
    overrides = {f"REELROUTER_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    with told(settings):
        app.serve(settings, on_start=greet, overrides=overrides)


def greet(started: Started) -> None:
    err.print(f"ReelRouter answers at [bold]{started.address}[/bold]", soft_wrap=True)
    if started.first_keys is None:
        return
    keys = started.first_keys
    err.print(
        Panel(
            f"live key  {keys.live}\ntest key  {keys.test}\n\n"
            "Shown this once. Test keys make every model's videos with the built-in renderer, free of charge.\n"
            "More keys: reelrouter keys create",
            title="Your keys",
            expand=False,
        )
    )
