"""Databases that a later version upgrades while this one is there, on files and on a server."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from reelrouter.db.migrate import look_into_file, look_into_server, migrate, migrate_server
from reelrouter.db.schema import HEAD, SchemaRefused, name_for_server
from reelrouter.lock import FileLock
from tests.acceptance.waiting import until
from tests.db.next_version import CONTRACTING, EXPANDING, following, next_head
from tests.postgres import fresh_database

_INDEX = '    add_index("ix_jobs_mood", "jobs", ["base_url", "created_at"], "finished_at IS NULL")\n'
_IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_jobs_mood'::regclass"


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        yield address


def test_a_new_file_says_which_programs_may_use_it(database: Path) -> None:
    """The revision, the oldest that it bears, and who made it."""
    found = look_into_file(database)
    assert (found.revision, found.works_with, found.upgraded_by) == (HEAD, "0006", "0.1.0")


def test_a_file_that_the_next_version_added_to_is_used_as_it_is(database: Path, tmp_path: Path) -> None:
    """A step back by one version: nothing is changed, and nothing is missed."""
    migrate(database, following(tmp_path / "next", EXPANDING, "0006"))
    migrate(database)
    assert look_into_file(database).revision == next_head()


def test_a_file_that_needs_the_next_version_is_refused(database: Path, tmp_path: Path) -> None:
    """With what to install."""
    migrate(database, following(tmp_path / "next", CONTRACTING, next_head()))
    with pytest.raises(SchemaRefused, match=r"Install ReelRouter 0\.1\.0 or newer"):
        migrate(database)


def test_an_upgrade_of_a_file_that_breaks_off_leaves_it_as_it_was(database: Path, tmp_path: Path) -> None:
    """All of its steps, or none: the version before still finds its own tables."""
    first = following(tmp_path / "first", EXPANDING, "0006")
    broken = following(tmp_path / "broken", "    raise LookupError('a crash')\n", "0006", first)
    with pytest.raises(LookupError):
        migrate(database, broken)
    assert look_into_file(database).revision == HEAD
    with closing(sqlite3.connect(database)) as connection:
        assert "mood" not in [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]


def test_two_may_begin_a_file_at_one_time(tmp_path: Path) -> None:
    """A gateway and a command: one makes the tables, and the other waits for them."""
    together(2, f"migrate.migrate(Path({str(tmp_path / 'app.db')!r}))")
    assert look_into_file(tmp_path / "app.db").revision == HEAD


def test_a_command_does_not_take_a_running_gateways_tables_away(database: Path, tmp_path: Path) -> None:
    """Adding to them is another matter."""
    contracting = following(tmp_path / "contracting", CONTRACTING, next_head())
    with FileLock(database.parent / "serve.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("reelrouter.db.migrate.os.getpid", lambda: -1)  # as another process sees it
        with pytest.raises(SchemaRefused, match="stop them first"):
            migrate(database, contracting)
        migrate(database, following(tmp_path / "expanding", EXPANDING, "0006"))
    assert look_into_file(database).revision == next_head()


def test_a_gateway_upgrades_its_own_file_in_any_way(database: Path, tmp_path: Path) -> None:
    """It holds the lock itself."""
    with FileLock(database.parent / "serve.lock"):
        migrate(database, following(tmp_path / "next", CONTRACTING, next_head()))
    assert look_into_file(database).works_with == next_head()


@pytest.mark.postgres
def test_a_server_is_kept_for_those_that_are_there(url: str, tmp_path: Path) -> None:
    """An older program that is connected keeps the tables from losing anything; its end lets them."""
    contracting = following(tmp_path / "contracting", CONTRACTING, next_head())
    with psycopg.connect(url, application_name=name_for_server()), pytest.raises(SchemaRefused, match=HEAD):
        migrate_server(url, contracting)
    migrate_server(url, contracting)
    with pytest.raises(SchemaRefused, match="does not bear this version"):
        migrate_server(url)


@pytest.mark.postgres
def test_a_busy_table_is_tried_again_and_holds_nobody_up(url: str, tmp_path: Path) -> None:
    """A transaction that uses it goes on for longer than a step waits; meanwhile others come through."""
    upgraded = threading.Event()

    def upgrade() -> None:
        migrate_server(url, following(tmp_path / "next", EXPANDING, "0006"))
        upgraded.set()

    with psycopg.connect(url) as busy, ThreadPoolExecutor(1) as threads:
        busy.execute("SELECT count(*) FROM jobs")
        running = threads.submit(upgrade)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SET statement_timeout = '20s'")
            until(lambda: _times_refused(other) >= 1, "a step that gave up its place")
            assert not upgraded.is_set()
            other.execute("SELECT count(*) FROM jobs")
        busy.rollback()
        running.result()
    with psycopg.connect(url) as connection:
        assert look_into_server(connection).revision == next_head()


def _times_refused(connection: "psycopg.Connection[tuple[int]]") -> int:
    """Transactions that were undone: a step whose lock did not come in time."""
    connection.execute("SELECT pg_stat_clear_snapshot()")
    row = connection.execute(
        "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    ).fetchone()
    return row[0] if row else 0


@pytest.mark.postgres
def test_an_index_is_built_beside_the_traffic(url: str, tmp_path: Path) -> None:
    """It waits for who has begun to write to the table, and nobody waits for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        with psycopg.connect(url) as writing, ThreadPoolExecutor(1) as threads:
            writing.execute("UPDATE jobs SET model = 'm'")
            running = threads.submit(migrate_server, url, following(tmp_path / "next", _INDEX, "0006"))
            until(lambda: _is_building(connection), "the index to wait for the transaction")
            connection.execute("SET statement_timeout = '20s'")
            connection.execute("UPDATE jobs SET model = 'n'")  # a plain index would have this one wait for it
            writing.commit()
            running.result()
        assert connection.execute(_IS_VALID).fetchone() == (True,)
        assert look_into_server(connection).revision == next_head()


@pytest.mark.postgres
def test_an_index_is_made_anew_where_a_try_broke_off(url: str, tmp_path: Path) -> None:
    """What it left has the name, and is of no use."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE INDEX ix_jobs_mood ON jobs (model)")
        migrate_server(url, following(tmp_path / "next", _INDEX, "0006"))
        (text,) = connection.execute("SELECT pg_get_indexdef('ix_jobs_mood'::regclass)").fetchone() or ("",)
    assert "(base_url, created_at) WHERE (finished_at IS NULL)" in text


def _is_building(connection: "psycopg.Connection[tuple[int]]") -> bool:
    wanted = "SELECT 1 FROM pg_stat_activity WHERE query ILIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
    return connection.execute(wanted).fetchone() is not None


@pytest.mark.postgres
def test_several_that_start_together_upgrade_a_server_once(url: str, tmp_path: Path) -> None:
    """Also where one builds an index, which waits for every statement that is under way."""
    to = following(tmp_path / "next", _INDEX, "0006")
    together(
        3,
        f"migrate.migrate_server({url!r}, migrate.Migrations(head={to.head!r}, folder=Path({str(to.folder)!r})))",
    )
    with psycopg.connect(url) as connection:
        assert look_into_server(connection).revision == next_head()


def together(processes: int, call: str) -> None:
    """Each does it in a process of its own, for Alembic knows one upgrade at a time in each."""
    program = f"from pathlib import Path; from reelrouter.db import migrate; {call}"
    started = [subprocess.Popen((sys.executable, "-c", program)) for _ in range(processes)]
    assert [one.wait(timeout=60) for one in started] == [0] * processes
