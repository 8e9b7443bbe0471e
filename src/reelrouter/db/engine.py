"""The database as the stations see it: `Database` to read and to hand writes to, `Unit` to write with.

A statement is SQLAlchemy Core, compiled once for the dialect and run on the bare driver: the expression
language is worth having, its execution layer costs ten times the query on a hot path (measured).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import ClauseElement

from reelrouter.errors import OutageCause

T = TypeVar("T")

Statement = ClauseElement
"""Any select, insert, update or delete of the expression language, kept as a module constant."""


class DatabaseGone(Exception):
    """The database cannot be used: its server was waited for long enough, or its disk is full."""

    def __init__(self, message: str, cause: OutageCause = OutageCause.OTHER) -> None:
        """The message may name addresses, and is for operators alone."""
        super().__init__(message)
        self.cause = cause


class Row(Protocol):
    """One result row; columns by name."""

    def __getitem__(self, column: str, /) -> Any: ...


class Unit(Protocol):
    """One transaction, or one savepoint of a shared one. What is written here commits together or not at all."""

    def execute(self, statement: Statement, **values: Any) -> int:
        """The number of rows that it changed."""
        ...

    def row(self, statement: Statement, **values: Any) -> Row | None: ...

    def rows(self, statement: Statement, **values: Any) -> Sequence[Row]: ...


class Database(Protocol):
    """Reads see what is committed. Writes are functions of a `Unit` that check before they change anything."""

    async def write(self, work: Callable[[Unit], T], *, about: str = "") -> T:
        """Runs `work` in a transaction and returns once it is durable; an exception undoes all it wrote.

        It may be run more than once, each time on the state before, so it must not change anything else.
        Writes that lock the same rows say so by the same `about`, a workspace's id: they then lock in one order.
        """
        ...

    async def row(self, statement: Statement, **values: Any) -> Row | None: ...

    async def rows(self, statement: Statement, **values: Any) -> Sequence[Row]: ...

    async def scan(self, statement: Statement, **values: Any) -> Sequence[Row]:
        """As `rows`, for a look through many of them: nobody else waits for it."""
        ...

    async def check_writable(self) -> None:
        """Raises `DatabaseGone` if it is plain that nothing can be written now. Writes no row."""
        ...

    def change_counter(self) -> int:
        """A number that differs once another connection or process has committed something."""
        ...

    async def close(self) -> None: ...
