"""What a run leaves behind, as values: what clients, vendors and receivers saw, and the rows of the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reelrouter.emulators.frame import Entry
from tests.acceptance.receivers import Got
from tests.torture.plan import Errand


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One submit as its client saw it."""

    status: int | None
    """None if the connection broke before there was an answer."""
    job: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one client was told of its errand."""

    errand: Errand
    workspace: str
    sends: tuple[Send, ...] = ()
    words: tuple[str, ...] = ()
    """The states that it saw, each once, in their order."""
    strange: tuple[str, ...] = ()
    """Answers that no client should get."""
    deleted: bool = False
    """Whether it was told that its job is gone."""
    downloads: int = 0

    @property
    def job(self) -> str | None:
        """What it was promised."""
        return next((send.job for send in self.sends if send.job is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    id: str
    mark: int | None
    workspace: str
    model: str
    status: str
    callback: bool
    price: int | None
    list_price: int | None
    files: tuple[str, ...]
    """The storage keys of what it has made."""
    is_kept: bool
    """Whether they are to be there: neither dropped, nor deleted, nor past their time by any clock of the run."""
    is_dropped: bool
    """Whether it is written down that they are gone."""
    was_to_cancel: bool
    """Whether somebody asked for its end."""
    was_late: bool
    """Whether its deadline was over when it ended, by some clock of the run."""
    is_looked_for: bool
    """Whether a vendor is still to be asked what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """One that reached a vendor."""

    vendor: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    key: str
    job: str
    workspace: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    job: str
    workspace: str
    amount: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    workspace: str
    amount: int | None
    held: int
    settled: int
    credits: int
    """The sum of what was put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A key's own limit, over all time."""

    subject: str
    held: int
    settled: int
    charged: int
    """The sum of the charges for its jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    key: str
    job: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    told: tuple[Told, ...]
    jobs: Mapping[str, JobRow]
    """By id."""
    keys: Mapping[str, str]
    """Which job each idempotency key has placed."""
    submits: Mapping[int, tuple[Submit, ...]]
    """By mark, in the order in which they came in."""
    handles: frozenset[str]
    """The vendors' ids that the gateway has written down."""
    charges: tuple[Charge, ...]
    holds: tuple[Hold, ...]
    budgets: tuple[Budget, ...]
    limits: tuple[Limit, ...]
    deliveries: tuple[DeliveryRow, ...]
    got: tuple[Got, ...]
    secrets: Mapping[str, str]
    """What each workspace's webhooks are signed with."""
    files: frozenset[str]
    """The storage keys of every output."""
    leftovers: tuple[str, ...] = field(default=())
    """What is still there once the time of everything is over."""
