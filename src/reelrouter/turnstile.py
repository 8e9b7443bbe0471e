"""Lets so many through in a minute, evenly, with a little saved up after a pause."""

from math import floor

BURST = 6.0
"""Seconds' worth of a rate that may pass at once after a pause, unless somebody says otherwise."""


class Turnstile:
    def __init__(self, rate: float, burst: float = BURST) -> None:
        """`rate` is how many may pass in a minute; `burst` is how many seconds' worth of that a pause saves up."""
        self._every = 60.0 / rate
        self._most = max(1.0, burst / self._every)
        self._saved = self._most
        self._at = 0.0

    def room(self, now: float) -> int:
        """How many may pass now; `now` is Unix seconds."""
        return floor(self._saved_at(now))

    def pass_through(self, count: int, now: float) -> None:
        self._saved, self._at = self._saved_at(now) - count, now

    def wait(self, now: float) -> float:
        """Seconds until one may pass; 0 if one may now."""
        return max(0.0, 1.0 - self._saved_at(now)) * self._every

    def _saved_at(self, now: float) -> float:
        # Where the clock was set back, time counts from there: else nobody would pass until it has caught up.
        self._at = min(self._at, now)
        return min(self._most, self._saved + (now - self._at) / self._every)
