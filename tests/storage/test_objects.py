import asyncio
import os
from functools import partial
from pathlib import Path

import httpx
import pytest

from reelrouter.errors import StorageFailed
from reelrouter.storage.objects import Folder, Objects
from tests.buckets import BUCKET, s3_server
from tests.storage.conformance import exercise_objects, keys


def test_a_store_on_a_disk_conforms(tmp_path: Path) -> None:
    """A directory passes the suite of every store."""
    roots = iter(range(1000))
    exercise_objects(lambda: Objects.from_url((tmp_path / f"store{next(roots)}").as_uri()), tmp_path)


def test_a_store_in_memory_conforms(tmp_path: Path) -> None:
    """The store that tests use passes the same suite."""
    exercise_objects(lambda: Objects.from_url("memory:///"), tmp_path)


def test_a_store_in_a_bucket_conforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one behind the API of S3; each check has a folder of its own in the bucket."""
    folders = iter(range(1000))
    with s3_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        exercise_objects(lambda: Objects.from_url(f"s3://{BUCKET}/{next(folders)}"), tmp_path)


def test_a_bucket_has_addresses_that_need_no_key_and_say_what_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as they are signed for; a disk and a memory have none."""

    async def scenario() -> None:
        bucket = Objects.from_url(f"s3://{BUCKET}/gateway")
        await bucket.put_bytes("outputs/j/0.mp4", b"video")
        address = await bucket.signed_address("outputs/j/0.mp4", 60)
        assert address is not None
        answer = await asyncio.to_thread(partial(httpx.get, address, trust_env=False))
        assert (answer.content, answer.headers["Content-Type"]) == (b"video", "video/mp4")
        assert "X-Amz-Expires=60" in address
        assert await Objects.from_url("memory:///").signed_address("outputs/j/0.mp4", 60) is None

    with s3_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        asyncio.run(scenario())


def test_only_a_disk_has_local_paths(tmp_path: Path) -> None:
    """A disk lends its own file, so that it can be sent without a copy; a bucket cannot."""

    async def scenario() -> None:
        disk, memory = Objects.from_url(tmp_path.as_uri()), Objects.from_url("memory:///")
        await disk.put_bytes("a/b.mp4", b"x")
        assert disk.local_path("a/b.mp4") == tmp_path / "a" / "b.mp4"
        assert await disk.fetch_local("a/b.mp4", tmp_path) == tmp_path / "a" / "b.mp4"
        assert memory.local_path("a/b.mp4") is None

    asyncio.run(scenario())


def test_a_move_on_the_same_disk_copies_nothing(tmp_path: Path) -> None:
    """The file keeps its inode, however large it is."""
    source = tmp_path / "rendered.mp4"
    source.write_bytes(b"video")
    inode = source.stat().st_ino
    store = Objects.from_url((tmp_path / "store").as_uri())
    asyncio.run(store.move_file("outputs/j/0.mp4", source))
    assert (tmp_path / "store/outputs/j/0.mp4").stat().st_ino == inode


def test_a_move_from_another_disk_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Across disks the file arrives whole all the same, and its source goes."""
    source = tmp_path / "rendered.mp4"
    source.write_bytes(b"video")
    real = Path.stat

    def elsewhere(self: Path, **options: bool) -> os.stat_result:
        found = real(self, **options)
        if self != source:
            return found
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:10]))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", elsewhere)
        store = Objects.from_url((tmp_path / "store").as_uri())
        asyncio.run(store.move_file("a", source))
    assert not source.exists()
    assert (tmp_path / "store/a").read_bytes() == b"video"
    assert list((tmp_path / "store/.incoming").iterdir()) == []


def test_a_write_that_fails_midway_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails before the end, neither the object nor a remnant is left."""

    def full(descriptor: int) -> None:
        raise OSError(28, "no space left on device")

    async def scenario() -> None:
        store = Objects.from_url(tmp_path.as_uri())
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(StorageFailed, match=r"it is full \(full, at a/b, no space left on device\)"):
                await store.put_bytes("a/b", b"x")
        assert await keys(store, "") == []
        assert list((tmp_path / ".incoming").iterdir()) == []

    asyncio.run(scenario())


def test_remnants_of_a_crash_are_unseen_and_swept(tmp_path: Path) -> None:
    """A half-written file is no object, and goes once it is old enough to be nobody's."""

    async def scenario() -> None:
        store = Objects.from_url(tmp_path.as_uri())
        await store.put_bytes("a", b"x")
        for name, written in (("old", 1000), ("young", 2000)):
            (tmp_path / ".incoming" / name).write_bytes(b"half")
            os.utime(tmp_path / ".incoming" / name, (written, written))
        assert await keys(store, "") == ["a"]
        assert await store.remove_leftovers(before=1500) == 1
        assert [path.name for path in (tmp_path / ".incoming").iterdir()] == ["young"]
        assert await Objects.from_url("memory:///").remove_leftovers(before=1500) == 0

    asyncio.run(scenario())


def test_empty_directories_do_not_pile_up(tmp_path: Path) -> None:
    """Deleting the last object of a job takes its directory along."""

    async def scenario() -> None:
        store = Objects.from_url((tmp_path / "store").as_uri())
        await store.put_bytes("outputs/job/0.mp4", b"x")
        await store.delete(["outputs/job/0.mp4"])

    asyncio.run(scenario())
    assert not (tmp_path / "store/outputs").exists()
    assert (tmp_path / "store").is_dir()


def test_a_directory_that_is_cleaned_up_underneath_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delete elsewhere may take away the empty directory that a write is about to use."""
    target = tmp_path / "outputs/job/0.mp4"
    real = Path.replace
    attempts: list[Path] = []

    def replace(self: Path, to: Path) -> Path:
        attempts.append(to)
        if len(attempts) == 1:
            to.parent.rmdir()
        return real(self, to)

    monkeypatch.setattr(Path, "replace", replace)
    Folder(tmp_path).write(b"x", "outputs/job/0.mp4")
    assert attempts == [target, target]
    assert target.read_bytes() == b"x"


def test_a_missing_source_is_a_failure(tmp_path: Path) -> None:
    """Nothing appears under the key when there was nothing to store."""
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path).move(tmp_path / "gone", "a")
    with pytest.raises(StorageFailed):
        asyncio.run(Objects.from_url(tmp_path.as_uri()).move_file("a", tmp_path / "gone"))


@pytest.mark.parametrize("url", ["file://server/share", "file:relative", "file://"])
def test_a_file_store_is_named_by_an_absolute_path(url: str) -> None:
    """Other spellings are refused with an example."""
    with pytest.raises(ValueError, match="file:///srv/videos"):
        Objects.from_url(url)


def test_an_unknown_kind_of_store_is_refused() -> None:
    """A scheme that no store has stops the start, not the first write."""
    with pytest.raises(ValueError, match="a storage URL begins with"):
        Objects.from_url("floppy://a/b")
