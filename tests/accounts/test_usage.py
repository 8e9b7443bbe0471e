"""Sums over jobs and bills: right for every way of grouping, and equal to the ledger's whatever happens."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from reelrouter.accounts import ledger, usage
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.usage import DIMENSIONS, Dimension, Selection
from reelrouter.clock import milliseconds
from reelrouter.db import tables
from reelrouter.db.engine import Database, Unit
from reelrouter.db.opening import open_database
from reelrouter.db.sqlite import SqliteDatabase, _compiled
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.model import Attempt
from reelrouter.money import Nanos
from tests.accounts.money import new_workspace, release, run, settle
from tests.db.test_migrations import insert
from tests.jobs.conftest import make_job

DAY_MS = 24 * 3600 * 1000
ANY = Selection(first_day=0, last_day=100)


def charged(path: Path, *jobs: dict[str, Any]) -> None:
    """Rows of jobs, and of bills for those that have a `billed`; what they don't say is the same for all."""
    connection = sqlite3.connect(path)
    for n, job in enumerate(jobs):
        usual = {"id": f"j{n}", "workspace": "w", "key_id": "k", "mode": "live", "model": "m", "provider": "p"}
        row = usual | {"version": n, "finished_at": DAY_MS, "price": 1} | job
        billed = row.pop("billed", None)
        insert(connection, "jobs", **row)
        if billed is not None:
            entry = {"key": f"{row['id']}:vendor_cost", "kind": "vendor_cost", "amount": billed}
            of_job = {"job_id": row["id"], "workspace": row["workspace"], "mode": row["mode"]}
            insert(connection, "ledger", **entry, **of_job, created_at=row["finished_at"])
    connection.commit()
    connection.close()


def test_jobs_are_summed_up_by_what_is_asked(tmp_path: Path) -> None:
    """Days are those of UTC; what nobody said is a group of its own; what was not charged does not count."""

    async def work(db: SqliteDatabase) -> None:
        charged(
            tmp_path / "app.db",
            {"finished_at": DAY_MS - 1, "price": 2, "billed": 1},
            {"price": 4, "external_user": "u"},
            {"price": 8, "external_user": "u", "model": "n"},
            {"price": 16, "mode": "test"},
            {"price": 32, "workspace": "other"},
            {"price": 3, "list_price": 60, "vendor_cost": 50, "is_byok": 1, "external_user": "u"},
            {"price": None, "billed": 7, "external_user": "v"},
            {"price": 64, "finished_at": 200 * DAY_MS},
        )
        mine = Selection(first_day=0, last_day=100, workspace=WorkspaceId("w"))
        by_day = await usage.sums(db, ["day"], mine, 100)
        assert [(one.of["day"], one.jobs, one.cost) for one in by_day] == [(0, 1, 2), (1, 3, 15)]
        assert [(one.vendor_cost, one.byok_jobs, one.byok_list_price) for one in by_day] == [(1, 0, 0), (7, 1, 60)]
        by_user = await usage.sums(db, ["user", "model"], replace(mine, with_bills=False), 100)
        assert [(dict(one.of), one.cost) for one in by_user] == [
            ({"user": None, "model": "m"}, 2),
            ({"user": "u", "model": "m"}, 7),
            ({"user": "u", "model": "n"}, 8),
        ]
        assert [one.cost for one in await usage.sums(db, ["workspace"], ANY, 100)] == [32, 17]
        only = Selection(first_day=0, last_day=100, key="k", user="u")
        assert [one.cost for one in await usage.sums(db, ["key"], only, 100)] == [15]
        assert len(await usage.sums(db, ["day", "model"], mine, 1)) == 1
        tests = Selection(first_day=0, last_day=100, mode="test")
        assert [one.cost for one in await usage.sums(db, ["day"], tests, 100)] == [16]

    run(tmp_path / "app.db", work)


def test_a_bill_counts_where_nothing_was_charged(tmp_path: Path) -> None:
    """A line of its own, with no jobs; whoever must not see bills has no such line."""

    async def work(db: SqliteDatabase) -> None:
        charged(tmp_path / "app.db", {"price": 4}, {"price": None, "billed": 7, "model": "failed"})
        found = await usage.sums(db, ["model"], ANY, 100)
        assert [(one.of["model"], one.jobs, one.cost, one.vendor_cost) for one in found] == [
            ("failed", 0, 0, 7),
            ("m", 1, 4, 0),
        ]
        unbilled = await usage.sums(db, ["model"], replace(ANY, with_bills=False), 100)
        assert [(one.of["model"], one.vendor_cost) for one in unbilled] == [("m", 0)]

    run(tmp_path / "app.db", work)


