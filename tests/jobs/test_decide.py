"""What comes next for a job: told from its row and its attempts alone."""

from dataclasses import replace
from typing import Any

import pytest

from reelrouter.ids import WorkspaceId
from reelrouter.jobs.decide import (
    CANCELLED,
    EXPIRED,
    UNKNOWN_SUBMIT,
    Await,
    Decision,
    Finish,
    Over,
    Resolve,
    Start,
    next_step,
)
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.work import Failed, FailureClass, Handle
from tests.jobs.conftest import make_job, route_to

NOW = 1_800_000_000_000
HANDLE = Handle(endpoint="a", credential="c", native_id="n")
RETRYABLE = (FailureClass.AUTH, FailureClass.QUOTA_BILLING, FailureClass.TRANSIENT)
BUSY = (FailureClass.RATE_LIMITED, FailureClass.CONCURRENCY)
FINAL = [one for one in FailureClass if one not in (*RETRYABLE, *BUSY, FailureClass.DRIFT)]


def job(*endpoints: str, **changes: Any) -> Job:
    """Ten minutes before its deadline; `spare` names the endpoints of its spare model."""
    spare = changes.pop("spare", ())
    return replace(make_job(WorkspaceId("ws"), endpoints, NOW / 1000, spare), **changes)


def attempt(n: int, endpoint: str, end: AttemptEnd | None = None, **parts: Any) -> Attempt:
    return Attempt(
        job_id=make_job(WorkspaceId("ws"), ("a",), 0.0).id,
        n=n,
        endpoint=endpoint,
        credential="c",
        key="k",
        owner="slot-0:1",
        **({"intent_at": NOW, "end": end} | parts),
    )


def refused(failure: FailureClass, retry_after: float | None = None) -> AttemptEnd:
    return AttemptEnd(kind="refused", failed=Failed(failure=failure, retry_after=retry_after))


def failed(failure: FailureClass, **parts: Any) -> AttemptEnd:
    return AttemptEnd(kind="failed", failed=Failed(failure=failure, **parts))


UNKNOWN = AttemptEnd(kind="unknown_submit")


def where(decision: Decision) -> tuple[int, str, int]:
    """The attempt's number, its endpoint, and the seconds until it may begin."""
    assert isinstance(decision, Start), decision
    return decision.n, decision.route.endpoint, max(0, decision.not_before - NOW) // 1000


def test_a_job_begins_with_its_first_route() -> None:
    """At once."""
    assert where(next_step(job("a", "b"), [], NOW)) == (0, "a", 0)


def test_a_living_attempt_is_all_that_counts() -> None:
    """One that was accepted is waited for; one that was only begun is found out about."""
    begun = attempt(0, "b")
    accepted = replace(begun, handle=HANDLE)
    both = job("a", "b")
    assert next_step(both, [begun], NOW) == Resolve(attempt=begun, route=both.routes[1])
    assert next_step(both, [accepted], NOW) == Await(attempt=accepted, handle=HANDLE)


def test_a_job_that_is_over_stays_over() -> None:
    """Whatever its attempts look like."""
    assert next_step(job("a", status=State.FAILED), [attempt(0, "a")], NOW) == Over()


@pytest.mark.parametrize("failure", BUSY)
def test_where_there_is_no_place_the_next_route_is_tried_at_once(failure: FailureClass) -> None:
    """Waiting comes only when every route has said so."""
    tried = [attempt(0, "a", refused(failure, retry_after=30.0))]
    assert where(next_step(job("a", "b"), tried, NOW)) == (1, "b", 0)


def test_without_a_place_anywhere_the_pauses_grow() -> None:
    """Five seconds, then twice as long each time, up to a minute."""
    waits = []
    tried: list[Attempt] = []
    for n in range(7):
        tried.append(attempt(n, "a", refused(FailureClass.CONCURRENCY)))
        waits.append(where(next_step(job("a"), tried, NOW))[2])
    assert waits == [5, 10, 20, 40, 60, 60, 60]


def test_the_vendors_own_hour_is_kept() -> None:
    """What it says counts from the attempt, and never less than it says."""
    tried = [attempt(0, "a", refused(FailureClass.RATE_LIMITED, retry_after=90.0))]
    assert where(next_step(job("a"), tried, NOW)) == (1, "a", 90)
    late = [replace(tried[0], intent_at=NOW - 80_000)]
    assert where(next_step(job("a"), late, NOW)) == (1, "a", 10)


