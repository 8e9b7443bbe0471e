"""Takeover: a dead engine's runs are handed out anew, a living one's never; nobody waits for what it sent last."""

import asyncio

import pytest

from reelrouter.jobs import takeover
from reelrouter.jobs.takeover import Takeover, owner_name
from reelrouter.observe.events import EngineTakenOver, Event


class Slots:
    """The server's slots, of which this engine has number 0."""

    number = 0

    def __init__(self, **free: float) -> None:
        """When each that can be had was taken away, by name."""
        self._free = free
        self.held: list[int] = []

    async def take(self, other: int) -> float | None:
        died_at = self._free.get(f"slot_{other}")
        if died_at is not None:
            self.held.append(other)
        return died_at

    async def free(self, other: int) -> None:
        self.held.remove(other)


def looked(slots: Slots, *owners: str) -> tuple[Takeover, list[str], list[Event]]:
    """One look among engines with these names."""
    recovered, told = list[str](), list[Event]()

    async def names() -> set[str]:
        return set(owners)

    async def recover(name: str) -> None:
        assert slots.held == [int(name.removeprefix("slot-"))], "nobody else may start in that slot meanwhile"
        recovered.append(name)

    async def scenario() -> Takeover:
        found = Takeover(slots, names, recover, told.append)
        looking = asyncio.ensure_future(found.run())
        while len(told) < len([name for name in owners if name in ("slot-1", "slot-3")]):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        return found

    return asyncio.run(scenario()), recovered, told


def test_the_dead_are_taken_over_and_the_living_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds its slot is alive; one's own runs are one's own."""
    monkeypatch.setattr(takeover, "_GRACE_SECONDS", 0.0)
    slots = Slots(slot_1=50.0, slot_3=60.0)
    _, recovered, told = looked(slots, "slot-0", "slot-1", "slot-2", "slot-3")
    assert recovered == ["slot-1", "slot-3"]
    assert told == [EngineTakenOver(slot="slot-1"), EngineTakenOver(slot="slot-3")]
    assert slots.held == []


def test_only_those_who_lived_before_are_known_to_be_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that took the slot afterwards is another one, and may be about to send."""
    monkeypatch.setattr(takeover, "_GRACE_SECONDS", 0.0)
    found, _, _ = looked(Slots(slot_1=50.0), "slot-1")
    assert found.is_dead(owner_name("slot-1", 49.0))
    assert not found.is_dead(owner_name("slot-1", 51.0))
    assert not found.is_dead(owner_name("slot-2", 1.0))
    assert found.is_dead(owner_name("slot-0", 1.0))
