"""How many unfinished jobs a key and its workspace may have at one time; each mode counts its own."""

from collections.abc import Mapping

from reelrouter.accounts.policy import Policy
from reelrouter.db.engine import Statement, Unit
from reelrouter.errors import TooManyRequests
from reelrouter.ids import WorkspaceId
from reelrouter.jobs import sql
from reelrouter.jobs.model import Job

_ALL = 2**53
_RETRY_SECONDS = 5
"""Nobody knows when a job will end; this is how often it is worth asking."""


def refuse_crowd(unit: Unit, job: Job, policy: Policy) -> None:
    """Raises `TooManyRequests` if there is no place for one more job.

    To be called in the transaction that places the job, after the one statement in it that lets the workspace's
    submits through one by one: taking the hold. Else two of them could each find the last place.
    """
    of = {"of_workspace": job.workspace, "of_mode": job.mode}
    if policy.of_key.concurrency is not None:
        of_key = {**of, "of_key": job.key_id}
        if _is_full(unit, sql.UNFINISHED_OF_KEY, policy.of_key.concurrency, of_key):
            raise _too_many("key", policy.of_key.concurrency)
    if policy.of_workspace.concurrency is not None and _is_full(
        unit, sql.UNFINISHED_OF_WORKSPACE, policy.of_workspace.concurrency, of
    ):
        raise _too_many("workspace", policy.of_workspace.concurrency)


def count_live(unit: Unit, workspace: WorkspaceId) -> int:
    """Live jobs that have not ended: somebody may yet be billed for each."""
    row = unit.row(sql.UNFINISHED_OF_WORKSPACE, of_workspace=workspace, of_mode="live", most=_ALL)
    return row["jobs"] if row else 0


def _is_full(unit: Unit, statement: Statement, cap: int, of: Mapping[str, str]) -> bool:
    row = unit.row(statement, **of, most=cap)
    return row is not None and row["jobs"] >= cap


def _too_many(kind: str, cap: int) -> TooManyRequests:
    whose = "This key" if kind == "key" else "This key's workspace"
    return TooManyRequests(
        f"{whose} may have {cap} unfinished jobs at one time, and has them. "
        "Wait for one to end, or cancel one, or ask the operator for more.",
        retry_after=_RETRY_SECONDS,
        limit=f"{kind}_concurrency",
        allowed=cap,
    )
