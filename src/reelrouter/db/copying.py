"""Copies of SQLite databases that are in use, and whether a copy is whole. It does not know what is in them."""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path


class CopyDamaged(Exception):
    """A database's own check finds it damaged; the message says what it found."""


def copy_live(source: Path, target: Path) -> str:
    """One moment of a database that others may be writing to, as one file; its SHA-256. Raises `CopyDamaged`.

    In one step: done page by page it would begin anew with every commit, and under load never end.
    """
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        _check(copy, source)
        copy.execute("PRAGMA journal_mode=DELETE")
    flush(target)
    return sha256(target)


def in_one_file(path: Path) -> None:
    """Folds what lies beside a database that nobody uses into it, so that it can be renamed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    flush(path)


def check(path: Path) -> None:
    """Raises `CopyDamaged`."""
    with closing(sqlite3.connect(path)) as connection:
        _check(connection, path)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """So that it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        raise CopyDamaged(f"{path} is damaged: {error}") from error
    if found != ["ok"]:
        raise CopyDamaged(f"{path} is damaged: {found[0]}")
