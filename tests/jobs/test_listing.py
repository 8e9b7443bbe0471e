"""Lists of jobs: exactly those that are meant, newest first, and each once over all pages."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelrouter.catalogue.request import Attribution
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.listing import END_OF_TIME, Filter, Page, list_jobs
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, Remarks
from tests.jobs.conftest import make_job

MODELS, KEYS = ("a/fast", "a/fine"), ("k1", "k2")
NAMES = (None, "ann", "bob")


def job(n: int, workspace: str = "w", mode: Literal["live", "test"] = "live") -> Job:
    """Every value in every combination, as `n` goes up; three jobs share each moment."""
    made = make_job(WorkspaceId(workspace), ("a",), 0.0)
    attribution = Attribution(user=NAMES[n % 3], session_id=NAMES[n // 3 % 3])
    return replace(
        made,
        id=JobId(f"gen-vid-{workspace}-{mode}-{n:03d}"),
        mode=mode,
        status=list(State)[n % 6],
        created_at=1000 + n // 3,
        model=MODELS[n // 2 % 2],
        key_id=KeyId(KEYS[n // 4 % 2]),
        remarks=Remarks(attribution=attribution),
    )


JOBS = [job(n) for n in range(72)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("listing") / "app.db"
    migrate(path)

    def fill(unit: Unit) -> None:
        for one in (*JOBS, *(job(n, "other") for n in range(9)), *(job(n, mode="test") for n in range(9))):
            store.place(unit, one)

    async def place() -> None:
        db = SqliteDatabase(path)
        await db.write(fill)
        await db.close()

    asyncio.run(place())
    return path


def listed(path: Path, wanted: Filter, size: int) -> list[str]:
    """All pages, one after the other."""

    async def read() -> list[str]:
        db = SqliteDatabase(path)
        found: list[str] = []
        before = END_OF_TIME
        while True:
            page = Page(workspace="w", mode="live", most=size, before=before, filter=wanted)
            views = await list_jobs(db, page)
            found += [view.id for view in views]
            if len(views) < size:
                await db.close()
                return found
            before = (views[-1].created_at, views[-1].id)

    return asyncio.run(read())


def expected(wanted: Filter) -> list[str]:
    """The same, looked for in the plainest way."""
    named = {"model": wanted.model, "key": wanted.key, "user": wanted.user, "session": wanted.session}
    found = [
        one
        for one in JOBS
        if all(value in (None, _value(one, name)) for name, value in named.items())
        and (not wanted.statuses or one.status.value in wanted.statuses)
        and wanted.since <= one.created_at < wanted.until
    ]
    return [one.id for one in sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)]


def _value(one: Job, name: str) -> Any:
    attribution = one.remarks.attribution
    values: dict[str, Any] = {
        "model": one.model,
        "key": one.key_id,
        "user": attribution.user,
        "session": attribution.session_id,
    }
    return values[name]


def _maybe(values: Sequence[str]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values, "nobody"])


FILTERS = st.builds(
    Filter,
    statuses=st.frozensets(st.sampled_from([state.value for state in State]), max_size=4),
    model=_maybe(MODELS),
    key=_maybe(KEYS),
    user=_maybe(["ann", "bob"]),
    session=_maybe(["ann", "bob"]),
    since=st.sampled_from([0, 1000, 1007, 1030]),
    until=st.sampled_from([END_OF_TIME[0], 1007, 1024, 1000]),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS, size=st.sampled_from([1, 2, 7, 100]))
def test_pages_together_are_exactly_the_jobs_that_are_meant(path: Path, wanted: Filter, size: int) -> None:
    """Whatever the filters, and however small the pages; never another workspace's or mode's."""
    assert listed(path, wanted, size) == expected(wanted)
