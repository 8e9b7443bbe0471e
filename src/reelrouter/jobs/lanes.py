"""Where jobs are sent: one account at one provider, and how much it may be asked; and how a queue's is found."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reelrouter.jobs.pace import PollPlan, ladder
from reelrouter.work import Backend, Handle


async def _nothing(_handle: Handle) -> None:
    """For backends that keep nothing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    backend: Backend
    limit: int
    """Jobs that may be under way there at one time."""
    rate: float | None = None
    """Submits a minute; None is no limit."""
    pace: PollPlan = field(default_factory=lambda: ladder(2.0, 15.0))
    """How often to ask for them."""
    learns: bool = False
    """Whether that is only until it is known how long such jobs take there."""
    outlives: bool = False
    """Whether work may go on there, and cost, after its job has ended."""
    discard: Callable[[Handle], Awaitable[None]] = _nothing
    """Frees what the backend keeps for a handle, once its job has ended."""


class Lanes(Mapping[str, Lane]):
    """By queue: those that are there from the start, and those that are made when a job first waits for one."""

    def __init__(self, known: Mapping[str, Lane], make: Callable[[str], Lane | None]) -> None:
        """`make` answers None for a queue that nothing here serves."""
        self._lanes = dict(known)
        self._make = make

    def __getitem__(self, queue: str) -> Lane:
        lane = self._lanes.get(queue) or self._make(queue)
        if lane is None:
            raise KeyError(queue)
        self._lanes[queue] = lane
        return lane

    def __iter__(self) -> Iterator[str]:
        """Those that are known by now."""
        return iter(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)
