"""The real engine, with a gauge beside it: `BENCH_GAUGE` names the file that tells how late its loop runs."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from reelrouter import engine
from reelrouter.backends import Surroundings, all_lanes
from reelrouter.jobs.lanes import Lane
from reelrouter.testing.instant_engine import Gauge


def _lanes(around: Surroundings) -> Mapping[str, Lane]:
    gauge = asyncio.ensure_future(Gauge(Path(os.environ["BENCH_GAUGE"])).run())
    around.stack.callback(gauge.cancel)
    return all_lanes(around)


if __name__ == "__main__":
    engine.main(_lanes)
