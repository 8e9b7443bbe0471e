"""Everything that is worth telling an operator, as a closed list. Logs and metrics only listen.

| event | when |
| --- | --- |
| JobPlaced | a submit was accepted and is durable |
| JobStarted | the dispatcher began to work on it |
| JobPutBack | it waits again: for another place, or for its vendor |
| AttemptAccepted | a backend took it |
| AttemptEnded | it is over: finished, refused, failed, lost, cancelled or expired |
| AttemptUnknown | nobody can tell whether a backend took it |
| EngineTakenOver | an engine died, and another one goes on with its jobs |
| EndpointDrifted | an endpoint said what nobody here has a word for; it gets no new jobs for a while |
| LateOutcome | what became of an attempt after its job had ended without it |
| JobEnded | a job reached a terminal state |
| PollFailed | a poll got no usable answer; the job is asked about again |
| StoringFailed | a finished video could not be loaded or stored; it is tried again |
| CancelAnswered | a backend said what it makes of a cancel |
| ObjectMissing | a file that should be in storage is not |
| DeliveryTried | a webhook was sent, or could not be |
| Governed | a manager made, changed or removed a workspace or a key |
| RunAbandoned | a run of a job is driven by no process any more; a new run follows, or the job fails |
| JobUnreadable | a job whose row cannot be loaded was ended as failed |
| VendorKeyUnusable | a key that a workspace has brought cannot be opened: its root secret is not configured |
| ClockSkewed | this machine's clock differs from the database server's by more than two seconds |
| StopCutShort | an engine that was told to stop broke off what it was sending, after `stop_wait` seconds |
| LogInterrupted | lines could not be written: the disk that takes them is full, or their reader is gone |
| RequestFailed | a request was answered with 5xx, or broke off |
| TaskCrashed | a background loop met an error that nobody expected, and goes on |
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlaced:
    job: str
    workspace: str
    model: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    job: str
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPutBack:
    """It waits again: for another place, or until its vendor wants to be asked again."""

    job: str
    queue: str
    not_before: int
    """Unix milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptAccepted:
    job: str
    attempt: int
    endpoint: str
    native_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    job: str
    attempt: int
    endpoint: str
    credential: str
    """The name of the account."""
    end: str
    seconds: float
    """Since the attempt was begun."""
    failure: str | None = None
    """The `FailureClass`."""
    vendor_code: str | None = None
    vendor_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptUnknown:
    job: str
    attempt: int
    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTakenOver:
    """An engine has died, and another one goes on with its jobs."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDrifted:
    """Told at most once a minute for one endpoint."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateOutcome:
    """What became of an attempt after its job had ended without it. The job stays as it was."""

    job: str
    attempt: int
    endpoint: str
    outcome: str
    """`finished`, a class of failure, `lost`, or `unknown` where nobody could tell for a day."""
    stored: int
    """Videos that were stored for the job's owner, though the job had ended without them."""
    vendor_cost: int | None
    """Nano-dollars, where the vendor told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    job: str
    workspace: str
    model: str
    mode: str
    status: str
    error_type: str | None
    price: int | None
    seconds: float
    overrun: int = 0
    """Nano-dollars of the price that were not set aside for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFailed:
    job: str
    endpoint: str
    kind: str
    """A `work.TroubleKind`."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoringFailed:
    job: str
    endpoint: str
    kind: str
    """A `work.TroubleKind`: `file` and `storage` tell whose fault it is."""
    reason: str
    retry_in: float | None
    """Seconds; None if it is not tried again while the job lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswered:
    job: str
    endpoint: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMissing:
    job: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTried:
    delivery: str
    job: str | None
    """None for a test of the receiver."""
    host: str
    """Never the whole address: it may have a secret in it."""
    attempt: int
    status: int | None
    """Of HTTP; None if there was no answer."""
    error: str | None
    state: str
    """What the delivery is now: `waiting`, `delivered` or `failed`."""
    next_at: int | None
    """When it is sent again, in Unix milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    by: str
    """The management key's id, or `command line`."""
    action: str
    """`created`, `updated`, `deleted`, …"""
    subject: str
    """The id of the workspace or the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAbandoned:
    job: str
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUnreadable:
    """Its row in the database cannot be loaded; it was ended as failed by its id, and its owner was not told."""

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorKeyUnusable:
    key: str
    """Its id."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkewed:
    """This machine's clock is wrong, or the database server's. Told again where the difference has changed."""

    seconds: float
    """How far this machine's is ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCutShort:
    """Something was still under way when the time for an orderly end was over."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed:
    """The client was answered with 5xx, or its answer broke off. What is only not ready yet, is no failure."""

    method: str
    route: str
    """As the table of routes has it: never the whole address."""
    status: int | None
    """None if nothing was answered at all."""
    seconds: float
    error: str | None = None
    """What nobody expected, or why storage or database could not be used; None for other answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInterrupted:
    lines: int
    """How many, up to now."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCrashed:
    task: str
    error: str


Event = (
    JobPlaced
    | JobStarted
    | JobPutBack
    | AttemptAccepted
    | AttemptEnded
    | AttemptUnknown
    | EngineTakenOver
    | EndpointDrifted
    | LateOutcome
    | JobEnded
    | PollFailed
    | StoringFailed
    | CancelAnswered
    | ObjectMissing
    | DeliveryTried
    | Governed
    | RunAbandoned
    | JobUnreadable
    | VendorKeyUnusable
    | ClockSkewed
    | StopCutShort
    | LogInterrupted
    | RequestFailed
    | TaskCrashed
)

Emit = Callable[[Event], None]


def fan_out(*listeners: Emit) -> Emit:
    """One that hands each event to all of them, in their order."""

    def emit(event: Event) -> None:
        for listen in listeners:
            listen(event)

    return emit
