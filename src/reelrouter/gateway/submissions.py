"""Submitting, and asking what a submit would cost.

A submit reads as the way of a request: prepare a plan and routes for each model that it names, then place the
job. Nothing is written before the last of them.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from reelrouter.accounts import ledger
from reelrouter.accounts.keys import Caller
from reelrouter.accounts.limits import Against
from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.request import VideoRequest
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.errors import NoEndpoint, PaymentRequired, scripted_refusal
from reelrouter.gateway.answers import JobAnswer
from reelrouter.gateway.candidates import Survey, estimated, plans_of, routes_of
from reelrouter.gateway.governing import governed
from reelrouter.gateway.leftovers import Leftovers, Taken
from reelrouter.gateway.preparing import Asking, Preparation
from reelrouter.gateway.stations import ClientGone, Stations, Visit
from reelrouter.ids import new_job_id
from reelrouter.jobs import charging, hooks, idempotency, store
from reelrouter.jobs.concurrency import refuse_crowd
from reelrouter.jobs.idempotency import Once, Replay, Scope
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, Remarks, placed_view_of
from reelrouter.money import Nanos, nanos, usd
from reelrouter.observe.events import JobPlaced
from reelrouter.routing.choose import Considered, ranked
from reelrouter.work import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    job: JobAnswer
    replayed: bool = False
    """Whether an earlier submit under the same idempotency key had placed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a submit would come to."""

    plan: Plan
    """What the job would begin with."""
    routes: tuple[Considered, ...]
    """Every endpoint of its model in its rank, those left out with the reason."""
    spares: tuple[Plan, ...] = ()
    """What it would go on to; of all these the dearest sets the hold."""
    byok_cost: Nanos | None = None
    """What it would come to on a vendor key of the workspace's own, if one would be tried."""


