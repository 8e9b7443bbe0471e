"""Waiting for news, but no longer than so many seconds."""

import asyncio
from contextlib import suppress


async def wait_at_most(event: asyncio.Event, seconds: float | None) -> None:
    """Until `event` is set, or `seconds` are over; None waits for as long as it takes."""
    with suppress(TimeoutError):
        # Not `wait_for`, which loses a cancel that comes together with the event (Python 3.11).
        async with asyncio.timeout(seconds):
            await event.wait()
