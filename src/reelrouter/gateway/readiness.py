"""Whether the stations that every use case needs can be reached."""

from collections.abc import Awaitable, Callable, Mapping

from reelrouter.gateway.stations import Stations
from reelrouter.jobs import store

Check = Callable[[], Awaitable[None]]
"""Returns if the part works, and raises a `ReelRouterError` or `OSError` that says what does not."""


def checks(at: Stations) -> Mapping[str, Check]:
    async def check_storage() -> None:
        await at.objects.exists("readiness")

    async def check_database() -> None:
        await store.check_readable(at.db)

    return {"database": check_database, "storage": check_storage}
