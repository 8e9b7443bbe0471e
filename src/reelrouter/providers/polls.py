"""What an answered poll comes to, the same for every vendor; pure.

An adapter says where things stand; what they mean, and what is done where they are odd, is decided here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reelrouter.providers.base import Unclear
from reelrouter.providers.complaints import Complaint, Judge, complaint_in, says_lost
from reelrouter.providers.decoration import MOST_OUTPUTS
from reelrouter.providers.places import ids_in, is_unset
from reelrouter.providers.prose import class_of_words
from reelrouter.providers.reading import class_of_status, failed, shown, status_in
from reelrouter.providers.words import failure_of_word, meaning_of
from reelrouter.work import Failed, FailureClass, Fetch, Finished, JobLost, NotAnswered, Outcome, Running

_NOT_THE_JOBS = frozenset(
    {FailureClass.AUTH, FailureClass.QUOTA_BILLING, FailureClass.RATE_LIMITED, FailureClass.CONCURRENCY}
)
"""Errors in the place of a job that are about the asking, and say nothing of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answered poll: what it would come to, for each meaning that its status can have."""

    said: Mapping[str, Any]
    """All of it."""
    native_id: str
    """The job's, by which an answer shows that it tells of that job."""
    status: object
    finished: Finished | Failed
    """`Failed` where the answer names no video."""
    judge: Judge
    running: Running = field(default_factory=Running)
    vendor_cost: int | None = None
    """Of whatever end."""
    notes: tuple[str, ...] = ()


def outcome_of(answered: Answered) -> Outcome | Unclear:
    """Raises `JobLost`, and `NotAnswered` where an error is told that is not the job's."""
    outcome = _by_word(answered)
    if isinstance(outcome, Running):
        return outcome
    return replace(outcome, vendor_cost=answered.vendor_cost, notes=(*outcome.notes, *answered.notes))


def delivered(addresses: Iterable[str], seed: int | None = None, notes: tuple[str, ...] = ()) -> Finished | Failed:
    """A finished job with its videos; without any it has failed."""
    outputs = tuple(Fetch(url=one) for one in addresses)[:MOST_OUTPUTS]
    if not outputs:
        return failed(FailureClass.OUTPUT_INVALID, "no_video", "the job is done and names no video")
    return Finished(outputs=outputs, seed=seed, notes=notes)


def _by_word(answered: Answered) -> Outcome | Unclear:
    match meaning_of(answered.status):
        case "waiting" | "running":
            return answered.running
        case "done":
            return _done(answered)
        case "failed":
            return _ended(answered, _failed(answered))
        case "cancelled":
            return replace(_failed(answered), failure=FailureClass.CANCELLED, error_type=None)
        case "expired":
            expired = replace(_failed(answered), failure=FailureClass.EXPIRED, error_type=None)
            return _ended(answered, expired)
        case "lost":
            raise JobLost(shown(answered.status))
        case None:
            return _unclear(answered)


def _done(answered: Answered) -> Finished | Failed:
    """Some vendors call a failure done, and tell it by an error in the place of the video."""
    if isinstance(answered.finished, Failed) and complaint_in(answered.said) is not None:
        return _ended(answered, _failed(answered))
    return answered.finished


def _ended(answered: Answered, failure: Failed) -> Failed:
    """A failure that is the job's. Raises `NotAnswered` for one of the asking: else another would be paid too."""
    ids = [one for one in ids_in(answered.said) if not is_unset(one)]
    if answered.native_id not in ids and _is_about_asking(answered, failure):
        raise NotAnswered(f"an error that names no job: {failure.vendor_code}: {failure.vendor_text}")
    return failure


def _is_about_asking(answered: Answered, failure: Failed) -> bool:
    by_words = class_of_words(complaint_in(answered.said) or Complaint())
    return not _NOT_THE_JOBS.isdisjoint({failure.failure, by_words})


def _failed(answered: Answered) -> Failed:
    """By the vendor's own code, else by an HTTP status in its place, else by what the word itself says."""
    complaint = complaint_in(answered.said) or Complaint()
    status = status_in(complaint.code)
    by_word = failure_of_word(answered.status)
    return answered.judge(complaint, by_word if status is None else class_of_status(status))


def _unclear(answered: Answered) -> Unclear:
    reason = f"a job's status is {shown(answered.status)}"
    if (complaint := complaint_in(answered.said)) is not None:
        if says_lost(complaint):
            raise JobLost(shown(complaint.said))
        failure = answered.judge(complaint, FailureClass.DRIFT)
        said = f"{failure.vendor_code}: {failure.vendor_text}"
        if failure.failure in _NOT_THE_JOBS:
            raise NotAnswered(said)
        reason = f"{reason}, with the error {said}"
    if isinstance(answered.finished, Failed):
        return Unclear(reason=reason)
    return Unclear(reason=reason, outputs=answered.finished.outputs, seed=answered.finished.seed)
