"""A vendor that keeps what it is given until it is told to be done, so that nothing ends before its time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.receivers import Answer, Receivers, receivers


class Vendor:
    """One that is done with nothing before it is told to be."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        emulator.script = Script(seconds=60)
        emulator.now = lambda: 0.0

    def finish_everything(self) -> None:
        """What it has, and from now on whatever it takes, at once."""
        self.emulator.script = Script()
        self.emulator.now = lambda: 60.0

    def submits(self) -> int:
        return sum(entry.verb == "submit" for entry in self.emulator.journal)

    def keep_everything(self) -> None:
        """From now on, what it takes."""
        self.emulator.script = Script(seconds=60)
        self.emulator.now = lambda: 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is around a gateway and outlives it: who makes `orders.HOSTED`, and a receiver of webhooks."""

    vendor: Vendor
    environment: Mapping[str, str]
    listener: Receivers

    def told(self) -> Mapping[str, str]:
        """What a submit says so that the receiver hears of its job's end."""
        return {"callback_url": f"{self.listener.url}/end"}

    def events(self) -> set[str]:
        """The keys of what was told."""
        return {one.key for one in self.listener.got}


@contextmanager
def patient_world() -> Iterator[World]:
    emulator = SITES["byteplus"].make()
    with in_thread(emulator) as site, receivers(lambda _path, _key, _seen: Answer()) as listener:
        yield World(vendor=Vendor(emulator), environment=environment_of("byteplus", site.url), listener=listener)
