"""The way in for finished videos: check, measure, store. It does not know which job they belong to."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reelrouter.errors import StorageFailed
from reelrouter.storage.causes import failures_named
from reelrouter.storage.objects import Objects
from reelrouter.work import Blob, Children, OutputInvalid, StoredFile, TaskFailed

PROBE_TASK = "reelrouter.media.clips:probe"
SERVED_MIME = "video/mp4"
"""What clients are promised: official ones accept nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    max_bytes: int
    probe_timeout: float = 60.0
    """Seconds."""


class Ingest:
    """Stores outputs under keys. Done again with the same key, it answers the same."""

    def __init__(self, children: Children, objects: Objects, limits: IngestLimits, directory: Path) -> None:
        """`directory` takes temporary copies, where the store is not a disk."""
        self._children = children
        self._objects = objects
        self._limits = limits
        self._directory = directory

    async def ingest(self, output: Blob, key: str) -> StoredFile:
        """Moves a finished output under `key`; its own file is gone afterwards.

        An object that is already there was checked before it was stored, so it wins over `output`: a crash
        after the store, or a second rendering, changes nothing. Raises `OutputInvalid`, `TaskLost` if the
        probe died, and `StorageFailed`.
        """
        if await self._objects.exists(key):
            await self._objects.in_thread(partial(output.path.unlink, missing_ok=True))
            return await self._describe_stored(key)
        try:
            stored = await self._describe(output.path, key)
            await self._objects.move_file(key, output.path)
        except (OutputInvalid, StorageFailed):
            # Another process of ours may have stored it between the look above and the move.
            if await self._objects.exists(key):
                return await self._describe_stored(key)
            raise
        return stored

    async def find(self, key: str) -> StoredFile | None:
        """What is stored under `key` already; it was checked before it was stored."""
        return await self._describe_stored(key) if await self._objects.exists(key) else None

    async def _describe_stored(self, key: str) -> StoredFile:
        with failures_named(key), TemporaryDirectory(dir=self._directory) as directory:
            return await self._describe(await self._objects.fetch_local(key, Path(directory)), key)

    async def _describe(self, path: Path, key: str) -> StoredFile:
        size = await self._objects.in_thread(partial(_size, path))
        if size > self._limits.max_bytes:
            raise OutputInvalid(f"the output has {size} bytes; the limit is {self._limits.max_bytes}")
        found = await self._probe(path)
        if found["mime"] != SERVED_MIME:
            raise OutputInvalid(f"the output is {found['mime']}; only {SERVED_MIME} can be served")
        with failures_named(key):
            sha256 = await self._objects.in_thread(partial(_sha256, path))
        return StoredFile(
            key=key,
            sha256=sha256,
            size=size,
            mime=SERVED_MIME,
            width=found["width"],
            height=found["height"],
            duration=found["duration"],
            fps=found["fps"],
            frames=found["frames"],
            codec=found["codec"],
            audio_codec=found["audio_codec"],
        )

    async def _probe(self, path: Path) -> dict[str, Any]:
        try:
            return await self._children.run(PROBE_TASK, {"path": str(path)}, timeout=self._limits.probe_timeout)
        except TaskFailed as failed:
            raise OutputInvalid(f"the output is not a playable video: {failed.message}") from failed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError as error:
        raise OutputInvalid("the output's file is gone") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
