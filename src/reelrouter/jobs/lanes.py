"""Where jobs are sent: one account at one endpoint, and how much it may be asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from reelrouter.jobs.poller import Pace
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
    pace: Pace = field(default_factory=Pace)
    """How often to ask for them."""
    outlives: bool = False
    """Whether work may go on there, and cost, after its job has ended."""
    discard: Callable[[Handle], Awaitable[None]] = _nothing
    """Frees what the backend keeps for a handle, once its job has ended."""
