"""Files, as the drivers use them: looked at, begun, gone on with, renamed."""

import os
from types import TracebackType
from typing import BinaryIO, Self

from reelrouter.client.errors import DownloadFailed, Unusable
from reelrouter.client.exchange import Keep, Kept, Look, Looked, Move, Peek

_BUFFER = 1024 * 1024


def act(effect: Look | Peek | Move) -> Looked | bytes | None:
    """What a flow asked for. Raises `Unusable`, `DownloadFailed`."""
    match effect:
        case Look():
            return look(effect)
        case Peek():
            return peek(effect)
        case Move():
            move(effect)
            return None


def look(effect: Look) -> Looked:
    """Raises `Unusable` where the system does not let us look."""
    path = effect.path
    try:
        has_folder = path.parent.is_dir()
        if path.is_dir():
            return Looked(kind="folder", has_folder=has_folder)
        if not path.exists():
            return Looked(kind="nothing", has_folder=has_folder)
        return Looked(kind="file", size=path.stat().st_size, has_folder=has_folder)
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} cannot be looked at: {_reason(error)}") from error


def peek(effect: Peek) -> bytes:
    """Raises `Unusable`."""
    try:
        with effect.path.open("rb") as file:
            return file.read(effect.limit)
    except (OSError, ValueError) as error:
        raise Unusable(f"{effect.path} cannot be read: {_reason(error)}") from error


def move(effect: Move) -> None:
    """Raises `DownloadFailed`."""
    try:
        effect.path.replace(effect.to)
    except OSError as error:
        size = effect.path.stat().st_size if effect.path.exists() else 0
        raise DownloadFailed(
            f"{effect.to} cannot be written: {_reason(error)}",
            bytes_so_far=size,
            next_step=f"the video is in {effect.path}",
        ) from error


class Part:
    """A file that is being filled. Use as a context manager; raises `DownloadFailed`."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._size = keep.offset
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(self._keep.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            self._file = os.fdopen(descriptor, "r+b", buffering=_BUFFER)
            self._file.truncate(self._keep.offset)
            self._file.seek(self._keep.offset)
        except OSError as error:
            raise self._failed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as full:
            raise self._failed(full) from full

    def write(self, chunk: bytes) -> None:
        if self._file is None:
            raise RuntimeError("use the part as a context manager")
        try:
            self._size += self._file.write(chunk)
        except OSError as error:
            raise self._failed(error) from error
        if self._keep.on_bytes is not None:
            self._keep.on_bytes(self._size, self._keep.total)

    def kept(self, trouble: str | None = None) -> Kept:
        return Kept(size=self._size, trouble=trouble)

    def _failed(self, error: OSError) -> DownloadFailed:
        return DownloadFailed(
            f"{self._keep.path} cannot be written: {_reason(error)}",
            bytes_so_far=self._size,
            next_step="make room or choose another path, and download it again",
        )


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
