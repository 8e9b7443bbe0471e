"""From a request to what each model that it names would make of it, and where. Nothing is placed yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reelrouter import net
from reelrouter.accounts.keys import Caller
from reelrouter.catalogue.check import Plan, Rules, check, refuse
from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs, InputUrl, VideoRequest
from reelrouter.errors import Forbidden, InvalidRequest, NoEndpoint, NotFound, Problem
from reelrouter.gateway.candidates import (
    Candidate,
    Priced,
    Skipped,
    Survey,
    asked_of,
    candidates,
    refuse_forbidden,
)
from reelrouter.gateway.leftovers import Taken
from reelrouter.gateway.reach import reach_of
from reelrouter.gateway.stations import Stations, Visit
from reelrouter.media.intake import Wanted
from reelrouter.routing.choose import Offer, choose, places
from reelrouter.work import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request with whoever sent it."""

    caller: Caller
    request: VideoRequest
    visit: Visit


class Preparation:
    """Of one request: what was fetched for one of its models is there for the next."""

    def __init__(self, stations: Stations, asking: Asking, taken: Taken, draw: Callable[[], float]) -> None:
        """`taken` is told of all that was stored; `draw` gives random numbers from 0 to below 1."""
        self._at = stations
        self._caller = asking.caller
        self._request = asking.request
        self._visit = asking.visit
        self._taken = taken
        self._draw = draw
        self._media: dict[str, Media] = {}
        self._refusals: dict[tuple[str, ...], InvalidRequest | NotFound] = {}

    async def survey(self) -> Survey:
        """Every model that the request names, with what it would be, or why it cannot be.

        Raises what no other model would change: a callback address that may not be told, say.
        """
        self._refuse_callback()
        served: list[Priced] = []
        skipped: list[Skipped] = []
        for candidate in candidates(self._request, self._at.catalogue):
            priced = None
            try:
                refuse_forbidden(candidate, self._caller.policy.models)
                priced = await self._price(candidate)
                routes = choose(priced.plan, candidate.model, priced.offer)
            except (InvalidRequest, NoEndpoint, NotFound, Forbidden) as refusal:
                skipped.append(Skipped(candidate=candidate, refusal=refusal, priced=priced))
            else:
                served.append(replace(priced, routes=routes))
        return Survey(served=tuple(served), skipped=tuple(skipped))

    async def _price(self, candidate: Candidate) -> Priced:
        plan = await self._plan(asked_of(self._request, candidate), candidate.model)
        return Priced(candidate=candidate, plan=plan, offer=await self._offer(plan, candidate.model))

    async def _plan(self, request: VideoRequest, model: ModelSpec) -> Plan:
        rules = self._rules()
        named = wanted(request, model)
        if not named and request.previous_job_id is None:
            return check(request, model, Inputs(), rules)
        refuse(request, model, rules)  # before anything is fetched
        inputs = await self._take_inputs(named)
        if request.previous_job_id is not None:
            previous = await self._at.own_outputs.previous(self._caller, request.previous_job_id, model.id)
            inputs = self._taken.note(replace(inputs, previous=previous))
        return check(request, model, inputs, rules)

    def _refuse_callback(self) -> None:
        """Raises `InvalidRequest` for an address that may not be told, with whatever else can be seen at once."""
        request, terms = self._request, self._at.terms
        if request.callback_url is None:
            return
        loopback = terms.loopback_callbacks and self._caller.mode == "test"
        wrong = net.callback_problem(request.callback_url, terms.callbacks, allow_loopback=loopback)
        if wrong is None:
            return
        problems = [Problem("callback_url", f"callback_url: {wrong}")]
        first = candidates(request, self._at.catalogue)[0]
        try:
            refuse(asked_of(request, first), first.model, self._rules())
        except InvalidRequest as refusal:
            problems = [*refusal.problems, *problems]
        raise InvalidRequest(problems)

    def _rules(self) -> Rules:
        is_test = self._caller.mode == "test"
        if is_test and not self._at.terms.test_mode:
            raise Forbidden("Test keys are switched off on this gateway.")
        return Rules(strict=self._at.terms.strict or self._request.provider.require_parameters, test=is_test)

    async def _take_inputs(self, named: Sequence[InputUrl]) -> Inputs:
        """Fetches what no model before has wanted; what was refused once is not fetched to be refused again."""
        missing = [one for one in named if one.field not in self._media]
        if missing:
            fields = tuple(one.field for one in missing)
            if fields in self._refusals:
                raise self._refusals[fields]
            try:
                media = await self._take(missing)
            except (InvalidRequest, NotFound) as refusal:
                self._refusals[fields] = refusal
                raise
            self._media.update(zip(fields, media, strict=True))
        return self._taken.note(_sorted_inputs(named, [self._media[one.field] for one in named]))

    async def _take(self, named: Sequence[InputUrl]) -> Sequence[Media]:
        own = partial(self._at.own_outputs.find, self._caller, (self._visit.base_url,))
        items = [Wanted(field=one.field, kind=one.kind, url=one.url) for one in named]
        return await self._at.intake.take(items, self._caller.workspace, own, self._at.scratch)

    async def _offer(self, plan: Plan, model: ModelSpec) -> Offer:
        at, mode = self._at, self._caller.mode
        reached = (await reach_of(at, self._caller)).of(model.id)
        offer = Offer(
            mode=mode,
            backends=reached.backends,
            wish=self._request.provider,
            price=plan.estimate,
            own_only=reached.own_only,
        )
        if mode == "test":
            return offer
        if plan.previous_job_id is not None:
            return replace(offer, pinned=await at.own_outputs.place_of(plan.previous_job_id))
        open_to = places(model, reached.backends)
        if len(open_to) < 2:  # there is nothing to choose from
            return offer
        return replace(offer, condition=await at.conditions.of(open_to), draw=self._draw())


def _sorted_inputs(named: Sequence[InputUrl], media: Sequence[Media]) -> Inputs:
    frames = {one.role: one_of for one, one_of in zip(named, media, strict=True) if one.role != "reference"}
    if frames:
        return Inputs(first_frame=frames.get("first_frame"), last_frame=frames.get("last_frame"))
    return Inputs(references=tuple(media))
