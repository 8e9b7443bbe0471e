"""`reelrouter restore`: an installation out of a backup."""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from reelrouter import backups
from reelrouter.backups import BackupRefused, Restored
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, print_json, print_line
from reelrouter.cli.progress import copying
from reelrouter.cli.serving import told
from reelrouter.db.copying import CopyDamaged
from reelrouter.db.opening import prepare
from reelrouter.installation import database_url
from reelrouter.jobs.restored import Closed
from reelrouter.settings import Settings


def restore(
    folder: Annotated[Path | None, typer.Argument(help="What backup has made.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the installation is to live; a new folder.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="The old gateway was stopped before the backup, and never ran again.")
    ] = False,
    database: Annotated[
        bool, typer.Option("--database", help="Settle the PostgreSQL database, which pg_restore has filled.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: Json = False,
) -> None:
    """Make an installation of a backup, in a new data folder.

    A backup is older than the world: a job that waits in it may have been sent to a vendor since, and paid for.
    So such jobs end as failed and cost nothing, with their webhooks; those that a vendor had taken are asked for
    and end as usual. With --resume all go on as they were.

    Example: reelrouter restore ./backup --data-dir ./restored
    """
    settings = settings_or_fail(data_dir=data_dir)
    if database:
        if folder is not None or resume:
            fail("--database goes without a folder and without --resume", Exit.USAGE)
        _settle(settings, yes=yes, as_json=as_json)
    elif folder is None:
        fail("name the folder of a backup, or --database", Exit.USAGE)
    else:
        _restore(settings, folder, resume=resume, as_json=as_json)


def _restore(settings: Settings, folder: Path, *, resume: bool, as_json: bool) -> None:
    if settings.database_url is not None:
        fail("REELROUTER_DATABASE_URL is set; after a pg_restore run: reelrouter restore --database", Exit.USAGE)
    with told(settings):
        try:
            with copying() as tell:
                done = backups.restore(settings, folder, resume=resume, tell=tell)
        except (BackupRefused, CopyDamaged) as refused:
            fail(str(refused))
        except OSError as error:
            fail(f"the restore broke off, and there is no installation yet: {error.strerror}: {error.filename}")
    if as_json:
        print_json(done)
    else:
        _tell(settings, done)


def _tell(settings: Settings, done: Restored) -> None:
    print_line(f"{settings.data_dir} is the installation of {done.manifest.made_at}")
    if done.closed is not None:
        _tell_closed(done.closed)
    if not done.manifest.secret:
        note("its secret is not in the backup: set REELROUTER_SECRET_KEY to what it was")
    if done.manifest.files is None:
        note("the backup has no files: videos are there only if their bucket is")
    print_line(f"start it with: reelrouter serve --data-dir {settings.data_dir}")


def _tell_closed(closed: Closed) -> None:
    print_line(
        f"unfinished jobs: {closed.ended} ended as failed, since they may have been sent after the backup; "
        f"{closed.kept} are asked for at their vendors; {closed.going_on} go on here"
    )


def _settle(settings: Settings, *, yes: bool, as_json: bool) -> None:
    if settings.database_url is None:
        fail("REELROUTER_DATABASE_URL is not set; for a backup of a data folder name that folder", Exit.USAGE)
    with told(settings):
        url = database_url(settings)
        prepare(url)
        # Loaded by name: whoever runs on SQLite needs no driver of a server.
        slots: Any = importlib.import_module("reelrouter.db.slots")
        if asyncio.run(slots.is_any_held(url)):
            fail("an engine uses this database, so it was not restored just now; stop every engine first")
        ask = "End every job of this database that waits? Only right after a pg_restore."
        if not yes and sys.stdin.isatty() and not typer.confirm(ask, err=True):
            fail("the database is left as it is")
        closed = asyncio.run(backups.close(url))
    if as_json:
        print_json(closed)
    else:
        _tell_closed(closed)