class Submissions:
    """One per process: it knows which submits are under way."""

    def __init__(self, stations: Stations, draw: Callable[[], float] = random.random) -> None:
        """`draw` gives random numbers from 0 to below 1."""
        self._at = stations
        self._draw = draw
        self._leftovers = Leftovers(stations.objects.delete, partial(store.is_input_used, stations.db))
        self._turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    async def submit(self, caller: Caller, request: VideoRequest, visit: Visit) -> Placed:
        """Places a job; when this returns, it is durable. Every refusal leaves nothing behind.

        The same idempotency key places one job: a second submit waits for the first, and answers with its job.
        """
        self._refuse_loop(visit)
        asking = Asking(caller=caller, request=governed(request, caller.policy), visit=visit)
        if visit.once is None:
            return await self._submit(asking)
        turn = self._turns.setdefault((caller.workspace, caller.mode, visit.once.key), asyncio.Lock())
        async with turn:
            return await self._replayed(caller, visit.once) or await self._submit(asking)

    async def estimate(self, caller: Caller, request: VideoRequest, visit: Visit) -> Estimate:
        """What `submit` would do, and nothing done. A model that nothing can serve now is priced all the same."""
        async with self._leftovers.watch() as taken:
            asking = Asking(caller=caller, request=governed(request, caller.policy), visit=visit)
            survey = await Preparation(self._at, asking, taken, self._draw).survey()
            first = survey.first()
            routes = ranked(first.plan, first.candidate.model, first.offer)
            own = any(route.is_byok and route.reason is None for route in routes)
            return Estimate(
                plan=estimated(survey),
                routes=routes,
                spares=plans_of(survey)[1:],
                byok_cost=charging.fee_of(first.plan.estimate, self._at.terms.byok_fee) if own else None,
            )

    async def _submit(self, asking: Asking) -> Placed:
        request, visit = asking.request, asking.visit
        async with AsyncExitStack() as stack:
            taken = Taken()
            if request.frame_images or request.references or request.previous_job_id:
                taken = await stack.enter_async_context(self._leftovers.watch())
            survey = await Preparation(self._at, asking, taken, self._draw).survey()
            _obey(survey.first().plan.script)
            if not survey.served:
                raise survey.refusal
            job = self._job(asking, survey)
            if job.input_keys and await visit.is_gone():
                raise ClientGone
            try:
                job = await self._place(job, asking)
            except Replay as replay:
                view = await store.placed_view(self._at.db, replay.job_id)
                return Placed(job=JobAnswer(view=view), replayed=True)
            taken.claimed(job.input_keys)
        self._at.emit(JobPlaced(**job.log_context()))
        return Placed(job=JobAnswer(view=placed_view_of(job)))

    async def _replayed(self, caller: Caller, once: Once) -> Placed | None:
        scope = Scope(workspace=caller.workspace, mode=caller.mode)
        job_id = await idempotency.find(self._at.db, scope, once, milliseconds(self._at.clock.now()))
        if job_id is None:
            return None
        return Placed(job=JobAnswer(view=await store.placed_view(self._at.db, job_id)), replayed=True)

    def _refuse_loop(self, visit: Visit) -> None:
        """Raises `NoEndpoint`, after which the job that came back to us goes to its next endpoint."""
        if visit.via is not None and (job_id := hooks.job_of(self._at.hook_key, visit.via)) is not None:
            raise NoEndpoint(
                f"This gateway is its own upstream: job {job_id} came back to it. "
                "Set the provider's base URL to another server.",
                routes=[],
            )

    async def _place(self, job: Job, asking: Asking) -> Job:
        """The job as it was placed: on the workspace's own keys alone, where the budget covers nothing else."""
        try:
            await self._place_as(job, asking)
        except PaymentRequired:
            own = charging.on_own_keys(job)
            if own is None:
                raise
            await self._place_as(own, asking)
            return own
        return job

    async def _place_as(self, job: Job, asking: Asking) -> None:
        once, hold = asking.visit.once, self._hold(job, asking.caller)

        def together(unit: Unit) -> None:
            if once is not None:
                scope = Scope(workspace=job.workspace, mode=job.mode)
                idempotency.claim(unit, scope, once, job.id, job.created_at)
            ledger.hold(unit, hold)
            refuse_crowd(unit, job, asking.caller.policy)
            store.place(unit, job)

        await self._at.db.write(together, about=job.workspace)

    def _hold(self, job: Job, caller: Caller) -> ledger.Hold:
        terms, limits = self._at.terms, caller.policy.limits
        amount = nanos(usd(charging.dearest(job, terms.byok_fee)) * terms.hold_margin)
        against = None
        if limits:
            listed = nanos(usd(job.estimate) * terms.hold_margin)
            own = any(route.is_byok for route in job.routes)
            against = Against(limits=limits, at=job.created_at / 1000, with_byok=listed if own else None)
        return ledger.Hold(job_id=job.id, workspace=job.workspace, mode=job.mode, amount=amount, against=against)

    def _job(self, asking: Asking, survey: Survey) -> Job:
        caller, request, now = asking.caller, asking.request, self._at.clock.now()
        plan, *spares = plans_of(survey)
        routes = routes_of(survey)
        return Job(
            id=new_job_id(int(now)),
            workspace=caller.workspace,
            key_id=caller.key_id,
            mode=caller.mode,
            status=State.PENDING,
            created_at=milliseconds(now),
            deadline_at=milliseconds(now + self._at.terms.max_job_age),
            model=plan.model,
            plan=plan,
            spares=tuple(spares),
            routes=routes,
            queue=routes[0].queue,
            remarks=Remarks(
                attribution=request.attribution,
                callback_url=request.callback_url or caller.policy.callback_url,
            ),
            base_url=asking.visit.base_url,
            estimate=max(one.estimate for one in (plan, *spares)),
            zdr=request.provider.zdr,
            retention=caller.policy.retention,
            traceparent=asking.visit.traceparent,
        )


def _obey(script: Script | None) -> None:
    """What a test prompt says of the submit itself. Want of money shows there, as it does in life."""
    if script is None:
        return
    if script.submit is not None:
        raise scripted_refusal(script.submit)
    if script.fail == PaymentRequired.error_type:
        raise scripted_refusal(402)
