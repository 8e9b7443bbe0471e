"""Backups of a data folder: what is in one, and what is refused before anything is touched."""

import asyncio
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from reelrouter import backups
from reelrouter.accounts.secrets import load_secrets
from reelrouter.backups import MANIFEST, BackupRefused, Manifest
from reelrouter.db.copying import CopyDamaged, copy_live
from reelrouter.db.migrate import look_into_file, migrate
from reelrouter.db.schema import HEAD, SchemaRefused
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import inputs
from reelrouter.jobs.restored import Closed
from reelrouter.lock import AlreadyLocked, FileLock
from reelrouter.settings import Settings
from tests.db.next_version import CONTRACTING, following, next_head

VIDEO = b"a video, more or less"
_INSERT = insert(inputs)


@pytest.fixture
def installation(database: Path) -> Settings:
    """With a secret, a file, and one that is being written."""
    folder = database.parent
    load_secrets(None, folder)
    for name in ("outputs/job/0.mp4", ".incoming/half"):
        path = folder / "objects" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(VIDEO)
    return Settings(data_dir=folder)


def made(settings: Settings, folder: Path, *, with_files: bool = True) -> Manifest:
    return backups.back_up(settings, folder, with_files=with_files, tell=lambda _done, _all: None)


def restored(folder: Path, data_dir: Path) -> backups.Restored:
    return backups.restore(Settings(data_dir=data_dir), folder, resume=False, tell=lambda _done, _all: None)


def test_a_backup_has_everything_and_is_for_its_owner_alone(installation: Settings, tmp_path: Path) -> None:
    """Databases, secret and whole files; half ones are somebody's who is still at it."""
    folder = tmp_path / "backup"
    manifest = made(installation, folder)
    assert (manifest.revision, manifest.secret, manifest.files) == (HEAD, True, backups.Files(count=1, size=21))
    assert {path.name for path in folder.iterdir()} == {"app.db", "secret", "objects", MANIFEST}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600


def test_a_backup_restored_is_the_same_installation(installation: Settings, tmp_path: Path) -> None:
    """Its secret, which opens its keys, and its files."""
    made(installation, tmp_path / "backup")
    done = restored(tmp_path / "backup", tmp_path / "new")
    assert done.closed == Closed()
    assert (tmp_path / "new" / "secret").read_bytes() == (installation.data_dir / "secret").read_bytes()
    assert (tmp_path / "new" / "objects/outputs/job/0.mp4").read_bytes() == VIDEO
    assert look_into_file(tmp_path / "new" / "app.db").revision == HEAD
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "app.db", "secret", "objects", "serve.lock", "engine.lock",
    }  # fmt: skip


def test_files_and_a_secret_of_the_settings_may_be_left_out(installation: Settings, tmp_path: Path) -> None:
    """The manifest says so."""
    given = Settings(data_dir=installation.data_dir, secret_key="0123456789 abcdefghijklmnopqrstuvwxyz")  # type: ignore[arg-type]
    manifest = made(given, tmp_path / "backup", with_files=False)
    assert (manifest.secret, manifest.files) == (False, None)
    assert {path.name for path in (tmp_path / "backup").iterdir()} == {"app.db", MANIFEST}


def test_a_copy_is_of_one_moment_while_others_write(database: Path) -> None:
    """What was committed before it is in it, and it is whole."""

    async def write_on(db: SqliteDatabase, written: list[int]) -> None:
        while True:
            await db.write(lambda unit: unit.execute(_INSERT, job_id=str(len(written)), key="a"))
            written.append(1)

    async def scenario() -> None:
        db, written = SqliteDatabase(database), list[int]()
        writing = asyncio.ensure_future(write_on(db, written))
        try:
            while len(written) < 20:
                await asyncio.sleep(0)
            before = len(written)
            await asyncio.to_thread(copy_live, database, database.parent / "copy.db")
            after = len(written)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await db.close()
        with closing(sqlite3.connect(database.parent / "copy.db")) as copy:
            (count,) = copy.execute("SELECT count(*) FROM inputs").fetchone()
        assert before <= count <= after + 1

    asyncio.run(scenario())


def test_nothing_is_overwritten(installation: Settings, tmp_path: Path) -> None:
    """Neither a backup nor an installation."""
    made(installation, tmp_path / "backup")
    with pytest.raises(BackupRefused, match="is not empty"):
        made(installation, tmp_path / "backup")
    with pytest.raises(BackupRefused, match="there is an installation"):
        restored(tmp_path / "backup", installation.data_dir)


def test_a_data_folder_without_an_installation_is_not_backed_up(tmp_path: Path) -> None:
    """No empty one is made for it either."""
    with pytest.raises(BackupRefused, match="there is no installation"):
        made(Settings(data_dir=tmp_path / "nothing"), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_data_folder_that_is_in_use_is_left_alone(installation: Settings, tmp_path: Path) -> None:
    """A gateway that has just been started there may not find another's database under its feet."""
    made(installation, tmp_path / "backup")
    with FileLock(tmp_path / "new" / "serve.lock"), pytest.raises(AlreadyLocked):
        restored(tmp_path / "backup", tmp_path / "new")


def test_another_installations_secret_is_kept(installation: Settings, tmp_path: Path) -> None:
    """With it, whatever it opens could not be opened any more."""
    made(installation, tmp_path / "backup")
    (tmp_path / "new").mkdir()
    load_secrets(None, tmp_path / "new")
    with pytest.raises(BackupRefused, match="another installation's"):
        restored(tmp_path / "backup", tmp_path / "new")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("harm", ["database", "file", "manifest", "no manifest"])
def test_a_damaged_backup_is_refused(harm: str, installation: Settings, tmp_path: Path) -> None:
    """And leaves no installation behind."""
    folder = tmp_path / "backup"
    made(installation, folder)
    match harm:
        case "database":
            flip(folder / "app.db")
        case "file":
            (folder / "objects/outputs/job/0.mp4").unlink()
        case "manifest":
            (folder / MANIFEST).write_text(json.dumps({"version": "0.1.0", "files": None}))
        case _:
            (folder / MANIFEST).unlink()
    with pytest.raises(BackupRefused):
        restored(folder, tmp_path / "new")
    assert not (tmp_path / "new" / "app.db").exists()


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(installation: Settings, tmp_path: Path) -> None:
    """Whoever has only such backups has none."""
    path = installation.data_dir / "app.db"
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(CopyDamaged):
        made(installation, tmp_path / "backup")
    assert not (tmp_path / "backup" / MANIFEST).exists()


def test_a_restore_that_broke_off_can_be_done_again(installation: Settings, tmp_path: Path) -> None:
    """What it left is no installation, and in nobody's way."""
    folder, new = tmp_path / "backup", tmp_path / "new"
    made(installation, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups, "in_one_file", _fail)
        with pytest.raises(OSError, match="no space"):
            restored(folder, new)
    assert not (new / "app.db").exists()
    restored(folder, new)
    assert look_into_file(new / "app.db").revision == HEAD


def _fail(_path: Path) -> None:
    raise OSError("no space")


def test_a_backup_of_a_later_version_is_refused(installation: Settings, tmp_path: Path) -> None:
    """With what to install; one of an earlier version is upgraded on the way."""
    migrate(installation.data_dir / "app.db", following(tmp_path / "next", CONTRACTING, next_head()))
    made(installation, tmp_path / "backup")
    with pytest.raises(SchemaRefused, match="Install ReelRouter"):
        restored(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new" / "app.db").exists()
