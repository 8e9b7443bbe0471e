"""Looking things up that have happened: what became of a job and what it cost, and what a key has spent."""

from dataclasses import dataclass, field

from reelrouter.accounts import keys, ledger, spending
from reelrouter.accounts.keys import Caller, KeyRecord, Manager
from reelrouter.accounts.ledger import Balance
from reelrouter.accounts.limits import LIMITED_MODE, Limit, list_limits
from reelrouter.accounts.policy import Policy
from reelrouter.accounts.spending import Spent
from reelrouter.catalogue.check import Plan
from reelrouter.errors import NotFound
from reelrouter.gateway.stations import Stations
from reelrouter.ids import JobId, WorkspaceId
from reelrouter.jobs import store
from reelrouter.jobs.model import Job
from reelrouter.jobs.store import AttemptRecord
from reelrouter.money import Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A job with the story of its making."""

    job: Job
    attempts: tuple[AttemptRecord, ...]
    """In their order."""

    @property
    def plan(self) -> Plan:
        """That of whoever has taken it last; before that the first."""
        return self.job.plans[self.job.serving]

    @property
    def provider(self) -> str | None:
        """Who has taken it last; None before anybody has."""
        return None if self.job.provider is None else self.provider_of(self.job.provider, self.job.serving)

    def provider_of(self, endpoint: str, plan: int) -> str | None:
        """Whose endpoint that is among those of one of the job's plans; None if it is not."""
        of_plan = (route for route in self.job.routes if route.plan == plan)
        return next((route.provider for route in of_plan if route.endpoint == endpoint), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAccount:
    """A key, what its jobs have cost, and all that limits what they may cost."""

    key: KeyRecord
    workspace: WorkspaceId
    spent: Spent
    budget: Balance
    limits: tuple[Limit, ...] = ()
    """Those of its workspace, and its own."""
    policy: Policy = field(default_factory=Policy)


class Records:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    async def generation(self, caller: Caller, job_id: str) -> Generation:
        """In whatever state the job is. Raises `NotFound` for one that is not this caller's."""
        job = await store.get(self._at.db, JobId(job_id))
        if job is None or (job.workspace, job.mode) != (caller.workspace, caller.mode):
            raise NotFound(f"Job {job_id} not found")
        return Generation(job=job, attempts=tuple(await store.list_attempt_records(self._at.db, job.id)))

    async def key(self, caller: Caller | Manager) -> KeyAccount:
        """The caller's own. A manager's makes no jobs, and so spends nothing."""
        db = self._at.db
        now = self._at.clock.now()
        if isinstance(caller, Manager):
            key = await keys.get_key(db, caller.key_id)
            nothing = Balance(amount=None, held=Nanos(0), settled=Nanos(0))
            return KeyAccount(key=key, workspace=key.workspace, spent=spending.NOTHING, budget=nothing)
        limited = [caller.workspace, caller.key_id] if caller.mode == LIMITED_MODE else []
        return KeyAccount(
            key=await keys.get_key(db, caller.key_id),
            workspace=caller.workspace,
            spent=await spending.spent(db, caller.key_id, now),
            budget=await ledger.balance(db, caller.workspace, caller.mode),
            limits=tuple(await list_limits(db, limited, now)),
            policy=caller.policy,
        )
