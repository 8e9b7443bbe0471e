"""Backups of an installation on one machine: its databases, its secret and its files, copied while in use.

A composition root, like `app`: it knows where everything of an installation lies.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reelrouter.db.copying import check, copy_live, flush, in_one_file, sha256
from reelrouter.db.migrate import look_into_file, migrate
from reelrouter.db.opening import file_url, open_clock, open_database
from reelrouter.installation import storage_url
from reelrouter.jobs import restored
from reelrouter.jobs.restored import Closed
from reelrouter.lock import FileLock
from reelrouter.settings import Settings

MANIFEST = "manifest.json"
_JOBS, _RUNS, _SECRET, _FILES = "app.db", "dbos.db", "secret", "objects"
_INCOMING = ".incoming"
"""Below the files: what is being written."""
_UNNAMED = "app.db.restoring"
_CHUNK = 1024 * 1024


class BackupRefused(Exception):
    """Nothing was done; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    count: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup is. Written last, so that a folder without one is not a whole backup."""

    version: str
    """Of the program that made it."""
    revision: str
    """Of the schema."""
    made_at: str
    databases: Mapping[str, str]
    """The SHA-256 of each, by the file's name."""
    secret: bool
    """Whether the secret is in it; if not, it is in the settings."""
    files: Files | None
    """None where they are in a bucket, or were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    manifest: Manifest
    closed: Closed | None
    """What became of unfinished jobs; None where all go on as they were."""


Tell = Callable[[int, int], None]
"""Called with the bytes that are done and those that there are in all."""


def back_up(settings: Settings, folder: Path, *, with_files: bool, tell: Tell) -> Manifest:
    """Copies the installation into a new folder, beside a gateway that may be running.

    Raises `BackupRefused`, `CopyDamaged`, `OSError`.
    """
    if not (settings.data_dir / _JOBS).exists():
        raise BackupRefused(f"there is no installation in {settings.data_dir}; name another with --data-dir")
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty, and nothing is ever overwritten; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    databases = _copy_databases(settings.data_dir, folder)
    has_secret = settings.secret_key is None
    if has_secret:
        _copy_private(settings.data_dir / _SECRET, folder / _SECRET)
    # Files last: every one that the jobs' database names was there before its row was.
    source = _files_of(settings) if with_files else None
    manifest = Manifest(
        version=version("reelrouter"),
        revision=look_into_file(folder / _JOBS).revision or "",
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        databases=databases,
        secret=has_secret,
        files=_copy_files(source, folder / _FILES, tell) if source is not None else None,
    )
    _write_private(folder / MANIFEST, json.dumps(asdict(manifest), indent=2).encode())
    return manifest


def restore(settings: Settings, folder: Path, *, resume: bool, tell: Tell) -> Restored:
    """Makes an installation of a backup, in a data folder that has none.

    Unless `resume`, unfinished jobs are settled, see `jobs.restored`. Raises `BackupRefused`, `CopyDamaged`,
    `SchemaRefused`, `AlreadyLocked`, `OSError`. What breaks off leaves no installation behind.
    """
    data_dir = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in ("serve.lock", "engine.lock"):
            stack.enter_context(FileLock(data_dir / name))
        manifest = _read_manifest(folder)
        _refuse_what_is_there(data_dir, folder, manifest)
        _verify(folder, manifest)
        target = _files_of(settings)
        if manifest.files is not None and target is not None:
            _copy_files(folder / _FILES, target, tell)
        if manifest.secret:
            _copy_private(folder / _SECRET, data_dir / _SECRET)
        return Restored(manifest=manifest, closed=_bring_databases(folder, data_dir, manifest, resume=resume))


async def close(url: str) -> Closed:
    """Settles the unfinished jobs of a database that was restored, before anybody else uses it."""
    db = await open_database(url, 2)
    try:
        return await restored.close(db, await open_clock(url, db))
    finally:
        await db.close()


def _copy_databases(data_dir: Path, folder: Path) -> dict[str, str]:
    """Runs first: one that its jobs' database does not know yet would be the only thing that is too new."""
    names = [name for name in (_RUNS, _JOBS) if (data_dir / name).exists()]
    return {name: copy_live(data_dir / name, folder / name) for name in names}


