"""What every case of the conformance suite is played on: a vendor's emulator with its adapter in front of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reelrouter.emulators.frame import KEY, Emulator
from reelrouter.emulators.script import Script
from reelrouter.providers.base import Provider
from reelrouter.providers.remote import Remote
from reelrouter.work import Accepted, Media, Order

PATIENCE, BRIEF = 10.0, 1.0
"""Seconds for a reply; what hangs takes longer."""
LONG = 1000.0
"""Seconds that a job takes which is not to end by itself."""


@dataclass(slots=True)
class Hour:
    """The emulator's clock, which moves only when told."""

    now: float = 1_800_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """An adapter, its emulator, and an order that it can serve."""

    provider: Provider
    emulator: Callable[[Callable[[], float]], Emulator]
    order: Order
    path: str = ""
    """Of the API's root below the emulator's address."""
    values: Mapping[str, str] = field(default_factory=lambda: {"api_key": KEY})
    reports_progress: bool = False
    fetch: Callable[[Media], Awaitable[Path]] | None = None
    """Finds the order's inputs, if it has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An emulator that runs, and the backend under test in front of it."""

    emulator: Emulator
    remote: Remote
    vendor: Vendor
    hour: Hour
    directory: Path
    """Where outputs are put; nothing else stays there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    script: Script
    play: Callable[[Stage], Awaitable[None]]
    patience: float = PATIENCE
    rude: tuple[str, ...] = ()
    """The rudenesses that it plays, by name."""


async def submit(stage: Stage) -> Accepted:
    return await stage.remote.submit(stage.vendor.order)


def submits(emulator: Emulator) -> int:
    return sum(entry.verb == "submit" for entry in emulator.journal)


def check_keys(emulator: Emulator) -> None:
    """Raises `AssertionError` if credentials went to where files lie, which is another origin."""
    for entry in emulator.journal:
        if entry.path.startswith("/files/"):
            exposed = entry.bears_key or entry.key is not None
            assert not exposed, "credentials went to where files lie"