@pytest.mark.parametrize("by", [("day",), *combinations(DIMENSIONS, 6), tuple(DIMENSIONS)])
def test_charged_jobs_are_read_from_one_index_and_no_rows(by: tuple[Any, ...], database: Path) -> None:
    """A row of a job is long: ten times what its figures take."""
    assert searches(database, by, with_bills=False) == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_charged (finished_at>? AND finished_at<?)"
    ]


@pytest.mark.parametrize("by", [("day",), ("workspace", "day")])
def test_bills_are_read_from_one_index_and_no_rows(by: tuple[Any, ...], database: Path) -> None:
    """Where the ledger itself says all that is asked for, no job is looked up."""
    assert searches(database, by, with_bills=True) == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_charged (finished_at>? AND finished_at<?)",
        "SEARCH ledger USING COVERING INDEX ix_ledger_billed (created_at>? AND created_at<?)",
    ]


def searches(path: Path, by: tuple[Any, ...], *, with_bills: bool) -> list[str]:
    """Where SQLite looks for the rows of a sum."""
    statement, defaults = _compiled(usage._summed(by, (), with_bills=with_bills))
    names = ("begin", "end", "of_mode", "most")
    connection = sqlite3.connect(path)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(names) | defaults).fetchall()
    connection.close()
    return [row[3] for row in plan if row[3].startswith(("SEARCH", "SCAN jobs", "SCAN ledger"))]


# The books ----------------------------------------------------------------------------------------------------

START = 1_790_000_000.0
PLACED = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["k", "l"]),
        "model": st.sampled_from(["m", "n"]),
        "user": st.sampled_from([None, "u"]),
        "session": st.sampled_from([None, "s"]),
    }
)
PROVIDER = st.sampled_from(["p", "q"])
AMOUNT = st.integers(0, 50)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), PLACED),
        st.tuples(st.just("accept"), st.integers(0, 99), PROVIDER),
        st.tuples(st.just("complete"), st.integers(0, 99), AMOUNT, st.none() | AMOUNT, st.booleans()),
        st.tuples(st.just("fail"), st.integers(0, 99), st.none() | AMOUNT),
        st.tuples(st.just("bill later"), st.integers(0, 99), AMOUNT, st.integers(0, 9)),
        st.tuples(st.just("wait"), st.sampled_from([1, 20, 30, 700])),
    ),
    max_size=40,
)
GROUPS = st.lists(st.sampled_from(DIMENSIONS), min_size=1, unique=True)
WORKSPACES = count()


@dataclass
class Made:
    """A job, as the model remembers it."""

    id: JobId
    said: dict[str, Any]
    attempts: list[str]
    """Where each was sent."""
    billed_later: set[int] = field(default_factory=set)
    """Which of them."""
    is_over: bool = False


