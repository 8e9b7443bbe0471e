"""Looking at webhook deliveries, and asking for more of them: list, get, replay, test."""

from dataclasses import dataclass

from reelrouter import net
from reelrouter.accounts import workspaces
from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.accounts.policy import Policy
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database
from reelrouter.errors import Conflict, InvalidRequest, NotFound, Problem
from reelrouter.gateway import cursors
from reelrouter.ids import KeyId, WorkspaceId, new_job_id
from reelrouter.jobs import announce
from reelrouter.money import Nanos
from reelrouter.storage import links
from reelrouter.webhooks import store
from reelrouter.webhooks.store import AttemptRecord, Delivery, DeliveryRecord, Page, State

_SAMPLE_MODEL = "reelrouter/animatic"
_FAR_FUTURE_MS = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which addresses may be told of anything."""

    rules: net.Rules
    loopback: bool
    """Whether those of test jobs may be on this machine."""

    def problem(self, url: str, mode: str) -> str | None:
        """What is wrong with an address, as far as its spelling shows."""
        return net.callback_problem(url, self.rules, allow_loopback=self.loopback and mode == "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    deliveries: tuple[DeliveryRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStory:
    """A delivery with every attempt at it."""

    record: DeliveryRecord
    attempts: tuple[AttemptRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list is narrowed to; None is everything."""

    job_id: str | None = None
    state: State | None = None


OPERATOR = KeyId("operator")
"""In the place of a key: whoever works on the machine itself."""


class Deliveries:
    """Each caller sees its own workspace and mode. An operator takes the place of any."""

    def __init__(self, db: Database, reach: Reach, clock: Clock) -> None:
        self._db = db
        self._reach = reach
        self._clock = clock

    async def list_all(self, caller: Caller, asked: Asked, limit: int, cursor: str | None) -> DeliveryPage:
        """The newest first. `cursor` is a former page's; raises `InvalidRequest` for any other text."""
        before, before_id = cursors.read(cursor) if cursor else (_FAR_FUTURE_MS, "")
        page = Page(
            workspace=caller.workspace,
            mode=caller.mode,
            most=limit + 1,
            before=before,
            before_id=before_id,
            job_id=asked.job_id,
            state=asked.state,
        )
        found = await store.list_deliveries(self._db, page)
        next_cursor = cursors.after(found, limit, lambda one: (one.created_at, one.id))
        return DeliveryPage(deliveries=tuple(found[:limit]), next_cursor=next_cursor)

    async def get(self, caller: Caller, delivery_id: str) -> DeliveryStory:
        """Raises `NotFound` for a delivery that is not this caller's, in the words used for one that never was."""
        record = await store.get(self._db, delivery_id, caller.workspace, caller.mode)
        if record is None:
            raise NotFound(f"Delivery {delivery_id} not found")
        return DeliveryStory(record=record, attempts=tuple(await store.list_attempts(self._db, delivery_id)))

    async def replay(self, caller: Caller, delivery_id: str) -> DeliveryStory:
        """Makes it due now, under the same key, whatever became of it before.

        Raises `NotFound` as `get` does, `Conflict` while it is being sent.
        """
        await self.get(caller, delivery_id)
        now_ms = milliseconds(self._clock.now())
        if not await self._db.write(lambda unit: store.replay(unit, delivery_id, now_ms)):
            raise Conflict(f"Delivery {delivery_id} is being sent just now; look again when that attempt is over.")
        return await self.get(caller, delivery_id)

    async def as_member(self, ref: str, mode: KeyMode) -> Caller:
        """The operator as if with a key of that workspace. Raises `NotFound`."""
        workspace = await workspaces.find(self._db, ref)
        if workspace is None:
            raise NotFound(f"Workspace {ref} not found")
        policy = Policy(callback_url=workspace.callback_url)
        return Caller(workspace=workspace.id, key_id=OPERATOR, mode=mode, policy=policy)

    async def as_owner(self, delivery_id: str) -> Caller:
        """The operator as if with a key that sees that delivery. Raises `NotFound`."""
        owner = await store.owner_of(self._db, delivery_id)
        if owner is None:
            raise NotFound(f"Delivery {delivery_id} not found")
        return Caller(workspace=WorkspaceId(owner[0]), key_id=OPERATOR, mode=owner[1])

    async def test(self, caller: Caller, url: str | None, base_url: str) -> DeliveryStory:
        """Sends a sample to `url`, or to the workspace's own address: real in all but its job, which never was.

        Raises `InvalidRequest` for an address that may not be told, or for want of one.
        """
        address = url or caller.policy.callback_url
        if address is None:
            raise InvalidRequest([Problem("url", "url is required, since the workspace has no callback_url")])
        wrong = self._reach.problem(address, caller.mode)
        if wrong is not None:
            raise InvalidRequest([Problem("url", f"url: {wrong}")])
        now = self._clock.now()
        sample = _sample(caller, address, base_url, now)
        delivery_id = await self._db.write(lambda unit: store.enqueue(unit, sample, milliseconds(now)))
        return await self.get(caller, delivery_id)


def _sample(caller: Caller, url: str, base_url: str, now: float) -> Delivery:
    job_id = new_job_id(int(now))
    data = announce.completed_data(job_id, _SAMPLE_MODEL, [links.plain_url(base_url, job_id, 0)], Nanos(0))
    return Delivery(
        workspace=caller.workspace,
        mode=caller.mode,
        job_id=None,
        event=announce.event_of("completed"),
        key=announce.key_of(job_id, "completed"),
        url=url,
        body=announce.body_of("completed", milliseconds(now), data),
    )
