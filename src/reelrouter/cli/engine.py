"""`reelrouter engine`: an engine alone, where the API runs elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from reelrouter import engine as process
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import fail
from reelrouter.cli.serving import told
from reelrouter.settings import WORK


def engine(
    data_dir: Annotated[Path | None, typer.Option(help="Where it keeps what it works on.")] = None,
    queues: Annotated[
        str | None, typer.Option(help=f"What it works on, with commas between: {', '.join(WORK)}. Default all.")
    ] = None,
) -> None:
    """Run an engine alone, until Ctrl-C: any number of them, on a PostgreSQL database and shared storage.

    Engines may share the work by kind: some send jobs to vendors and wait for them, some render, some deliver
    webhooks. Every kind needs an engine, or what it does waits for one.

    Example: reelrouter engine --data-dir ./engine --queues remote,webhooks
    """
    settings = settings_or_fail(data_dir=data_dir, queues=queues)
    if settings.database_url is None:
        fail("an engine alone needs a database that others can share: set REELROUTER_DATABASE_URL, or run: serve")
    with told(settings):
        process.run(settings)
