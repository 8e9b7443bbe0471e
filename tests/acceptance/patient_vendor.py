"""A vendor that keeps what it is given until it is told to be done, so that nothing ends before its time."""

from reelrouter.emulators.frame import Emulator
from reelrouter.emulators.script import Script


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
