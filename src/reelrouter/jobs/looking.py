"""Marks attempts of which their vendor is to be asked after the job's end; `late` does the asking."""

from sqlalchemy import bindparam, update

from reelrouter.db.engine import Unit
from reelrouter.db.tables import attempts
from reelrouter.ids import JobId
from reelrouter.jobs.model import Attempt

_LOOK_AGAIN = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"))
    .values(look_at=bindparam("then"))
)


def look_later(unit: Unit, attempt: Attempt, then: int | None) -> None:
    """At `then`, in Unix milliseconds; None is never again."""
    look_at(unit, attempt.job_id, attempt.n, then)


def look_at(unit: Unit, job: JobId, n: int, then: int | None) -> None:
    """The same of an attempt that may not be loadable."""
    unit.execute(_LOOK_AGAIN, job=job, number=n, then=then)
