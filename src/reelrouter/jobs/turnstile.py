"""Lets so many through in a minute, evenly: a vendor's limit, kept here so that nobody has to be refused there."""

from math import floor

_BURST_SECONDS = 6.0
"""Of a rate's worth that may pass at once after a pause."""


class Turnstile:
    def __init__(self, rate: float) -> None:
        """`rate` is how many may pass in a minute."""
        self._every = 60.0 / rate
        self._most = max(1.0, _BURST_SECONDS / self._every)
        self._saved = self._most
        self._at = 0.0

    def room(self, now: float) -> int:
        """How many may pass now; `now` is Unix seconds."""
        return floor(self._saved_at(now))

    def pass_through(self, count: int, now: float) -> None:
        self._saved, self._at = self._saved_at(now) - count, now

    def _saved_at(self, now: float) -> float:
        return min(self._most, self._saved + max(0.0, now - self._at) / self._every)
