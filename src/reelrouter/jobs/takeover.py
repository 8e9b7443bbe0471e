"""Takes up the jobs of engines that have died, where several share a database.

Whoever gets a dead engine's slot hands its runs out anew; the durable engine lets each be begun by one process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from reelrouter.observe.events import Emit, EngineTakenOver

_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 2.0
"""How long whoever has lost its slot, and is not dead, is given to notice and stop."""


class OwnSlot(Protocol):
    """This engine's number, and a way to try others'."""

    number: int

    async def take(self, other: int) -> float | None: ...

    async def free(self, other: int) -> None: ...


class Takeover:
    def __init__(
        self,
        slot: OwnSlot,
        owners: Callable[[], Awaitable[set[str]]],
        recover: Callable[[str], Awaitable[None]],
        emit: Emit,
    ) -> None:
        """`owners` gives the names of engines that have runs under way, `recover` hands one's runs out anew."""
        self._slot = slot
        self._owners = owners
        self._recover = recover
        self._emit = emit
        self._died_at: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for name in sorted(await self._owners() - {slot_name(self._slot.number)}):
                await self._try(name)
            await asyncio.sleep(_LOOK_SECONDS)

    def is_dead(self, owner: str) -> bool:
        """Whether the process that `owner_name` named so cannot send anything any more."""
        slot, began = _parts(owner)
        return was_here(slot_name(self._slot.number), owner) or began < self._died_at.get(slot, float("-inf"))

    async def _try(self, name: str) -> None:
        number = int(name.removeprefix(_PREFIX))
        died_at = await self._slot.take(number)
        if died_at is None:
            return
        try:
            await asyncio.sleep(_GRACE_SECONDS)
            self._died_at[name] = died_at
            await self._recover(name)
            self._emit(EngineTakenOver(slot=name))
        finally:
            await self._slot.free(number)


def was_here(slot: str, owner: str) -> bool:
    """Whether that was an older start of this very slot: two never live at one time."""
    return _parts(owner)[0] == slot


_PREFIX = "slot-"


def slot_name(number: int) -> str:
    """What the durable engine knows an engine by."""
    return f"{_PREFIX}{number}"


def owner_name(slot: str, began: float) -> str:
    """One start of one slot, among all that have ever sent an attempt; `began` is Unix seconds of one clock."""
    return f"{slot}:{began:.3f}"


def _parts(owner: str) -> tuple[str, float]:
    slot, _, began = owner.partition(":")
    return slot, float(began)
