"""How many requests a key and its workspace may send in a minute, counted in this process alone.

Counts are kept in memory and not in the database: a request that is looked up in microseconds must not wait for a
commit. Where several processes serve the API, each lets the whole rate through.
"""

from collections import OrderedDict
from collections.abc import Iterator
from math import ceil
from typing import Literal, NamedTuple

from reelrouter.accounts.keys import Caller
from reelrouter.clock import Clock, milliseconds
from reelrouter.errors import TooManyRequests
from reelrouter.turnstile import Turnstile

_BURST = 60.0
"""A minute's worth may come at once: who may ask ten times a minute expects ten answers."""
_MOST = 20_000
"""Turnstiles that are remembered. The one that goes is the one that was idle longest, which is full again."""


class _Subject(NamedTuple):
    """Whom a rate is of. The two modes of a workspace do not take from each other."""

    kind: Literal["key", "workspace"]
    name: str
    mode: str
    rate: int
    """Part of the name: with another rate the count begins anew."""


class Rates:
    def __init__(self, clock: Clock, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._turnstiles: OrderedDict[_Subject, Turnstile] = OrderedDict()

    def admit(self, caller: Caller) -> None:
        """Counts a request. Raises `TooManyRequests`, and counts nothing, if it is one too many for either."""
        now = self._clock.now()
        asked = [(subject, self._turnstile(subject)) for subject in _subjects(caller)]
        full = [(turnstile.wait(now), subject) for subject, turnstile in asked if not turnstile.room(now)]
        if full:
            raise _too_many(*max(full), now)
        for _, turnstile in asked:
            turnstile.pass_through(1, now)

    def _turnstile(self, subject: _Subject) -> Turnstile:
        turnstile = self._turnstiles.get(subject)
        if turnstile is None:
            turnstile = self._turnstiles[subject] = Turnstile(subject.rate, _BURST)
            if len(self._turnstiles) > self._most:
                self._turnstiles.popitem(last=False)
        self._turnstiles.move_to_end(subject)
        return turnstile


def _subjects(caller: Caller) -> Iterator[_Subject]:
    policy = caller.policy
    if policy.of_key.rate is not None:
        yield _Subject("key", caller.key_id, caller.mode, policy.of_key.rate)
    if policy.of_workspace.rate is not None:
        yield _Subject("workspace", caller.workspace, caller.mode, policy.of_workspace.rate)


def _too_many(wait: float, subject: _Subject, now: float) -> TooManyRequests:
    seconds = max(1, ceil(wait))
    whose = "This key" if subject.kind == "key" else "This key's workspace"
    return TooManyRequests(
        f"{whose} may send {subject.rate} requests a minute. "
        f"Try again in {seconds} s, or ask the operator for more.",
        retry_after=seconds,
        limit=f"{subject.kind}_rate",
        # As upstream writes them, also in the body, where web pages can read them; the reset is in milliseconds.
        headers={
            "X-RateLimit-Limit": str(subject.rate),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(milliseconds(now + wait)),
        },
    )