def test_a_vendor_that_says_at_once_for_ever_is_believed_less_and_less() -> None:
    """Else a job would fill its history with a refusal a second until its deadline."""
    tried = [attempt(n, "a", refused(FailureClass.RATE_LIMITED, retry_after=0.0)) for n in range(12)]
    assert where(next_step(job("a"), tried[:1], NOW))[2] == 1
    assert where(next_step(job("a"), tried, NOW))[2] == 60


@pytest.mark.parametrize("retry_after", [1e5, 1e30, float("inf")])
def test_nobody_waits_beyond_the_deadline(retry_after: float) -> None:
    """The job is looked at again when it ends, and not when the vendor would like it."""
    one = job("a")
    step = next_step(one, [attempt(0, "a", refused(FailureClass.RATE_LIMITED, retry_after=retry_after))], NOW)
    assert isinstance(step, Start)
    assert step.not_before == one.deadline_at
    assert next_step(one, [], one.deadline_at) == Finish(ending=EXPIRED)


def test_of_busy_routes_the_one_that_is_free_first_is_next() -> None:
    """The order of preference decides only between equals."""
    tried = [
        attempt(0, "a", refused(FailureClass.RATE_LIMITED, retry_after=60.0)),
        attempt(1, "b", refused(FailureClass.CONCURRENCY)),
    ]
    assert where(next_step(job("a", "b"), tried, NOW)) == (2, "b", 5)
    tried.append(attempt(2, "b", refused(FailureClass.RATE_LIMITED, retry_after=60.0)))
    assert where(next_step(job("a", "b"), tried, NOW)) == (3, "a", 60)


def test_every_route_of_the_first_model_comes_before_the_next_model() -> None:
    """An attempt says whose plan it carries out, for endpoint and account may be the same."""
    both = job("a", "b", spare=("a",))
    tried = [attempt(0, "a", refused(FailureClass.AUTH)), attempt(1, "b", refused(FailureClass.AUTH))]
    assert where(next_step(both, tried[:1], NOW)) == (1, "b", 0)
    step = next_step(both, tried, NOW)
    assert isinstance(step, Start)
    assert (step.n, step.route) == (2, route_to("a", 1))
    tried.append(attempt(2, "a", refused(FailureClass.AUTH), plan=1))
    assert isinstance(next_step(both, tried, NOW), Finish)


def test_an_attempt_with_a_spare_model_is_found_out_about_as_such() -> None:
    """It goes where it went, with what it was sent with."""
    both = job("a", spare=("a",))
    begun = attempt(1, "a", plan=1)
    tried = [attempt(0, "a", refused(FailureClass.AUTH)), begun]
    assert next_step(both, tried, NOW) == Resolve(attempt=begun, route=route_to("a", 1))


def test_a_busy_model_is_passed_over_for_the_next_and_not_given_up() -> None:
    """A spare's routes are routes like any others; when they are of no use, the first model is waited for."""
    both = job("a", spare=("b",))
    tried = [attempt(0, "a", refused(FailureClass.RATE_LIMITED, retry_after=60.0))]
    assert where(next_step(both, tried, NOW)) == (1, "b", 0)
    tried.append(attempt(1, "b", refused(FailureClass.AUTH), plan=1))
    assert where(next_step(both, tried, NOW)) == (2, "a", 60)


def test_a_route_that_failed_otherwise_is_not_waited_for() -> None:
    """Where something was wrong beside the want of a place, nobody asks again."""
    tried = [attempt(0, "a", refused(FailureClass.CONCURRENCY)), attempt(1, "a", refused(FailureClass.AUTH))]
    assert where(next_step(job("a", "b"), tried, NOW)) == (2, "b", 0)
    step = next_step(job("a"), tried, NOW)
    assert isinstance(step, Finish)
    assert step.ending.failure is not None
    assert step.ending.failure.failure == "auth"


@pytest.mark.parametrize("failure", [*RETRYABLE, *BUSY])
@pytest.mark.parametrize("end", [refused, failed])
def test_a_failure_that_may_pass_goes_on_to_the_next_route(failure: FailureClass, end: Any) -> None:
    """In the routes' order, each once."""
    tried = [attempt(0, "a", end(failure)), attempt(1, "b", end(failure))]
    assert where(next_step(job("a", "b", "c"), tried[:1], NOW))[:2] == (1, "b")
    assert where(next_step(job("a", "b", "c"), tried, NOW))[:2] == (2, "c")


