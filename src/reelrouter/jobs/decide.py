"""What to do next with a job: pure functions of its row, its attempts and the hour. The steps only obey.

Every step asks anew, so that a crash between two steps, or a step that runs twice, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from reelrouter.jobs.failures import failure_of, may_fall_back
from reelrouter.jobs.machine import Event
from reelrouter.jobs.model import Attempt, Failure, Job
from reelrouter.routing.choose import Route
from reelrouter.work import Failed, FailureClass, Finished, Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Write the intent of attempt `n`, then send it."""

    n: int
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Attempt `n` was meant to be sent and has no answer: find out, and never send it blindly again."""

    attempt: Attempt
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Await:
    """A backend has it."""

    attempt: Attempt
    handle: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Nothing more will be made: store what there is, and end the job."""

    ending: "Ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The job has ended already."""


Decision = Start | Resolve | Await | Finish | Over


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ends. `finished` is set for `stored` alone, `failure` for every other end."""

    event: Event
    finished: Finished | None = None
    failure: Failure | None = None
    vendor_cost: int | None = None


def next_step(job: Job, attempts: Sequence[Attempt], now_ms: int) -> Decision:
    """Attempts are in order; the last one is the only one that can be alive."""
    if job.is_over:
        return Over()
    last = attempts[-1] if attempts else None
    if last is not None and last.end is None:
        if last.handle is not None:
            return Await(attempt=last, handle=last.handle)
        return Resolve(attempt=last, route=job.routes[last.n])
    ending = _ending(last, job)
    if ending is not None:
        return Finish(ending=ending)
    if job.cancel_requested_at is not None:
        return Finish(ending=CANCELLED)
    if now_ms >= job.deadline_at:
        return Finish(ending=EXPIRED)
    return Start(n=len(attempts), route=job.routes[len(attempts)])


def failed(failure: Failed) -> Ending:
    return Ending(event="failed", failure=failure_of(failure), vendor_cost=failure.vendor_cost)


CANCELLED = Ending(
    event="cancelled",
    failure=Failure(error_type="unmapped", message="The job was cancelled.", failure=FailureClass.CANCELLED.value),
)
EXPIRED = Ending(
    event="deadline_passed",
    failure=Failure(
        error_type="timeout",
        message="The job was not finished within its time limit.",
        failure=FailureClass.EXPIRED.value,
    ),
)
UNKNOWN_SUBMIT = failed(Failed(failure=FailureClass.UNKNOWN_SUBMIT))


def _ending(last: Attempt | None, job: Job) -> Ending | None:
    """None while another attempt may follow."""
    if last is None or last.end is None:
        return None
    end = last.end
    match end.kind:
        case "finished":
            finished = end.finished or Finished(outputs=())
            return Ending(event="stored", finished=finished, vendor_cost=finished.vendor_cost)
        case "cancelled":
            return CANCELLED
        case "expired":
            return EXPIRED
        case "unknown_submit":
            return UNKNOWN_SUBMIT
        case "refused" | "failed":
            failure = end.failed or Failed(failure=FailureClass.INTERNAL)
            return _after_failure(failure, last, job)
        case _:
            assert_never(end.kind)


def _after_failure(failure: Failed, last: Attempt, job: Job) -> Ending | None:
    if failure.failure is FailureClass.CANCELLED:
        return CANCELLED
    if failure.failure is FailureClass.EXPIRED:
        return EXPIRED
    if may_fall_back(failure) and last.n + 1 < len(job.routes):
        return None
    return failed(failure)
