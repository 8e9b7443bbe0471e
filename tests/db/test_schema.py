"""Which program may use which database, and what a migration must declare for that to hold."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import MagicMock

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropColumnOp,
    DropIndexOp,
    ExecuteSQLOp,
    MigrateOperation,
)
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from reelrouter.db import online
from reelrouter.db.migrate import OWN
from reelrouter.db.schema import HEAD, Found, SchemaRefused, name_for_server, needs_upgrade, too_old

SCRIPTS = list(reversed(list(ScriptDirectory(str(OWN.folder)).walk_revisions())))
_SINCE = next(script.revision for script in SCRIPTS if script.path.endswith("_schema_floor.py"))
"""The first revision whose step is held to it: versions before refused every database newer than themselves."""
_HELD = [script for script in SCRIPTS if script.revision >= _SINCE]


def recorded(script: Script) -> list[MigrateOperation | str]:
    """What a migration asks for; none of it is done."""
    asked: list[MigrateOperation | str] = []

    @contextmanager
    def copy(*_named: Any, **_options: Any) -> Iterator[Any]:
        asked.append("a table is copied")
        yield MagicMock()

    options = {"as_sql": True, "output_buffer": io.StringIO()}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context) as operations, pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "invoke", asked.append)
        patch.setattr(operations, "batch_alter_table", copy)
        script.module.upgrade()
    return asked


def breaches(asked: list[MigrateOperation | str]) -> list[str]:
    """What the version before could not bear while it runs."""
    made = {one.table_name for one in asked if isinstance(one, CreateTableOp)}
    indices = {one.index_name for one in asked if isinstance(one, CreateIndexOp)}
    return [
        one if isinstance(one, str) else f"{type(one).__name__}: {vars(one)}"
        for one in asked
        if isinstance(one, str) or not _is_borne(one, made, indices)
    ]


def _is_borne(one: MigrateOperation, made: set[str], indices: set[str | None]) -> bool:
    match one:
        case CreateTableOp():
            return True
        case AddColumnOp():
            return bool(one.column.nullable or one.column.server_default is not None)
        case CreateIndexOp():
            return one.table_name in made or (bool(one.kw.get("postgresql_concurrently")) and not one.unique)
        case DropIndexOp():  # what an earlier try of the same has left
            return one.index_name in indices and bool(one.kw.get("postgresql_concurrently"))
        case ExecuteSQLOp():
            return one.sqltext in (online.BRIEFLY, online.PATIENTLY)
        case _:
            return False


def test_the_newest_migration_is_the_programs_own() -> None:
    """The program knows its revision without looking at the files, and revisions are compared as text."""
    assert SCRIPTS[-1].revision == HEAD
    assert [script.revision for script in SCRIPTS] == [f"{number:04}" for number in range(1, len(SCRIPTS) + 1)]


@pytest.mark.parametrize("at", range(len(SCRIPTS)), ids=lambda at: SCRIPTS[at].revision)
def test_a_migration_does_what_it_declares(at: int) -> None:
    """One after which older programs still work adds things, and nothing else; the floor only ever rises."""
    script = SCRIPTS[at]
    declared = script.module.works_with
    floor = SCRIPTS[at - 1].module.works_with if at else ""
    assert floor <= declared <= script.revision, "works_with is an older revision, and none older than before"
    if declared == floor and script.revision >= _SINCE:
        assert breaches(recorded(script)) == [], "works_with is as it was, so this may only add"


@pytest.mark.parametrize("script", _HELD, ids=lambda script: script.revision)
def test_an_index_of_a_table_with_rows_is_built_beside_the_traffic(script: Script) -> None:
    """Such a migration does nothing else, so that it can be run again after it broke off."""
    asked = recorded(script)
    if any(isinstance(one, DropIndexOp | ExecuteSQLOp) for one in asked):
        assert all(isinstance(one, CreateIndexOp | DropIndexOp | ExecuteSQLOp) for one in asked)


@pytest.mark.parametrize(
    "operation",
    [
        AddColumnOp("jobs", sa.Column("needed", sa.Text, nullable=False)),
        DropColumnOp("jobs", "nudged_at"),
        AlterColumnOp("jobs", "queue", modify_name="lane"),
        CreateIndexOp("ix_jobs_slow", "jobs", ["queue"]),
        CreateIndexOp("ix_jobs_slow", "jobs", ["queue"], unique=True, postgresql_concurrently=True),
        DropIndexOp("ix_jobs_waiting", "jobs", postgresql_concurrently=True),
        ExecuteSQLOp("UPDATE jobs SET queue = ''"),
        "a table is copied",
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_what_an_older_program_does_not_bear_is_noticed(operation: MigrateOperation | str) -> None:
    """Each of these in a migration that claims to add only."""
    assert len(breaches([operation])) == 1


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (Found(revision=None), True),
        (Found(revision="0006"), True),
        (Found(revision="0007", works_with="0006"), False),
        (Found(revision="0009", works_with="0006"), False),
        (Found(revision="0009", works_with="0007"), False),
    ],
)
def test_a_program_upgrades_what_is_older_and_uses_what_bears_it(found: Found, *, wanted: bool) -> None:
    """Also a database that a later version has upgraded, if that only added to it."""
    assert needs_upgrade(found, "0007") is wanted


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(revision="0009", works_with="0008", upgraded_by="3.1"), "Install ReelRouter 3.1 or newer"),
        (Found(revision="0009"), "as new as that"),
    ],
)
def test_a_program_that_is_too_old_is_told_what_to_install(found: Found, said: str) -> None:
    """In place of an error of the database at the first row."""
    with pytest.raises(SchemaRefused, match=said):
        needs_upgrade(found, "0007")


def test_connections_tell_the_revision_of_their_program() -> None:
    """Those of other programs are nobody's business; ours that do not say are of the last version that did not."""
    names = ["psql", "reelrouter/0009", "reelrouter-listener/0007", "reelrouter-slot"]
    assert too_old([*names, name_for_server("slot")], "0006") == []
    assert too_old(names, "0008") == ["reelrouter-listener/0007", "reelrouter-slot"]
