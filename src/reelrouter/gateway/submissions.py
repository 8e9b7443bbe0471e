"""Submitting, and asking what a submit would cost.

A submit reads as the way of a request: check what can be said at once, take the inputs in, check the rest,
choose the routes, place the job. Nothing is written before the last of them.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakValueDictionary

from reelrouter import net
from reelrouter.accounts import ledger
from reelrouter.accounts.keys import Caller
from reelrouter.accounts.limits import Against
from reelrouter.catalogue.check import Plan, Rules, check, refuse
from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs, InputUrl, VideoRequest
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Unit
from reelrouter.errors import Forbidden, InvalidRequest, NoEndpoint, PaymentRequired, Problem, scripted_refusal
from reelrouter.gateway.answers import JobAnswer
from reelrouter.gateway.candidates import Candidate, Skipped, asked_of, candidates, warnings_of
from reelrouter.gateway.leftovers import Leftovers, Taken
from reelrouter.gateway.stations import ClientGone, Stations, Visit
from reelrouter.ids import new_job_id
from reelrouter.jobs import idempotency, store
from reelrouter.jobs.idempotency import Once, Replay, Scope
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job, Remarks, input_keys
from reelrouter.media.intake import Wanted
from reelrouter.money import Nanos, nanos, usd
from reelrouter.observe.events import JobPlaced
from reelrouter.routing.choose import Considered, Offer, Route, choose, places, ranked
from reelrouter.work import Media, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    job: JobAnswer
    replayed: bool = False
    """Whether an earlier submit under the same idempotency key had placed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a submit would come to."""

    plan: Plan
    routes: tuple[Considered, ...]
    """Every endpoint in its rank, those left out with the reason."""


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
        await self._refuse_loop(visit)
        if visit.once is None:
            return await self._submit(caller, request, visit)
        turn = self._turns.setdefault((caller.workspace, caller.mode, visit.once.key), asyncio.Lock())
        async with turn:
            return await self._replayed(caller, visit.once) or await self._submit(caller, request, visit)

    async def estimate(self, caller: Caller, request: VideoRequest, visit: Visit) -> Estimate:
        """What `submit` would do, and nothing done. A model that nothing can serve now is priced all the same."""
        self._refuse_callback(caller, request)
        async with self._leftovers.watch() as taken:
            skipped: list[Skipped] = []
            unserved: Estimate | None = None
            for candidate in candidates(request, self._at.catalogue):
                try:
                    plan = await self._plan(caller, asked_of(request, candidate), candidate.model, visit, taken)
                except InvalidRequest as refusal:
                    skipped.append(Skipped(candidate=candidate, refusal=refusal))
                    continue
                routes = ranked(plan, candidate.model, await self._offer(caller, request, plan, candidate.model))
                found = Estimate(plan=_warned(plan, skipped), routes=routes)
                if any(route.reason is None for route in routes):
                    return found
                unserved = unserved or found
            if unserved is None:
                raise skipped[0].refusal
            return unserved

    async def _submit(self, caller: Caller, request: VideoRequest, visit: Visit) -> Placed:
        async with AsyncExitStack() as stack:
            taken = Taken()
            self._refuse_callback(caller, request)
            if request.frame_images or request.references or request.previous_job_id:
                taken = await stack.enter_async_context(self._leftovers.watch())
            plan, routes = await self._prepare(caller, request, visit, taken)
            job = self._job(caller, request, plan, routes, visit.base_url)
            if input_keys(plan.inputs) and await visit.is_gone():
                raise ClientGone
            try:
                await self._place(caller, job, visit.once)
            except Replay as replay:
                return Placed(
                    job=JobAnswer(view=await store.placed_view(self._at.db, replay.job_id)), replayed=True
                )
            taken.claimed()
        self._at.emit(JobPlaced(**job.log_context()))
        return Placed(job=JobAnswer(view=store.view_of(job)))

    async def _replayed(self, caller: Caller, once: Once) -> Placed | None:
        scope = Scope(workspace=caller.workspace, mode=caller.mode)
        job_id = await idempotency.find(self._at.db, scope, once, milliseconds(self._at.clock.now()))
        if job_id is None:
            return None
        return Placed(job=JobAnswer(view=await store.placed_view(self._at.db, job_id)), replayed=True)

    # Preparing ---------------------------------------------------------------------------------------------------

    async def _prepare(
        self, caller: Caller, request: VideoRequest, visit: Visit, taken: Taken
    ) -> tuple[Plan, tuple[Route, ...]]:
        """Of the models that the request names, the first that can serve it; else what the first one lacked."""
        skipped: list[Skipped] = []
        for candidate in candidates(request, self._at.catalogue):
            try:
                plan, routes = await self._prepare_for(caller, request, candidate, visit, taken)
            except (InvalidRequest, NoEndpoint) as refusal:
                skipped.append(Skipped(candidate=candidate, refusal=refusal))
            else:
                return _warned(plan, skipped), routes
        raise skipped[0].refusal

    async def _prepare_for(
        self, caller: Caller, request: VideoRequest, candidate: Candidate, visit: Visit, taken: Taken
    ) -> tuple[Plan, tuple[Route, ...]]:
        model = candidate.model
        plan = await self._plan(caller, asked_of(request, candidate), model, visit, taken)
        if plan.script is not None:
            _obey(plan.script)
        return plan, choose(plan, model, await self._offer(caller, request, plan, model))

    async def _plan(
        self, caller: Caller, request: VideoRequest, model: ModelSpec, visit: Visit, taken: Taken
    ) -> Plan:
        rules = self._rules(caller, request)
        named = wanted(request, model)
        if not named and request.previous_job_id is None:
            return check(request, model, Inputs(), rules)
        refuse(request, model, rules)  # before anything is fetched
        inputs = taken.note(await self._take_inputs(caller, named, visit))
        if request.previous_job_id is not None:
            previous = await self._at.own_outputs.previous(caller, request.previous_job_id, model.id)
            inputs = taken.note(replace(inputs, previous=previous))
        return check(request, model, inputs, rules)

    async def _refuse_loop(self, visit: Visit) -> None:
        """Raises `NoEndpoint`, after which the job that came back to us goes to its next endpoint."""
        if visit.via is not None and await store.view(self._at.db, visit.via) is not None:
            raise NoEndpoint(
                f"This gateway is its own upstream: job {visit.via} came back to it. "
                "Set the provider's base URL to another server.",
                routes=[],
            )

    def _refuse_callback(self, caller: Caller, request: VideoRequest) -> None:
        """Raises `InvalidRequest` for an address that may not be told, with whatever else can be seen at once."""
        if request.callback_url is None:
            return
        terms = self._at.terms
        loopback = terms.loopback_callbacks and caller.mode == "test"
        wrong = net.callback_problem(request.callback_url, terms.callbacks, allow_loopback=loopback)
        if wrong is None:
            return
        problems = [Problem("callback_url", f"callback_url: {wrong}")]
        first = candidates(request, self._at.catalogue)[0]
        try:
            refuse(asked_of(request, first), first.model, self._rules(caller, request))
        except InvalidRequest as refusal:
            problems = [*refusal.problems, *problems]
        raise InvalidRequest(problems)

    def _rules(self, caller: Caller, request: VideoRequest) -> Rules:
        if caller.mode == "test" and not self._at.terms.test_mode:
            raise Forbidden("Test keys are switched off on this gateway.")
        strict = self._at.terms.strict or request.provider.require_parameters
        return Rules(strict=strict, test=caller.mode == "test")

    async def _take_inputs(self, caller: Caller, named: Sequence[InputUrl], visit: Visit) -> Inputs:
        if not named:
            return Inputs()
        own = partial(self._at.own_outputs.find, caller, (visit.base_url,))
        items = [Wanted(field=one.field, kind=one.kind, url=one.url) for one in named]
        return _sorted_inputs(named, await self._at.intake.take(items, caller.workspace, own, self._at.scratch))

    async def _offer(self, caller: Caller, request: VideoRequest, plan: Plan, model: ModelSpec) -> Offer:
        offer = Offer(mode=caller.mode, backends=self._at.backends, wish=request.provider, price=plan.estimate)
        if caller.mode == "test":
            return offer
        if plan.previous_job_id is not None:
            return replace(offer, pinned=await self._at.own_outputs.place_of(plan.previous_job_id))
        open_to = places(model, self._at.backends)
        if len(open_to) < 2:  # there is nothing to choose from
            return offer
        return replace(offer, condition=await self._at.conditions.of(open_to), draw=self._draw())

    # Placing -----------------------------------------------------------------------------------------------------

    async def _place(self, caller: Caller, job: Job, once: Once | None) -> None:
        amount = nanos(usd(job.estimate) * self._at.terms.hold_margin)
        limits = caller.policy.limits
        against = Against(limits=limits, at=job.created_at / 1000) if limits else None
        hold = ledger.Hold(
            job_id=job.id, workspace=job.workspace, mode=job.mode, amount=Nanos(amount), against=against
        )

        def together(unit: Unit) -> None:
            if once is not None:
                scope = Scope(workspace=job.workspace, mode=job.mode)
                idempotency.claim(unit, scope, once, job.id, job.created_at)
            ledger.hold(unit, hold)
            store.place(unit, job)

        await self._at.db.write(together)

    def _job(
        self, caller: Caller, request: VideoRequest, plan: Plan, routes: tuple[Route, ...], base_url: str
    ) -> Job:
        now = self._at.clock.now()
        if request.callback_url is not None:
            plan = replace(plan, warnings=(*plan.warnings, _NO_WEBHOOKS))
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
            routes=routes,
            queue=routes[0].queue,
            remarks=Remarks(attribution=request.attribution, callback_url=request.callback_url),
            base_url=base_url,
            estimate=plan.estimate,
        )


def _obey(script: Script) -> None:
    """What a test prompt says of the submit itself. Want of money shows there, as it does in life."""
    if script.submit is not None:
        raise scripted_refusal(script.submit)
    if script.fail == PaymentRequired.error_type:
        raise scripted_refusal(402)


def _warned(plan: Plan, skipped: Sequence[Skipped]) -> Plan:
    return replace(plan, warnings=(*warnings_of(skipped), *plan.warnings)) if skipped else plan


def _sorted_inputs(named: Sequence[InputUrl], taken: Sequence[Media]) -> Inputs:
    frames = {one.role: media for one, media in zip(named, taken, strict=True) if one.role != "reference"}
    if frames:
        return Inputs(first_frame=frames.get("first_frame"), last_frame=frames.get("last_frame"))
    return Inputs(references=tuple(taken))


_NO_WEBHOOKS = "callback_url: kept with the job; this version does not send webhooks yet, so poll for the result"
