"""Every statement about jobs and attempts, as constants: `store` runs them, and nobody else.

Each one that moves a row repeats what it may move it from, so that two processes cannot both succeed.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from reelrouter.db.functions import alone, next_version, settled_below
from reelrouter.db.tables import attempts, inputs, jobs, turnstiles
from reelrouter.jobs.machine import Event, State, sources
from reelrouter.jobs.served import RENDER_QUEUES

_NEXT_VERSION = next_version(jobs.c.version)
_JOB = jobs.c.id == bindparam("job")
_ALIVE = jobs.c.finished_at.is_(None)


def _may_be(event: Event) -> ColumnElement[bool]:
    """Whether the row is in a state that `event` may find a job in; spelled out, since IN has no fixed SQL."""
    return or_(*(jobs.c.status == state.value for state in sources(event)))


_PLACED = (
    "id",
    "workspace",
    "key_id",
    "mode",
    "status",
    "created_at",
    "updated_at",
    "deadline_at",
    "model",
    "plan",
    "spares",
    "routes",
    "queue",
    "remarks",
    "shown",
    "base_url",
    "external_user",
    "session_id",
    "zdr",
    "retention",
    "estimate",
    "traceparent",
)
INSERT = insert(jobs).values({name: bindparam(name) for name in _PLACED} | {"version": _NEXT_VERSION})
GET = select(jobs).where(_JOB, jobs.c.deleted_at.is_(None))
ROW = select(jobs).where(_JOB)
_UNSTARTED = and_(jobs.c.started_at.is_(None), _ALIVE)
_AT_LARGE = exists().where(
    attempts.c.job_id == jobs.c.id, or_(attempts.c.outcome.is_(None), attempts.c.handle.is_not(None))
)
"""Whether a backend has, had or may have the job: then only an engine that can ask it may end the job."""
_ONE: Select[Any] = select(literal_column("1").label("one")).select_from(jobs)
_IN_QUEUE = jobs.c.queue == bindparam("in_queue")
_DUE = and_(_UNSTARTED, _IN_QUEUE, jobs.c.not_before <= bindparam("at"))
WAITING_OF = (
    select(jobs.c.id, jobs.c.run, jobs.c.workspace)
    .where(_DUE, jobs.c.workspace == bindparam("of_workspace"))
    .order_by(jobs.c.created_at)
    .limit(bindparam("most"))
)


def _counted(found: Select[Any]) -> Select[Any]:
    """How many there are, and no more than is worth knowing."""
    return select(func.count().label("jobs")).select_from(found.limit(bindparam("most")).subquery())


WAITING = _counted(_ONE.where(_DUE))


def _waiting_teams() -> Select[Any]:
    """The workspaces that wait in a queue, each with its jobs that wait, up to `most`, and those under way there.

    The index is entered once for each workspace and not once for each job: by a walk from one name to the next.
    """
    name = jobs.c.workspace
    first = select(name).where(_UNSTARTED, _IN_QUEUE).order_by(name).limit(literal_column("1"))
    team = select(first.scalar_subquery().label("workspace")).cte("team", recursive=True)
    following = first.where(name > team.c.workspace).correlate(team).scalar_subquery()
    team = team.union_all(select(following).where(team.c.workspace.is_not(None)))
    waiting = _counted(_ONE.where(_DUE, name == team.c.workspace).correlate(team))
    under_way = (
        select(func.count()).select_from(jobs).where(_STARTED, _IN_QUEUE, name == team.c.workspace).correlate(team)
    )
    return select(
        team.c.workspace,
        waiting.correlate(team).scalar_subquery().label("waiting"),
        under_way.scalar_subquery().label("under_way"),
    ).where(team.c.workspace.is_not(None))


_STARTED = and_(jobs.c.started_at.is_not(None), _ALIVE)
TEAMS = _waiting_teams()
TURN = select(alone(bindparam("in_queue", type_=Text)).label("turn"))
# The literal is what lets the partial index serve: a bound value could be anything when the query is planned.
HELD_BACK = select(func.min(jobs.c.not_before).label("until")).where(
    _UNSTARTED, jobs.c.not_before > literal_column("0"), jobs.c.not_before > bindparam("at")
)
# The least queue, then the least above it, and so on: one look into the index for each, however many jobs wait.
_FIRST = select(func.min(jobs.c.queue).label("queue")).where(_UNSTARTED).cte("waiting", recursive=True)
_ABOVE = select(func.min(jobs.c.queue)).where(_UNSTARTED, jobs.c.queue > _FIRST.c.queue).scalar_subquery()
_QUEUES = _FIRST.union_all(select(_ABOVE).where(_FIRST.c.queue.is_not(None)))
QUEUES = select(_QUEUES.c.queue).where(_QUEUES.c.queue.is_not(None))
_RENDERED = or_(*(jobs.c.queue == queue for queue in RENDER_QUEUES))
_SERVED = or_(
    and_(_RENDERED, bindparam("renders", type_=Integer) == literal_column("1")),
    and_(not_(_RENDERED), bindparam("sends", type_=Integer) == literal_column("1")),
)
OVERDUE = (
    select(jobs.c.id, jobs.c.run, jobs.c.workspace)
    .where(
        _UNSTARTED,
        or_(jobs.c.deadline_at <= bindparam("at"), jobs.c.cancel_requested_at.is_not(None)),
        or_(_SERVED, not_(_AT_LARGE)),
    )
    .limit(bindparam("most"))
)
# The first literal is what lets the partial index serve, the second one what has SQLite take it.
_LEFT = and_(_UNSTARTED, jobs.c.not_before < literal_column("0"), jobs.c.not_before == literal_column("-1"))
LEFT = select(jobs.c.id, jobs.c.run, jobs.c.workspace).where(_LEFT, _SERVED).limit(bindparam("most"))
ANY = select(jobs.c.id).limit(1)
MOVING = select(jobs.c.id, jobs.c.run, jobs.c.lost_runs, jobs.c.driver).where(_STARTED)
UNDER_WAY = select(func.count().label("jobs")).select_from(jobs).where(_STARTED, _IN_QUEUE)
TURNSTILE = select(turnstiles.c.full_at).where(turnstiles.c.queue == bindparam("in_queue"))
SET_TURNSTILE = (
    update(turnstiles).where(turnstiles.c.queue == bindparam("in_queue")).values(full_at=bindparam("micros"))
)
NEW_TURNSTILE = insert(turnstiles).values(queue=bindparam("in_queue"), full_at=bindparam("micros"))
_UNFINISHED = _ONE.where(
    jobs.c.workspace == bindparam("of_workspace"), jobs.c.mode == bindparam("of_mode"), _ALIVE
)
UNFINISHED_OF_WORKSPACE = _counted(_UNFINISHED)
UNFINISHED_OF_KEY = _counted(_UNFINISHED.where(jobs.c.key_id == bindparam("of_key")))
CANCELLING = select(jobs.c.id, jobs.c.started_at).where(jobs.c.cancel_requested_at.is_not(None), _ALIVE)
START = (
    update(jobs)
    .where(_JOB, _UNSTARTED)
    .values(started_at=bindparam("at"), run=bindparam("next_run"), driver=bindparam("by"))
)
DRIVE = update(jobs).where(_JOB, _STARTED, jobs.c.run == bindparam("of_run")).values(driver=bindparam("by"))
PUT_BACK = (
    update(jobs)
    .where(_JOB, _ALIVE, jobs.c.started_at.is_not(None), jobs.c.run == bindparam("of_run"))
    .values(started_at=None, queue=bindparam("to_queue"), not_before=bindparam("until"))
)
RUN_AGAIN = (
    update(jobs)
    .where(_JOB, _STARTED, jobs.c.run == bindparam("last_run"))
    .values(run=bindparam("next_run"), lost_runs=jobs.c.lost_runs + bindparam("counted"), driver=bindparam("by"))
)
REQUEST_CANCEL = (
    update(jobs)
    .where(_JOB, _ALIVE, jobs.c.cancel_requested_at.is_(None))
    .values(cancel_requested_at=bindparam("at"), updated_at=bindparam("at"), version=_NEXT_VERSION)
)
# No two alike, and later writes later: who remembers the newest one it has seen misses none, whatever clocks do.
_NEWEST_NUDGE = (
    select(func.coalesce(func.max(jobs.c.nudged_at), 0)).where(jobs.c.nudged_at.is_not(None)).scalar_subquery()
)
NUDGE = (
    update(jobs)
    .where(_JOB, _ALIVE)
    .values(nudged_at=case((bindparam("at") > _NEWEST_NUDGE, bindparam("at")), else_=_NEWEST_NUDGE + 1))
)
NUDGED = (
    select(jobs.c.id, jobs.c.nudged_at)
    .where(jobs.c.nudged_at > bindparam("after_nudge"), _ALIVE)
    .order_by(jobs.c.nudged_at)
)
ACCEPT = (
    update(jobs)
    .where(_JOB, _may_be("accepted"))
    .values(
        status=State.IN_PROGRESS.value,
        provider=bindparam("by"),
        is_byok=bindparam("own"),
        updated_at=bindparam("at"),
        version=_NEXT_VERSION,
    )
)
ACCEPT_AS = ACCEPT.values(model=bindparam("with_model"), shown=bindparam("as_shown"))
PROGRESS = (
    update(jobs)
    .where(_JOB, jobs.c.status == State.IN_PROGRESS.value)
    .values(progress=bindparam("share"), updated_at=bindparam("at"), version=_NEXT_VERSION)
)
_ENDS: tuple[Event, ...] = ("stored", "failed", "cancelled", "deadline_passed")
END: dict[Event, Update] = {
    event: update(jobs)
    .where(_JOB, _may_be(event))
    .values(
        status=bindparam("state"),
        finished_at=bindparam("at"),
        updated_at=bindparam("at"),
        expires_at=bindparam("until"),
        progress=bindparam("share"),
        failure=bindparam("why"),
        outputs=bindparam("files"),
        output_count=bindparam("how_many"),
        stored_bytes=bindparam("bytes_kept"),
        price=bindparam("cost"),
        list_price=bindparam("listed"),
        vendor_cost=bindparam("vendor"),
        version=_NEXT_VERSION,
    )
    for event in _ENDS
}
_UNTOUCHED = and_(_JOB, jobs.c.status == State.PENDING.value, jobs.c.started_at.is_(None), not_(_AT_LARGE))
UNSTARTED = select(jobs).where(_UNTOUCHED)
END_UNSTARTED = (
    update(jobs)
    .where(_UNTOUCHED)
    .values(
        status=bindparam("state"),
        finished_at=bindparam("at"),
        updated_at=bindparam("at"),
        failure=bindparam("why"),
        version=_NEXT_VERSION,
    )
)
# The way out for a job whose row cannot be loaded: nothing of it is read.
END_UNREADABLE = (
    update(jobs)
    .where(_JOB, _ALIVE)
    .values(
        status=State.FAILED.value,
        finished_at=bindparam("at"),
        updated_at=bindparam("at"),
        failure=bindparam("why"),
        version=_NEXT_VERSION,
    )
)
# For a job that had ended without its video: its state, its price and its webhook stay as they are.
ADD_OUTPUTS = (
    update(jobs)
    .where(_JOB, jobs.c.finished_at.is_not(None), jobs.c.outputs.is_(None), jobs.c.deleted_at.is_(None))
    .values(
        updated_at=bindparam("at"),
        expires_at=bindparam("until"),
        outputs=bindparam("files"),
        output_count=bindparam("how_many"),
        stored_bytes=bindparam("bytes_kept"),
        version=_NEXT_VERSION,
    )
)
DELETE = (
    update(jobs)
    .where(_JOB, jobs.c.finished_at.is_not(None), jobs.c.deleted_at.is_(None))
    .values(deleted_at=bindparam("at"), expires_at=bindparam("at"), version=_NEXT_VERSION)
)
STATUS = select(jobs.c.status).where(_JOB)
NEWEST = select(func.coalesce(func.max(jobs.c.version), 0).label("version"), settled_below().label("settled"))
CHANGED = (
    select(jobs.c.id, jobs.c.version, settled_below().label("settled"))
    .where(jobs.c.version > bindparam("after_version"))
    .order_by(jobs.c.version)
)

INSERT_ATTEMPT = insert(attempts)
ATTEMPTS = select(attempts).where(attempts.c.job_id == bindparam("job")).order_by(attempts.c.n)
PLACE = select(attempts.c.endpoint, attempts.c.credential).where(
    attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number")
)
_OPEN_ATTEMPT = and_(
    attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"), attempts.c.outcome.is_(None)
)
SET_HANDLE = update(attempts).where(_OPEN_ATTEMPT).values(handle=bindparam("known_as"))
SET_LATE_HANDLE = (
    update(attempts)
    .where(
        attempts.c.job_id == bindparam("job"),
        attempts.c.n == bindparam("number"),
        attempts.c.handle.is_(None),
    )
    .values(handle=bindparam("known_as"), look_at=bindparam("then"))
)
END_ATTEMPT = update(attempts).where(_OPEN_ATTEMPT).values(outcome=bindparam("ended_as"), ended_at=bindparam("at"))
SET_TROUBLE = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"))
    .values(trouble=bindparam("what"))
)
CLEAR_TROUBLES = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.trouble.is_not(None))
    .values(trouble=None)
)
END_UNANSWERED = END_ATTEMPT.where(attempts.c.handle.is_(None))

FORGET = (
    update(jobs)
    .where(_JOB)
    .values(
        plan=bindparam("left_of_plan"), spares=bindparam("left_of_spares"), remarks=bindparam("left_of_remarks")
    )
)
FORGET_ATTEMPT = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("job"), attempts.c.n == bindparam("number"))
    .values(handle=bindparam("left_of_handle"), outcome=bindparam("left_of_outcome"))
)

INSERT_INPUT = insert(inputs)
INPUTS_OF = select(inputs.c.key).where(inputs.c.job_id == bindparam("job"))
USES = select(func.count().label("uses")).select_from(inputs).where(inputs.c.key == bindparam("input_key"))
DROP_INPUTS = delete(inputs).where(inputs.c.job_id == bindparam("job"))

PAST_RETENTION = (
    select(jobs.c.id)
    .where(jobs.c.outputs.is_not(None), jobs.c.dropped_at.is_(None), jobs.c.expires_at <= bindparam("at"))
    .limit(bindparam("most"))
)
END_RETENTION = (
    update(jobs)
    .where(_JOB, jobs.c.expires_at > bindparam("at"))
    .values(expires_at=bindparam("at"), version=_NEXT_VERSION)
)
DROP_OUTPUTS = update(jobs).where(_JOB).values(dropped_at=bindparam("at"), version=_NEXT_VERSION)

_VIEW_COLUMNS = (
    jobs.c.id,
    jobs.c.workspace,
    jobs.c.mode,
    jobs.c.status,
    jobs.c.version,
    jobs.c.created_at,
    jobs.c.finished_at,
    jobs.c.expires_at,
    jobs.c.dropped_at,
    jobs.c.model,
    jobs.c.provider,
    jobs.c.progress,
    jobs.c.failure,
    jobs.c.output_count,
    jobs.c.price,
    jobs.c.is_byok,
    jobs.c.shown,
    jobs.c.base_url,
)
VIEW = select(*_VIEW_COLUMNS).where(_JOB, jobs.c.deleted_at.is_(None))
_FILTERS: Mapping[str, Column[Any]] = {
    "session": jobs.c.session_id,
    "user": jobs.c.external_user,
    "key": jobs.c.key_id,
    "model": jobs.c.model,
    "status": jobs.c.status,
}
"""From the one that leaves fewest jobs, as a rule, to the one that leaves most."""


@cache
def listed(filters: frozenset[str]) -> Select[Any]:
    """Those of a workspace and mode that have these values, newest first, from a moment to a place in the list.

    Each of the filters has an index that goes on in the list's own order, so that one which finds little costs
    little, and nothing is ever sorted. There are as many statements as sets of filters.
    """
    own = (jobs.c.workspace == bindparam("of_workspace"), jobs.c.mode == bindparam("of_mode"))
    named = [name for name in _FILTERS if name in filters]
    # Left to itself, a database without statistics may take the index of any. A call hides those of the others.
    hidden = (func.coalesce(_FILTERS[name], literal_column("''")) == bindparam(f"of_{name}") for name in named[1:])
    chosen = (_FILTERS[name] == bindparam(f"of_{name}") for name in named[:1])
    return (
        select(*_VIEW_COLUMNS)
        .where(
            *own,
            *chosen,
            *hidden,
            jobs.c.deleted_at.is_(None),
            jobs.c.created_at >= bindparam("since"),
            # Said twice over: an index can only be entered at a bound that stands by itself.
            jobs.c.created_at <= bindparam("before"),
            or_(jobs.c.created_at < bindparam("before"), jobs.c.id < bindparam("before_id")),
        )
        .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        .limit(bindparam("most"))
    )
