"""Spare models: a job goes on with the next when the one before could not be had, and says so once it is taken."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from reelrouter.catalogue.request import Inputs
from reelrouter.db.engine import Unit
from reelrouter.db.tables import attempts, inputs, jobs
from reelrouter.jobs import store
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, JobView, placed_view_of
from reelrouter.observe.events import JobEnded
from reelrouter.testing.backends import Scripted, finished_with
from reelrouter.work import Failed, FailureClass, Running
from tests.catalogue.examples import clip, picture
from tests.jobs.conftest import PLAN, SPARE, Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

NO_KEY = Failed(failure=FailureClass.AUTH)
BROKEN = Failed(failure=FailureClass.TRANSIENT)
FULL = Failed(failure=FailureClass.CONCURRENCY)


async def view(bench: Bench, job: Job) -> JobView:
    found = await store.view(bench.db, job.id)
    assert found is not None
    return found


def shown(view: JobView) -> tuple[str, bool, list[str]]:
    """What tells the two plans apart in an answer."""
    return view.model, view.resolved["audio"], list(view.warnings)


FIRST: tuple[str, bool, list[str]] = ("google/veo-3.1-lite", False, [])
SECOND = ("alibaba/wan-2.7", True, ["models[0]: alibaba/wan-2.7 makes this"])


def models(backend: Scripted) -> list[tuple[str, str]]:
    """What the orders that reached a backend were for."""
    return [(order.model, order.native_model) for order in backend.orders]


def test_a_job_goes_on_with_its_spare_model(scenario: Scenario) -> None:
    """Everything is the second's then: order, answers, charge, event; and the whole hold is closed."""

    async def work(bench: Bench) -> None:
        first = bench.lane("a", submits=[NO_KEY])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.place("a", spare=("b",))
        ended = await bench.run_to_end(job)
        assert (ended.status, ended.provider) == (State.COMPLETED, "b")
        assert models(first) == [(PLAN.model, "m")]
        assert models(second) == [(SPARE.model, "spare-1")]
        assert shown(await view(bench, job)) == SECOND
        balance = await bench.balance(job)
        assert (ended.price, balance.settled, balance.held) == (200_000_000, 200_000_000, 0)
        (told,) = [event for event in bench.events if isinstance(event, JobEnded)]
        assert told.model == SPARE.model

    scenario(work)


def test_one_account_may_serve_both_models(scenario: Scenario) -> None:
    """The same endpoint is asked again, for the other one; it is not taken for the attempt before."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("a", submits=[NO_KEY], polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a", spare=("a",)))
        assert ended.status is State.COMPLETED
        assert models(backend) == [(PLAN.model, "m"), (SPARE.model, "spare-1")]
        assert [one.plan for one in await store.list_attempts(bench.db, ended.id)] == [0, 1]

    scenario(work)


def test_a_spare_model_that_is_refused_too_never_shows(scenario: Scenario) -> None:
    """The answer changes with the acceptance and not before: nobody has made anything of it."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[NO_KEY])
        bench.lane("b", submits=[NO_KEY])
        job = await bench.place("a", spare=("b",))
        ended = await bench.run_to_end(job)
        assert ended.status is State.FAILED
        assert shown(await view(bench, job)) == FIRST
        balance = await bench.balance(job)
        assert (balance.settled, balance.held) == (0, 0)

    scenario(work)


def test_a_model_that_broke_off_for_nothing_gives_way(scenario: Scenario) -> None:
    """Also after it was accepted; until the second takes it, the first shows."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[Running(), BROKEN])
        bench.lane("b", polls=[finished_with(bench.file())])
        job, steps = await bench.place("a", spare=("b",)), bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        assert shown(await view(bench, job)) == FIRST
        assert await steps.await_upstream(job.id, 1) == "submit"
        assert shown(await view(bench, job)) == FIRST
        ended = await bench.run_to_end(job, steps)
        assert ended.status is State.COMPLETED
        assert shown(await view(bench, job)) == SECOND

    scenario(work)


@pytest.mark.parametrize(
    "end", [Failed(failure=FailureClass.POLICY_OUTPUT), Failed(failure=FailureClass.TRANSIENT, vendor_cost=1)]
)
def test_what_is_forbidden_or_billed_goes_no_further(end: Failed, scenario: Scenario) -> None:
    """No model is tried in the hope of a laxer filter, and nobody pays twice."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[end])
        second = bench.lane("b", polls=[finished_with(bench.file())])
        ended = await bench.run_to_end(await bench.place("a", spare=("b",)))
        assert (ended.status, second.orders) == (State.FAILED, [])

    scenario(work)


