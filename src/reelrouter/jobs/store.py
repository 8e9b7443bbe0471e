"""Jobs and attempts as rows: written within a `Unit`, read from the `Database`. The statements are in `sql`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import sql
from reelrouter.jobs.decide import Ending
from reelrouter.jobs.machine import Event, State, advance, sources
from reelrouter.jobs.model import (
    ATTEMPT_END,
    FAILURE,
    HANDLE,
    OUTPUTS,
    PLAN,
    REMARKS,
    ROUTES,
    SPARES,
    Attempt,
    AttemptEnd,
    Failure,
    Job,
    JobView,
    dumped,
    placed_view_of,
    shown_of,
)
from reelrouter.jobs.trouble import TROUBLE, Trouble
from reelrouter.observe.signals import News
from reelrouter.work import Failed, FailureClass, Handle, StoredFile

LATE_LOOK = 60.0
"""Seconds until a vendor is first asked for what it may have made for a job that has ended."""


def place(unit: Unit, job: Job) -> None:
    """The row that makes a job accepted, and its claim on its inputs."""
    unit.execute(
        sql.INSERT,
        id=job.id,
        workspace=job.workspace,
        key_id=job.key_id,
        mode=job.mode,
        status=job.status.value,
        created_at=job.created_at,
        updated_at=job.created_at,
        deadline_at=job.deadline_at,
        model=job.model,
        plan=PLAN.dump_json(job.plan).decode(),
        spares=SPARES.dump_json(job.spares).decode() if job.spares else None,
        routes=ROUTES.dump_json(job.routes).decode(),
        queue=job.queue,
        remarks=REMARKS.dump_json(job.remarks).decode(),
        shown=json.dumps(shown_of(job.plan)),
        base_url=job.base_url,
        external_user=job.remarks.attribution.user,
        session_id=job.remarks.attribution.session_id,
        zdr=int(job.zdr),
        retention=job.retention,
        estimate=job.estimate,
        traceparent=job.traceparent,
    )
    for key in job.input_keys:
        unit.execute(sql.INSERT_INPUT, job_id=job.id, key=key)


def put_back(unit: Unit, job: Job, queue: str, not_before: int) -> bool:
    """A started job waits again, for another place or another hour: its run is over. False if it was already."""
    return unit.execute(sql.PUT_BACK, job=job.id, of_run=job.run, to_queue=queue, until=not_before) == 1


def run_again(unit: Unit, moving: "Moving", driver: str, *, broke_off: bool) -> bool:
    """Begins another run, of that driver; False if the job is not under way any more, or somebody else was first.

    `broke_off` is whether the last one met an error, and was not merely left behind by its process.
    """
    values = {"last_run": moving.run, "next_run": moving.run + 1, "counted": int(broke_off), "by": driver}
    return unit.execute(sql.RUN_AGAIN, job=moving.job, **values) == 1


def drive(unit: Unit, job: JobId, run: int, driver: str) -> None:
    """From now on that process works on the run."""
    unit.execute(sql.DRIVE, job=job, of_run=run, by=driver)


def request_cancel(unit: Unit, job: JobId, now_ms: int) -> None:
    unit.execute(sql.REQUEST_CANCEL, job=job, at=now_ms)


def begin_attempt(unit: Unit, attempt: Attempt) -> bool:
    """Writes the intent. False if the job has ended or the attempt is there: then it is not ours to send."""
    status = unit.row(sql.STATUS, job=attempt.job_id)
    if status is None or State(status["status"]) not in sources("accepted"):
        return False
    if any(row["n"] == attempt.n for row in unit.rows(sql.ATTEMPTS, job=attempt.job_id)):
        return False
    unit.execute(
        sql.INSERT_ATTEMPT,
        job_id=attempt.job_id,
        n=attempt.n,
        plan=attempt.plan,
        endpoint=attempt.endpoint,
        credential=attempt.credential,
        key=attempt.key,
        owner=attempt.owner,
        intent_at=attempt.intent_at,
        handle=None,
        outcome=None,
        ended_at=None,
        look_at=None,
        trouble=None,
    )
    return True


def accept(unit: Unit, job: Job, attempt: Attempt, handle: Handle, now_ms: int) -> None:
    """A backend has it: the handle first, for it is what a paid job hangs on. Now the job shows that plan."""
    known_as = dumped(HANDLE, handle)
    if unit.execute(sql.SET_HANDLE, job=job.id, number=attempt.n, known_as=known_as) == 0:
        # Somebody has given the attempt up meanwhile: what was paid for is asked for after the job's end.
        then = now_ms + milliseconds(LATE_LOOK)
        unit.execute(sql.SET_LATE_HANDLE, job=job.id, number=attempt.n, known_as=known_as, then=then)
        return
    taken = {"job": job.id, "by": attempt.endpoint, "own": int(attempt.is_byok), "at": now_ms}
    if not job.spares:
        unit.execute(sql.ACCEPT, **taken)
        return
    plan = job.plan_of(attempt)
    unit.execute(sql.ACCEPT_AS, **taken, with_model=plan.model, as_shown=json.dumps(shown_of(plan)))


def end_attempt(unit: Unit, attempt: Attempt, end: AttemptEnd, now_ms: int) -> bool:
    """The first end that is written is the attempt's end. False if this is not, and nothing was written.

    An outcome is unknown only as long as nobody has recorded that a backend has it: two may ask at one time.
    """
    unanswered = end.kind == "unknown_submit"
    ended = unit.execute(
        sql.END_UNANSWERED if unanswered else sql.END_ATTEMPT,
        job=attempt.job_id,
        number=attempt.n,
        ended_as=dumped(ATTEMPT_END, end),
        at=now_ms,
    )
    return ended == 1


def note_trouble(unit: Unit, attempt: Attempt, trouble: Trouble | None) -> None:
    """What keeps the attempt's video back; None once nothing does."""
    what = None if trouble is None else TROUBLE.dump_json(trouble).decode()
    unit.execute(sql.SET_TROUBLE, job=attempt.job_id, number=attempt.n, what=what)


