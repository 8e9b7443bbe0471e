"""Records: a job's story, for those whose job it is."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import update

from reelrouter.accounts import keys
from reelrouter.accounts.keys import Caller, NewKey
from reelrouter.db.tables import attempts
from reelrouter.errors import NotFound
from reelrouter.gateway.records import Records
from reelrouter.gateway.stations import Stations
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.model import Attempt
from reelrouter.jobs.trouble import Trouble
from reelrouter.testing.backends import finished_with
from reelrouter.work import Failed, FailureClass
from tests.jobs.conftest import Bench
from tests.jobs.conftest import scenario as scenario  # noqa: PLC0414 - a fixture

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


def records(bench: Bench) -> Records:
    parts = dict.fromkeys(Stations.__slots__, cast("Any", None))
    return Records(Stations(**{**parts, "db": bench.db, "clock": bench.clock}))


def test_a_record_tells_every_attempt(scenario: Scenario) -> None:
    """A busy first endpoint and a second that made the video: both in order, with their times."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[Failed(failure=FailureClass.CONCURRENCY)])
        bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.run_to_end(await bench.place("a", "b"))
        owner = Caller(workspace=job.workspace, key_id=job.key_id, mode="live")
        found = await records(bench).generation(owner, job.id)
        told = [(one.attempt.endpoint, one.attempt.end and one.attempt.end.kind) for one in found.attempts]
        assert told == [("a", "failed"), ("b", "finished")]
        assert all(one.ended_at is not None for one in found.attempts)
        assert found.provider == "b"
        for other in (replace(owner, mode="test"), replace(owner, workspace=WorkspaceId("ws_other"))):
            with pytest.raises(NotFound, match=f"Job {job.id} not found"):
                await records(bench).generation(other, job.id)

    scenario(work)


def test_an_attempt_under_way_tells_its_trouble(scenario: Scenario) -> None:
    """As its row has it; None where its polls are understood."""

    async def work(bench: Bench) -> None:
        job = await bench.place("a")
        sent = Attempt(job_id=job.id, n=0, endpoint="a", credential="c", key="k", owner="o", intent_at=1)
        await bench.db.write(lambda unit: store.begin_attempt(unit, sent))
        owner = Caller(workspace=job.workspace, key_id=job.key_id, mode="live")
        assert (await records(bench).generation(owner, job.id)).attempts[0].trouble is None
        row = update(attempts).where(attempts.c.job_id == job.id)
        told = '{"kind": "missing", "since": 7, "reason": "404"}'
        await bench.db.write(lambda unit: unit.execute(row.values(trouble=told)))
        (shown,) = (await records(bench).generation(owner, job.id)).attempts
        assert shown.trouble == Trouble(kind="missing", since=7, reason="404")

    scenario(work)


def test_a_key_is_told_of_its_budget_and_of_what_it_has_spent(scenario: Scenario) -> None:
    """The key's own charges, and the budget that it shares; a key that nobody knows is a fault of ours."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[finished_with(bench.file())])
        job = await bench.run_to_end(await bench.place("a"))
        made = NewKey(workspace=job.workspace, mode="live", name="other", secret="rr-live-other")
        other = await bench.db.write(lambda unit: keys.add_key(unit, made, b"p" * 32, 0.0))
        caller = Caller(workspace=job.workspace, key_id=other, mode="live")
        account = await records(bench).key(caller)
        assert (account.key.name, account.spent.total) == ("other", 0)
        assert account.budget.settled == job.price == 400_000_000
        with pytest.raises(LookupError):
            await records(bench).key(replace(caller, key_id=KeyId("key_unknown")))

    scenario(work)
