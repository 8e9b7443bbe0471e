"""Permits: how many runs are at work at one time. What DBOS does with them is shown by the acceptance tests."""

import asyncio
from contextlib import AsyncExitStack

from reelrouter.jobs.permits import Permits


async def at_work(permits: Permits, stack: AsyncExitStack, *lanes: str | None) -> int:
    """How many of so many runs get a permit that nobody gives back."""

    async def enter(lane: str | None) -> None:
        await stack.enter_async_context(permits.of(lane))

    tasks = [asyncio.ensure_future(enter(lane)) for lane in lanes]
    for _ in range(10 * len(tasks)):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return outcomes.count(None)


def test_a_lane_that_hangs_leaves_permits_for_another() -> None:
    """A quarter of them, and at least one where there is more than one."""

    async def work() -> None:
        async with AsyncExitStack() as stack:
            permits = Permits(8)
            assert await at_work(permits, stack, *["hung"] * 20) == 6
            assert await at_work(permits, stack, "other", "other", "other") == 2

    asyncio.run(work())


def test_runs_whose_lane_is_not_known_share_them_all() -> None:
    """Those that are taken up after a crash, say."""

    async def work() -> None:
        async with AsyncExitStack() as stack:
            assert await at_work(Permits(4), stack, *[None] * 9) == 4

    asyncio.run(work())


def test_one_permit_is_enough_for_one_lane() -> None:
    """The smallest window there is."""

    async def work() -> None:
        async with AsyncExitStack() as stack:
            assert await at_work(Permits(1), stack, "a", "b") == 1

    asyncio.run(work())
