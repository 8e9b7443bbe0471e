"""Each kind of database keeps what the suite asks of it, migrations included."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from reelrouter.db.opening import is_server, open_database, prepare
from reelrouter.db.schema import HEAD
from reelrouter.db.tables import metadata
from reelrouter.testing.databases import SUITE, Pair


@pytest.mark.parametrize("name", SUITE)
def test_a_database_keeps_its_promises(name: str, database_url: str) -> None:
    """As the suite's check says by its name."""

    async def scenario() -> None:
        one, other = await open_database(database_url, 4), await open_database(database_url, 4)
        try:
            await SUITE[name](Pair(one, other))
        finally:
            await one.close()
            await other.close()

    asyncio.run(scenario())


def test_the_schema_is_what_the_code_knows(database_url: str) -> None:
    """Tables, columns and indexes of the revisions are those of `tables.py`; preparing twice changes nothing."""
    prepare(database_url)
    driver = "postgresql+psycopg://" if is_server(database_url) else ""
    engine = create_engine(database_url.replace("postgresql://", driver))
    try:
        found = inspect(engine)
        tables = {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}
        assert tables.pop("alembic_version") == {"version_num"}
        assert tables == {one.name: {column.name for column in one.columns} for one in metadata.sorted_tables}
        for table in metadata.sorted_tables:
            declared = {index.name: [column.name for column in index.columns] for index in table.indexes}
            indexes = {one["name"]: one["column_names"] for one in found.get_indexes(table.name)}
            assert {name: indexes.get(name) for name in declared} == declared
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
    finally:
        engine.dispose()


def test_a_file_needs_no_server(tmp_path: Path) -> None:
    """Whether many processes may share it is told by its address."""
    assert not is_server(f"sqlite:///{tmp_path}/app.db")
    assert is_server("postgresql://example/reelrouter")
