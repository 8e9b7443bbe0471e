"""How much of a workspace's work is still under way."""

from sqlalchemy import bindparam, func, select

from reelrouter.db.engine import Unit
from reelrouter.db.tables import jobs
from reelrouter.ids import WorkspaceId

# An expression, and not the bare column: else the planner takes the index of all jobs of that mode, ended or not.
_IS_LIVE = jobs.c.mode + "" == "live"
_LIVE = (
    select(func.count().label("total"))
    .select_from(jobs)
    .where(jobs.c.workspace == bindparam("of_workspace"), jobs.c.finished_at.is_(None), _IS_LIVE)
)


def count_live(unit: Unit, workspace: WorkspaceId) -> int:
    """Live jobs that have not ended: somebody may yet be billed for each."""
    row = unit.row(_LIVE, of_workspace=workspace)
    return 0 if row is None else int(row["total"])
