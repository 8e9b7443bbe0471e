"""What keeps a job's video back while it is under way, and for how long each kind of trouble is borne; pure.

| kind | what happened | how long it is borne |
| --- | --- | --- |
| unclear | the vendor answered in a way that nobody here understands | `UNCLEAR_SECONDS` |
| unanswered | the vendor could not be asked, or said nothing about the job | until the deadline |
| missing | the vendor says that it knows no such job | `MISSING_SECONDS` |
| elsewhere | the job was made at another base URL than is configured now | until the deadline |
| file | the vendor says that the video is finished, and its file cannot be loaded or played | `FILE_SECONDS` |
| storage | this gateway's own disk, bucket or machine failed | until the deadline |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from pydantic import TypeAdapter

from reelrouter.clock import milliseconds
from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import StorageFailed
from reelrouter.work import Drift, Failed, FailureClass, JobLost, MadeElsewhere, NotAnswered, Outcome, TroubleKind

UNCLEAR_SECONDS = 600.0
MISSING_SECONDS = 300.0
"""Counted from the first such answer, and from the submit: a replica may not know a new job yet."""
FILE_SECONDS = 600.0
LONGEST_REST = 3600.0
"""For how long a backend is left alone at its own wish: more than that is no honest one."""
CANCEL_SECONDS = 30.0
"""How long a vendor in trouble may take over a cancel, before the job is cancelled without it."""
_KEPT_REASON = 500
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    kind: TroubleKind
    since: int
    """Unix milliseconds."""
    reason: str
    """For operators."""


TROUBLE = TypeAdapter(Trouble)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """Answers in a row that did not help, by kind: when the first of each came, in Unix seconds."""

    began: Mapping[TroubleKind, float] = field(default_factory=dict)
    newest: Trouble | None = None


CALM = Bout()


class NoVideo(Exception):
    """A vendor says that a job is finished, and names no video: that may come a moment later."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.vendor_text or "the backend finished without a video")
        self.failed = failed


def with_video(outcome: Outcome) -> Outcome:
    """The outcome. Raises `NoVideo` for one that is finished, but for its video."""
    if isinstance(outcome, Failed) and outcome.failure is FailureClass.OUTPUT_INVALID:
        raise NoVideo(outcome)
    return outcome


def kind_of(error: Exception) -> TroubleKind:
    """Of a poll's error. An error of our own code is `unclear`: it must end too."""
    match error:
        case JobLost():
            return "missing"
        case MadeElsewhere():
            return "elsewhere"
        case NotAnswered() | OSError():  # a time-out is one
            return "unanswered"
        case StorageFailed() | DatabaseGone():
            return "storage"
        case NoVideo():
            return "file"
        case _:
            return "unclear"


def noted(bout: Bout, kind: TroubleKind, reason: str, now: float) -> Bout:
    """The bout with one more answer that did not help. Other kinds of trouble in between do not end one."""
    began = {kind: now, **bout.began}
    since = milliseconds(began[kind])
    return replace(bout, began=began, newest=Trouble(kind=kind, since=since, reason=reason[:_KEPT_REASON]))


def given_up(bout: Bout, error: Exception, accepted_at: float, now: float) -> Failed | None:
    """How a job ends whose polls have not been understood for too long; None while there is hope."""
    kind = kind_of(error)
    lasted = now - bout.began[kind]
    match kind:
        case "missing" if lasted >= MISSING_SECONDS and now - accepted_at >= MISSING_SECONDS:
            return Failed(failure=FailureClass.EXPIRED, vendor_code="not_found", vendor_text=str(error))
        case "unclear" if lasted >= UNCLEAR_SECONDS:
            failure = FailureClass.DRIFT if isinstance(error, Drift) else FailureClass.INTERNAL
            return Failed(failure=failure, vendor_code="not_understood", vendor_text=str(error))
        case "file" if lasted >= FILE_SECONDS and isinstance(error, NoVideo):
            return error.failed
        case _:
            return None


def may_leave(bout: Bout, asked_at: float, now: float) -> bool:
    """Whether a job whose owner asked at `asked_at` to cancel it ends without its vendor's consent."""
    if bout.newest is None:
        return False
    match bout.newest.kind:
        case "unclear" | "missing" | "elsewhere" | "file":
            return True
        case "unanswered" | "storage":
            return now - asked_at >= CANCEL_SECONDS
        case unknown:
            assert_never(unknown)
