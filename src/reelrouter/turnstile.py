"""Lets so many through in a minute, evenly, with a little saved up after a pause."""

from math import floor

BURST = 6.0
"""Seconds' worth of a rate that may pass at once after a pause, unless somebody says otherwise."""


class Turnstile:
    def __init__(self, rate: float, burst: float = BURST, full_at: float = 0.0) -> None:
        """`rate` is how many may pass in a minute; `burst` is how many seconds' worth of that a pause saves up.

        `full_at` is where another one stood: all that is to be known of it.
        """
        self._every = 60.0 / rate
        self._most = max(1.0, burst / self._every)
        self.full_at = full_at
        """When as many may pass at once as ever can, in Unix seconds."""

    def room(self, now: float) -> int:
        """How many may pass now; `now` is Unix seconds."""
        return floor(self._saved(now))

    def pass_through(self, count: int, now: float) -> None:
        self.full_at = now + (self._most - self._saved(now) + count) * self._every

    def wait(self, now: float) -> float:
        """Seconds until one may pass; 0 if one may now."""
        return max(0.0, 1.0 - self._saved(now)) * self._every

    def _saved(self, now: float) -> float:
        # Where the clock was set back, time counts from there: else nobody would pass until it has caught up.
        self.full_at = min(self.full_at, now + self._most * self._every)
        return min(self._most, self._most - (self.full_at - now) / self._every)
