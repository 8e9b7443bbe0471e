"""What migrations do to tables that are in use: nobody waits for long behind them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

BRIEFLY = "SET lock_timeout = '2s'"
"""Whoever waits for a lock of a table holds up all that come after."""
PATIENTLY = "SET lock_timeout = '60s'"
"""Whoever builds an index beside the traffic waits for older transactions, and nobody waits behind it."""


def add_index(name: str, table: str, columns: Sequence[str], where: str | None = None) -> None:
    """An index of a table that has rows. A migration that adds some does nothing else: it may be run again.

    On PostgreSQL it is built beside the traffic, outside of a transaction; what a try that broke off has left is
    not valid, and is removed first.
    """
    only = sa.text(where) if where else None
    context = op.get_context()
    if context.dialect.name != "postgresql":
        op.create_index(name, table, list(columns), sqlite_where=only)
        return
    with context.autocommit_block():
        op.execute(PATIENTLY)
        op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, list(columns), postgresql_where=only, postgresql_concurrently=True)
        op.execute(BRIEFLY)
