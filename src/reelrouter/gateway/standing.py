"""How the whole gateway stands: read when it is asked for, and kept a while, so that asking cannot load it."""

import asyncio
import os
from pathlib import Path

from reelrouter.accounts import holdings
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.jobs import drifts, figures, troubled
from reelrouter.observe.gauges import Disk, Gauges, Standing, Stored
from reelrouter.observe.instruments import text_of
from reelrouter.webhooks import backlog

_KEPT_SECONDS = 5.0
_STORED_KEPT_SECONDS = 60.0
"""Looks at one entry for each job whose video is kept."""


class Lookout:
    """One per process."""

    def __init__(self, db: Database, clock: Clock, folder: Path) -> None:
        """`folder` is on the disk whose room is watched."""
        self._db = db
        self._clock = clock
        self._folder = folder
        self._looking = asyncio.Lock()
        self._last: Standing | None = None
        self._stored: tuple[float, Stored] | None = None

    async def text(self) -> bytes:
        """As figures for Prometheus."""
        return text_of(Gauges(await self.look()))

    async def look(self) -> Standing:
        """A few seconds old at most. Those who ask meanwhile wait for one look together."""
        async with self._looking:
            now = self._clock.now()
            if self._last is None or not 0 <= now - self._last.at / 1000 < _KEPT_SECONDS:
                self._last = await self._read(now)
            return self._last

    async def _read(self, now: float) -> Standing:
        at = milliseconds(now)
        return Standing(
            at=at,
            jobs=await figures.count_unfinished(self._db),
            queues=await figures.count_queues(self._db),
            holds=await holdings.sum_open(self._db),
            backlog=await backlog.measure(self._db),
            stored=await self._sum_stored(now),
            drifting=await drifts.list_drifting(self._db, at),
            kept_back=await troubled.count_troubled(self._db),
            disk=await asyncio.to_thread(_disk_of, self._folder),
        )

    async def _sum_stored(self, now: float) -> Stored:
        if self._stored is None or not 0 <= now - self._stored[0] < _STORED_KEPT_SECONDS:
            self._stored = (now, await figures.sum_stored(self._db))
        return self._stored[1]


def _disk_of(folder: Path) -> Disk:
    found = os.statvfs(folder)
    return Disk(size=found.f_blocks * found.f_frsize, free=found.f_bavail * found.f_frsize)
