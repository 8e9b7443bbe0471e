"""Both clients under one form, so that each test is run by each of them; and a clock that costs no time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reelrouter.client import asynchronous, sync
from reelrouter.client.asynchronous import AsyncClient
from reelrouter.client.sync import Client

DRIVERS = ("sync", "asynchronous")


class Clock:
    """What drivers sleep by; it goes forward when they do."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(sync, "time", self)
        patch.setattr(asynchronous, "time", self)
        patch.setattr(asynchronous, "asyncio", SimpleNamespace(sleep=self.sleep_async))


@contextmanager
def opened(driver: str, *arguments: Any, **options: Any) -> Iterator[Client]:
    """A client of one of the two kinds; the methods of `AsyncClient` are run to their end."""
    if driver == "sync":
        with Client(*arguments, **options) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        blocking = _Blocking(runner, AsyncClient(*arguments, **options))
        try:
            yield cast("Client", blocking)
        finally:
            blocking.close()


class _Blocking:
    def __init__(self, runner: asyncio.Runner, client: AsyncClient) -> None:
        self._runner = runner
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not callable(method):
            return method
        return lambda *arguments, **options: self._runner.run(method(*arguments, **options))
