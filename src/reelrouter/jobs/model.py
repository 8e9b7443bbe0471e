"""What a job and its attempts are, as values. Reading and writing them is `store`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.request import Attribution, Inputs
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs.machine import State, is_terminal
from reelrouter.money import Nanos
from reelrouter.routing.choose import Route, is_byok
from reelrouter.work import Drift, Failed, FailureClass, Finished, Handle, Outcome, Running, StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What the caller said that no backend needs: shown to the caller again, and used to filter."""

    attribution: Attribution = field(default_factory=Attribution)
    callback_url: str | None = None
    """Who is told of the job's end: as the request said, or its workspace when it came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job did not complete, as its owner is told."""

    error_type: str
    message: str
    failure: str
    """The `FailureClass`."""
    vendor_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of `jobs`. Times are Unix milliseconds."""

    id: JobId
    workspace: WorkspaceId
    key_id: KeyId
    mode: Literal["live", "test"]
    status: State
    created_at: int
    deadline_at: int
    model: str
    plan: Plan
    """With the first model that can serve the request."""
    routes: tuple[Route, ...]
    queue: str
    """Which of its routes it waits for, or was started for."""
    remarks: Remarks
    base_url: str
    estimate: Nanos
    """Of the dearest of its plans: what the hold is computed from."""
    spares: tuple[Plan, ...] = ()
    """With the models that it goes on to when the one before could not be had, in their order."""
    zdr: bool = False
    """Whether prompt and inputs are erased at its end, and its video soon after."""
    retention: int | None = None
    """Seconds that its video is kept, if its workspace has a word in that."""
    traceparent: str | None = None
    """The span of its submit, where traces are kept."""
    version: int = 0
    run: int = 0
    started_at: int | None = None
    attempt_limit: int | None = None
    """Attempts that it may have in all: a restored database does not know what was tried since."""
    cancel_requested_at: int | None = None
    nudged_at: int | None = None
    """When a vendor last told that there is news of it."""
    finished_at: int | None = None
    expires_at: int | None = None
    dropped_at: int | None = None
    """When its files were removed from storage; their description stays."""
    progress: float | None = None
    provider: str | None = None
    failure: Failure | None = None
    outputs: tuple[StoredFile, ...] = ()
    price: Nanos | None = None
    """What the workspace pays."""
    list_price: Nanos | None = None
    """What the catalogue asks for what was made."""
    vendor_cost: Nanos | None = None
    is_byok: bool = False
    """Whether a vendor key of the workspace's own made it, or is making it."""

    @property
    def is_over(self) -> bool:
        return is_terminal(self.status)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Routes and attempts name them by their place in here; no two have the same model."""
        return (self.plan, *self.spares)

    @property
    def serving(self) -> int:
        """Which of the plans the job shows: that of whoever has taken it last, before that the first."""
        return [plan.model for plan in self.plans].index(self.model)

    @property
    def input_keys(self) -> frozenset[str]:
        """Of everything that any of its plans needs."""
        return frozenset().union(*(input_keys(plan.inputs) for plan in self.plans))

    def plan_of(self, one: "Route | Attempt") -> Plan:
        return self.plans[one.plan]

    def log_context(self) -> dict[str, str]:
        """How a job appears in a log line."""
        return {"job": self.id, "workspace": self.workspace, "model": self.model, "mode": self.mode}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """What an answer about a job is made of, and no more. Times are Unix milliseconds."""

    id: str
    workspace: str
    mode: str
    status: str
    version: int
    """Differs from that of every other state of it."""
    created_at: int
    finished_at: int | None
    expires_at: int | None
    dropped_at: int | None
    model: str
    provider: str | None
    progress: float | None
    failure: Failure | None
    outputs: int
    price: Nanos | None
    is_byok: bool
    base_url: str
    resolved: Mapping[str, Any]
    warnings: Sequence[str]


def placed_view_of(job: Job) -> JobView:
    """A job as its row was when it was placed, whatever has become of it since."""
    return JobView(
        id=job.id,
        workspace=job.workspace,
        mode=job.mode,
        status=State.PENDING.value,
        version=job.version,
        created_at=job.created_at,
        finished_at=None,
        expires_at=None,
        dropped_at=None,
        model=job.plan.model,
        provider=None,
        progress=None,
        failure=None,
        outputs=0,
        price=None,
        is_byok=False,
        base_url=job.base_url,
        **shown_of(job.plan),
    )


def input_keys(inputs: Inputs) -> frozenset[str]:
    """The storage keys of everything that a plan works with."""
    media = (inputs.first_frame, inputs.last_frame, inputs.previous, *inputs.references)
    return frozenset(one.key for one in media if one is not None)


def shown_of(plan: Plan) -> dict[str, Any]:
    """The part of a job's answers that its plan fixes."""
    values = {one.name: getattr(plan.resolved, one.name) for one in fields(plan.resolved)}
    resolved = {name: value for name, value in values.items() if value is not None}
    return {"resolved": resolved, "warnings": list(plan.warnings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """How an attempt ended; written once."""

    kind: Literal["finished", "failed", "refused", "cancelled", "expired", "unknown_submit"]
    finished: Finished | None = None
    failed: Failed | None = None

    @property
    def failure(self) -> FailureClass | None:
        """The class of what went wrong; None where nothing did, or the end was the gateway's own doing."""
        if self.kind == "unknown_submit":
            return FailureClass.UNKNOWN_SUBMIT
        return self.failed.failure if self.failed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row of `attempts`: the intent comes first, so that a crash is seen for what it may have cost."""

    job_id: JobId
    n: int
    endpoint: str
    credential: str
    key: str
    owner: str
    intent_at: int
    plan: int = 0
    """Which of the job's plans it carries out."""
    handle: Handle | None = None
    end: AttemptEnd | None = None
    ended_at: int | None = None
    """Unix milliseconds."""

    @property
    def is_byok(self) -> bool:
        """Whether it was sent with a vendor key of the workspace's own."""
        return is_byok(self.credential)


PLAN = TypeAdapter(Plan)
SPARES = TypeAdapter(tuple[Plan, ...])
ROUTES = TypeAdapter(tuple[Route, ...])
REMARKS = TypeAdapter(Remarks)
FAILURE = TypeAdapter(Failure)
OUTPUTS = TypeAdapter(tuple[StoredFile, ...])
HANDLE = TypeAdapter(Handle)
ATTEMPT_END = TypeAdapter(AttemptEnd)


def dumped(adapter: TypeAdapter[Any], value: object) -> str:
    """The JSON that is stored. Raises `Drift` for a value that could not be loaded again.

    Backends make such values out of what vendors say. One that cannot be loaded would keep its job from ending.
    """
    try:
        text = adapter.dump_json(value, exclude_none=True, warnings=False)
        adapter.validate_json(text)
    except (ValueError, TypeError) as error:
        raise Drift(f"what the backend said cannot be stored: {error}") from error
    return text.decode()


def sound(outcome: Outcome) -> Outcome:
    """The outcome as it can be stored: a bill or a seed beyond all bounds is dropped, with a note.

    Raises `Drift` for one that could not be loaded again.
    """
    match outcome:
        case Finished():
            outcome = _bounded(outcome, "vendor_cost", _MOST_COST)
            outcome = _bounded(outcome, "seed", _MOST_SEED)
            dumped(ATTEMPT_END, AttemptEnd(kind="finished", finished=outcome))
        case Failed():
            outcome = _bounded(outcome, "vendor_cost", _MOST_COST)
            dumped(ATTEMPT_END, AttemptEnd(kind="failed", failed=outcome))
        case Running():
            pass
    return outcome


_MOST_COST = 10**15
"""Nano-dollars: a million dollars."""
_MOST_SEED = 2**63 - 1
_Ended = TypeVar("_Ended", Finished, Failed)


def _bounded(outcome: _Ended, name: str, most: int) -> _Ended:
    value = getattr(outcome, name)
    if value is None or (type(value) is int and 0 <= value <= most):
        return outcome
    changes: dict[str, Any] = {
        name: None,
        "notes": (*outcome.notes, f"{name} was left out: it is no whole number from 0 to {most}"),
    }
    return replace(outcome, **changes)
