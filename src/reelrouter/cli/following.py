"""A job from its submit to its file, as a command follows it; Ctrl-C on the way asks what is to become of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.output import err, note
from reelrouter.cli.progress import Shown
from reelrouter.client.errors import ClientError
from reelrouter.client.results import Download, Job
from reelrouter.client.sync import Client


def save(client: Client, job: Job | str, path: Path, index: int = 0) -> Download:
    """The job's video, in a file."""
    with Shown() as shown:
        return client.download(job, path, index=index, on_bytes=shown.bytes)


@contextmanager
def interruptible(client: Client, job_id: str) -> Iterator[Shown]:
    """Progress of a job that is being waited for."""
    with Shown() as shown:
        try:
            yield shown
        except KeyboardInterrupt:
            shown.pause()
            _interrupted(client, job_id)


def _interrupted(client: Client, job_id: str) -> NoReturn:
    if sys.stdin.isatty() and err.is_terminal and _wants_cancel(job_id):
        try:
            outcome = client.cancel(job_id).outcome
        except ClientError as error:
            note(f"the job could not be cancelled: {error.message}")
        else:
            fail(f"interrupted, and job {job_id}: {outcome.replace('_', ' ')}", Exit.INTERRUPTED)
    again = f"wait for it again: reelrouter jobs watch {job_id}"
    fail(f"interrupted; job {job_id} goes on", Exit.INTERRUPTED, again)


def _wants_cancel(job_id: str) -> bool:
    try:
        return typer.confirm(f"\nCancel job {job_id} as well?", err=True)
    except (typer.Abort, KeyboardInterrupt):
        return False
