"""Governing keys: what a limit comes to after a change, and what of it is shown."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from reelrouter.accounts import limits, workspaces
from reelrouter.accounts.key_records import KeyPage
from reelrouter.accounts.keys import Manager
from reelrouter.accounts.limits import Limit
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import FrozenClock
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import InvalidRequest, NotFound
from reelrouter.gateway.keys import KeyAdmin, KeyWish, LimitTerms, left_of, limit_after
from reelrouter.gateway.management import Bounds, Office
from reelrouter.gateway.workspaces import WorkspaceAdmin
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.money import Nanos
from reelrouter.net import rules_for
from reelrouter.observe.events import Event, Governed
from tests.accounts.offices import PEPPER, run

BY = Manager(key_id=KeyId("key_boss"))
BEFORE = Limit(
    id="l",
    subject="k",
    period="monthly",
    amount=Nanos(20),
    held=Nanos(3),
    settled=Nanos(18),
    include_byok=True,
    resets_at=None,
    created_at=0,
    updated_at=None,
)


def office(db: SqliteDatabase, events: list[Event]) -> Office:
    return Office(
        db=db,
        catalogue=Catalogue(()),
        pepper=PEPPER,
        clock=FrozenClock(1000.0),
        emit=events.append,
        bounds=Bounds(longest_retention=3600, callbacks=rules_for(allow_private=False), loopback_callbacks=False),
    )


def governing(folder: Path, work: Callable[[Office, list[Event]], Awaitable[None]]) -> None:
    events: list[Event] = []

    async def within(db: SqliteDatabase, default: WorkspaceId) -> None:
        await work(office(db, events), events)

    run(folder, within)


@pytest.mark.parametrize(
    ("before", "wish", "after"),
    [
        (None, {}, None),
        (None, {"limit": None, "limit_reset": "total", "include_byok": False}, None),
        (None, {"limit": 5}, LimitTerms(amount=Nanos(5))),
        (None, {"limit": 0, "limit_reset": "daily"}, LimitTerms(amount=Nanos(0), period="daily")),
        (BEFORE, {}, LimitTerms(amount=Nanos(20), period="monthly", include_byok=True)),
        (BEFORE, {"limit": 30}, LimitTerms(amount=Nanos(30), period="monthly", include_byok=True)),
        (BEFORE, {"limit_reset": "total"}, LimitTerms(amount=Nanos(20), period="total", include_byok=True)),
        (BEFORE, {"include_byok": False}, LimitTerms(amount=Nanos(20), period="monthly", include_byok=False)),
        (BEFORE, {"limit": None}, None),
    ],
)
def test_a_limit_is_what_was_said_and_else_what_it_was(
    before: Limit | None, wish: KeyWish, after: LimitTerms | None
) -> None:
    """None takes it away."""
    assert limit_after(before, wish) == after


@pytest.mark.parametrize(
    ("before", "wish", "field"),
    [
        (None, {"limit_reset": "daily"}, "limit_reset"),
        (None, {"include_byok": True}, "include_byok_in_limit"),
        (BEFORE, {"limit": None, "limit_reset": "weekly"}, "limit_reset"),
    ],
)
def test_terms_without_an_amount_are_refused(before: Limit | None, wish: KeyWish, field: str) -> None:
    """They would limit nothing, and look as if they did."""
    with pytest.raises(InvalidRequest) as raised:
        limit_after(before, wish)
    assert [problem.field for problem in raised.value.problems] == [field]


def test_what_is_left_may_be_less_than_nothing() -> None:
    """A job that came to more than was set aside for it is told of, and not hidden."""
    assert left_of(BEFORE) == -1


def test_a_key_has_one_limit_at_a_time(tmp_path: Path) -> None:
    """A change of its period leaves none of the former one behind."""

    async def work(at: Office, events: list[Event]) -> None:
        admin = KeyAdmin(at)
        made = await admin.create(BY, "live", {"name": "k", "limit": Nanos(5), "limit_reset": "daily"})
        key_id = made.key.record.id
        await admin.update(BY, key_id, {"limit_reset": "monthly"})
        kept = await limits.list_limits(at.db, [key_id], 0.0)
        assert [(one.period, one.amount) for one in kept] == [("monthly", 5)]
        await admin.update(BY, key_id, {"name": "other"})
        assert (await admin.get(key_id)).limit == kept[0]
        await admin.update(BY, key_id, {"limit": None})
        assert await limits.list_limits(at.db, [key_id], 0.0) == []

    governing(tmp_path, work)


def test_of_several_limits_the_tightest_is_shown(tmp_path: Path) -> None:
    """Where an operator has set more than one on a key."""

    async def work(at: Office, events: list[Event]) -> None:
        admin = KeyAdmin(at)
        key_id = (await admin.create(BY, "live", {"name": "k"})).key.record.id
        for period, amount in (("total", 100), ("daily", 7), ("monthly", 50)):
            await at.db.write(
                lambda unit, period=period, amount=amount: limits.set_limit(  # type: ignore[misc]
                    unit, subject=key_id, period=period, amount=Nanos(amount), include_byok=False, now=1.0
                )
            )
        shown = (await admin.get(key_id)).limit
        assert shown is not None
        assert shown.amount == 7

    governing(tmp_path, work)


def test_a_change_touches_what_it_names(tmp_path: Path) -> None:
    """A key disabled twice keeps its first hour; enabled, it has none."""

    async def work(at: Office, events: list[Event]) -> None:
        assert isinstance(at.clock, FrozenClock)
        admin = KeyAdmin(at)
        made = await admin.create(BY, "test", {"name": "k", "rate": 5, "concurrency": 2})
        key_id = made.key.record.id
        await admin.update(BY, key_id, {"disabled": True})
        at.clock.advance(5.0)
        record = (await admin.update(BY, key_id, {"disabled": True, "rate": None})).record
        assert (record.disabled_at, record.updated_at) == (1_000_000, 1_005_000)
        assert (record.rate, record.concurrency, record.name) == (None, 2, "k")
        assert (await admin.update(BY, key_id, {"disabled": False})).record.disabled_at is None

    governing(tmp_path, work)


def test_refusals_write_nothing(tmp_path: Path) -> None:
    """And tell nobody of anything that was not done."""

    async def work(at: Office, events: list[Event]) -> None:
        admin = KeyAdmin(at)
        with pytest.raises(InvalidRequest):
            await admin.create(BY, "test", {"name": "k", "limit": Nanos(5)})
        with pytest.raises(InvalidRequest):
            await admin.create(BY, "live", {"name": "k", "expires_at": 999_999})
        with pytest.raises(NotFound):
            await admin.update(BY, "key_nobody", {"name": "x"})
        with pytest.raises(NotFound):
            await admin.delete(BY, "key_nobody")
        assert (await admin.list_page(None, KeyPage(limit=10))).keys == ()
        assert events == []

    governing(tmp_path, work)


def test_what_is_done_is_told(tmp_path: Path) -> None:
    """Who did it, and to what."""

    async def work(at: Office, events: list[Event]) -> None:
        admin, teams = KeyAdmin(at), WorkspaceAdmin(at)
        team = (await teams.create(BY, "team", {"name": "Team"})).workspace.id
        key_id = (await admin.create(BY, "live", {"name": "k", "workspace": "team"})).key.record.id
        await teams.delete(BY, "team")
        told = [(event.action, event.subject) for event in events if isinstance(event, Governed)]
        assert told == [("created", team), ("created", key_id), ("deleted", team)]
        with pytest.raises(NotFound):
            await admin.get(key_id)
        assert await workspaces.find(at.db, team) is None

    governing(tmp_path, work)
