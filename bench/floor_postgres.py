"""The floor of durable requests on PostgreSQL: one insert and its commit, by asyncpg, and nothing else.

`python -m bench.floor_postgres <address> <connections> <seconds>` prints the inserts that it made a second.
"""

import asyncio
import sys
import time

import asyncpg
import uvloop

_TABLE = "CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, body text NOT NULL)"
_INSERT = "INSERT INTO floor (body) VALUES ($1)"
_ROW = "x" * 2000
"""About as long as a job's."""


async def _measure(url: str, connections: int, seconds: float) -> float:
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    await pool.execute(_TABLE)
    began = time.perf_counter()
    counts = await asyncio.gather(*(_insert(pool, began + seconds) for _ in range(connections)))
    rate = sum(counts) / (time.perf_counter() - began)
    await pool.close()
    return rate


async def _insert(pool: "asyncpg.Pool[asyncpg.Record]", until: float) -> int:
    made = 0
    async with pool.acquire() as connection:
        statement = await connection.prepare(_INSERT)
        while time.perf_counter() < until:
            await statement.fetch(_ROW)
            made += 1
    return made


if __name__ == "__main__":
    print(uvloop.run(_measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))), flush=True)
