"""Processes that benchmarks start, and what the kernel tells of them: memory, CPU time, children."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_CHECK_SECONDS = 0.01
_STOP_SECONDS = 20.0


class NotReady(Exception):
    """Something that was waited for did not come; the message says what."""


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], log: Path, *, quiet: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """The process, its output piped and its error stream appended to `log`; ended when the block is left.

    With `quiet` its output goes to the log as well, for one that nobody reads.
    """
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            env={**_surroundings(), **environment},
            stdout=errors if quiet else subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        stop(process)


def _surroundings() -> dict[str, str]:
    """Our own environment, less what would make every start compile every module anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def stop(process: subprocess.Popen[str]) -> None:
    """Asks it to end, and ends it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def kill(process: subprocess.Popen[str]) -> None:
    """By SIGKILL, as a crash would."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def first_line(process: subprocess.Popen[str]) -> str:
    """What it prints once it is ready. Raises `NotReady` if it ended before."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise NotReady(f"{process.args!r} ended with status {process.wait()} before it was ready; see its log")
    return line.strip()


def tell(result: object) -> None:
    """Prints a result as JSON, all of it: unbuffered output may drop what a full pipe does not take."""
    with open(1, "wb", closefd=False) as output:
        output.write(json.dumps(result).encode())


def until(
    condition: Callable[[], bool], what: str, patience: float = 60.0, every: float = _CHECK_SECONDS
) -> float:
    """Waits for it, and returns the seconds that it took. Raises `NotReady`."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > patience:
            raise NotReady(f"waited {patience:g} s for this: {what}")
        time.sleep(every)
    return time.perf_counter() - began


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    return _clocked(pid, 11, 12)


def _clocked(pid: int, *places: int) -> float:
    # The second field is the command in parentheses, which may itself hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in places) / _TICKS


def rss_mb(pid: int) -> float:
    """Resident memory in MB of a million bytes."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(pid: int) -> list[int]:
    """The processes that this one started and that still live."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def family(pid: int) -> list[int]:
    """This process, its children, theirs, and so on."""
    found = [pid]
    for one in found:
        with suppress(FileNotFoundError):
            found += children(one)
    return found


def cpu_of_family(pid: int) -> float:
    """User and system time so far of it and all its descendants, those that have ended included."""
    used = 0.0
    for one in family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended just now, and is its parent's from here on
            used += _clocked(one, 11, 12, 13, 14)
    return used


class Spent:
    """CPU that some processes and their descendants use from here on."""

    def __init__(self, **pids: int) -> None:
        """By a word for each."""
        self._pids = pids
        self._before = {name: cpu_of_family(pid) for name, pid in pids.items()}

    def each(self, count: int) -> dict[str, float]:
        """Milliseconds by name, for each of so many."""
        return {name: (cpu_of_family(pid) - self._before[name]) * 1000 / count for name, pid in self._pids.items()}


def rss_of_family(pid: int) -> float:
    """Resident memory of it and all its descendants, in MB; pages that they share count in each."""
    return sum(map(rss_mb, family(pid)))


@contextmanager
def paused(*pids: int) -> Iterator[None]:
    """These processes and their descendants stand still while the block runs, as if they were not there."""
    still = [one for pid in pids for one in family(pid)]
    for one in still:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in still:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def until_calm(pids: Sequence[int], patience: float = 60.0) -> None:
    """Waits until each uses less than a twentieth of a core on average: they have started, and have no work."""
    used = sum(map(cpu_seconds, pids))
    calm = 0

    def is_calm() -> bool:
        nonlocal used, calm
        before, used = used, sum(map(cpu_seconds, pids))
        calm = calm + 1 if used - before < 0.015 * max(2, len(pids)) else 0
        return calm >= 3

    until(is_calm, "processes at rest", patience, every=0.3)


class PeakMemory:
    """The most memory that a process had, looked at a hundred times a second while the block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.before = rss_mb(pid)
        self.peak = self.before

    @property
    def growth(self) -> float:
        """MB above what it had at the beginning."""
        return self.peak - self.before

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_CHECK_SECONDS):
            self.peak = max(self.peak, rss_mb(self._pid))
