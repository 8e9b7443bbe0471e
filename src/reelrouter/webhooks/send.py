"""Sends one attempt: signs it, posts it to an address that may be reached, and tells what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

from reelrouter.clock import Clock
from reelrouter.net import OWN_MACHINE, FetchFailed, FetchLimits, GuardedClient, Rules, names_this_machine
from reelrouter.webhooks.schedule import Result
from reelrouter.webhooks.sign import Letter, signed_headers
from reelrouter.webhooks.store import Claimed, Delivery

MOST_KEPT = 2048
"""Bytes of an answer's body that are written down."""
_PRETENDED = Result(status=500, latency=0, error="The test prompt asked for it; nothing was sent.")


class CannotSign(Exception):
    """A secret is there and cannot be used. What should be signed is then not sent at all."""


SecretsOf = Callable[[str], Awaitable[Sequence[str]]]
"""The living signing secrets of a workspace, the older one first. Raises `CannotSign`."""


class Outbox:
    """Where webhooks leave the machine. Close it, or use it as an async context manager."""

    def __init__(self, rules: Rules, timeout: float, *, loopback: bool) -> None:
        """`loopback`: whether those of test jobs may go to this machine. `timeout` is in seconds."""
        self._open = GuardedClient(rules)
        self._own = GuardedClient(OWN_MACHINE) if loopback else None
        self._limits = FetchLimits(max_bytes=MOST_KEPT, timeout=timeout)

    async def post(self, delivery: Delivery, headers: dict[str, str]) -> Result:
        """Raises nothing: that there is no answer is a result as well."""
        client = self._open
        if self._own is not None and delivery.mode == "test" and names_this_machine(delivery.url):
            client = self._own
        began = asyncio.get_running_loop().time()
        try:
            posted = await client.post(delivery.url, headers, delivery.body.encode(), self._limits)
        except FetchFailed as failed:
            return Result(latency=_milliseconds_since(began), error=str(failed))
        return Result(
            status=posted.status,
            latency=_milliseconds_since(began),
            response=posted.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
            retry_after=posted.retry_after,
        )

    async def close(self) -> None:
        await self._open.close()
        if self._own is not None:
            await self._own.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Sender:
    def __init__(self, outbox: Outbox, secrets_of: SecretsOf, brand: str, clock: Clock) -> None:
        """`brand` is its title, as it stands in the names of headers."""
        self._outbox = outbox
        self._secrets_of = secrets_of
        self._brand = brand
        self._clock = clock

    async def send(self, one: Claimed) -> Result:
        delivery = one.delivery
        if one.tries < delivery.pretend:
            return _PRETENDED
        try:
            secrets = await self._secrets_of(delivery.workspace)
        except CannotSign as broken:
            return Result(error=f"It could not be signed: {broken}")
        headers = signed_headers(letter_of(delivery), secrets, self._brand, int(self._clock.now()))
        return await self._outbox.post(delivery, headers)


def letter_of(delivery: Delivery) -> Letter:
    return Letter(
        key=delivery.key,
        body=delivery.body.encode(),
        is_test=delivery.mode == "test" or delivery.job_id is None,
    )


def _milliseconds_since(began: float) -> int:
    return round((asyncio.get_running_loop().time() - began) * 1000)
