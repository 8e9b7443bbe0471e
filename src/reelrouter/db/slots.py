"""Which of many engines this is: a number that the server lends to one process at a time, and takes back with it.

A slot is a session's advisory lock, so that whoever dies, or loses its connection, has lost its slot as well.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from reelrouter.db.schema import name_for_server

_CLASS = 0x7265656C
"""Tells our advisory locks from those of other programs on the same database."""
_TRY = "SELECT pg_try_advisory_lock($1::int, $2::int)"
_HOUR = "SELECT extract(epoch FROM clock_timestamp())::double precision"
_HELD = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::int::oid AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
_FREE = "SELECT pg_advisory_unlock($1::int, $2::int)"


class Slot:
    """A number from 0 that no other living process has."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", number: int, began: float) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.number = number
        self.began = began
        """Since when, in Unix seconds by the server's clock, which is one for all."""
        self.lost = asyncio.Event()
        """Set once the server may have lent it to somebody else: whoever holds it must stop at once."""
        connection.add_termination_listener(lambda _connection: self.lost.set())

    async def take(self, other: int) -> float | None:
        """Another number, if nobody has it: whoever had it before the moment that is returned is dead.

        To be given back by `free`.
        """
        async with self._turn:
            if not await self._connection.fetchval(_TRY, _CLASS, other):
                return None
            return float(await self._connection.fetchval(_HOUR))

    async def free(self, other: int) -> None:
        async with self._turn:
            await self._connection.execute(_FREE, _CLASS, other)


async def is_any_held(url: str) -> bool:
    """Whether any engine lives."""
    connection = await asyncpg.connect(url, server_settings={"application_name": name_for_server("command")})
    try:
        return bool(await connection.fetchval(_HELD, _CLASS))
    finally:
        await connection.close(timeout=1.0)


@asynccontextmanager
async def hold_slot(url: str) -> AsyncIterator[Slot]:
    """The lowest free one, for as long as the connection lives."""
    connection = await asyncpg.connect(url, server_settings={"application_name": name_for_server("slot")})
    try:
        for number in count():
            if await connection.fetchval(_TRY, _CLASS, number):
                yield Slot(connection, number, await connection.fetchval(_HOUR))
                return
    finally:
        await connection.close(timeout=1.0)
