"""Who gets the free places, where more wait than can be started: by turn, those with the fewest first; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

_MOST = 10_000
"""Parties whose last turn is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One of those that wait for places."""

    name: str
    has: int
    """Places that it holds."""
    wants: int
    """Places that it could use."""
    turn: int = 0
    """When it was given a place last, as a number that rises; 0 for never."""


def share_out(parties: Sequence[Party], room: int) -> tuple[str, ...]:
    """To whom each of `room` places goes, in order; none is left while anybody wants one.

    Each place goes to whoever has the fewest then, and among equals to whoever has waited longest for a turn. So a
    party that wants little is served early whatever the others want, and equal parties come out equal.
    """
    given: list[str] = []
    waiting = [(party.has, party.turn, at, party.wants) for at, party in enumerate(parties) if party.wants > 0]
    heapify(waiting)
    turn = max((party.turn for party in parties), default=0)
    while waiting and len(given) < room:
        has, _, at, wants = heappop(waiting)
        given.append(parties[at].name)
        turn += 1
        if wants > 1:
            heappush(waiting, (has + 1, turn, at, wants - 1))
    return tuple(given)


class Turns:
    """Remembers whose turn was when, so that whoever comes off worst now comes first the next time."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._last: dict[str, int] = {}
        self._now = 0

    def of(self, name: str) -> int:
        """0 for a party that never had one, or so long ago that thousands have had theirs since."""
        return self._last.get(name, 0)

    def note(self, given: Iterable[str]) -> None:
        """That these had a turn now, in this order."""
        for name in given:
            self._now += 1
            self._last.pop(name, None)
            self._last[name] = self._now
        while len(self._last) > self._most:
            self._last.pop(next(iter(self._last)))
