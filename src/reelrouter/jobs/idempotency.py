"""Idempotency keys: a submit that comes twice under one key places one job, however it was lost the first time.

The row is written in the transaction that places the job, so that neither is ever there without the other.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.tables import idempotency
from reelrouter.errors import Conflict
from reelrouter.ids import JobId

LIFE_MS = 24 * 3600 * 1000
"""How long a key is remembered."""

_OF = (
    idempotency.c.workspace == bindparam("of_workspace"),
    idempotency.c.mode == bindparam("of_mode"),
    idempotency.c.key == bindparam("of_key"),
)
_ALIVE = idempotency.c.created_at > bindparam("oldest")
_FIND = select(idempotency.c.fingerprint, idempotency.c.job_id).where(*_OF, _ALIVE)
_FORGET = delete(idempotency).where(*_OF)
_INSERT = insert(idempotency)
_SWEEP = delete(idempotency).where(idempotency.c.created_at <= bindparam("oldest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A key, and what it was sent with."""

    key: str
    fingerprint: str
    """`fingerprint_of` the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Keys of different workspaces, or of live and test mode, have nothing to do with each other."""

    workspace: str
    mode: str


class Replay(Exception):
    """The key has placed this job already."""

    def __init__(self, job_id: JobId) -> None:
        super().__init__(job_id)
        self.job_id = job_id


def fingerprint_of(request: Any) -> str:
    """A digest of a JSON value that does not depend on the order of its keys."""
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def find(db: Database, scope: Scope, once: Once, now_ms: int) -> JobId | None:
    """The job that the key has placed. Raises `Conflict` if it was for another request."""
    row = await db.row(_FIND, **_values(scope, once), oldest=now_ms - LIFE_MS)
    return _job_of(row, once) if row else None


def claim(unit: Unit, scope: Scope, once: Once, job_id: JobId, now_ms: int) -> None:
    """Takes the key for a job. Raises `Replay` if another submit was first, and `Conflict` as `find` does."""
    row = unit.row(_FIND, **_values(scope, once), oldest=now_ms - LIFE_MS)
    if row is not None:
        raise Replay(_job_of(row, once))
    unit.execute(_FORGET, **_values(scope, once))
    unit.execute(
        _INSERT,
        workspace=scope.workspace,
        mode=scope.mode,
        key=once.key,
        fingerprint=once.fingerprint,
        job_id=job_id,
        created_at=now_ms,
    )


def sweep(unit: Unit, now_ms: int) -> int:
    """Forgets the keys whose time is over; how many there were."""
    return unit.execute(_SWEEP, oldest=now_ms - LIFE_MS)


def _values(scope: Scope, once: Once) -> dict[str, str]:
    return {"of_workspace": scope.workspace, "of_mode": scope.mode, "of_key": once.key}


def _job_of(row: Row, once: Once) -> JobId:
    if row["fingerprint"] != once.fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for another request. Send the same body again, or a new key.",
            job_id=row["job_id"],
        )
    return JobId(row["job_id"])
