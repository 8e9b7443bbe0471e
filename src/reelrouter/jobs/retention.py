"""Retention: removes what has had its time. Jobs keep their rows, which say that the files are gone."""

import asyncio
from collections.abc import Sequence
from functools import partial

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import figures, idempotency, store
from reelrouter.storage.objects import Objects

_INTERVAL = 60.0
_BATCH = 200
_AT_ONCE = 16
"""Jobs whose files are removed at one time: a bucket answers each request after a while, and many at once."""
_ORPHAN_SECONDS = 3600.0


class Retention:
    def __init__(self, db: Database, objects: Objects, clock: Clock) -> None:
        self._db = db
        self._objects = objects
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await figures.measure_kept(self._db)
        while True:
            await self.sweep()
            await asyncio.sleep(_INTERVAL)

    async def sweep(self) -> int:
        """Removes what is due now; how many jobs it was for."""
        removed = 0
        now_ms = milliseconds(self._clock.now())
        while due := await store.list_past_retention(self._db, now_ms, _BATCH):
            await self._drop(due)
            removed += len(due)
        await self._db.write(lambda unit: idempotency.sweep(unit, now_ms))
        before = self._clock.now() - _ORPHAN_SECONDS
        await self._objects.remove_leftovers(before)
        # Inputs of requests that were refused after their intake: for want of money, say.
        await self._objects.remove_unused("inputs", before, partial(store.is_input_used, self._db))
        return removed

    async def _drop(self, due: Sequence[JobId]) -> None:
        # Files first: a crash between the two leaves rows that are swept again, never a file that nobody knows.
        places = asyncio.Semaphore(_AT_ONCE)

        async def delete(job: JobId) -> None:
            async with places:
                await self._objects.delete_below(f"outputs/{job}")

        async with asyncio.TaskGroup() as group:
            for job in due:
                group.create_task(delete(job))
        now_ms = milliseconds(self._clock.now())

        def drop(unit: Unit) -> list[str]:
            for job in due:
                store.drop_outputs(unit, job, now_ms)
            return [key for job in due for key in store.drop_inputs(unit, job)]

        await self._objects.delete(await self._db.write(drop))
