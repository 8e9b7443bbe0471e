"""For all tests."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reelrouter.db.migrate import migrate
from reelrouter.db.opening import file_url

# Machines are shared and slow at times; what is counted here is examples, and never seconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database with the newest schema, of each kind in turn."""
    if request.param == "sqlite":
        yield file_url(request.getfixturevalue("database"))
    else:
        # Loaded here: the package of the server sets up folders as soon as it is imported.
        from tests.postgres import fresh_database

        with fresh_database() as url:
            yield url


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is only to be copied: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "app.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    """An empty database of one's own, `app.db` in `tmp_path`."""
    return Path(shutil.copy(empty_database, tmp_path / "app.db"))
