"""What a vendor's call about an attempt leads to: the engine that waits for the job asks the vendor at once."""

from reelrouter.clock import milliseconds
from reelrouter.errors import NotFound
from reelrouter.gateway.stations import Stations
from reelrouter.jobs import hooks, nudges
from reelrouter.jobs.order import attempt_of


class Nudges:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    def require_genuine(self, attempt_key: str, token: str) -> None:
        """Raises `NotFound` for an address that was never handed out."""
        if not hooks.is_genuine(self._at.hook_key, attempt_key, token):
            raise _unknown()

    async def nudge(self, attempt_key: str) -> None:
        """For a key that `require_genuine` let pass. Nothing follows for a job that has ended."""
        attempt = attempt_of(attempt_key)
        if attempt is None or not await nudges.has_attempt(self._at.db, *attempt):
            raise _unknown()
        now_ms = milliseconds(self._at.clock.now())
        await self._at.db.write(lambda unit: nudges.note(unit, attempt[0], now_ms))


def _unknown() -> NotFound:
    return NotFound("No attempt is known at this address")
