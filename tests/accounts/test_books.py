"""The books, under any sequence of submits, ends, grants and limits over months: a model beside the database."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from reelrouter.accounts import credits as credit
from reelrouter.accounts import ledger, limits
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.credits import Grant
from reelrouter.accounts.ledger import Hold
from reelrouter.accounts.limits import Against
from reelrouter.accounts.periods import PERIODS, Period, day_of, first_days
from reelrouter.accounts.spending import spent as spent_of
from reelrouter.db import tables
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import Conflict, PaymentRequired
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.money import Nanos
from tests.accounts.money import new_key, new_workspace, place, release, settle

START = datetime(2026, 11, 27, 21, tzinfo=UTC).timestamp()
"""A Friday night: weeks and months end soon."""
AMOUNTS = st.integers(0, 60)
AMOUNT_LISTS = st.lists(AMOUNTS, min_size=1, max_size=4)
LIMITS = st.integers(60, 200)
HOURS = st.sampled_from([0, 0, 1, 24, 100, 800])
"""Into another day, week or month, or not."""
PICKS = st.lists(st.integers(0, 1000), min_size=1, max_size=4)
MORE = st.sampled_from([None, 5, 50])
"""How much a hold takes beyond its amount where own vendor keys count at the list price."""
TEAMS = st.sampled_from([0, 0, 0, 1])
KEYS = st.sampled_from([0, 0, 1])
"""Mostly the same ones, so that their limits meet."""
SUBJECT = st.tuples(TEAMS, st.sampled_from([None, 0, 0, 1]))
"""A workspace, or one of its keys."""
PERIOD = st.sampled_from(PERIODS)


@dataclass
class Job:
    team: int
    key: int
    amount: int
    taken: dict[str, int]
    state: str = "open"


@dataclass
class Paid:
    """A charge, as the model remembers it."""

    team: int
    key: int
    charge: Charge
    day: int


@dataclass
class Rule:
    """A limit, as the model remembers it."""

    id: str
    team: int
    key: int | None
    period: Period
    amount: int
    include_byok: bool

    def counts(self, paid: Paid, now: float) -> bool:
        mine = paid.team == self.team and self.key in (None, paid.key)
        return mine and paid.day >= first_days(now).of(self.period)


@dataclass
class Model:
    """What the books must say, from the events alone."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    limited: set[int] = field(default_factory=set)
    """Workspaces with a credit limit."""

    def held(self, team: int) -> int:
        return sum(job.amount for job in self.jobs.values() if job.state == "open" and job.team == team)

    def settled(self, team: int) -> int:
        return sum(one.charge.price for one in self.paid if one.team == team)

    def held_by(self, rule: Rule) -> int:
        return sum(job.taken.get(rule.id, 0) for job in self.jobs.values() if job.state == "open")

    def settled_by(self, rule: Rule, now: float) -> int:
        counted = [one.charge for one in self.paid if rule.counts(one, now)]
        return sum(one.with_byok if rule.include_byok else one.price for one in counted)


