"""The floor of whole jobs: DBOS alone, set up as the engine sets it up, with three steps that do nothing.

`python -m bench.floor_dbos <database> <count>` prints the workflows that it finished a second.
"""

import asyncio
import gc
import sys
import time
from pathlib import Path

import uvloop
from dbos import DBOS, SetWorkflowID

from reelrouter.jobs.workflow import open_dbos_file

_WINDOW = 8
"""The engine's default."""


@DBOS.step(name="first")
async def first(_name: str) -> str:
    return "await"


@DBOS.step(name="second")
async def second(_name: str) -> str:
    return "finish"


@DBOS.step(name="third")
async def third(_name: str) -> None:
    return None


async def _measure(database: Path, count: int) -> float:
    active = asyncio.Semaphore(_WINDOW)

    @DBOS.workflow(name="three_steps")
    async def three_steps(name: str) -> None:
        async with active:
            await first(name)
        await second(name)
        async with active:
            await third(name)

    engine = open_dbos_file(database, "floor")
    DBOS.launch()
    gc.collect()
    gc.freeze()
    began = time.perf_counter()
    handles = []
    for number in range(count):
        with SetWorkflowID(f"floor-{number}"):
            handles.append(await DBOS.start_workflow_async(three_steps, f"floor-{number}"))
    for handle in handles:
        await handle.get_result(polling_interval_sec=0.02)
    rate = count / (time.perf_counter() - began)
    DBOS.destroy(workflow_completion_timeout_sec=0)
    engine.dispose()
    return rate


if __name__ == "__main__":
    print(uvloop.run(_measure(Path(sys.argv[1]), int(sys.argv[2]))), flush=True)
