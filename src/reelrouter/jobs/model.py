"""What a job and its attempts are, as values. Reading and writing them is `store`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from pydantic import TypeAdapter

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.request import Attribution, Inputs
from reelrouter.ids import JobId, KeyId, WorkspaceId
from reelrouter.jobs.machine import State, is_terminal
from reelrouter.money import Nanos
from reelrouter.routing.choose import Route
from reelrouter.work import Failed, FailureClass, Finished, Handle, StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What the caller said that no backend needs: shown to the caller again, and used to filter."""

    attribution: Attribution = field(default_factory=Attribution)
    callback_url: str | None = None


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
    routes: tuple[Route, ...]
    queue: str
    """Which of its routes it waits for, or was started for."""
    remarks: Remarks
    base_url: str
    estimate: Nanos
    version: int = 0
    run: int = 0
    started_at: int | None = None
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
    """Whether it is made on one of the workspace's own vendor keys."""

    @property
    def is_over(self) -> bool:
        return is_terminal(self.status)

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
    base_url: str
    resolved: Mapping[str, Any]
    warnings: Sequence[str]


def input_keys(inputs: Inputs) -> frozenset[str]:
    """The storage keys of everything that a job was given."""
    media = (inputs.first_frame, inputs.last_frame, inputs.previous, *inputs.references)
    return frozenset(one.key for one in media if one is not None)


def shown_of(plan: Plan) -> dict[str, Any]:
    """The part of a job's answers that its plan fixes for good."""
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
    handle: Handle | None = None
    end: AttemptEnd | None = None


PLAN = TypeAdapter(Plan)
ROUTES = TypeAdapter(tuple[Route, ...])
REMARKS = TypeAdapter(Remarks)
FAILURE = TypeAdapter(Failure)
OUTPUTS = TypeAdapter(tuple[StoredFile, ...])
HANDLE = TypeAdapter(Handle)
ATTEMPT_END = TypeAdapter(AttemptEnd)