class Story:
    """Jobs of a workspace of its own, what the database was told of them, and what must come of it in hours."""

    def __init__(self, db: Database, workspace: WorkspaceId) -> None:
        self.db = db
        self.workspace = workspace
        self.now = START
        self.jobs: list[Made] = []
        self.lines: list[tuple[dict[str, Any], Counter[str]]] = []
        """The dimensions and figures of each charge and each bill."""

    async def happen(self, step: Sequence[Any]) -> None:
        what, *told = step
        if what == "place":
            await self._place(told[0])
        elif what == "wait":
            self.now += told[0] * 3600
        elif self.jobs:
            job = self.jobs[told[0] % len(self.jobs)]
            await getattr(self, f"_{what.replace(' ', '_')}")(job, *told[1:])

    async def _place(self, said: dict[str, Any]) -> None:
        job = replace(make_job(self.workspace, ("p", "q"), self.now), key_id=KeyId(said["key"]))
        row = {"model": said["model"], "external_user": said["user"], "session_id": said["session"]}

        def together(unit: Unit) -> None:
            ledger.hold(unit, ledger.Hold(job_id=job.id, workspace=self.workspace, mode="live", amount=Nanos(9)))
            store.place(unit, job)
            unit.execute(update(tables.jobs).where(tables.jobs.c.id == job.id).values(row))

        await self.db.write(together)
        self.jobs.append(Made(job.id, said, []))

    async def _accept(self, job: Made, provider: str) -> None:
        """Another attempt, after one that came to nothing."""
        if job.is_over:
            return
        attempt = Attempt(
            job_id=job.id,
            n=len(job.attempts),
            endpoint=provider,
            credential="c",
            key=f"{job.id}-{len(job.attempts)}",
            owner="o",
            intent_at=milliseconds(self.now),
        )

        def together(unit: Unit) -> None:
            assert store.begin_attempt(unit, attempt)
            unit.execute(update(tables.jobs).where(tables.jobs.c.id == job.id).values(provider=provider))

        await self.db.write(together)
        job.attempts.append(provider)

    async def _complete(self, job: Made, price: int, billed: int | None, own: bool) -> None:
        if job.is_over or not job.attempts:
            return
        charge = Charge(price=Nanos(price), list_price=Nanos(price + 1), is_byok=own)

        def together(unit: Unit) -> None:
            settle(unit, job.id, charge, self.now)
            if billed is not None and not own:
                ledger.note_vendor_cost(unit, job.id, None, Nanos(billed), self.now)

        await self.db.write(together)
        job.is_over = True
        byok = {"byok_jobs": 1, "byok_list_price": price + 1} if own else {}
        self._note(job, job.attempts[-1], jobs=1, cost=price, **byok)
        self._note_bill(job, None if own else billed)

    async def _fail(self, job: Made, billed: int | None) -> None:
        if job.is_over or not job.attempts:
            return

        def together(unit: Unit) -> None:
            release(unit, job.id, self.now)
            if billed is not None:
                ledger.note_vendor_cost(unit, job.id, None, Nanos(billed), self.now)

        await self.db.write(together)
        job.is_over = True
        self._note_bill(job, billed)

    async def _bill_later(self, job: Made, billed: int, pick: int) -> None:
        """For an attempt that its job had no use for, not always the last: as `late` does."""
        if not job.is_over:
            return
        n = pick % len(job.attempts)
        if n not in job.billed_later:
            await self.db.write(lambda unit: ledger.note_vendor_cost(unit, job.id, n, Nanos(billed), self.now))
            job.billed_later.add(n)
            self._note(job, job.attempts[n], vendor_cost=billed)

    def _note_bill(self, job: Made, billed: int | None) -> None:
        if billed is not None:
            self._note(job, job.attempts[-1], vendor_cost=billed)

    def _note(self, job: Made, provider: str, **figures: int) -> None:
        day = milliseconds(self.now) // DAY_MS
        of = {**job.said, "day": day, "provider": provider, "workspace": self.workspace}
        self.lines.append((of, Counter(figures)))

    def sums(self, by: Iterable[Dimension]) -> dict[tuple[Any, ...], Counter[str]]:
        summed: dict[tuple[Any, ...], Counter[str]] = {}
        for of, figures in self.lines:
            summed.setdefault(tuple(of[name] for name in by), Counter()).update(figures)
        return summed


FIGURES = ("jobs", "cost", "byok_jobs", "byok_list_price", "vendor_cost")
EVER = Selection(first_day=0, last_day=100_000)


async def the_sums_are_right(story: Story, by: Sequence[Dimension]) -> None:
    mine = replace(EVER, workspace=story.workspace)
    found = {
        tuple(one.of[name] for name in by): Counter({name: getattr(one, name) for name in FIGURES})
        for one in await usage.sums(story.db, by, mine, 10_000)
    }
    assert found == story.sums(by)


async def the_sums_are_the_ledgers(db: Database) -> None:
    """Of all that the database has seen."""
    of_kind = select(tables.ledger.c.kind, func.sum(tables.ledger.c.amount).label("total"))
    entered = {row["kind"]: row["total"] for row in await db.rows(of_kind.group_by(tables.ledger.c.kind))}
    days = await usage.sums(db, ["day"], EVER, 10_000)
    assert sum(one.cost for one in days) == entered.get("charge", 0)
    assert sum(one.vendor_cost for one in days) == entered.get("vendor_cost", 0)


def test_the_sums_are_the_ledgers_whatever_happens(database_url: str) -> None:
    """Over any interleaving of ends and bills, by any dimensions, and with a bill's day and vendor its own."""
    runner = asyncio.Runner()
    db = runner.run(open_database(database_url, 2))

    @settings(max_examples=60)
    @given(steps=STEPS, by=GROUPS)
    def holds(steps: list[Any], by: list[Dimension]) -> None:
        async def within() -> None:
            story = Story(db, await new_workspace(db, f"team-{next(WORKSPACES)}"))
            for step in steps:
                await story.happen(step)
            await the_sums_are_right(story, by)
            await the_sums_are_the_ledgers(db)

        runner.run(within())

    try:
        holds()
    finally:
        runner.run(db.close())
        runner.close()
