"""Whose webhooks are sent next: a pure division of the places among the hosts that wait."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many attempts may be under way."""

    per_host: int
    in_all: int


def rooms(
    hosts: Sequence[str], under_way: Mapping[str, int], silent: Collection[str], places: Places
) -> list[tuple[str, int]]:
    """How many attempts each host may be sent now; those without any are left out.

    The places go around one by one, to the hosts with the fewest attempts under way, and of these to the first.
    A host that was `silent` when it was last called gets one place at a time: so dead receivers hold a place each,
    and never all of them.
    """
    most = {host: 1 if host in silent else places.per_host for host in hosts}
    turns = [(under_way.get(host, 0), at, host) for at, host in enumerate(hosts)]
    heapify(turns)
    given: Counter[str] = Counter()
    for _ in range(places.in_all - sum(under_way.values())):
        while turns and turns[0][0] >= most[turns[0][2]]:
            heappop(turns)
        if not turns:
            break
        busy, at, host = turns[0]
        given[host] += 1
        heapreplace(turns, (busy + 1, at, host))
    return list(given.items())
