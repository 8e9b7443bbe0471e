"""A real database with deliveries in it, and no network."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reelrouter.clock import FrozenClock, milliseconds
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.observe.events import Event
from reelrouter.webhooks import store
from reelrouter.webhooks.store import AttemptRecord, Claimed, Delivery, DeliveryRecord

PATIENCE = 10.0
"""Seconds after which a test is taken to hang."""
LEASE = 15_000
Scenario = Callable[[Callable[["Post"], Awaitable[None]]], None]


@dataclass
class Post:
    """What waits to be sent, and when it is."""

    db: SqliteDatabase
    clock: FrozenClock = field(default_factory=FrozenClock)
    events: list[Event] = field(default_factory=list)
    made: int = 0

    @property
    def now_ms(self) -> int:
        return milliseconds(self.clock.now())

    async def add(self, host: str = "a.example", **given: Any) -> str:
        self.made += 1
        delivery = delivery_of(key=f"job-{self.made}-completed", url=f"https://{host}/hook", **given)
        return await self.db.write(partial(store.enqueue, delivery=delivery, now_ms=self.now_ms))

    async def claim(self, *hosts: str, most: int = 1) -> list[Claimed]:
        rooms = [(f"{host}:443", most) for host in hosts or ("a.example",)]
        claim = partial(store.claim, rooms=rooms, now_ms=self.now_ms, until=self.now_ms + LEASE)
        return await self.db.write(claim)

    async def get(self, delivery_id: str) -> DeliveryRecord:
        found = await store.get(self.db, delivery_id, "ws", "live")
        assert found is not None
        return found

    async def attempts(self, delivery_id: str) -> list[AttemptRecord]:
        return await store.list_attempts(self.db, delivery_id)


def delivery_of(**given: Any) -> Delivery:
    values = {
        "workspace": "ws",
        "mode": "live",
        "job_id": "job-1",
        "event": "video.generation.completed",
        "key": "job-1-completed",
        "url": "https://a.example/hook",
        "body": '{"a":1}',
    }
    return Delivery(**{**values, **given})


@pytest.fixture
def scenario(database: Path) -> Scenario:
    """Runs a coroutine over a fresh database."""

    async def within(work: Callable[[Post], Awaitable[None]]) -> None:
        post = Post(SqliteDatabase(database))
        try:
            async with asyncio.timeout(PATIENCE):
                await work(post)
        finally:
            await post.db.close()

    return lambda work: asyncio.run(within(work))