@pytest.mark.parametrize("failure", RETRYABLE)
def test_the_last_failure_is_the_jobs(failure: FailureClass) -> None:
    """With no route left the job fails as its last attempt did."""
    step = next_step(job("a"), [attempt(0, "a", failed(failure))], NOW)
    assert isinstance(step, Finish)
    assert step.ending.failure is not None
    assert step.ending.failure.failure == failure


@pytest.mark.parametrize("failure", FINAL)
@pytest.mark.parametrize("end", [refused, failed])
def test_any_other_failure_ends_the_job(failure: FailureClass, end: Any) -> None:
    """A policy refusal above all: nobody shops around for a laxer filter, be it another model's."""
    for one in (job("a", "b"), job("a", spare=("b",))):
        assert isinstance(next_step(one, [attempt(0, "a", end(failure))], NOW), Finish)


def test_what_was_billed_is_not_tried_elsewhere() -> None:
    """Nobody pays twice for one video."""
    billed = failed(FailureClass.TRANSIENT, vendor_cost=1)
    assert isinstance(next_step(job("a", "b"), [attempt(0, "a", billed)], NOW), Finish)


def test_an_answer_that_nobody_understands_is_passed_over_only_where_nothing_was_made() -> None:
    """A refusal proves that; a poll's end does not."""
    assert where(next_step(job("a", "b"), [attempt(0, "a", refused(FailureClass.DRIFT))], NOW)) == (1, "b", 0)
    assert isinstance(next_step(job("a", "b"), [attempt(0, "a", failed(FailureClass.DRIFT))], NOW), Finish)


def test_an_unknown_submit_ends_the_job() -> None:
    """The vendor may have it; another attempt, anywhere, could be paid for twice."""
    assert next_step(job("a", "b"), [attempt(0, "a", UNKNOWN)], NOW) == Finish(ending=UNKNOWN_SUBMIT)


def test_the_policy_of_sending_again_sends_once_more_and_to_the_same_place() -> None:
    """After a pause: it was in trouble a moment ago. A second unknown is the end."""
    tried = [attempt(0, "a", refused(FailureClass.TRANSIENT)), attempt(1, "b", UNKNOWN)]
    assert where(next_step(job("a", "b", "c"), tried, NOW, resubmit=True)) == (2, "b", 5)
    tried.append(attempt(2, "b", UNKNOWN))
    assert next_step(job("a", "b", "c"), tried, NOW, resubmit=True) == Finish(ending=UNKNOWN_SUBMIT)


def test_an_unknown_elsewhere_after_the_second_sending_is_the_end() -> None:
    """However many routes there are, one outcome that nobody knows is all that the policy allows for."""
    tried = [
        attempt(0, "a", UNKNOWN),
        attempt(1, "a", refused(FailureClass.TRANSIENT)),
        attempt(2, "b", UNKNOWN),
    ]
    assert where(next_step(job("a", "b"), tried[:2], NOW, resubmit=True)) == (2, "b", 0)
    assert next_step(job("a", "b"), tried, NOW, resubmit=True) == Finish(ending=UNKNOWN_SUBMIT)


@pytest.mark.parametrize("tried", [[], [attempt(0, "a", refused(FailureClass.CONCURRENCY))]])
def test_a_cancel_ends_what_would_only_begin(tried: list[Attempt]) -> None:
    """Also while the job waits for a place."""
    assert next_step(job("a", cancel_requested_at=1), tried, NOW) == Finish(ending=CANCELLED)


def test_a_cancel_does_not_hide_how_the_job_had_ended_before() -> None:
    """A refusal that came first is what its owner reads."""
    tried = [attempt(0, "a", refused(FailureClass.POLICY_INPUT))]
    step = next_step(job("a", cancel_requested_at=1), tried, NOW)
    assert isinstance(step, Finish)
    assert step.ending.event == "failed"


@pytest.mark.parametrize("failure", [FailureClass.CANCELLED, FailureClass.EXPIRED])
def test_what_a_vendor_bills_for_a_job_that_it_broke_off_is_kept(failure: FailureClass) -> None:
    """The bill is the operator's to pay, however the job ended."""
    step = next_step(job("a"), [attempt(0, "a", failed(failure, vendor_cost=7), handle=HANDLE)], NOW)
    assert isinstance(step, Finish)
    assert step.ending.vendor_cost == 7
