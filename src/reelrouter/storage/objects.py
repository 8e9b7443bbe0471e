"""Files under keys, on a disk or in a bucket, behind one set of verbs. It does not know what the files mean."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store

from reelrouter.errors import OutageCause, StorageFailed
from reelrouter.storage.buckets import BUCKETS, READING_RETRIES, RETRIES, open_bucket
from reelrouter.storage.causes import failures_named

if TYPE_CHECKING:
    from obstore import Attributes, GetOptions, ObjectMeta  # they exist for type checkers alone

CHUNK = 256 * 1024
"""Bytes of a piece that `open_range` yields, at most."""

_MAX_KEY = 500
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_ANSWER_SECONDS = 25.0
"""How long the first bytes of an object are waited for, with all retries."""
_PARTS_AT_ONCE = 4
"""Parts of 5 MB that an upload sends at one time: each has to get through within `read_timeout`."""
_INCOMING = ".incoming"
"""Objects that are only being written, and what probes leave. No key begins so, and no listing shows them."""
_THREADS = 4
_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
"""What a bucket is told of a file, by its key's end: whoever is sent there is answered by the bucket."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    key: str
    size: int
    """Bytes."""
    etag: str | None
    modified: datetime
    """When the object was last written, with its time zone."""


class Objects:
    """One store. Every verb raises `ValueError` for a bad key and `StorageFailed` if the store fails.

    Objects appear whole or not at all. On a disk they are flushed before they are named, so that a power cut
    after a verb has returned loses nothing.
    """

    def __init__(
        self, store: ObjectStore, folder: "Folder | None" = None, *, reading: ObjectStore | None = None
    ) -> None:
        """`folder` is the same place as a directory, where the store is one.

        `reading` is the same place once more, with the patience that a long download needs.
        """
        self._store = store
        self._reading = reading or store
        self._folder = folder
        self._probe_key = f"{_INCOMING}/probe-{uuid4().hex}"
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")

    @classmethod
    def from_url(cls, url: str) -> "Objects":
        """`file:///a/directory` (made if need be), `memory:///`, or a bucket's URL as obstore reads it."""
        split = urlsplit(url)
        if split.scheme == "file":
            if split.netloc not in ("", "localhost") or not split.path.startswith("/"):
                raise ValueError(f"a file store is named by an absolute path, as file:///srv/videos; got {url}")
            root = Path(unquote(split.path))
            return cls(LocalStore(root, mkdir=True, automatic_cleanup=True), Folder(root))
        if split.scheme == "memory":
            return cls(MemoryStore())
        if split.scheme not in BUCKETS:
            raise ValueError(f"a storage URL begins with file://, memory://, s3://, gs:// or az://; got {url}")
        return cls(open_bucket(url, RETRIES), reading=open_bucket(url, READING_RETRIES))

    async def probe(self) -> None:
        """Writes a small object, reads it back and removes it: `StorageFailed` tells what cannot be done.

        A process writes one and the same object each time, and `remove_leftovers` takes away what a crash left.
        """
        data = uuid4().bytes
        with failures_named(self._probe_key):
            if self._folder is not None:
                found = await self.in_thread(partial(self._folder.probe, self._probe_key, data))
            else:
                found = await self._probe_bucket(data)
        if found != data:
            raise StorageFailed(
                "The storage cannot be used: it does not give back what was written.",
                OutageCause.OTHER,
                key=self._probe_key,
            )

    async def put_file(self, key: str, path: Path) -> None:
        """Stores a copy of the file."""
        check_key(key)
        with failures_named(key):
            if self._folder is not None:
                await self.in_thread(partial(self._folder.copy, path, key))
            else:
                await self._put(key, path)

    async def move_file(self, key: str, path: Path) -> None:
        """Stores the file and takes it away: on the same disk it is only renamed."""
        check_key(key)
        with failures_named(key):
            if self._folder is not None:
                await self.in_thread(partial(self._folder.move, path, key))
            else:
                await self._put(key, path)
                await self.in_thread(path.unlink)

    async def put_bytes(self, key: str, data: bytes) -> None:
        check_key(key)
        with failures_named(key):
            if self._folder is not None:
                await self.in_thread(partial(self._folder.write, data, key))
            else:
                await self._put(key, data)

    async def signed_address(self, key: str, seconds: float) -> str | None:
        """Where a client may fetch the object by itself, for so long; None if the store has no such addresses."""
        check_key(key)
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return None
        with failures_named(key):
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))

    def local_path(self, key: str) -> Path | None:
        """Where the object lies, or would, on this machine's disk; None if the store is no disk."""
        check_key(key)
        return self._folder.path(key) if self._folder is not None else None

    async def fetch_local(self, key: str, directory: Path) -> Path:
        """A file with the object's bytes: itself on a disk, else a copy in `directory`. Read only."""
        own = self.local_path(key)
        if own is not None:
            if not await self.in_thread(own.is_file):
                raise StorageFailed(f"{key} is not in the storage")
            return own
        path = directory / f"{uuid4().hex}{Path(key).suffix}"
        with _present(key):
            async with asyncio.timeout(_ANSWER_SECONDS):
                result = await obstore.get_async(self._reading, key)
            await self.in_thread(path.touch)
            async for chunk in result.stream(min_chunk_size=CHUNK):
                await self.in_thread(partial(_append, path, bytes(chunk)))
        return path

    async def open_range(self, key: str, start: int, end: int, *, size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces of at most `CHUNK`.

        Where its `size` is known, the whole is asked for as such: some servers copy an object to send a part.
        """
        check_key(key)
        if not 0 <= start <= end:
            raise ValueError(f"not a range of bytes: {start} to {end}")
        if start == end:
            return
        with _present(key):
            part: GetOptions = {} if (start, end) == (0, size) else {"range": (start, end)}
            async with asyncio.timeout(_ANSWER_SECONDS):
                result = await obstore.get_async(self._reading, key, options=part)
            if tuple(result.range) != (start, end):
                raise StorageFailed(f"{key} has not the {end} bytes that it should have")
            async for piece in result.stream(min_chunk_size=CHUNK):
                for offset in range(0, len(piece), CHUNK):
                    yield bytes(piece[offset : offset + CHUNK])

    async def head(self, key: str) -> ObjectInfo | None:
        """None if there is no such object."""
        check_key(key)
        with failures_named(key):
            try:
                found = await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return None
        return _info(found)

    async def exists(self, key: str) -> bool:
        return await self.head(key) is not None

    async def delete(self, keys: Iterable[str]) -> None:
        """Deleting what is not there is no error."""
        for key in keys:
            check_key(key)
            with failures_named(key):
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    continue

    async def delete_below(self, prefix: str) -> None:
        """Deletes every object below `prefix`, which is whole segments of a key."""
        await self.delete([found.key async for found in self.list(prefix)])

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Everything below `prefix`, which is whole segments of a key, or empty; in no order."""
        if prefix:
            check_key(prefix.removesuffix("/"))
        with failures_named(prefix):
            async for batch in obstore.list(self._store, prefix or None):
                for found in filter(_is_visible, batch):
                    yield _info(found)

    async def remove_unused(self, prefix: str, before: float, is_used: Callable[[str], Awaitable[bool]]) -> int:
        """Deletes what lies below `prefix`, was last written before that Unix time, and is not used.

        Storing an object again makes it new, so one that a request has just brought is safe.
        """
        old = [found.key async for found in self.list(prefix) if found.modified.timestamp() < before]
        removed = 0
        for key in old:
            if not await is_used(key):
                again = await self.head(key)
                if again is not None and again.modified.timestamp() < before:
                    await self.delete([key])
                    removed += 1
        return removed

    async def remove_leftovers(self, before: float) -> int:
        """Removes what unfinished writes and probes left, last touched before that Unix time; says how many.

        Buckets remove incomplete uploads by a life-cycle rule.
        """
        if self._folder is not None:
            return await self.in_thread(partial(self._folder.remove_leftovers, before))
        with failures_named(_INCOMING):
            found = [_info(one) async for batch in obstore.list(self._store, _INCOMING) for one in batch]
            old = [one.key for one in found if one.modified.timestamp() < before]
            for key in old:
                await obstore.delete_async(self._store, key)
        return len(old)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Blocking work on files, off the loop and off its default executor."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _put(self, key: str, content: Path | bytes) -> None:
        mime = _TYPES.get(Path(key).suffix)
        told: Attributes | None = None if mime is None else {"Content-Type": mime}
        await obstore.put_async(self._store, key, content, attributes=told, max_concurrency=_PARTS_AT_ONCE)

    async def _probe_bucket(self, data: bytes) -> bytes:
        await obstore.put_async(self._store, self._probe_key, data)
        result = await obstore.get_async(self._store, self._probe_key)
        found = bytes(await result.bytes_async())
        await obstore.delete_async(self._store, self._probe_key)
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Folder:
    """A directory written with care: flushed, then named. Its methods block."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, key: str) -> Path:
        return self._root / key

    def copy(self, source: Path, key: str) -> None:
        incoming = self._incoming()
        with _removed_on_error(incoming):
            shutil.copyfile(source, incoming)
            self._name(incoming, key)

    def move(self, source: Path, key: str) -> None:
        if source.stat().st_dev == self._root.stat().st_dev:
            self._name(source, key)
        else:
            self.copy(source, key)
            source.unlink()

    def write(self, data: bytes, key: str) -> None:
        incoming = self._incoming()
        with _removed_on_error(incoming):
            incoming.write_bytes(data)
            self._name(incoming, key)

    def probe(self, key: str, data: bytes) -> bytes:
        """What is read back of `data`; nothing is left of it."""
        self.write(data, key)
        found = self.path(key).read_bytes()
        self.path(key).unlink()
        return found

    def remove_leftovers(self, before: float) -> int:
        removed = 0
        for path in (self._root / _INCOMING).glob("*"):
            with suppress(FileNotFoundError):  # another write may end just now
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed

    def _incoming(self) -> Path:
        # On the same disk as the rest, so that naming is a rename; not a key, so that nobody sees it.
        directory = self._root / _INCOMING
        directory.mkdir(parents=True, exist_ok=True)
        return directory / uuid4().hex

    def _name(self, source: Path, key: str) -> None:
        target = self.path(key)
        _flush(source)
        _rename(source, target)
        for directory in target.relative_to(self._root).parents:
            _flush(self._root / directory)


def check_key(key: str) -> None:
    """Keys are relative paths of plain segments: letters, digits, `_`, `-` and inner dots."""
    if len(key) > _MAX_KEY or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise ValueError(f"not a storage key: {key!r}")


def _is_visible(found: "ObjectMeta") -> bool:
    return not found["path"].startswith(f"{_INCOMING}/")


def _info(found: "ObjectMeta") -> ObjectInfo:
    return ObjectInfo(key=found["path"], size=found["size"], etag=found["e_tag"], modified=found["last_modified"])


def _rename(source: Path, target: Path) -> None:
    for _ in range(10):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except FileNotFoundError:
            # A concurrent delete may have cleaned up the directory that it left empty.
            if not source.exists():
                raise
        else:
            return
    raise OSError(f"the directory of {target.name} keeps vanishing")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _present(key: str) -> Iterator[None]:
    with failures_named(key):
        try:
            yield
        except FileNotFoundError as error:
            raise StorageFailed(f"{key} is not in the storage") from error
