"""What every store must do, as one suite: each function takes a way to make a fresh, empty store."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import obstore
import pytest

from reelrouter.errors import StorageFailed
from reelrouter.storage.objects import CHUNK, Objects

Make = Callable[[], Objects]
Check = Callable[[Objects, Path], Coroutine[Any, Any, None]]

BAD_KEYS: tuple[str, ...] = ("", "/", "/etc/passwd", "a//b", "a/", "../a", "a/../b", "a/..", ".", "a/./b")
BAD_KEYS += (".hidden", "a/.b", "a b", "a\\b", "a\x00b", "a\n", "ä", "a#1", "a%2fb", "k" * 501)


def exercise_objects(make: Make, directory: Path) -> None:
    """Runs every check on a store of its own; `directory` takes the checks' files."""
    for check in CHECKS:
        folder = directory / check.__name__
        folder.mkdir()
        store = make()
        try:
            asyncio.run(check(store, folder))
        finally:
            store.close()


async def keeps_bytes(store: Objects, directory: Path) -> None:
    await store.put_bytes("a/b.bin", b"hello")
    assert await read(store, "a/b.bin", 0, 5) == b"hello"


async def keeps_a_copy_of_a_file(store: Objects, directory: Path) -> None:
    source = file(directory, b"copied")
    await store.put_file("a/b.bin", source)
    assert source.read_bytes() == b"copied"
    assert await read(store, "a/b.bin", 0, 6) == b"copied"


async def takes_a_file_away(store: Objects, directory: Path) -> None:
    source = file(directory, b"moved")
    await store.move_file("a/b.bin", source)
    assert not source.exists()
    assert await read(store, "a/b.bin", 0, 5) == b"moved"


async def replaces_what_was_there(store: Objects, directory: Path) -> None:
    await store.put_bytes("a/b.bin", b"a long first version")
    await store.put_file("a/b.bin", file(directory, b"second"))
    found = await store.head("a/b.bin")
    assert found is not None
    assert found.size == 6
    await store.move_file("a/b.bin", file(directory, b"3rd"))
    assert await read(store, "a/b.bin", 0, 3) == b"3rd"


async def keeps_empty_objects(store: Objects, directory: Path) -> None:
    await store.put_bytes("empty", b"")
    assert await read(store, "empty", 0, 0) == b""
    assert (await store.fetch_local("empty", directory)).read_bytes() == b""


async def describes_objects(store: Objects, directory: Path) -> None:
    await store.put_bytes("a/b.bin", b"hello")
    found = await store.head("a/b.bin")
    assert found is not None
    assert (found.key, found.size) == ("a/b.bin", 5)
    assert found.modified.tzinfo is not None
    again = await store.head("a/b.bin")
    assert again == found, "the entity tag is the same as long as the object is"
    assert await store.exists("a/b.bin")


async def says_what_is_not_there(store: Objects, directory: Path) -> None:
    assert await store.head("a/none") is None
    assert not await store.exists("a/none")
    with pytest.raises(StorageFailed, match="a/none is not in the storage"):
        await read(store, "a/none", 0, 1)
    with pytest.raises(StorageFailed, match="a/none is not in the storage"):
        await store.fetch_local("a/none", directory)


async def reads_ranges(store: Objects, directory: Path) -> None:
    content = bytes(index % 253 for index in range(3 * CHUNK + 5))
    await store.put_bytes("long", content)
    for start, end in ((0, 1), (5, 5), (CHUNK - 1, CHUNK + 1), (7, 2 * CHUNK), (0, len(content))):
        assert await read(store, "long", start, end) == content[start:end]
    pieces = [piece async for piece in store.open_range("long", 0, len(content))]
    assert max(len(piece) for piece in pieces) <= CHUNK
    whole = [piece async for piece in store.open_range("long", 0, len(content), size=len(content))]
    assert b"".join(whole) == content
    assert max(len(piece) for piece in whole) <= CHUNK


async def refuses_ranges_that_are_not_there(store: Objects, directory: Path) -> None:
    await store.put_bytes("short", b"hello")
    for start, end in ((-1, 2), (3, 2)):
        with pytest.raises(ValueError, match="not a range"):
            await read(store, "short", start, end)
    for start, end in ((0, 6), (5, 6), (100, 200)):
        with pytest.raises(StorageFailed):
            await read(store, "short", start, end)
    for wrong in (4, 6):  # what is stored is not what was
        with pytest.raises(StorageFailed):
            await anext(store.open_range("short", 0, wrong, size=wrong))


async def lends_files_to_children(store: Objects, directory: Path) -> None:
    content = b"x" * (CHUNK + 1)
    await store.put_bytes("a/b.mp4", content)
    path = await store.fetch_local("a/b.mp4", directory)
    assert path.read_bytes() == content
    assert path.suffix == ".mp4"


