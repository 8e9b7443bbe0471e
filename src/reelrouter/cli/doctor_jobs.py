"""The jobs' side of `reelrouter doctor`: videos that are kept back, as this machine's own database tells."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby

from pydantic import ValidationError

from reelrouter.cli import wording
from reelrouter.cli.finding import Finding
from reelrouter.clock import SystemClock, milliseconds
from reelrouter.db.opening import is_server, open_database
from reelrouter.installation import database_url
from reelrouter.jobs import drifts, troubled
from reelrouter.jobs.troubled import Troubled
from reelrouter.settings import read_settings
from reelrouter.work import TroubleKind

_CONNECTIONS = 2
_WHAT: dict[TroubleKind, tuple[str, str]] = {
    "unclear": (
        "answers polls in a way that ReelRouter does not know",
        "such jobs fail after ten minutes and are asked for a day longer; look for a newer version of ReelRouter",
    ),
    "unanswered": ("does not answer polls", "check the network, the vendor's status page and the account's key"),
    "missing": ("says that it knows no such job", "check whether the account or its region was changed"),
    "elsewhere": (
        "is configured at another address than the jobs were made at",
        "configure the old address until they are done; else they expire",
    ),
    "file": ("says that videos are finished, and their files cannot be loaded", "nothing: it is tried again"),
    "storage": ("has finished videos that this gateway cannot store", "see what /readyz says of the storage"),
}


def job_findings() -> Iterator[Finding]:
    """A line for each endpoint and kind of trouble; nothing where there is no database to look into."""
    try:
        settings = read_settings()
    except (ValidationError, FileNotFoundError):
        return
    url = database_url(settings)
    if not is_server(url) and not (settings.data_dir / "app.db").exists():
        return
    try:
        found, drifting = asyncio.run(_look(url))
    except Exception as error:  # noqa: BLE001 - a diagnosis goes on with what else there is to look at
        yield Finding("warn", "jobs", f"cannot be looked at: {error}", "start the server once, or see its log")
        return
    yield from _findings(found, drifting)


def _findings(found: Sequence[Troubled], drifting: Sequence[str]) -> Iterator[Finding]:
    if not found and not drifting:
        yield Finding("ok", "jobs", "no vendor keeps a video back")
    for (endpoint, kind), some in groupby(found, key=lambda one: (one.endpoint, one.trouble.kind)):
        jobs = list(some)
        text, step = _WHAT[kind]
        count = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
        yield Finding("warn", "jobs", f"{endpoint} {text} ({count}): {jobs[-1].trouble.reason}", step)
    if drifting:
        names = wording.either(sorted(drifting), "and")
        yield Finding("warn", "jobs", f"new ones avoid {names}, whose answers were not understood", None)


async def _look(url: str) -> tuple[Sequence[Troubled], Sequence[str]]:
    db = await open_database(url, _CONNECTIONS)
    try:
        now_ms = milliseconds(SystemClock().now())
        return await troubled.list_troubled(db), sorted(await drifts.list_drifting(db, now_ms))
    finally:
        await db.close()
