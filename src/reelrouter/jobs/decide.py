"""What to do next with a job: pure functions of its row, its attempts and the hour. The steps only obey.

Every step asks anew, so that a crash between two steps, or a step that runs twice, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ldexp
from typing import assert_never

from reelrouter.jobs.failures import failure_of, may_fall_back
from reelrouter.jobs.machine import Event
from reelrouter.jobs.model import Attempt, Failure, Job
from reelrouter.routing.choose import Route
from reelrouter.work import Failed, FailureClass, Finished, Handle

BUSY = frozenset({FailureClass.RATE_LIMITED, FailureClass.CONCURRENCY})
"""Refusals that say nothing but that there is no place now."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""Seconds between two submits to a vendor that has no place, and does not say when it will have one."""
_LEAST_PAUSE = 1.0
"""The same where it says: one that says "at once" again and again is believed less and less."""
_MOST_DOUBLINGS = 10
_END_OF_TIME = 1e9
"""Seconds; beyond every deadline, and a number that a database can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Write the intent of attempt `n`, then send it."""

    n: int
    route: Route
    not_before: int = 0
    """Unix milliseconds: its vendor asked to be left alone until then."""


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


def next_step(job: Job, attempts: Sequence[Attempt], now_ms: int, *, resubmit: bool = False) -> Decision:
    """Attempts are in order; the last one is the only one that can be alive.

    With `resubmit` an attempt whose outcome is unknown is sent again, once: the operator may then pay twice.
    """
    if job.is_over:
        return Over()
    last = attempts[-1] if attempts else None
    if last is not None and last.end is None:
        if last.handle is not None:
            return Await(attempt=last, handle=last.handle)
        return Resolve(attempt=last, route=route_of(last, job))
    turn = _next_turn(job, attempts, resubmit=resubmit)
    ending = _ending(last) if turn is None else None
    if ending is not None:
        return Finish(ending=ending)
    if job.cancel_requested_at is not None:
        return Finish(ending=CANCELLED)
    if now_ms >= job.deadline_at:
        return Finish(ending=EXPIRED)
    if turn is None:
        return Finish(ending=failed(Failed(failure=FailureClass.INTERNAL)))
    return turn


def queue_of_step(step: Decision, job: Job, attempts: Sequence[Attempt]) -> str | None:
    """Whose backend the step needs; None if any engine can take it."""
    match step:
        case Start() | Resolve():
            return step.route.queue
        case Await():
            return route_of(step.attempt, job).queue
        case Finish():
            return route_of(attempts[-1], job).queue if step.ending.finished is not None else None
        case Over():
            return None


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


def _ending(last: Attempt | None) -> Ending | None:
    """How a job ends with which nothing more can be tried."""
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
            return _after_failure(end.failed or Failed(failure=FailureClass.INTERNAL))
        case _:
            assert_never(end.kind)


def _after_failure(failure: Failed) -> Ending:
    if failure.failure is FailureClass.CANCELLED:
        return replace(CANCELLED, vendor_cost=failure.vendor_cost)
    if failure.failure is FailureClass.EXPIRED:
        return replace(EXPIRED, vendor_cost=failure.vendor_cost)
    return failed(failure)


def _next_turn(job: Job, attempts: Sequence[Attempt], *, resubmit: bool) -> Start | None:
    """The next attempt, if one may follow: where none was made yet, then where there was only no place.

    The routes with a spare model come after all of the model before it, and are routes like any others: a busy
    account is not waited for while one of them has not been tried.
    """
    if job.attempt_limit is not None and len(attempts) >= job.attempt_limit:
        return None
    if attempts and not _may_follow(attempts, resubmit=resubmit):
        return None
    tried = {route: [one for one in attempts if route_of(one, job) == route] for route in job.routes}
    open_routes = [route for route, made in tried.items() if all(_was_busy(one) for one in made)]
    if resubmit and attempts and _is_unknown(attempts[-1]):
        open_routes = [route_of(attempts[-1], job)]
    if not open_routes:
        return None
    turns = [(_free_at(tried[route]), at, route) for at, route in enumerate(open_routes)]
    not_before, _, route = min(turns, key=lambda turn: turn[:2])
    # No later than its deadline: whoever starts it then ends it.
    return Start(n=len(attempts), route=route, not_before=min(not_before, job.deadline_at))


def _may_follow(attempts: Sequence[Attempt], *, resubmit: bool) -> bool:
    last = attempts[-1]
    if _is_unknown(last):
        return resubmit and sum(map(_is_unknown, attempts)) == 1
    if last.end is None or last.end.failed is None:
        return False
    match last.end.kind:
        case "refused":
            # What nobody understood was refused all the same: nothing was made, and another may be asked.
            return last.end.failed.failure is FailureClass.DRIFT or may_fall_back(last.end.failed)
        case "failed":
            return may_fall_back(last.end.failed)
        case _:
            return False


def _is_unknown(attempt: Attempt) -> bool:
    return attempt.end is not None and attempt.end.kind == "unknown_submit"


def _was_busy(attempt: Attempt) -> bool:
    """Whether the vendor had no place at that moment, and nothing else was wrong."""
    end = attempt.end
    return end is not None and end.kind == "refused" and end.failed is not None and end.failed.failure in BUSY


def _free_at(busy: Sequence[Attempt]) -> int:
    """When to ask again, in Unix milliseconds: when the vendor says, and after each refusal later all the same."""
    if not busy:
        return 0
    last = busy[-1]
    wish = last.end.failed.retry_after if last.end and last.end.failed else None
    first = _FIRST_PAUSE if wish is None else _LEAST_PAUSE
    pause = min(ldexp(first, min(len(busy) - 1, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
    return last.intent_at + round(min(max(pause, wish or 0.0), _END_OF_TIME) * 1000)


def route_of(attempt: Attempt, job: Job) -> Route:
    """Where an attempt was sent, and with which of the job's plans."""
    where = (attempt.endpoint, attempt.credential, attempt.plan)
    return next(one for one in job.routes if (one.endpoint, one.credential, one.plan) == where)
