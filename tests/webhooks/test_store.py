"""Deliveries as rows: what is claimed is one's own until the claim ends, and what is written is never lost."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from reelrouter.db.sqlite import _compiled
from reelrouter.webhooks import sql, store
from reelrouter.webhooks.schedule import Again, Delivered, GivenUp, Next, Result
from reelrouter.webhooks.store import Claimed, Page
from tests.webhooks.conftest import LEASE, Post, Scenario, delivery_of

FINE, REFUSED = Result(status=200, latency=7, response="ok"), Result(status=500, latency=3)


async def settle(post: Post, one: Claimed, result: Result, then: Next) -> bool:
    return await post.db.write(partial(store.settle, one=one, result=result, then=then, now_ms=post.now_ms))


def test_a_delivery_is_due_at_once(scenario: Scenario) -> None:
    """And claimed once: whoever looks later finds nothing to do."""

    async def work(post: Post) -> None:
        made = await post.add(pretend=2)
        (one,) = await post.claim()
        assert (one.id, one.n, one.tries, one.until) == (made, 1, 0, post.now_ms + LEASE)
        assert one.delivery == delivery_of(pretend=2)
        assert await post.claim() == []

    scenario(work)


def test_what_came_of_it_is_written_down(scenario: Scenario) -> None:
    """Status, time and the beginning of the answer; a success is the end of it."""

    async def work(post: Post) -> None:
        made = await post.add()
        (one,) = await post.claim()
        assert await settle(post, one, FINE, Delivered())
        record = await post.get(made)
        assert (record.state, record.tries, record.due_at, record.ended_at) == ("delivered", 1, None, post.now_ms)
        (attempt,) = await post.attempts(made)
        assert (attempt.n, attempt.status, attempt.latency, attempt.response) == (1, 200, 7, "ok")
        assert attempt.error is None

    scenario(work)


def test_a_failure_is_due_again_later(scenario: Scenario) -> None:
    """At the hour that was decided, and not before; given up it is due no more."""

    async def work(post: Post) -> None:
        made = await post.add()
        (one,) = await post.claim()
        await settle(post, one, REFUSED, Again(post.clock.now() + 5))
        post.clock.advance(4.9)
        assert await post.claim() == []
        post.clock.advance(0.2)
        (two,) = await post.claim()
        assert (two.n, two.tries) == (2, 1)
        await settle(post, two, Result(error="no answer"), GivenUp())
        record = await post.get(made)
        assert (record.state, record.tries, record.due_at) == ("failed", 2, None)
        assert [one.error for one in await post.attempts(made)] == [None, "no answer"]

    scenario(work)


def test_what_a_crash_broke_off_is_taken_up_when_the_claim_ends(scenario: Scenario) -> None:
    """The attempt whose answer nobody heard stays on record, and does not count as one that failed."""

    async def work(post: Post) -> None:
        made = await post.add()
        await post.claim()
        post.clock.advance(LEASE / 1000)
        (again,) = await post.claim()
        assert (again.n, again.tries) == (2, 0)
        lost, under_way = await post.attempts(made)
        assert (lost.status, lost.error) == (None, "The gateway stopped before the answer was written down.")
        assert (under_way.status, under_way.error) == (None, None)

    scenario(work)


def test_a_claim_that_ran_out_decides_nothing(scenario: Scenario) -> None:
    """Its answer is written down; what follows is for whoever has taken over to say."""

    async def work(post: Post) -> None:
        made = await post.add()
        (slow,) = await post.claim()
        post.clock.advance(LEASE / 1000)
        (quick,) = await post.claim()
        assert not await settle(post, slow, REFUSED, GivenUp())
        assert (await post.get(made)).state == "waiting"
        assert await settle(post, quick, FINE, Delivered())
        assert [one.status for one in await post.attempts(made)] == [500, 200]

    scenario(work)


@pytest.mark.parametrize("then", [Delivered(), GivenUp()])
def test_what_is_over_can_be_replayed(scenario: Scenario, then: Next) -> None:
    """It is due now, under the same key and with the same body, and its attempts go on counting."""

    async def work(post: Post) -> None:
        made = await post.add()
        (one,) = await post.claim()
        await settle(post, one, FINE, then)
        post.clock.advance(1e6)
        assert await post.db.write(partial(store.replay, delivery_id=made, now_ms=post.now_ms))
        record = await post.get(made)
        assert (record.state, record.due_at, record.ended_at) == ("waiting", post.now_ms, None)
        (again,) = await post.claim()
        assert (again.n, again.delivery) == (2, one.delivery)

    scenario(work)


def test_what_waits_can_be_replayed_and_what_is_sent_cannot(scenario: Scenario) -> None:
    """Nobody gets two at one time; once a claim has run out, nobody is sending."""

    async def work(post: Post) -> None:
        made = await post.add()
        (one,) = await post.claim()

        async def replay() -> bool:
            return await post.db.write(partial(store.replay, delivery_id=made, now_ms=post.now_ms))

        assert not await replay()
        await settle(post, one, REFUSED, Again(post.clock.now() + 600))
        assert await replay()
        await post.claim()
        post.clock.advance(LEASE / 1000)
        assert await replay()

    scenario(work)


def test_one_key_is_for_one_event(scenario: Scenario) -> None:
    """A second delivery under it is refused by the database itself."""

    async def work(post: Post) -> None:
        await post.db.write(partial(store.enqueue, delivery=delivery_of(), now_ms=1))
        with pytest.raises(sqlite3.IntegrityError):
            await post.db.write(partial(store.enqueue, delivery=delivery_of(), now_ms=1))

    scenario(work)


def test_hosts_are_told_with_the_hour_of_their_first(scenario: Scenario) -> None:
    """Only those that anything waits for; a port of its own is a host of its own."""

    async def work(post: Post) -> None:
        assert await store.list_hosts(post.db) == []
        await post.add("b.example")
        first = post.now_ms
        post.clock.advance(1)
        await post.add("b.example")
        await post.add("a.example:8443")
        await post.add("a.example")
        await post.add("c.example")
        (over,) = await post.claim("c.example")
        await settle(post, over, FINE, Delivered())
        hosts = await store.list_hosts(post.db)
        now = post.now_ms
        assert hosts == [("a.example:443", now), ("a.example:8443", now), ("b.example:443", first)]

    scenario(work)


def test_each_workspace_and_mode_sees_its_own(scenario: Scenario) -> None:
    """In lists and by id."""

    async def work(post: Post) -> None:
        own, other, test = await post.add(), await post.add(workspace="other"), await post.add(mode="test")
        page = Page(workspace="ws", mode="live", most=10, before=2**53, before_id="")
        assert [one.id for one in await store.list_deliveries(post.db, page)] == [own]
        assert await store.get(post.db, other, "ws", "live") is None
        assert await store.get(post.db, test, "ws", "live") is None
        assert await store.owner_of(post.db, test) == ("ws", "test")
        assert await store.owner_of(post.db, "dlv_x") is None

    scenario(work)


def test_a_list_is_narrowed_by_job_and_state(scenario: Scenario) -> None:
    """By either, or by both; the newest first."""

    async def work(post: Post) -> None:
        over, waits, other = await post.add(), await post.add(), await post.add(job_id="job-2")
        (one,) = await post.claim()
        await settle(post, one, FINE, Delivered())

        async def found(**asked: str) -> set[str]:
            page = Page(workspace="ws", mode="live", most=10, before=2**53, before_id="", **cast("Any", asked))
            return {one.id for one in await store.list_deliveries(post.db, page)}

        assert await found() == {over, waits, other}
        assert await found(job_id="job-1") == {over, waits}
        assert await found(state="waiting") == {waits, other}
        assert await found(job_id="job-1", state="waiting") == {waits}
        assert await found(job_id="job-2", state="delivered") == set()

    scenario(work)


def test_what_was_over_long_ago_is_forgotten(scenario: Scenario) -> None:
    """With its attempts; what still waits is not, however old it is."""

    async def work(post: Post) -> None:
        waits, over = await post.add("w.example"), await post.add()
        (one,) = await post.claim()
        await settle(post, one, FINE, Delivered())
        post.clock.advance(1000)
        assert await post.db.write(partial(store.forget_before, before=post.now_ms, most=10)) == 1
        assert await store.owner_of(post.db, over) is None
        assert await post.attempts(over) == []
        assert (await post.get(waits)).state == "waiting"

    scenario(work)


def test_an_address_that_nobody_can_read_is_no_reason_not_to_end_a_job(scenario: Scenario) -> None:
    """It was checked when it came in. Should that ever differ, it fails when it is sent."""

    async def work(post: Post) -> None:
        delivery = delivery_of(url="https://[::1")
        await post.db.write(partial(store.enqueue, delivery=delivery, now_ms=post.now_ms))
        assert await store.list_hosts(post.db) == [("", post.now_ms)]

    scenario(work)


@pytest.mark.parametrize(
    ("statement", "steps"),
    [
        (sql.DUE, {"SEARCH deliveries USING INDEX ix_deliveries_due (host=? AND due_at<?)"}),
        (
            sql.HOSTS,
            {
                "SEARCH deliveries USING COVERING INDEX ix_deliveries_due",
                "SEARCH deliveries USING COVERING INDEX ix_deliveries_due (host>?)",
                "SEARCH deliveries USING COVERING INDEX ix_deliveries_due (host=? AND due_at>?)",
            },
        ),
        (sql.OLD, {"SEARCH deliveries USING INDEX ix_deliveries_ended (ended_at<?)"}),
    ],
    ids=["due", "hosts", "old"],
)
def test_looks_are_served_by_indexes(statement: object, steps: set[str], database: Path) -> None:
    """Their cost does not grow with what was delivered, nor with what waits for others."""
    text, defaults = _compiled(statement)
    names = {**defaults, "at_host": "a", "now": 1, "most": 1, "before": 1}
    with closing(sqlite3.connect(database)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", names)]
    assert {step for step in plan if "deliveries" in step} == steps
