"""Unfinished jobs: the last place is given once, each mode has its own, and a cap of nobody costs nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from reelrouter.accounts import ledger
from reelrouter.accounts.ledger import Hold
from reelrouter.accounts.policy import Caps, Policy
from reelrouter.db.engine import Unit
from reelrouter.errors import TooManyRequests
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.concurrency import count_live, refuse_crowd
from reelrouter.jobs.model import Job
from reelrouter.work import Failed, FailureClass
from tests.jobs.conftest import ESTIMATE, Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


def policy(of_key: int | None = None, of_workspace: int | None = None) -> Policy:
    return Policy(of_key=Caps(concurrency=of_key), of_workspace=Caps(concurrency=of_workspace))


async def submitted(bench: Bench, one: Job, rules: Policy, count: int) -> int:
    """How many of so many submits at once are placed."""

    def together(unit: Unit, at: int) -> None:
        job = replace(one, id=type(one.id)(f"{one.id}-{at}"))
        ledger.hold(unit, Hold(job_id=job.id, workspace=job.workspace, mode=job.mode, amount=ESTIMATE))
        refuse_crowd(unit, job, rules)
        store.place(unit, job)

    writes = (bench.db.write(lambda unit, at=at: together(unit, at)) for at in range(count))  # type: ignore[misc]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert all(one is None or isinstance(one, TooManyRequests) for one in outcomes)
    return outcomes.count(None)


@pytest.mark.parametrize("rules", [policy(of_key=7), policy(of_workspace=7), policy(of_key=7, of_workspace=9)])
def test_submits_that_come_together_leave_exactly_the_cap(scenario: Scenario, rules: Policy) -> None:
    """However many there are."""

    async def work(bench: Bench) -> None:
        one = await bench.place("a")
        assert await submitted(bench, one, rules, 40) == 6

    scenario(work)


def test_a_job_that_ended_leaves_its_place(scenario: Scenario) -> None:
    """Only what is unfinished counts."""

    async def work(bench: Bench) -> None:
        one = await bench.place("a")
        assert await submitted(bench, one, policy(of_key=1), 1) == 0
        now = int(bench.clock.now() * 1000)
        end = store.End(event="cancelled", at=now)
        assert await bench.db.write(lambda unit: store.end(unit, one, end))
        assert await submitted(bench, replace(one, id=type(one.id)("next")), policy(of_key=1), 2) == 1

    scenario(work)


def test_keys_and_modes_have_places_of_their_own(scenario: Scenario) -> None:
    """A key's cap is that key's; a workspace's is shared by the keys of one mode."""

    async def work(bench: Bench) -> None:
        one = await bench.place("a")
        other_key = replace(one, id=type(one.id)("k"), key_id=KeyId("other"))
        other_mode = replace(one, id=type(one.id)("m"), mode="test")
        assert await submitted(bench, other_mode, policy(of_workspace=1), 2) == 1
        assert await submitted(bench, other_key, policy(of_workspace=1), 1) == 0
        assert await submitted(bench, other_key, policy(of_key=1), 2) == 1

    scenario(work)


@pytest.mark.parametrize(
    ("rules", "limit"), [(policy(of_key=0), "key_concurrency"), (policy(of_workspace=0), "workspace_concurrency")]
)
def test_the_refusal_names_the_limit_and_when_to_come_back(scenario: Scenario, rules: Policy, limit: str) -> None:
    """In words for people and in data for programs. A cap of none lets nothing through."""

    async def work(bench: Bench) -> None:
        one = await bench.place("a")
        with pytest.raises(TooManyRequests) as refused:
            await bench.db.write(lambda unit: refuse_crowd(unit, one, rules))
        error = refused.value
        assert (error.metadata["limit"], error.metadata["allowed"], error.retry_after) == (limit, 0, 5)
        assert "unfinished jobs" in error.message

    scenario(work)


def test_without_a_cap_nothing_is_asked() -> None:
    """A submit without limits costs not one statement more."""
    refuse_crowd(cast("Any", None), cast("Any", Nothing()), Policy())


class Nothing:
    workspace = mode = key_id = ""


def test_live_jobs_count_until_they_have_ended(scenario: Scenario) -> None:
    """Those of this workspace alone."""

    async def work(bench: Bench) -> None:
        async def count(workspace: str) -> int:
            return await bench.db.write(lambda unit: count_live(unit, WorkspaceId(workspace)))

        bench.lane("a", submits=[Failed(failure=FailureClass.POLICY_INPUT)])
        job = await bench.place("a")
        assert (await count(job.workspace), await count("other")) == (1, 0)
        await bench.run_to_end(job)
        assert await count(job.workspace) == 0

    scenario(work)
