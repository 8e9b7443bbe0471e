"""A lock file: one process at a time, freed by the kernel when that process ends, however it ends."""

import fcntl
import os
import time
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