def test_a_first_model_that_was_only_busy_may_have_the_job_after_all(scenario: Scenario) -> None:
    """The second took it, and broke off: then the first shows again, and its price counts."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[FULL], polls=[finished_with(bench.file())])
        bench.lane("b", polls=[BROKEN])
        job = await bench.place("a", spare=("b",))
        ended = await bench.run_to_end(job)
        assert await bench.attempts(job) == [("a", "refused"), ("b", "failed"), ("a", "finished")]
        assert shown(await view(bench, job)) == FIRST
        assert ended.price == 400_000_000

    scenario(work)


def test_a_crash_after_the_acceptance_settles_at_the_spares_price(scenario: Scenario) -> None:
    """Another process finds in the rows alone whose job it is."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[NO_KEY])
        bench.lane("b", polls=[finished_with(bench.file())])
        job, steps = await bench.place("a", spare=("b",)), bench.steps()
        assert await steps.submit(job.id, await bench.begin(job)) == "over"
        assert await steps.submit(job.id, await bench.begin(job)) == "await"
        later = bench.steps("slot-0:2")
        assert await later.await_upstream(job.id, 2) == "finish"
        await later.finish(job.id, 2)
        assert (await bench.job(job)).price == 200_000_000

    scenario(work)


def test_what_a_submit_was_told_can_be_told_again(scenario: Scenario) -> None:
    """Whatever has become of the job since: the model that it began with, and that one's warnings."""

    async def work(bench: Bench) -> None:
        bench.lane("a", submits=[NO_KEY])
        bench.lane("b", polls=[finished_with(bench.file())])
        job = await bench.place("a", spare=("b",))
        placed = placed_view_of(job)
        ended = await bench.run_to_end(job)
        again = await store.placed_view(bench.db, job.id)
        assert replace(again, version=placed.version) == placed
        assert again.version == ended.version

    scenario(work)


def test_a_job_has_the_inputs_of_all_its_plans(scenario: Scenario) -> None:
    """One that only the spare works with must be there when its turn comes."""

    async def work(bench: Bench) -> None:
        job = await bench.place("a", spare=("b",))
        frame, film = picture(2, 2), clip()
        both = replace(
            job,
            id=type(job.id)(f"{job.id}x"),
            plan=replace(job.plan, inputs=Inputs(references=(frame,))),
            spares=(replace(SPARE, inputs=Inputs(references=(frame, film))),),
        )
        await bench.db.write(lambda unit: store.place(unit, both))
        rows = await bench.db.rows(select(inputs.c.key).where(inputs.c.job_id == both.id))
        assert {row["key"] for row in rows} == both.input_keys == {frame.key, film.key}
        assert await bench.job(both) == replace(both, version=(await bench.job(both)).version)

    scenario(work)


def test_a_job_of_an_older_version_is_read_as_one_without_spares(scenario: Scenario) -> None:
    """Its routes know nothing of plans, and neither do its attempts: there was one."""

    async def work(bench: Bench) -> None:
        backend = bench.lane("b", polls=[finished_with(bench.file())])
        bench.lane("a", submits=[NO_KEY])
        job = await bench.place("a", "b")
        row = await bench.db.row(select(jobs.c.routes, jobs.c.spares).where(jobs.c.id == job.id))
        assert row is not None
        assert row["spares"] is None
        old = [{name: one for name, one in route.items() if name != "plan"} for route in json.loads(row["routes"])]

        def make_old(unit: Unit) -> None:
            unit.execute(update(jobs).where(jobs.c.id == job.id).values(routes=json.dumps(old)))

        await bench.db.write(make_old)
        ended = await bench.run_to_end(job)
        assert (ended.status, ended.spares, ended.plans) == (State.COMPLETED, (), (PLAN,))
        assert ended.routes == job.routes
        assert models(backend) == [(PLAN.model, "m")]
        rows = await bench.db.rows(select(attempts.c.plan).where(attempts.c.job_id == job.id))
        assert [row["plan"] for row in rows] == [0, 0]

    scenario(work)
