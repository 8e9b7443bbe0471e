"""Zero data retention: what a job was asked goes at its end, and what it made soon after.

The row stays, with its state, its price and what the video was like; so do the user and the session that the
caller named, which are there to be looked up by.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.request import Inputs
from reelrouter.db.engine import Row, Unit
from reelrouter.ids import JobId
from reelrouter.jobs import sql, store
from reelrouter.jobs.model import ATTEMPT_END, HANDLE, PLAN, REMARKS, AttemptEnd, Job, Remarks
from reelrouter.work import Handle

VIDEO_SECONDS = 15 * 60
"""How long the video of such a job is kept for its download."""
_SPARES = TypeAdapter(tuple[Plan, ...])


def kept_seconds(job: Job, gateway: int) -> int:
    """How long a job's video is kept: the shortest of what the gateway, its workspace and its kind allow."""
    allowed = [gateway]
    if job.retention is not None:
        allowed.append(job.retention)
    if job.zdr:
        allowed.append(VIDEO_SECONDS)
    return min(allowed)


def fit_to_log(job: Job, text: str) -> str:
    """What a backend said of a job, which may repeat what it was asked."""
    return "withheld, since the job is under zero data retention" if job.zdr else text


def described(job: Job, error: Exception) -> str:
    """An error in dealing with a job, for the log."""
    return type(error).__name__ if job.zdr else repr(error)


def erase(unit: Unit, job_id: JobId) -> Sequence[str]:
    """Takes from the rows of a job that has ended what it was asked, if that is its kind.

    Returns the storage keys of inputs that nobody uses now; their files are the caller's to delete. What a crash
    leaves of them is found by the hourly sweep.
    """
    row = unit.row(sql.ROW, job=job_id)
    if row is None or not row["zdr"]:
        return ()
    unit.execute(
        sql.FORGET,
        job=job_id,
        left_of_plan=PLAN.dump_json(_left_of_plan(PLAN.validate_json(row["plan"]))).decode(),
        left_of_spares=_left_of_spares(row["spares"]),
        left_of_remarks=REMARKS.dump_json(_left_of_remarks(REMARKS.validate_json(row["remarks"]))).decode(),
    )
    for attempt in unit.rows(sql.ATTEMPTS, job=job_id):
        _erase_attempt(unit, attempt)
    return store.drop_inputs(unit, job_id)


def _erase_attempt(unit: Unit, row: Row) -> None:
    handle, outcome = row["handle"], row["outcome"]
    unit.execute(
        sql.FORGET_ATTEMPT,
        job=row["job_id"],
        number=row["n"],
        left_of_handle=handle and HANDLE.dump_json(_left_of_handle(HANDLE.validate_json(handle))).decode(),
        left_of_outcome=outcome
        and ATTEMPT_END.dump_json(_left_of_end(ATTEMPT_END.validate_json(outcome)), exclude_none=True).decode(),
    )


def _left_of_plan(plan: Plan) -> Plan:
    return replace(plan, prompt="", inputs=Inputs(), options={})


def _left_of_spares(spares: str | None) -> str | None:
    if spares is None:
        return None
    return _SPARES.dump_json(tuple(map(_left_of_plan, _SPARES.validate_json(spares)))).decode()


def _left_of_remarks(remarks: Remarks) -> Remarks:
    return replace(remarks, attribution=replace(remarks.attribution, trace=None))


def _left_of_handle(handle: Handle) -> Handle:
    """Where the attempt lived; a backend of this machine keeps the whole order beside that."""
    return replace(handle, extra={})


def _left_of_end(end: AttemptEnd) -> AttemptEnd:
    return replace(
        end,
        finished=replace(end.finished, outputs=(), notes=()) if end.finished else None,
        failed=replace(end.failed, vendor_text=None, notes=()) if end.failed else None,
    )
