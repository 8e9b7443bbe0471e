"""The models that a request may be served by, and what is remembered of those that could not; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reelrouter.catalogue.check import unknown_model
from reelrouter.catalogue.model import Catalogue, ModelSpec
from reelrouter.catalogue.request import VideoRequest
from reelrouter.errors import Forbidden, InvalidRequest, NoEndpoint, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    field: str
    """Where the request names it: `model`, or `models[0]`."""
    model: ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A candidate that cannot serve the request, and why."""

    candidate: Candidate
    refusal: InvalidRequest | NoEndpoint | Forbidden


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
    return replace(request, model=candidate.model.id, models=())


def warnings_of(skipped: Sequence[Skipped]) -> tuple[str, ...]:
    """What the caller is told of the candidates before the one that serves."""
    return tuple(
        f"{one.candidate.field}: {one.candidate.model.id} was passed over: {one.refusal.message}"
        for one in skipped
    )
