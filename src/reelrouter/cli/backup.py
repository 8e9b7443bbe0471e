"""`reelrouter backup`: this installation as a folder."""

from pathlib import Path
from typing import Annotated

import typer

from reelrouter import backups
from reelrouter.backups import BackupRefused, Manifest
from reelrouter.cli.configuration import settings_or_fail
from reelrouter.cli.ending import fail
from reelrouter.cli.options import Json
from reelrouter.cli.output import note, print_json, print_line
from reelrouter.cli.progress import copying
from reelrouter.cli.wording import size
from reelrouter.db.copying import CopyDamaged


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, which may hold secrets from then on.")],
    data_dir: Annotated[Path | None, typer.Option(help="Where database, secret and videos live.")] = None,
    without_files: Annotated[bool, typer.Option("--without-files", help="Leave the videos out.")] = False,
    as_json: Json = False,
) -> None:
    """Copy databases, secret and files into a new folder, beside a gateway that runs or without one.

    Whoever has the folder has the installation: its keys' hashes and, unless REELROUTER_SECRET_KEY is set, its
    secret. Files in a bucket stay there. See restore for the way back.

    Example: reelrouter backup ./backup
    """
    settings = settings_or_fail(data_dir=data_dir)
    if settings.database_url is not None:
        fail(
            "nothing was done: a PostgreSQL database is backed up with its own tools, pg_dump --format=custom or "
            "your provider's snapshots, and files with the versions of your bucket",
            next_step="after a pg_restore run: reelrouter restore --database",
        )
    try:
        with copying() as tell:
            made = backups.back_up(settings, folder, with_files=not without_files, tell=tell)
    except (BackupRefused, CopyDamaged) as refused:
        fail(str(refused))
    except OSError as error:
        fail(f"the backup broke off, and {folder} cannot be used: {error.strerror}: {error.filename}")
    if as_json:
        print_json(made)
    else:
        _tell(folder, made)


def _tell(folder: Path, made: Manifest) -> None:
    files = "without files" if made.files is None else f"{made.files.count} files, {size(made.files.size)}"
    print_line(f"{folder} holds this installation as of {made.made_at}: {files}")
    if not made.secret:
        note("the secret is not in it: keep REELROUTER_SECRET_KEY as well, without it no key can be used")
