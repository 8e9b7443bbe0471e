"""Waiting for news, but no longer than so many seconds."""

import asyncio


async def is_set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether `event` was set before `seconds` were over; None waits for as long as it takes."""
    try:
        # Not `wait_for`, which loses a cancel that comes together with the event (Python 3.11).
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
