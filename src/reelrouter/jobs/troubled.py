"""Jobs under way whose videos are kept back, for operators to look at."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from reelrouter.db.engine import Database
from reelrouter.db.tables import attempts, jobs
from reelrouter.jobs.trouble import TROUBLE, Trouble

_MOST = 1000
_TROUBLED = (
    select(attempts.c.job_id, attempts.c.endpoint, attempts.c.trouble)
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .where(attempts.c.trouble.is_not(None), jobs.c.finished_at.is_(None))
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    job: str
    endpoint: str
    trouble: Trouble


async def count_troubled(db: Database) -> Mapping[tuple[str, str], int]:
    """By endpoint and kind."""
    return Counter((one.endpoint, one.trouble.kind) for one in await list_troubled(db))


async def list_troubled(db: Database) -> list[Troubled]:
    """By endpoint, kind and age; no more than a thousand."""
    rows = await db.rows(_TROUBLED, most=_MOST)
    found = [
        Troubled(job=row["job_id"], endpoint=row["endpoint"], trouble=TROUBLE.validate_json(row["trouble"]))
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.endpoint, one.trouble.kind, one.trouble.since))
