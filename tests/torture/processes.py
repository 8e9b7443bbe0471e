"""One process of the gateway with a supervisor, a clock that can be wrong and a disk that can be full."""

import os
import resource
import signal
import struct
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.processes import children_of, descendants_of

_CLOCK_FOLDER = Path(__file__).parent / "clock"
_REPOSITORY = Path(__file__).parents[2]
_STOP_SECONDS = 40.0
_NOTHING_MORE = 0
"""Bytes: where the disk is full, no file may be written at or beyond this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run, and where."""

    name: str
    words: Sequence[str]
    folder: Path
    """Its data, its log and its clock lie here."""
    settings: Mapping[str, str]
    environment: Mapping[str, str]


class Supervised:
    """A process that is started again when it ends, as an operator's supervisor does; it is killed at will."""

    def __init__(self, command: Command, pause: float = 0.3) -> None:
        """`pause` is seconds between an end and the next start."""
        self.name = command.name
        self._command = command
        self._pause = pause
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._turn = threading.Lock()
        """So that nothing is started while it is being put to rest."""
        self.starts = 0
        command.folder.mkdir(parents=True, exist_ok=True)
        self._clock = command.folder / "clock"
        self.set_clock(0.0)
        self._thread = threading.Thread(target=self._supervise, name=f"supervise {self.name}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def log(self) -> Path:
        return self._command.folder / "log"

    def start(self) -> None:
        """Has it run from now on."""
        self._wanted.set()

    def tell(self, number: signal.Signals) -> bool:
        """Whether there was a process to be told."""
        pid = self.pid
        return pid is not None and tell(pid, number)

    def child(self, words: bytes) -> int | None:
        """The process that it has started with these words in its command line."""
        pid = self.pid
        found = [one for one in children_of(pid) if words in _command_line(one)] if pid is not None else []
        return found[0] if found else None

    def limit_files(self, most: int | None) -> bool:
        """Has every write of it and its children fail that goes beyond; None takes that away again."""
        pid = self.pid
        if pid is None:
            return False
        limit = resource.RLIM_INFINITY if most is None else most
        is_done = _limit(pid, limit)  # before its children are looked for: the next ones have it from their parent
        for one in descendants_of(pid):
            _limit(one, limit)
        return is_done

    def fill_disk(self) -> bool:
        return self.limit_files(_NOTHING_MORE)

    def free_disk(self) -> bool:
        return self.limit_files(None)

    def set_clock(self, seconds: float) -> None:
        """By how much it is wrong from now on."""
        # In place: the processes have the file mapped.
        descriptor = os.open(self._clock, os.O_WRONLY | os.O_CREAT, 0o644)
        os.pwrite(descriptor, struct.pack("d", seconds), 0)
        os.close(descriptor)

    def rest(self) -> None:
        """Ends it in an orderly way, and leaves it so until it is started again."""
        with self._turn:
            self._wanted.clear()
            process = self._process
        if process is None or process.poll() is not None:
            return
        self.tell(signal.SIGCONT)
        self.tell(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        """Ends it for good, however it fares."""
        self._wanted.clear()
        self._over.set()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._wanted.set()
        self._thread.join()

    def _supervise(self) -> None:
        while True:
            self._wanted.wait()
            if self._over.is_set():
                return
            process = self._begin()
            if process is not None:
                process.wait()
                self._over.wait(self._pause)

    def _begin(self) -> "subprocess.Popen[bytes] | None":
        with self._turn, self.log.open("ab") as log:
            if not self._wanted.is_set():
                return None
            self._process = subprocess.Popen(
                self._command.words, env=self._environment(), cwd=_REPOSITORY, stdout=log, stderr=log
            )
            self.starts += 1
            return self._process

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELROUTER_")}
        told = {f"REELROUTER_{name.upper()}": value for name, value in self._command.settings.items()}
        clock = {"PYTHONPATH": str(_CLOCK_FOLDER), "TORTURE_CLOCK": str(self._clock)}
        return {**inherited, **self._command.environment, **told, **clock}


def tell(pid: int, number: signal.Signals) -> bool:
    """Whether there was such a process."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _limit(pid: int, limit: int) -> bool:
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        return True
    return False


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
