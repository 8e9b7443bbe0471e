"""How much of a workspace's work is under way: found by an index, whatever has ended before."""

from collections.abc import Awaitable, Callable

from reelrouter.db.sqlite import _compiled
from reelrouter.ids import WorkspaceId
from reelrouter.jobs import unfinished
from reelrouter.work import Failed, FailureClass
from tests.jobs.conftest import Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]


def test_live_jobs_count_until_they_have_ended(scenario: Scenario) -> None:
    """Those of this workspace alone."""

    async def work(bench: Bench) -> None:
        async def count(workspace: str) -> int:
            return await bench.db.write(lambda unit: unfinished.count_live(unit, WorkspaceId(workspace)))

        bench.lane("a", submits=[Failed(failure=FailureClass.POLICY_INPUT)])
        job = await bench.place("a")
        assert (await count(job.workspace), await count("other")) == (1, 0)
        await bench.run_to_end(job)
        assert await count(job.workspace) == 0

    scenario(work)


def test_jobs_that_have_ended_cost_nothing(scenario: Scenario) -> None:
    """The index holds unfinished jobs alone."""

    async def work(bench: Bench) -> None:
        text, defaults = _compiled(unfinished._LIVE)
        plan = await bench.db.write(
            lambda unit: unit._connection.execute(  # type: ignore[attr-defined]
                f"EXPLAIN QUERY PLAN {text}", {**defaults, "of_workspace": "ws"}
            ).fetchall()
        )
        assert [row["detail"] for row in plan] == ["SEARCH jobs USING INDEX ix_jobs_unfinished (workspace=?)"]

    scenario(work)
