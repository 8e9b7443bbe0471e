"""What a vendor's call about an attempt leads to: the engine that waits for the job asks the vendor at once."""

from collections.abc import Mapping

from reelrouter.client.errors import SignatureInvalid
from reelrouter.client.webhooks import verify_webhook
from reelrouter.clock import milliseconds
from reelrouter.errors import NotFound, Unauthorized
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

    async def nudge(self, attempt_key: str, headers: Mapping[str, str], body: bytes) -> None:
        """For a key that `require_genuine` let pass. Nothing follows for a job that has ended.

        Raises `NotFound`, or `Unauthorized` where the account's calls are signed and this one is not.
        """
        attempt = attempt_of(attempt_key)
        place = await nudges.place_of(self._at.db, *attempt) if attempt else None
        if attempt is None or place is None:
            raise _unknown()
        now = self._at.clock.now()
        secret = self._at.webhook_secrets.get(place)
        if secret is not None:
            _require_signature(headers, body, secret, now)
        now_ms = milliseconds(now)
        await self._at.db.write(lambda unit: nudges.note(unit, attempt[0], now_ms))


def _require_signature(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    try:
        verify_webhook(headers, body, secret, now=now)
    except SignatureInvalid as invalid:
        if invalid.reason != "unreadable":  # then it is the vendor's; what it says matters to nobody here
            raise Unauthorized(f"The call is not signed as this vendor signs: {invalid.reason}") from None


def _unknown() -> NotFound:
    return NotFound("No attempt is known at this address")