def _bring_databases(folder: Path, data_dir: Path, manifest: Manifest, *, resume: bool) -> Closed | None:
    """The jobs' database gets its name when all is done: without it there is no installation."""
    unnamed = data_dir / _UNNAMED
    for left in data_dir.glob(f"{_UNNAMED}*"):
        left.unlink()
    copy_live(folder / _JOBS, unnamed)
    migrate(unnamed)
    closed = None if resume else asyncio.run(close(file_url(unnamed)))
    in_one_file(unnamed)
    if _RUNS in manifest.databases:
        copy_live(folder / _RUNS, data_dir / _RUNS)
    _name(unnamed, data_dir / _JOBS)
    return closed


def _read_manifest(folder: Path) -> Manifest:
    try:
        read = json.loads((folder / MANIFEST).read_text())
        files = read.pop("files")
        return Manifest(**read, files=Files(**files) if files else None)
    except FileNotFoundError:
        raise BackupRefused(f"{folder} is no backup, or one that broke off: it has no {MANIFEST}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise BackupRefused(f"{folder / MANIFEST} cannot be read: {error}") from error


def _refuse_what_is_there(data_dir: Path, folder: Path, manifest: Manifest) -> None:
    for name in (_JOBS, _RUNS):
        if (data_dir / name).exists() and not (name == _RUNS and (data_dir / _UNNAMED).exists()):
            raise BackupRefused(f"there is an installation in {data_dir}; name a new folder with --data-dir")
    secret = data_dir / _SECRET
    if manifest.secret and secret.exists() and secret.read_bytes() != (folder / _SECRET).read_bytes():
        raise BackupRefused(f"{secret} is another installation's; remove it, or name a new folder with --data-dir")


def _verify(folder: Path, manifest: Manifest) -> None:
    for name, wanted in manifest.databases.items():
        path = folder / name
        if not path.is_file() or sha256(path) != wanted:
            raise BackupRefused(f"{path} is not what the backup was made with; take another backup")
        check(path)
    if manifest.files is not None and _counted(folder / _FILES) != manifest.files:
        raise BackupRefused(f"{folder / _FILES} has not the files that it was made with; take another backup")


def _files_of(settings: Settings) -> Path | None:
    """The folder of the installation's files; None if they are in a bucket."""
    split = urlsplit(storage_url(settings))
    return Path(unquote(split.path)) if split.scheme == "file" else None


def _copy_files(source: Path, target: Path, tell: Tell) -> Files:
    """Each as a whole or not at all; one that is removed meanwhile had had its time."""
    target.mkdir(parents=True, exist_ok=True)
    total, count, size = _counted(source).size, 0, 0
    for path in _files_below(source):
        with suppress(FileNotFoundError):
            size += _copy(path, target / path.relative_to(source))
            count += 1
        tell(size, max(total, size))
    return Files(count=count, size=size)


def _counted(folder: Path) -> Files:
    sizes = [path.stat().st_size for path in _files_below(folder)]
    return Files(count=len(sizes), size=sum(sizes))


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and _INCOMING not in path.relative_to(folder).parts:
            yield path


def _copy(source: Path, target: Path) -> int:
    """The bytes of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as there:
        unnamed = target.with_name(f"{target.name}.part")
        with unnamed.open("wb") as here:
            shutil.copyfileobj(there, here, _CHUNK)
            size = here.tell()
    _name(unnamed, target)
    return size


def _copy_private(source: Path, target: Path) -> None:
    _write_private(target, source.read_bytes())


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    flush(path)
    flush(path.parent)


def _name(unnamed: Path, path: Path) -> None:
    flush(unnamed)
    unnamed.replace(path)
    flush(path.parent)
