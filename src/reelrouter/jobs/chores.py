"""What one engine does for all: whoever has its lock does it, for as long as it lives."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum

from reelrouter.jobs.takeover import OwnSlot

Loop = Callable[[], Awaitable[None]]

_LOOK_SECONDS = 5.0
"""How soon another one goes on when it has died."""


class Chore(IntEnum):
    """Each by the number of its lock; engines have those from 0."""

    RETENTION = -1
    LATECOMERS = -2


Alone = Callable[[Chore, Loop], Loop]
"""Makes of a loop one that does nothing while another engine does the same."""


def done_by_all(_chore: Chore, loop: Loop) -> Loop:
    """Where there is one engine."""
    return loop


def by_turns(slot: OwnSlot) -> Alone:
    def alone(chore: Chore, loop: Loop) -> Loop:
        async def run() -> None:
            while True:
                if await slot.take(chore) is not None:
                    try:
                        await loop()
                    finally:
                        await slot.free(chore)
                await asyncio.sleep(_LOOK_SECONDS)

        return run

    return alone
