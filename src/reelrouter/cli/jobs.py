"""`reelrouter jobs`: what became of requests, and what may still be done about them."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table
from rich.text import Text

from reelrouter.cli import wording
from reelrouter.cli.connection import connected
from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.following import interruptible, save
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import JobId, Json, PaceOptions, ServerOptions
from reelrouter.cli.output import note, out, print_json, print_line
from reelrouter.cli.progress import ended
from reelrouter.cli.tables import is_wide, pairs, table
from reelrouter.client.results import Job, JobPage
from reelrouter.client.terms import JobFilters

_FILTERS = "Filters"

app = typer.Typer(
    help="List, follow, cancel, delete and download jobs.\n\nExample: reelrouter jobs list", no_args_is_help=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions:
    """Which jobs to list."""

    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only jobs in this state; repeatable: any of them.", rich_help_panel=_FILTERS, show_default=False
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Only jobs of this model.", rich_help_panel=_FILTERS, show_default=False
        ),
    ] = None
    key: Annotated[
        str | None,
        typer.Option(help="Only jobs that the key with this id has placed.", rich_help_panel=_FILTERS),
    ] = None
    user: Annotated[
        str | None,
        typer.Option(help="Only jobs that were submitted for this user.", rich_help_panel=_FILTERS),
    ] = None
    session: Annotated[
        str | None,
        typer.Option(help="Only jobs that were submitted in this session.", rich_help_panel=_FILTERS),
    ] = None
    after: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only jobs made at this time or later: 2026-11-21, 2026-11-21T12:00:00Z, or Unix seconds.",
            rich_help_panel=_FILTERS,
            show_default=False,
        ),
    ] = None
    before: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only jobs made before this time.", rich_help_panel=_FILTERS, show_default=False
        ),
    ] = None

    def given(self) -> JobFilters:
        """Those that were asked for, under the names that the client has for them."""
        named = {
            "status": self.status,
            "model": self.model,
            "key": self.key,
            "user": self.user,
            "session_id": self.session,
            "created_after": self.after,
            "created_before": self.before,
        }
        return cast("JobFilters", {name: value for name, value in named.items() if value})


@app.command("list")
@grouped
def list_jobs(
    server: ServerOptions,
    filters: FilterOptions,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to list.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(help="Where to go on, as the list before said.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List your jobs, newest first.

    Example: reelrouter jobs list --status failed --status expired --after 2026-11-21
    """
    with connected(server, as_json=as_json) as client:
        page = client.list(limit=limit, cursor=cursor, **filters.given())
    if as_json:
        print_json({"data": [job.raw for job in page.jobs], "next_cursor": page.next_cursor})
    elif not page.jobs:
        print_line(_NO_SUCH_JOBS if filters.given() else _NO_JOBS)
    else:
        _print_page(page)


@app.command("show")
@grouped
def show(job_id: JobId, server: ServerOptions, as_json: Json = False) -> None:
    """Show a job as it is now.

    Example: reelrouter jobs show gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q
    """
    with connected(server, as_json=as_json) as client:
        job = client.get(job_id)
    if as_json:
        print_json(job.raw)
    else:
        out.print(pairs(_facts(job)))
        for url in job.unsigned_urls:
            print_line(url)


@app.command("watch")
@grouped
def watch(
    job_id: JobId,
    server: ServerOptions,
    pace: PaceOptions,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the video here.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Wait for a job to end. Exit code 3: it ended without a video; 4: it goes on.

    Example: reelrouter jobs watch gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q -o fox.mp4
    """
    with connected(server, as_json=as_json) as client:
        with interruptible(client, job_id) as shown:
            job = client.wait(job_id, attempts=pace.attempts, interval=pace.interval, on_change=shown.job)
        saved = save(client, job, output) if output else None
    if as_json:
        print_json(job.raw)
    else:
        print_line(f"Saved {saved.path}" if saved else f"{job.id} {ended(job)}")


@app.command("cancel")
@grouped
def cancel(job_id: JobId, server: ServerOptions, as_json: Json = False) -> None:
    """Ask the server to end a job. What a vendor has begun may be billed all the same.

    Example: reelrouter jobs cancel gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q
    """
    with connected(server, as_json=as_json) as client:
        cancelled = client.cancel(job_id)
    if as_json:
        print_json(cancelled.raw)
    else:
        print_line(f"{job_id} {_OUTCOMES.get(cancelled.outcome, cancelled.outcome)}")


@app.command("delete")
@grouped
def delete(
    job_id: JobId,
    server: ServerOptions,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: Json = False,
) -> None:
    """Delete an ended job and its files, for good.

    Example: reelrouter jobs delete gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q --yes
    """
    if not yes and sys.stdin.isatty() and not typer.confirm(f"Delete {job_id} with its files?", err=True):
        fail(f"{job_id} is left as it is", Exit.FAILED)
    with connected(server, as_json=as_json) as client:
        client.delete(job_id)
    if as_json:
        print_json({"id": job_id, "deleted": True})
    else:
        print_line(f"{job_id} is deleted")


@app.command("download")
@grouped
def download(
    job_id: JobId,
    server: ServerOptions,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else <id>.mp4.", show_default=False)
    ] = None,
    index: Annotated[int, typer.Option(min=0, help="Which of its videos, where there are several.")] = 0,
    as_json: Json = False,
) -> None:
    """Save the video of a completed job; a download that broke off is gone on with.

    Example: reelrouter jobs download gen-vid-1732200000-Ab3dEf6hIj9kLm2nOp5q -o fox.mp4
    """
    with connected(server, as_json=as_json) as client:
        saved = save(client, job_id, output or Path(f"{job_id}.mp4"), index)
    if saved.resumed:
        note("the download went on from where it had broken off")
    if as_json:
        print_json({"id": job_id, "output_path": saved.path, "bytes": saved.bytes, "resumed": saved.resumed})
    else:
        print_line(f"Saved {saved.path}")


_NO_JOBS = 'There are no jobs. Make one: reelrouter generate "a paper fox in the snow" -o fox.mp4'
_NO_SUCH_JOBS = "There are no such jobs. Without filters, all of them are listed: reelrouter jobs list"
_OUTCOMES = {
    "cancelled": "is cancelled",
    "cancel_requested": "is asked to end; see: reelrouter jobs watch",
    "not_cancellable": "cannot be cancelled where it is made, and goes on",
}


def _print_page(page: JobPage) -> None:
    out.print(_table(page))
    if page.next_cursor:
        out.print(f"\n[dim]There are more: --cursor {page.next_cursor}[/dim]", soft_wrap=True)


def _table(page: JobPage) -> Table:
    made = table("id", "status", *(("model", ">cost", ">age") if is_wide() else ("model", ">age")))
    for job in page.jobs:
        cost = [wording.dollars(job.usage.cost if job.usage else None)] if is_wide() else []
        made.add_row(job.id, wording.status(job), wording.model_name(job.model or ""), *cost, _age(job))
    return made


def _age(job: Job) -> str:
    return wording.NOTHING if job.created_at is None else wording.duration(max(0.0, time.time() - job.created_at))


def _facts(job: Job) -> Iterator[tuple[str, str | Text]]:
    yield "id", job.id
    yield "status", wording.status(job)
    facts = {
        "error": job.error,
        "kind of error": job.error_type,
        "model": job.model,
        "made by": job.provider,
        "generation": job.generation_id,
        "cost": wording.dollars(job.usage.cost) if job.usage else None,
        "age": _age(job),
    }
    yield from ((name, value) for name, value in facts.items() if value)
    yield from (("warning", warning) for warning in job.warnings)
