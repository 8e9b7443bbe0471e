"""Jobs of a database that is older than the world: nothing is sent for them again, and nothing stays set aside."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update

from reelrouter.db.tables import deliveries, holds, jobs
from reelrouter.jobs import store
from reelrouter.jobs.decide import UNKNOWN_SUBMIT, Finish, next_step
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Attempt, AttemptEnd, Remarks
from reelrouter.jobs.restored import Closed, EndIt, Fate, KeepIt, LeaveIt, close, fate_of
from reelrouter.work import Failed, FailureClass, Finished
from tests.jobs.conftest import Bench
from tests.jobs.test_decide import HANDLE, NOW, attempt, failed, job, refused

_VERSIONS = select(jobs.c.version)
_LATER_SERVER = update(jobs).values(version=bindparam("number"))


@pytest.mark.parametrize(
    ("attempts", "wanted"),
    [
        ([], EndIt(ending=UNKNOWN_SUBMIT)),
        ([attempt(0, "a", refused(FailureClass.CONCURRENCY))], EndIt(ending=UNKNOWN_SUBMIT)),
        ([attempt(0, "a", failed(FailureClass.TRANSIENT), handle=HANDLE)], EndIt(ending=UNKNOWN_SUBMIT)),
        ([attempt(0, "a")], KeepIt(attempts=1)),
        ([attempt(0, "a", handle=HANDLE)], KeepIt(attempts=1)),
        ([attempt(0, "a", refused(FailureClass.AUTH)), attempt(1, "b", handle=HANDLE)], KeepIt(attempts=2)),
        ([attempt(0, "a", AttemptEnd(kind="finished", finished=Finished(outputs=())))], KeepIt(attempts=1)),
        ([attempt(0, "a", failed(FailureClass.POLICY_INPUT))], KeepIt(attempts=1)),
    ],
    ids=["never sent", "waits", "to go on elsewhere", "intent", "taken", "taken by another", "made", "failed"],
)
def test_only_what_would_have_to_be_sent_is_ended(attempts: list[Attempt], wanted: Fate) -> None:
    """What a vendor has, or may have, is asked for."""
    assert fate_of(job("a", "b"), attempts, NOW) == wanted


def test_what_is_made_here_is_made_again() -> None:
    """It costs nothing, and ends as it may have ended before."""
    assert fate_of(job("renderer"), [], NOW) == LeaveIt()
    assert isinstance(fate_of(job("renderer", "a"), [], NOW), EndIt)


def test_a_cancel_is_still_a_cancel() -> None:
    """Nothing is sent for it either way."""
    cancelled = job("a", cancel_requested_at=NOW)
    assert fate_of(cancelled, [], NOW) == KeepIt(attempts=0)
    assert isinstance(next_step(replace(cancelled, attempt_limit=0), [], NOW), Finish)


@pytest.mark.parametrize("end", [failed(FailureClass.TRANSIENT), AttemptEnd(kind="unknown_submit")])
def test_no_attempt_follows_those_that_a_kept_job_has(end: AttemptEnd) -> None:
    """Whatever becomes of the last one, and whatever the operator thinks of sending twice."""
    kept = job("a", "b", attempt_limit=2)
    made = [attempt(0, "b", refused(FailureClass.CONCURRENCY)), attempt(1, "a", end, handle=HANDLE)]
    assert isinstance(next_step(kept, made, NOW, resubmit=True), Finish)
    assert not isinstance(next_step(replace(kept, attempt_limit=None), made[:1], NOW), Finish)


def test_a_job_that_waited_ends_with_its_hold_and_its_webhook(
    scenario: Callable[[Callable[[Bench], Any]], None],
) -> None:
    """In one transaction; to settle twice changes nothing."""

    async def work(bench: Bench) -> None:
        bench.lane("vendor")
        told = await bench.place("vendor", remarks=Remarks(callback_url="https://example.com/hook"))
        here = await bench.place("renderer")
        assert await close(bench.db, bench.clock) == Closed(ended=1, going_on=1)
        assert await close(bench.db, bench.clock) == Closed(going_on=1)
        ended = await bench.job(told)
        assert (ended.status, ended.failure) == (State.FAILED, UNKNOWN_SUBMIT.failure)
        (delivery,) = await bench.db.rows(select(deliveries))
        assert json.loads(delivery["body"])["data"]["error"].startswith("submission_outcome_unknown")
        states = {row["job_id"]: row["state"] for row in await bench.db.rows(select(holds))}
        assert states == {told.id: "released", here.id: "open"}
        assert (await bench.balance(told)).held == here.estimate

    scenario(work)


def test_a_job_that_a_vendor_has_is_finished_and_never_sent_on(
    scenario: Callable[[Callable[[Bench], Any]], None],
) -> None:
    """Its vendor fails in a way after which another would be tried; it ends with that failure."""

    async def work(bench: Bench) -> None:
        first = bench.lane("a", polls=[Failed(failure=FailureClass.TRANSIENT)])
        second = bench.lane("b")
        placed = await bench.place("a", "b")
        steps = bench.steps()
        run = await bench.begin(placed)
        assert await steps.submit(placed.id, run) == "await"
        assert await close(bench.db, bench.clock) == Closed(kept=1)
        ended = await bench.run_to_end(placed, bench.steps(owner="slot-0:2"))
        assert (ended.status, len(first.orders), len(second.orders)) == (State.FAILED, 1, 0)
        assert (await bench.balance(placed)).held == 0

    scenario(work)


def test_changes_are_numbered_as_the_present_server_counts(
    scenario: Callable[[Callable[[Bench], Any]], None],
) -> None:
    """Else every look for changes would find every job, until the new server has caught up with the old."""

    async def work(bench: Bench) -> None:
        await bench.place("renderer")
        is_server = type(bench.db).__name__ == "PostgresDatabase"
        if is_server:
            await bench.db.write(lambda unit: unit.execute(_LATER_SERVER, number=2**60))
        await close(bench.db, bench.clock)
        (row,) = await bench.db.rows(_VERSIONS)
        assert row["version"] < 2**60
        # Transactions of other tests may be under way below it.
        assert await store.newest_version(bench.db) <= row["version"]

    scenario(work)