class Books(RuleBasedStateMachine):
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "app.db"
        shutil.copy(self.template, path)
        self.runner = asyncio.Runner()
        self.db = SqliteDatabase(path)
        self.now = START
        self.model = Model()
        self.grants = 0
        self.teams: list[WorkspaceId] = []
        self.keys: list[list[KeyId]] = []

    @initialize()
    def open(self) -> None:
        for slug in ("red", "blue"):
            team = self.runner.run(new_workspace(self.db, slug))
            self.teams.append(team)
            self.keys.append([self.runner.run(new_key(self.db, team)) for _ in range(2)])
        self.set_limit((0, 0), "daily", 100, byok=False)
        self.set_limit((0, None), "monthly", 200, byok=True)

    def teardown(self) -> None:
        self.runner.run(self.db.close())
        self.runner.close()
        self.folder.cleanup()

    # What happens --------------------------------------------------------------------------------------------

    @rule(hours=HOURS, team=TEAMS, key=KEYS, amounts=AMOUNT_LISTS, more=MORE, gone=st.booleans())
    def submit(self, hours: int, team: int, key: int, amounts: list[int], more: int | None, gone: bool) -> None:
        """Each is taken if and only if the credits and every limit have room for it."""
        self.now += hours * 3600
        for amount in amounts:
            self.submit_one(team, key, amount, more, gone)

    def submit_one(self, team: int, key: int, amount: int, more: int | None, gone: bool) -> None:
        job_id = JobId(f"job-{len(self.model.jobs)}")
        rules = sorted(
            (one for one in self.model.rules if one.team == team and one.key in (None, key)),
            key=lambda one: one.id,
        )
        known = tuple(sorted([*(one.id for one in rules), *(["limit_removed_just_now"] if gone else [])]))
        with_byok = None if more is None else Nanos(amount + more)
        against = Against(limits=known, at=self.now, with_byok=with_byok)
        hold = Hold(job_id=job_id, workspace=self.teams[team], mode="live", amount=Nanos(amount), against=against)
        wanted = {one.id: amount + (more or 0) * one.include_byok for one in rules}
        fits = not amount or self.left(team) is None or (self.left(team) or 0) >= amount
        fits = fits and all(not wanted[one.id] or self.left_of(one) >= wanted[one.id] for one in rules)
        try:
            self.write(lambda unit: place(unit, self.keys[team][key], hold, self.now))
        except PaymentRequired:
            assert not fits
        else:
            assert fits
            self.model.jobs[job_id] = Job(team=team, key=key, amount=amount, taken=wanted)

    @rule(hours=HOURS, picks=PICKS, price=AMOUNTS, listed=AMOUNTS, own=st.booleans(), times=st.integers(1, 2))
    def settle(self, hours: int, picks: list[int], price: int, listed: int, own: bool, times: int) -> None:
        """Any price, above its hold as well; and again, as after a crash."""
        self.now += hours * 3600
        for pick in picks if self.model.jobs else ():
            self.settle_one(*self.some(pick), price, listed, own, times)

    def settle_one(self, job_id: JobId, job: Job, price: int, listed: int, own: bool, times: int) -> None:
        charge = Charge(price=Nanos(price), list_price=Nanos(listed), is_byok=own)
        overruns = [self.write(lambda unit: settle(unit, job_id, charge, self.now)) for _ in range(times)]
        if job.state == "open":
            assert overruns[0] == max(0, price - job.amount)
            self.model.paid.append(Paid(team=job.team, key=job.key, charge=charge, day=day_of(self.now)))
            job.state = "settled"

    @rule(pick=st.integers(0, 1000), times=st.integers(1, 2))
    def release(self, pick: int, times: int) -> None:
        """Open or not."""
        if not self.model.jobs:
            return
        job_id, job = self.some(pick)
        for _ in range(times):
            self.write(lambda unit: release(unit, job_id, self.now))
        if job.state == "open":
            job.state = "released"

    @rule(team=TEAMS, amount=st.integers(-30, 300), other=st.booleans())
    def grant(self, team: int, amount: int, other: bool) -> None:
        """More or less than nothing. What was spent without a limit is covered when one begins."""
        before = self.left(team)
        wanted = Grant(workspace=self.teams[team], amount=Nanos(amount), note="n", key=f"g{self.grants}")
        self.write(lambda unit: credit.grant(unit, wanted, self.now))
        self.model.limited.add(team)
        self.grants += 1
        if before is not None:
            assert self.left(team) == before + amount
        else:
            assert (self.left(team) or 0) >= amount - self.model.held(team)
        self.grant_again(wanted, other)

    def grant_again(self, wanted: Grant, other: bool) -> None:
        """Under a key that was used: nothing is added, and another sum is refused."""
        again = replace(wanted, amount=Nanos(wanted.amount + 1)) if other else wanted
        with suppress(Conflict):
            self.write(lambda unit: credit.grant(unit, again, self.now))
            assert not other

    @rule(team=TEAMS)
    def unlimit(self, team: int) -> None:
        self.write(lambda unit: credit.unlimit(unit, self.teams[team]))
        self.model.limited.discard(team)

    @rule(subject=SUBJECT, period=PERIOD, amount=LIMITS, byok=st.booleans())
    def set_limit(self, subject: tuple[int, int | None], period: Period, amount: int, byok: bool) -> None:
        """A new one, or another amount; with what the period has cost so far."""
        team, key = subject
        limit_id = self.write(
            lambda unit: limits.set_limit(
                unit,
                subject=self.subject(team, key),
                period=period,
                amount=Nanos(amount),
                include_byok=byok,
                now=self.now,
            )
        )
        self.forget(team, key, period)
        self.model.rules.append(
            Rule(id=limit_id, team=team, key=key, period=period, amount=amount, include_byok=byok)
        )

    @rule(subject=SUBJECT, period=PERIOD)
    def remove_limit(self, subject: tuple[int, int | None], period: Period) -> None:
        team, key = subject
        removed = self.write(lambda unit: limits.remove_limit(unit, self.subject(team, key), period))
        assert removed == self.forget(team, key, period)

    # What is always so ---------------------------------------------------------------------------------------

    @invariant()
    def balances_add_up(self) -> None:
        """For each workspace: what is left is credits less charges less open holds."""
        for team, workspace in enumerate(self.teams):
            found = self.read(ledger.balance(self.db, workspace, "live"))
            assert (found.held, found.settled) == (self.model.held(team), self.model.settled(team))
            entries = self.rows(select(tables.ledger).where(tables.ledger.c.workspace == workspace))
            credits_of = sum(row["amount"] for row in entries if row["kind"] == "credit")
            assert found.amount == (credits_of if team in self.model.limited else None)
            assert sum(row["amount"] for row in entries if row["kind"] == "charge") == found.settled

    @invariant()
    def limits_add_up(self) -> None:
        """Held is the sum of the open holds that name it; settled its subject's charges in the present period."""
        subjects = [self.subject(team, key) for team in range(len(self.teams)) for key in (None, 0, 1)]
        found = {one.id: one for one in self.read(limits.list_limits(self.db, subjects, self.now))}
        assert set(found) == {one.id for one in self.model.rules}
        for one in self.model.rules:
            shown = found[one.id]
            expected = (self.model.held_by(one), self.model.settled_by(one, self.now))
            assert (shown.held, shown.settled) == expected, one

    @invariant()
    def jobs_end_once(self) -> None:
        """Each hold is in the state of its job, and each settled job has one charge."""
        states = {row["job_id"]: row["state"] for row in self.rows(select(tables.holds))}
        assert states == {job_id: job.state for job_id, job in self.model.jobs.items()}
        charged = [row["job_id"] for row in self.rows(select(tables.ledger)) if row["kind"] == "charge"]
        assert sorted(charged) == sorted(name for name, job in self.model.jobs.items() if job.state == "settled")

    @invariant()
    def keys_know_what_they_spent(self) -> None:
        for team, own in enumerate(self.keys):
            for key, key_id in enumerate(own):
                mine = [one.charge for one in self.model.paid if (one.team, one.key) == (team, key)]
                found = self.read(spent_of(self.db, key_id, self.now))
                assert found.total == sum(one.price for one in mine)
                assert found.byok_total == sum(one.list_price for one in mine if one.is_byok)

    # Means ---------------------------------------------------------------------------------------------------

    def left(self, team: int) -> int | None:
        found = self.read(ledger.balance(self.db, self.teams[team], "live"))
        return None if found.amount is None else found.amount - found.settled - found.held

    def left_of(self, one: Rule) -> int:
        return one.amount - self.model.settled_by(one, self.now) - self.model.held_by(one)

    def subject(self, team: int, key: int | None) -> str:
        return self.teams[team] if key is None else self.keys[team][key]

    def forget(self, team: int, key: int | None, period: Period) -> bool:
        kept = [one for one in self.model.rules if (one.team, one.key, one.period) != (team, key, period)]
        removed = len(kept) < len(self.model.rules)
        self.model.rules = kept
        return removed

    def some(self, pick: int) -> tuple[JobId, Job]:
        """Mostly one that is open."""
        jobs = list(self.model.jobs.items())
        still_open = [one for one in jobs if one[1].state == "open"]
        some = still_open if still_open and pick % 5 else jobs
        return some[pick % len(some)]

    def write(self, work: Callable[[Any], Any]) -> Any:
        return self.runner.run(self.db.write(work))

    def read(self, asked: Any) -> Any:
        return self.runner.run(asked)

    def rows(self, statement: Any) -> Any:
        return self.runner.run(self.db.rows(statement))


def test_the_books_add_up_whatever_happens(tmp_path: Path) -> None:
    """At every moment, over any interleaving: see the invariants above."""
    migrate(tmp_path / "template.db")
    Books.template = tmp_path / "template.db"
    Books.TestCase.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
    Books.TestCase("runTest").debug()
