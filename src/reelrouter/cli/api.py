"""`reelrouter api`: the API alone, where engines run elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from reelrouter import app
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import fail
from reelrouter.cli.serve import greet
from reelrouter.cli.serving import told


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any that is free.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where it keeps what it works on.")] = None,
    public_url: Annotated[str | None, typer.Option(help="The address that clients use.")] = None,
) -> None:
    """Run the API alone, until Ctrl-C: any number of them, on a PostgreSQL database and shared storage.

    Example: reelrouter api --host 0.0.0.0
    """
    settings = settings_or_fail(host=host, port=port, data_dir=data_dir, public_url=public_url)
    if settings.database_url is None:
        fail("an API alone needs a database that engines can share: set REELROUTER_DATABASE_URL, or run: serve")
    with told(settings):
        app.serve(settings, on_start=greet, engine=None)
