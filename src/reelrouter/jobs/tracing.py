"""What a job's trace is made of: the job itself, its attempts, and what was done for them."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.db.tables import jobs
from reelrouter.jobs.model import Attempt, AttemptEnd, Job
from reelrouter.jobs.store import End, state_after
from reelrouter.observe.traces import Kind, Note, NoTraces, Place, Span, Traces, any_below, named_below, parse
from reelrouter.webhooks.schedule import Result
from reelrouter.webhooks.store import Claimed

_MOST_NOTES = 64
_TRACEPARENT = select(jobs.c.traceparent).where(jobs.c.id == bindparam("job"))


@dataclass(slots=True)
class Doing:
    """What is added to a span while it lasts."""

    attributes: dict[str, str | int | float | bool] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    error: str | None = None

    def note(self, name: str, at: float, **attributes: str | float) -> None:
        """The first ones are kept."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Note(name=name, at=at, attributes=attributes))


class Tracing:
    """Records the spans of jobs whose submit was traced, and nothing for any other."""

    def __init__(self, traces: Traces, clock: Clock) -> None:
        self._traces = traces
        self._clock = clock

    @contextmanager
    def doing(self, name: str, within: Place | None, kind: Kind = "internal") -> Iterator[Doing]:
        """A span of what is done meanwhile. Of an error only its kind is told: its text may quote anything."""
        doing, began = Doing(), self._clock.now()
        try:
            yield doing
        except Exception as error:
            doing.error = type(error).__name__
            raise
        finally:
            if within is not None:
                self._traces.record(
                    Span(
                        name=name,
                        kind=kind,
                        place=any_below(within),
                        parent=within,
                        began=began,
                        ended=self._clock.now(),
                        attributes=doing.attributes,
                        notes=tuple(doing.notes),
                        error=doing.error,
                    )
                )

    def end_attempt(self, job: Job, attempt: Attempt, end: AttemptEnd) -> None:
        parent, place = place_of(job), place_of_attempt(job, attempt)
        if parent is None or place is None:
            return
        failed = end.kind != "finished"
        told = {"reelrouter.failure": end.failure.value} if end.failure else {}
        self._traces.record(
            Span(
                name="attempt",
                kind="internal",
                place=place,
                parent=parent,
                began=attempt.intent_at / 1000,
                ended=self._clock.now(),
                attributes={
                    "reelrouter.endpoint": attempt.endpoint,
                    "reelrouter.attempt": attempt.n,
                    "reelrouter.end": end.kind,
                    **told,
                },
                error=end.kind if failed else None,
            )
        )

    def end_job(self, job: Job, last: End) -> None:
        place = place_of(job)
        if place is None:
            return
        self._traces.record(
            Span(
                name="job",
                kind="internal",
                place=place,
                parent=parse(job.traceparent),
                began=job.created_at / 1000,
                ended=last.at / 1000,
                attributes={**_about(job), "reelrouter.status": state_after(job, last)},
                error=last.failure.error_type if last.failure else None,
            )
        )

    def sending(
        self, db: Database, send: Callable[[Claimed], Awaitable[Result]]
    ) -> Callable[[Claimed], Awaitable[Result]]:
        """`send` with a span for each attempt to deliver what became of a traced job."""
        if isinstance(self._traces, NoTraces):
            return send  # the job's row need not be read

        async def traced(one: Claimed) -> Result:
            with self.doing("deliver webhook", await _place_in(db, one.delivery.job_id), "client") as doing:
                result = await send(one)
                doing.attributes |= {"server.address": one.host, "reelrouter.attempt": one.n}
                if result.status is not None:
                    doing.attributes["http.response.status_code"] = result.status
                if result.status is None or result.status >= 300:
                    doing.error = "not delivered"
            return result

        return traced


def place_of(job: Job) -> Place | None:
    return _place(job.id, job.traceparent)


def place_of_attempt(job: Job, attempt: Attempt) -> Place | None:
    place = place_of(job)
    return named_below(place, f"{job.id}:{attempt.n}") if place else None


async def _place_in(db: Database, job_id: str | None) -> Place | None:
    row = await db.row(_TRACEPARENT, job=job_id) if job_id is not None else None
    return _place(job_id, row["traceparent"]) if row is not None and job_id is not None else None


def _place(job_id: str, traceparent: str | None) -> Place | None:
    submit = parse(traceparent) if traceparent is not None else None
    return named_below(submit, job_id) if submit is not None else None


def _about(job: Job) -> dict[str, str]:
    return {f"reelrouter.{name}": value for name, value in job.log_context().items()}