async def deletes(store: Objects, directory: Path) -> None:
    await store.put_bytes("a/one", b"1")
    await store.put_bytes("a/two", b"2")
    await store.delete(["a/one", "a/never-was"])
    await store.delete(["a/one"])
    assert [found.key async for found in store.list("a")] == ["a/two"]


async def lists_by_whole_segments(store: Objects, directory: Path) -> None:
    for key in ("inputs/w1/a", "inputs/w1/b", "inputs/w10/c", "outputs/d"):
        await store.put_bytes(key, key.encode())
    assert await keys(store, "inputs/w1") == ["inputs/w1/a", "inputs/w1/b"]
    assert await keys(store, "inputs/w1/") == ["inputs/w1/a", "inputs/w1/b"]
    assert await keys(store, "") == ["inputs/w1/a", "inputs/w1/b", "inputs/w10/c", "outputs/d"]
    assert await keys(store, "nothing/here") == []
    sizes = [found.size async for found in store.list("outputs")]
    assert sizes == [len("outputs/d")]


async def sweeps_what_is_old_and_unused(store: Objects, directory: Path) -> None:
    for name in ("used", "unused"):
        await store.put_bytes(f"inputs/w/{name}", b"x")
    await store.put_bytes("outputs/unused", b"x")

    async def is_used(key: str) -> bool:
        return key.endswith("/used")

    found = await store.head("inputs/w/unused")
    assert found is not None
    written = found.modified.timestamp()
    assert await store.remove_unused("inputs", written - 60, is_used) == 0
    assert await store.remove_unused("inputs", written + 60, is_used) == 1
    assert await keys(store, "") == ["inputs/w/used", "outputs/unused"]


async def spares_what_is_written_again_during_a_sweep(store: Objects, directory: Path) -> None:
    await store.put_bytes("inputs/w/a", b"x")
    first = await store.head("inputs/w/a")
    assert first is not None
    before = first.modified.timestamp() + 0.000_001

    async def is_used(key: str) -> bool:
        for _ in range(1000):  # until the store's clock has moved on
            await store.put_bytes(key, b"x")
            again = await store.head(key)
            if again is not None and again.modified.timestamp() > before:
                return False
        raise AssertionError("the store's clock stands still")

    assert await store.remove_unused("inputs", before, is_used) == 0
    assert await store.exists("inputs/w/a")


async def leaves_nothing_of_a_probe(store: Objects, directory: Path) -> None:
    await store.probe()
    await store.probe()
    assert await store.remove_leftovers(before=2.0**40) == 0
    await obstore.put_async(store._store, ".incoming/probe-of-a-process-that-crashed", b"x")
    assert await keys(store, "") == []
    assert await store.remove_leftovers(before=1.0) == 0
    assert await store.remove_leftovers(before=2.0**40) == 1
    assert await store.remove_leftovers(before=2.0**40) == 0


async def refuses_bad_keys(store: Objects, directory: Path) -> None:
    source = file(directory, b"x")
    for key in BAD_KEYS:
        for attempt in (
            store.put_bytes(key, b"x"),
            store.put_file(key, source),
            store.move_file(key, source),
            store.fetch_local(key, directory),
            store.head(key),
            store.exists(key),
            store.delete([key]),
            read(store, key, 0, 1),
        ):
            with pytest.raises(ValueError, match="not a storage key"):
                await attempt
        with pytest.raises(ValueError, match="not a storage key"):
            store.local_path(key)
    assert await keys(store, "") == []


async def works_many_at_a_time(store: Objects, directory: Path) -> None:
    """Writers and deleters of one folder, which may clean it up while another writes into it."""

    async def come_and_go(number: int) -> None:
        for _ in range(5):
            await store.put_bytes(f"busy/{number}", bytes([number]) * 1000)
            assert await read(store, f"busy/{number}", 0, 1000) == bytes([number]) * 1000
            await store.delete([f"busy/{number}"])

    await asyncio.gather(*(come_and_go(number) for number in range(8)))
    assert await keys(store, "") == []


CHECKS: tuple[Check, ...] = (
    keeps_bytes,
    keeps_a_copy_of_a_file,
    takes_a_file_away,
    replaces_what_was_there,
    keeps_empty_objects,
    describes_objects,
    says_what_is_not_there,
    reads_ranges,
    refuses_ranges_that_are_not_there,
    lends_files_to_children,
    deletes,
    lists_by_whole_segments,
    sweeps_what_is_old_and_unused,
    spares_what_is_written_again_during_a_sweep,
    leaves_nothing_of_a_probe,
    refuses_bad_keys,
    works_many_at_a_time,
)


def file(directory: Path, content: bytes) -> Path:
    path = directory / "source.bin"
    path.write_bytes(content)
    return path


async def read(store: Objects, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.open_range(key, start, end)])


async def keys(store: Objects, prefix: str) -> list[str]:
    return sorted([found.key async for found in store.list(prefix)])
