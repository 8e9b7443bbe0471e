"""How many jobs there are and where they stand, for operators: looks through many rows, by indexes alone."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, update

from reelrouter.db.engine import Database, Unit
from reelrouter.db.tables import jobs, workspaces
from reelrouter.jobs.machine import State, is_terminal
from reelrouter.jobs.model import OUTPUTS
from reelrouter.observe.gauges import Queue, Stored

_UNFINISHED = tuple(state for state in State if not is_terminal(state))
_MODES = ("live", "test")
_ALIVE = jobs.c.finished_at.is_(None)


def _counted(state: State, mode: str) -> ColumnElement[int]:
    """Of one workspace, where an index serves: jobs that have ended are not looked at."""
    of_workspace = (
        select(func.count())
        .select_from(jobs)
        .where(
            jobs.c.workspace == workspaces.c.id,
            jobs.c.mode == literal_column(f"'{mode}'"),
            jobs.c.status == literal_column(f"'{state.value}'"),
        )
        .scalar_subquery()
    )
    return func.coalesce(func.sum(of_workspace), 0).label(f"{state.value}_{mode}")


_STATES = select(*(_counted(state, mode) for state in _UNFINISHED for mode in _MODES)).select_from(workspaces)
_WAITING = (
    select(jobs.c.queue, func.count().label("jobs"), func.min(jobs.c.created_at).label("oldest"))
    .where(jobs.c.started_at.is_(None), _ALIVE)
    .group_by(jobs.c.queue)
)
_UNDER_WAY = (
    select(jobs.c.queue, func.count().label("jobs"))
    .where(jobs.c.started_at.is_not(None), _ALIVE)
    .group_by(jobs.c.queue)
)
_STORED = select(func.count().label("jobs"), func.coalesce(func.sum(jobs.c.stored_bytes), 0).label("bytes")).where(
    jobs.c.stored_bytes.is_not(None), jobs.c.dropped_at.is_(None)
)

_UNMEASURED = (
    select(jobs.c.id, jobs.c.outputs)
    .where(jobs.c.outputs.is_not(None), jobs.c.dropped_at.is_(None), jobs.c.stored_bytes.is_(None))
    .limit(literal_column("200"))
)
_MEASURED = update(jobs).where(jobs.c.id == bindparam("of_job")).values(stored_bytes=bindparam("size"))


async def count_unfinished(db: Database) -> Mapping[tuple[str, str], int]:
    """By state and mode, each of them named."""
    (row,) = await db.scan(_STATES)
    return {(state.value, mode): int(row[f"{state.value}_{mode}"]) for state in _UNFINISHED for mode in _MODES}


async def count_queues(db: Database) -> Mapping[str, Queue]:
    """By endpoint; accounts, and keys that workspaces brought, are taken together."""
    queues: defaultdict[str, Queue] = defaultdict(Queue)
    for row in await db.scan(_WAITING):
        endpoint = row["queue"].partition("/")[0]
        known = queues[endpoint]
        oldest = row["oldest"] if known.oldest is None else min(known.oldest, row["oldest"])
        queues[endpoint] = replace(known, waiting=known.waiting + row["jobs"], oldest=oldest)
    for row in await db.scan(_UNDER_WAY):
        endpoint = row["queue"].partition("/")[0]
        known = queues[endpoint]
        queues[endpoint] = replace(known, under_way=known.under_way + row["jobs"])
    return queues


async def sum_stored(db: Database) -> Stored:
    (row,) = await db.scan(_STORED)
    return Stored(jobs=row["jobs"], bytes=int(row["bytes"]))


async def measure_kept(db: Database) -> None:
    """Notes the bytes of videos whose job was ended by a version that did not."""
    while rows := await db.rows(_UNMEASURED):
        sizes = {row["id"]: sum(file.size for file in OUTPUTS.validate_json(row["outputs"])) for row in rows}
        await db.write(partial(_note_sizes, sizes=sizes))


def _note_sizes(unit: Unit, sizes: Mapping[str, int]) -> None:
    for job, size in sizes.items():
        unit.execute(_MEASURED, of_job=job, size=size)
