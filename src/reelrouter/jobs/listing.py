"""Lists of jobs: which of a workspace's own, in which order, a page at a time."""

from dataclasses import dataclass, field
from heapq import merge

from reelrouter.db.engine import Database
from reelrouter.jobs import sql, store
from reelrouter.jobs.model import JobView

Place = tuple[int, str]
"""Where in a list a job stands: when it was made, in Unix milliseconds, and its id."""
END_OF_TIME: Place = (2**53, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which jobs are meant; the default is all of them. None is any."""

    statuses: frozenset[str] = frozenset()
    """Any of these; empty for any at all."""
    model: str | None = None
    key: str | None = None
    """The id of the key that placed them."""
    user: str | None = None
    session: str | None = None
    since: int = 0
    """Unix milliseconds; those that were made then are in."""
    until: int = END_OF_TIME[0]
    """Unix milliseconds; those that were made then are out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The newest `most` jobs of those before a place in the list."""

    workspace: str
    mode: str
    most: int
    before: Place = END_OF_TIME
    filter: Filter = field(default_factory=Filter)


async def list_jobs(db: Database, page: Page) -> list[JobView]:
    """Newest first. Each status is looked up by itself, so that none of them has to be searched for."""
    wanted = [await _list_one(db, page, status) for status in sorted(page.filter.statuses) or (None,)]
    return list(merge(*wanted, key=_place, reverse=True))[: page.most]


async def _list_one(db: Database, page: Page, status: str | None) -> list[JobView]:
    asked = page.filter
    equal = {
        "status": status,
        "model": asked.model,
        "key": asked.key,
        "user": asked.user,
        "session": asked.session,
    }
    given = {name: value for name, value in equal.items() if value is not None}
    before, before_id = min(page.before, (asked.until, ""))
    rows = await db.rows(
        sql.listed(frozenset(given)),
        of_workspace=page.workspace,
        of_mode=page.mode,
        **{f"of_{name}": value for name, value in given.items()},
        since=asked.since,
        before=before,
        before_id=before_id,
        most=page.most,
    )
    return [store.read_view(row) for row in rows]


def _place(view: JobView) -> Place:
    return view.created_at, view.id
