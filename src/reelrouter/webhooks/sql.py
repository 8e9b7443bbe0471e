"""Every statement about deliveries, as constants: `store` runs them, and nobody else."""

from sqlalchemy import and_, bindparam, delete, func, literal, or_, select, update

from reelrouter.db.statements import insert_of
from reelrouter.db.tables import deliveries, delivery_attempts

_DELIVERY = deliveries.c.id == bindparam("delivery")
_ATTEMPTS = delivery_attempts.c.delivery_id == bindparam("delivery")
_UNANSWERED = and_(delivery_attempts.c.status.is_(None), delivery_attempts.c.error.is_(None))

INSERT = insert_of(
    deliveries,
    "id",
    "workspace",
    "mode",
    "job_id",
    "event",
    "key",
    "url",
    "host",
    "body",
    "pretend",
    "created_at",
    "state",
    "due_at",
)

# From host to host by the index: what it costs grows with the hosts, and not with what waits for them.
_WAITS = deliveries.c.due_at.is_not(None)
_first = select(func.min(deliveries.c.host).label("host")).where(_WAITS).cte("hosts", recursive=True)
_hosts = _first.union_all(
    select(
        select(func.min(deliveries.c.host)).where(_WAITS, deliveries.c.host > _first.c.host).scalar_subquery()
    ).where(_first.c.host.is_not(None))
)
HOSTS = select(
    _hosts.c.host,
    select(func.min(deliveries.c.due_at))
    .where(_WAITS, deliveries.c.host == _hosts.c.host)
    .scalar_subquery()
    .label("due_at"),
).where(_hosts.c.host.is_not(None))
DUE = (
    select(deliveries)
    .where(deliveries.c.host == bindparam("at_host"), deliveries.c.due_at <= bindparam("now"))
    .order_by(deliveries.c.due_at)
    .limit(bindparam("most"))
)
CLAIM = (
    update(deliveries).where(_DELIVERY, deliveries.c.due_at == bindparam("was")).values(due_at=bindparam("until"))
)
INSERT_ATTEMPT = insert_of(delivery_attempts, "delivery_id", "n", "sent_at")
LAST_ATTEMPT = select(func.coalesce(func.max(delivery_attempts.c.n), 0).label("n")).where(_ATTEMPTS)
LOSE = update(delivery_attempts).where(_ATTEMPTS, _UNANSWERED).values(error=bindparam("why"))
ANSWER = (
    update(delivery_attempts)
    .where(_ATTEMPTS, delivery_attempts.c.n == bindparam("number"))
    .values(
        latency=bindparam("took"), status=bindparam("code"), response=bindparam("begins"), error=bindparam("why")
    )
)
# Only whoever has the claim: its end is what nobody else's is.
SETTLE = (
    update(deliveries)
    .where(_DELIVERY, deliveries.c.due_at == bindparam("claimed_until"))
    .values(
        state=bindparam("becomes"),
        tries=deliveries.c.tries + 1,
        due_at=bindparam("next_at"),
        ended_at=bindparam("over_at"),
    )
)
_UNDER_WAY = and_(
    deliveries.c.due_at > bindparam("now"),
    select(literal(1)).where(delivery_attempts.c.delivery_id == deliveries.c.id, _UNANSWERED).exists(),
)
REPLAY = (
    update(deliveries)
    .where(_DELIVERY, or_(deliveries.c.due_at.is_(None), ~_UNDER_WAY))
    .values(state="waiting", due_at=bindparam("now"), ended_at=None)
)

_OWNED = and_(deliveries.c.workspace == bindparam("of_workspace"), deliveries.c.mode == bindparam("of_mode"))
GET = select(deliveries).where(_DELIVERY, _OWNED)
OWNER = select(deliveries.c.workspace, deliveries.c.mode).where(_DELIVERY)
ATTEMPTS = select(delivery_attempts).where(_ATTEMPTS).order_by(delivery_attempts.c.n)
_LISTED = (
    select(deliveries)
    .where(
        _OWNED,
        or_(
            deliveries.c.created_at < bindparam("before"),
            and_(deliveries.c.created_at == bindparam("before"), deliveries.c.id < bindparam("before_id")),
        ),
    )
    .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_OF_JOB = deliveries.c.job_id == bindparam("of_job")
_IN_STATE = deliveries.c.state == bindparam("in_state")
LISTED = {
    (False, False): _LISTED,
    (True, False): _LISTED.where(_OF_JOB),
    (False, True): _LISTED.where(_IN_STATE),
    (True, True): _LISTED.where(_OF_JOB, _IN_STATE),
}
"""By whether they are those of one job, and whether they are in one state."""

OLD = select(deliveries.c.id).where(deliveries.c.ended_at <= bindparam("before")).limit(bindparam("most"))
FORGET_ATTEMPTS = delete(delivery_attempts).where(_ATTEMPTS)
FORGET = delete(deliveries).where(_DELIVERY)