def note_progress(unit: Unit, job: JobId, share: float, now_ms: int) -> None:
    unit.execute(sql.PROGRESS, job=job, share=share, at=now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last change of a job's row."""

    event: Event
    at: int
    files: tuple[StoredFile, ...] = ()
    failure: Failure | None = None
    price: int | None = None
    list_price: int | None = None
    vendor_cost: int | None = None
    expires_at: int | None = None


def end(unit: Unit, job: Job, last: End) -> bool:
    """False if the job had ended already; then nothing was changed, and nothing else may be written either."""
    unit.execute(sql.CLEAR_TROUBLES, job=job.id)  # only those of jobs under way are looked for
    return (
        unit.execute(
            sql.END[last.event],
            job=job.id,
            state=state_after(job, last),
            at=last.at,
            until=last.expires_at,
            share=1.0 if last.event == "stored" else job.progress,
            why=FAILURE.dump_json(last.failure, exclude_none=True).decode() if last.failure else None,
            files=OUTPUTS.dump_json(last.files).decode() if last.files else None,
            how_many=len(last.files),
            bytes_kept=sum(file.size for file in last.files) if last.files else None,
            cost=last.price,
            listed=last.list_price,
            vendor=last.vendor_cost,
        )
        == 1
    )


def unstarted(unit: Unit, job: JobId) -> Job | None:
    """A pending job that no engine has taken; None if there is no such job (any more)."""
    row = unit.row(sql.UNSTARTED, job=job)
    return job_of(row) if row else None


def end_unstarted(unit: Unit, job: JobId, ending: Ending, now_ms: int) -> bool:
    """Ends a pending job that no engine has taken; False if one has, or it has ended."""
    return (
        unit.execute(
            sql.END_UNSTARTED,
            job=job,
            state=advance(State.PENDING, ending.event).value,
            at=now_ms,
            why=FAILURE.dump_json(ending.failure, exclude_none=True).decode() if ending.failure else None,
        )
        == 1
    )


def end_unreadable(unit: Unit, job: JobId, failure: Failure, now_ms: int) -> bool:
    """Ends a job as failed without loading it; False if it has ended."""
    why = FAILURE.dump_json(failure, exclude_none=True).decode()
    return unit.execute(sql.END_UNREADABLE, job=job, at=now_ms, why=why) == 1


def add_outputs(unit: Unit, job: JobId, files: Sequence[StoredFile], now_ms: int, until: int) -> bool:
    """Gives a job that had ended without it its video; False if it has one, or was deleted."""
    return (
        unit.execute(
            sql.ADD_OUTPUTS,
            job=job,
            at=now_ms,
            until=until,
            files=OUTPUTS.dump_json(tuple(files)).decode(),
            how_many=len(files),
            bytes_kept=sum(file.size for file in files),
        )
        == 1
    )


def mark_deleted(unit: Unit, job: JobId, now_ms: int) -> list[str] | None:
    """The storage keys of inputs that no other job uses; None if the job cannot be deleted (any more)."""
    if unit.execute(sql.DELETE, job=job, at=now_ms) != 1:
        return None
    return drop_inputs(unit, job)


def drop_inputs(unit: Unit, job: JobId) -> list[str]:
    """Gives up the job's claim on its inputs; returns the keys that nobody uses now."""
    keys = [row["key"] for row in unit.rows(sql.INPUTS_OF, job=job)]
    unit.execute(sql.DROP_INPUTS, job=job)
    return [key for key in keys if not _uses(unit, key)]


def drop_outputs(unit: Unit, job: JobId, now_ms: int) -> None:
    """After retention the row stays, the files go."""
    unit.execute(sql.DROP_OUTPUTS, job=job, at=now_ms)


def end_retention(unit: Unit, job: JobId, now_ms: int) -> None:
    """Its files may not be had any more from now on, and the sweep removes them."""
    unit.execute(sql.END_RETENTION, job=job, at=now_ms)


def state_after(job: Job, last: End) -> str:
    return advance(job.status, last.event).value


async def get_even_deleted(db: Database, job: JobId) -> Job:
    """For those who know that it has a row. Raises `LookupError` if it has none."""
    row = await db.row(sql.ROW, job=job)
    if row is None:
        raise LookupError(f"no job {job}")
    return job_of(row)


async def get(db: Database, job: JobId) -> Job | None:
    row = await db.row(sql.GET, job=job)
    return job_of(row) if row else None


async def view(db: Database, job: str) -> JobView | None:
    """The few columns of a status answer: what clients ask for thousands of times a second."""
    row = await db.row(sql.VIEW, job=job)
    return read_view(row) if row else None


async def placed_view(db: Database, job: JobId) -> JobView:
    """A job as it was when it was placed, whatever has become of it since."""
    return placed_view_of(await get_even_deleted(db, job))


async def newest_version(db: Database) -> int:
    row = await db.row(sql.NEWEST)
    return min(row["version"], row["settled"] - 1) if row else 0


async def changed_since(db: Database, version: int) -> News:
    """The jobs that have changed after a version."""
    rows = await db.rows(sql.CHANGED, after_version=version)
    if not rows:
        return News(jobs=(), upto=version)
    upto = min(rows[-1]["version"], rows[-1]["settled"] - 1)
    return News(jobs=tuple(row["id"] for row in rows), upto=max(version, upto))


def read_whole(unit: Unit, job: JobId) -> tuple[Job, list[Attempt]]:
    """As the transaction sees it. Raises `LookupError` for a job that has no row."""
    row = unit.row(sql.ROW, job=job)
    if row is None:
        raise LookupError(f"no job {job}")
    return job_of(row), [_attempt_of(one) for one in unit.rows(sql.ATTEMPTS, job=job)]


async def list_attempts(db: Database, job: JobId) -> list[Attempt]:
    return [_attempt_of(row) for row in await db.rows(sql.ATTEMPTS, job=job)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """An attempt and when it ended, as people look it up."""

    attempt: Attempt
    ended_at: int | None
    trouble: Trouble | None = None
    """What keeps its video back; None while nothing does, and once its job has ended."""


async def list_attempt_records(db: Database, job: JobId) -> list[AttemptRecord]:
    rows = await db.rows(sql.ATTEMPTS, job=job)
    return [
        AttemptRecord(
            attempt=_attempt_of(row),
            ended_at=row["ended_at"],
            trouble=TROUBLE.validate_json(row["trouble"]) if row["trouble"] else None,
        )
        for row in rows
    ]


async def check_readable(db: Database) -> None:
    """Raises what the database raises if it cannot be read."""
    await db.row(sql.ANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A job that was started and has not ended."""

    job: JobId
    run: int
    lost_runs: int
    """Those of its runs that broke off with an error."""
    driver: str | None
    """The process that began its run, or took it over."""


async def list_moving(db: Database) -> list[Moving]:
    rows = await db.rows(sql.MOVING)
    return [
        Moving(job=row["id"], run=row["run"], lost_runs=row["lost_runs"], driver=row["driver"]) for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """A job that its owner wants to end."""

    job: JobId
    is_started: bool


async def list_cancelling(db: Database) -> list[Cancelling]:
    rows = await db.rows(sql.CANCELLING)
    return [Cancelling(job=row["id"], is_started=row["started_at"] is not None) for row in rows]


async def list_past_retention(db: Database, now_ms: int, most: int) -> list[JobId]:
    return [row["id"] for row in await db.rows(sql.PAST_RETENTION, at=now_ms, most=most)]


async def is_input_used(db: Database, key: str) -> bool:
    row = await db.row(sql.USES, input_key=key)
    return row is not None and row["uses"] > 0


def job_of(row: Row) -> Job:
    return Job(
        **{name: row[name] for name in _PLAIN_COLUMNS},
        is_byok=bool(row["is_byok"]),
        status=State(row["status"]),
        zdr=bool(row["zdr"]),
        plan=PLAN.validate_json(row["plan"]),
        spares=SPARES.validate_json(row["spares"]) if row["spares"] else (),
        routes=ROUTES.validate_json(row["routes"]),
        remarks=REMARKS.validate_json(row["remarks"]),
        failure=FAILURE.validate_json(row["failure"]) if row["failure"] else None,
        outputs=OUTPUTS.validate_json(row["outputs"]) if row["outputs"] else (),
    )


_PLAIN_COLUMNS = (
    "traceparent",
    "id",
    "workspace",
    "key_id",
    "mode",
    "version",
    "created_at",
    "deadline_at",
    "finished_at",
    "expires_at",
    "dropped_at",
    "model",
    "queue",
    "base_url",
    "run",
    "started_at",
    "attempt_limit",
    "cancel_requested_at",
    "nudged_at",
    "progress",
    "provider",
    "retention",
    "estimate",
    "price",
    "list_price",
    "vendor_cost",
)


def read_view(row: Row) -> JobView:
    """Of a row with the columns of `sql.VIEW`."""
    shown = json.loads(row["shown"])
    return JobView(
        id=row["id"],
        workspace=row["workspace"],
        mode=row["mode"],
        status=row["status"],
        version=row["version"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        expires_at=row["expires_at"],
        dropped_at=row["dropped_at"],
        model=row["model"],
        provider=row["provider"],
        progress=row["progress"],
        failure=FAILURE.validate_json(row["failure"]) if row["failure"] else None,
        outputs=row["output_count"],
        price=row["price"],
        is_byok=bool(row["is_byok"]),
        base_url=row["base_url"],
        resolved=shown["resolved"],
        warnings=shown["warnings"],
    )


def _attempt_of(row: Row) -> Attempt:
    return Attempt(
        job_id=row["job_id"],
        n=row["n"],
        endpoint=row["endpoint"],
        credential=row["credential"],
        key=row["key"],
        owner=row["owner"],
        intent_at=row["intent_at"],
        plan=row["plan"],
        handle=_handle_of(row),
        end=_end_of(row),
        ended_at=row["ended_at"],
    )


def _handle_of(row: Row) -> Handle | None:
    """None also for one that cannot be loaded: then it is not known any more whether a backend has the job."""
    try:
        return HANDLE.validate_json(row["handle"]) if row["handle"] else None
    except ValidationError:
        return None


def _end_of(row: Row) -> AttemptEnd | None:
    """One that cannot be loaded is a failure of ours: whatever it was, the job has to end."""
    try:
        return ATTEMPT_END.validate_json(row["outcome"]) if row["outcome"] else None
    except ValidationError as error:
        text = f"its stored outcome cannot be loaded: {error}"
        return AttemptEnd(kind="failed", failed=Failed(failure=FailureClass.INTERNAL, vendor_text=text))


def _uses(unit: Unit, key: str) -> bool:
    row = unit.row(sql.USES, input_key=key)
    return row is not None and row["uses"] > 0
