"""Which engines show that they work: the newest start in each slot, and when it last wrote its sign.

A run is alive only while a process drives it. This engine knows its own runs by heart; of another engine's it
knows who drives them, and whether that engine still gives signs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import engines

SIGN_SECONDS = 10.0
SILENT_SECONDS = 30.0
"""After which an engine does not count as working any more."""

Living = Callable[[], Awaitable[frozenset[str]]]
"""The owners, as `jobs.driver` names them, that work on their runs."""

_SIGN = (
    update(engines)
    .where(engines.c.slot == bindparam("in_slot"))
    .values(owner=bindparam("by"), seen_at=bindparam("at"))
)
_FIRST_SIGN = insert(engines)
_SEEN = select(engines.c.owner).where(engines.c.seen_at > bindparam("after"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Where engines share a database."""

    db: Database
    slot: str
    owner: str
    clock: Clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.show()
            await asyncio.sleep(SIGN_SECONDS)

    async def show(self) -> None:
        now_ms = milliseconds(self.clock.now())

        def write(unit: Unit) -> None:
            if unit.execute(_SIGN, in_slot=self.slot, by=self.owner, at=now_ms) == 0:
                unit.execute(_FIRST_SIGN, slot=self.slot, owner=self.owner, seen_at=now_ms)

        await self.db.write(write)

    async def living(self) -> frozenset[str]:
        after = milliseconds(self.clock.now() - SILENT_SECONDS)
        return frozenset(row["owner"] for row in await self.db.rows(_SEEN, after=after))


def alone(owner: str) -> Living:
    """Where there is one engine: nobody else can drive anything."""

    async def living() -> frozenset[str]:
        return frozenset({owner})

    return living
