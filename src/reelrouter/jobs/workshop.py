"""What the steps of a job work with."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.jobs import decide
from reelrouter.jobs.announce import LinkTerms
from reelrouter.jobs.charging import Pricing
from reelrouter.jobs.durations import Durations
from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.model import Attempt, Job
from reelrouter.jobs.poller import Poller
from reelrouter.jobs.served import Served
from reelrouter.jobs.unconfigured import unconfigured
from reelrouter.observe.events import Emit
from reelrouter.observe.traces import NoTraces, Traces
from reelrouter.storage.ingest import Ingest
from reelrouter.storage.objects import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    db: Database
    lanes: Mapping[str, Lane]
    """By queue."""
    poller: Poller
    ingest: Ingest
    objects: Objects
    clock: Clock
    emit: Emit
    owner: str
    """This process, among all that have ever sent an attempt."""
    is_dead: Callable[[str], bool]
    """Whether another such process can send nothing any more."""
    retention: int
    """Seconds that outputs are kept."""
    served: Served = field(default_factory=Served)
    """What this engine works on."""
    links: LinkTerms
    """How the addresses in webhooks look."""
    pricing: Pricing = field(default_factory=Pricing)
    """What jobs cost their workspace."""
    traces: Traces = field(default_factory=NoTraces)
    resubmit: bool = False
    """Whether an attempt whose outcome is unknown is sent again: it may then be paid twice."""
    hook_of: Callable[[str], str | None] = lambda _attempt_key: None
    """The address at which a vendor may tell of an attempt, if it can reach us at all."""
    durations: Durations | None = None
    """How long jobs take at each endpoint; without it every lane keeps its own pace."""
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for so many seconds between two tries."""
    look_seconds: float = 15.0
    """Between two looks whether a video that is being loaded is still wanted."""
    mark_of: Callable[[str], str | None] = lambda _job_id: None
    """By what this gateway knows a job of its own again."""

    def lane_of(self, job: Job, attempt: Attempt) -> Lane:
        """Where an attempt was sent, or what stands in for an account that is gone."""
        queue = decide.route_of(attempt, job).queue
        return self.lanes.get(queue) or unconfigured(queue)

    def now_ms(self) -> int:
        return milliseconds(self.clock.now())
