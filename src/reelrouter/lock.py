"""A lock file: one process at a time, freed by the kernel when that process ends, however it ends."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyLocked(Exception):
    """Another process holds the lock; `pid` is what it wrote there."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(f"{path} is held by process {pid or 'unknown'}")
        self.pid = pid


class FileLock:
    def __init__(self, path: Path, patience: float = 0.0) -> None:
        """`patience`: seconds to wait for a holder that is about to end."""
        self._path = path
        self._patience = patience
        self._file = -1

    def __enter__(self) -> Self:
        """Raises `AlreadyLocked`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + self._patience
        while not self._taken():
            if time.monotonic() >= until:
                pid = os.read(self._file, 20).decode().strip()
                os.close(self._file)
                raise AlreadyLocked(self._path, pid)
            time.sleep(0.05)
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def holder_of(path: Path) -> str | None:
    """What the process that holds the lock wrote there, which is its pid; None if nobody does."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(file, 20).decode().strip()
    finally:
        os.close(file)
    return None


@contextmanager
def own_folder(parent: Path, name: str) -> Iterator[Path]:
    """An empty folder below `parent` that no other living process uses: `<name>-0`, or the next that is free."""
    with ExitStack() as stack:
        folder = next(
            parent / f"{name}-{number}"
            for number in count()
            if _enter(stack, FileLock(parent / f"{name}-{number}.lock"))
        )
        shutil.rmtree(folder, ignore_errors=True)  # what a killed process left
        folder.mkdir()
        yield folder


def _enter(stack: ExitStack, lock: FileLock) -> bool:
    try:
        stack.enter_context(lock)
    except AlreadyLocked:
        return False
    return True
