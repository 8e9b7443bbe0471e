"""Which engine this process is: the only one of a file, or one of many that share a server."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.db.opening import is_server
from reelrouter.jobs import engines
from reelrouter.jobs.chores import Alone, by_turns, done_by_all
from reelrouter.jobs.takeover import Takeover, owner_name, slot_name, was_here
from reelrouter.jobs.workflow import hand_out_anew, list_owners, open_dbos_file, open_dbos_server
from reelrouter.observe.events import Emit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    slot: str
    """The name under which the durable engine knows its runs, the same after every start in this place."""
    owner: str
    """This start of it, among all that have ever sent an attempt."""
    is_dead: Callable[[str], bool]
    """Whether another owner can send nothing any more."""
    living: engines.Living
    """Which owners drive their runs."""
    alone: Alone = done_by_all
    """For loops that one engine is to run for all."""
    loops: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """What has to run for others' sake."""
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody else may have been given the slot: then this process must stop at once."""


@asynccontextmanager
async def take_seat(url: str, db: Database, around: tuple[Path, Clock, Emit]) -> AsyncIterator[Seat]:
    """With the durable engine opened in its name. `around` is the data directory, the clock, and the log."""
    data_dir, clock, emit = around
    if not is_server(url):
        slot = slot_name(0)  # there is one engine, so that its runs are always recovered under the same name
        dbos = open_dbos_file(data_dir / "dbos.db", slot)
        try:
            owner = owner_name(slot, clock.now())
            yield Seat(slot=slot, owner=owner, is_dead=partial(was_here, slot), living=engines.alone(owner))
        finally:
            dbos.dispose()
        return
    # Loaded by name: whoever runs on SQLite needs no driver of a server.
    slots = importlib.import_module("reelrouter.db.slots")
    async with slots.hold_slot(url) as own:
        slot = slot_name(own.number)
        open_dbos_server(url, slot)
        signs = engines.Signs(db=db, slot=slot, owner=owner_name(slot, own.began), clock=clock)
        await signs.show()
        takeover = Takeover(own, partial(list_owners, db), hand_out_anew, emit)
        yield Seat(
            slot=slot,
            owner=signs.owner,
            is_dead=takeover.is_dead,
            living=signs.living,
            alone=by_turns(own),
            loops={"takeover": takeover.run, "signs": signs.run},
            lost=own.lost,
        )
