"""What Alembic runs: connect to the given address and apply the revisions."""

from collections.abc import Collection
from importlib.metadata import version
from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, inspect

from reelrouter.db.online import BRIEFLY
from reelrouter.db.schema import name_for_server
from reelrouter.db.tables import metadata, schema_floor


def _open(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, connect_args={"application_name": name_for_server("upgrade")})
    engine = create_engine(url, connect_args={"timeout": 30})
    # The driver would commit before each change of a table: a crash would leave half an upgrade.
    event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _note_floor(ctx: Any, step: object, heads: Collection[Any], run_args: object) -> None:
    """In the step's own transaction: which programs may use the database from here on."""
    if not heads or not inspect(ctx.connection).has_table(schema_floor.name):
        return
    (revision,) = heads
    works_with = context.script.get_revision(revision).module.works_with
    ctx.connection.execute(delete(schema_floor))
    ctx.connection.execute(insert(schema_floor).values(works_with=works_with, upgraded_by=version("reelrouter")))


def _run(connection: Connection) -> None:
    is_server = connection.dialect.name == "postgresql"
    if is_server:
        connection.exec_driver_sql(BRIEFLY)
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=is_server,  # so that an index can be built outside of one
        on_version_apply=_note_floor,
    )
    with context.begin_transaction():
        context.run_migrations()


engine = _open(context.config.get_main_option("sqlalchemy.url") or "")
try:
    with engine.connect() as connection:
        _run(connection)
finally:
    engine.dispose()
