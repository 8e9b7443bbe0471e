"""Statements that every owner of rows writes alike."""

from sqlalchemy import Insert, Table, bindparam, insert


def insert_of(table: Table, *columns: str) -> Insert:
    """A row with these columns, each bound under its own name; the others keep their defaults."""
    return insert(table).values({name: bindparam(name) for name in columns})
