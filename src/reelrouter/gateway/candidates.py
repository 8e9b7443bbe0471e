"""The models that a request may be served by: those that can, those that cannot and why, and what is said of it.

Pure. A job carries a plan for each that can, and goes on to the next where no endpoint would make the one before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reelrouter.catalogue.check import Plan, unknown_model
from reelrouter.catalogue.model import Catalogue, ModelSpec
from reelrouter.catalogue.request import VideoRequest
from reelrouter.errors import Forbidden, InvalidRequest, NoEndpoint, NotFound, Problem
from reelrouter.routing.choose import Offer, Route

Refusal = InvalidRequest | NoEndpoint | NotFound | Forbidden
"""Why a candidate cannot serve a request; another may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    field: str
    """Where the request names it: `model`, or `models[0]`."""
    model: ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A candidate that can do what is asked."""

    candidate: Candidate
    plan: Plan
    offer: Offer
    """What routing knows."""
    routes: tuple[Route, ...] = ()
    """None where no endpoint can serve it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A candidate that cannot serve the request, and why."""

    candidate: Candidate
    refusal: Refusal
    priced: Priced | None = None
    """What it would be, if an endpoint could serve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Every candidate of a request, in the order to try them."""

    served: tuple[Priced, ...]
    skipped: tuple[Skipped, ...]

    def first(self) -> Priced:
        """The first that can serve, else the first that could if an endpoint were there; raises as `refusal`."""
        found = self.served or tuple(one.priced for one in self.skipped if one.priced is not None)
        if not found:
            raise self.refusal
        return found[0]

    @property
    def refusal(self) -> Refusal:
        """Where none can serve: what the first one lacked, since it is what was asked for in the first place."""
        return self.skipped[0].refusal


def candidates(request: VideoRequest, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The model and its fallbacks, each once, in the order to try. Raises `InvalidRequest` for an unknown id."""
    names = {"model": request.model} | {f"models[{at}]": name for at, name in enumerate(request.models)}
    found: dict[str, Candidate] = {}
    problems: list[Problem] = []
    for field, name in names.items():
        model = catalogue.find(name)
        if model is None:
            problems.extend(unknown_model(name, field).problems)
        else:
            found.setdefault(model.id, Candidate(field=field, model=model))
    if problems:
        raise InvalidRequest(problems)
    return tuple(found.values())


def refuse_forbidden(candidate: Candidate, allowed: frozenset[str] | None) -> None:
    """Raises `Forbidden` for a model that is not among those that the caller may use; None is all."""
    if allowed is not None and candidate.model.id not in allowed:
        model, names = candidate.model.id, sorted(allowed)
        raise Forbidden(
            f"This key's workspace may not use {model}. It may use: {', '.join(names) or 'no model'}.",
            model=model,
            allowed=names,
        )


def asked_of(request: VideoRequest, candidate: Candidate) -> VideoRequest:
    """The request as if it named this model alone."""
    if request.model == candidate.model.id and not request.models:
        return request
    return replace(request, model=candidate.model.id, models=())


def plans_of(survey: Survey, *remarks: str) -> tuple[Plan, ...]:
    """A plan for each model that can serve, the first of which the job begins with.

    Each one's warnings are all that the job's owner should know once it serves: who was passed over, whose place
    it takes, what of the request has no effect, then `remarks`.
    """
    told = tuple(_passed_over(survey.skipped))
    return tuple(_warned(one.plan, (*told, *_takes_over(one, survey)), remarks) for one in survey.served)


def routes_of(survey: Survey) -> tuple[Route, ...]:
    """All routes of the first model, then all of the next, each with the plan that it carries out."""
    return tuple(replace(route, plan=at) for at, one in enumerate(survey.served) for route in one.routes)


def estimated(survey: Survey) -> Plan:
    """What the job would begin with; one that no endpoint can serve is priced too, and its endpoints say why."""
    first = survey.first()
    others = [one for one in survey.skipped if one.candidate is not first.candidate]
    return _warned(first.plan, tuple(_passed_over(others)), ())


def _warned(plan: Plan, before: tuple[str, ...], after: tuple[str, ...]) -> Plan:
    return replace(plan, warnings=(*before, *plan.warnings, *after)) if before or after else plan


def _passed_over(skipped: Iterable[Skipped]) -> Iterator[str]:
    for one in skipped:
        yield f"{one.candidate.field}: {one.candidate.model.id} was passed over: {one.refusal.message}"


def _takes_over(one: Priced, survey: Survey) -> Iterator[str]:
    first = survey.served[0]
    if one is not first:
        field, name = one.candidate.field, one.plan.model
        yield f"{field}: {name} makes this in place of {first.plan.model}, whose endpoints would not"
