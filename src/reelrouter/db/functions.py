"""Expressions that each database spells in its own way: how changes are numbered, and how writers take turns."""

from typing import Any

from sqlalchemy import BigInteger, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class next_version(FunctionElement[int]):  # noqa: N801 - it reads as the SQL function that it is
    """The number of a change that is being written: no two states of one row ever have the same.

    On SQLite one more than the greatest: the writer is alone in its transaction. On PostgreSQL the number of the
    transaction itself: transactions commit in another order than they begin, see `settled_below`.
    """

    type = BigInteger()
    inherit_cache = True


class settled_below(FunctionElement[int]):  # noqa: N801
    """No change with a lower number can appear any more: all that may still commit have it, or a higher one."""

    type = BigInteger()
    inherit_cache = True


class alone(FunctionElement[int]):  # noqa: N801
    """From here on the only transaction that has asked for this name, until its end: the others wait."""

    type = BigInteger()
    inherit_cache = True


@compiles(next_version)
def _next_of_one_writer(element: next_version, compiler: SQLCompiler, **options: Any) -> str:
    column = next(iter(element.clauses))
    newest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    return compiler.process(newest, **options)


@compiles(next_version, "postgresql")
def _number_of_transaction(element: next_version, compiler: SQLCompiler, **options: Any) -> str:
    return "(pg_current_xact_id()::text::bigint)"


@compiles(settled_below)
def _beyond_all(element: settled_below, compiler: SQLCompiler, **options: Any) -> str:
    return "9223372036854775807"


@compiles(settled_below, "postgresql")
def _oldest_under_way(element: settled_below, compiler: SQLCompiler, **options: Any) -> str:
    return "(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"


@compiles(alone)
def _one_writer_is(element: alone, compiler: SQLCompiler, **options: Any) -> str:
    return "1"


@compiles(alone, "postgresql")
def _by_advisory_lock(element: alone, compiler: SQLCompiler, **options: Any) -> str:
    (name,) = element.clauses
    return f"pg_advisory_xact_lock(hashtextextended({compiler.process(name, **options)}, 0))"
