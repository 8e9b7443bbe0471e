"""Marks attempts of which their vendor is to be asked after the job's end; `late` does the asking."""

from sqlalchemy import bindparam, update

from reelrouter.db.engine import Unit
from reelrouter.db.tables import attempts
from reelrouter.jobs.model import Attempt

FIRST_LOOK = 60.0
"""Seconds after the end."""

_LOOK_AGAIN = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"))
    .values(look_at=bindparam("then"))
)


def look_later(unit: Unit, attempt: Attempt, then: int | None) -> None:
    """At `then`, in Unix milliseconds; None is never again."""
    unit.execute(_LOOK_AGAIN, job=attempt.job_id, number=attempt.n, then=then)
