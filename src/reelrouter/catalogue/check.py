"""Holds a request against a model: every problem at once, or a `Plan` with nothing left to decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reelrouter.catalogue.inputs import mode_of, used, wanted
from reelrouter.catalogue.lengths import seconds
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.notices import contradictions, filtered_options, notices
from reelrouter.catalogue.price import Asked, PriceLine, price, total
from reelrouter.catalogue.problems import refusals
from reelrouter.catalogue.request import Inputs, VideoRequest
from reelrouter.catalogue.resolve import Resolved, creativity, resolve
from reelrouter.catalogue.script import read_script
from reelrouter.catalogue.shapes import upscale_factor
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.money import Nanos
from reelrouter.work import Mode, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Under which rules a request is judged."""

    strict: bool = False
    """Refuse what would otherwise be accepted with a warning."""
    test: bool = False
    """The key is a test key: script words in the prompt are obeyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job as the gateway promises it, for whichever endpoint serves it; kept as JSON on the job."""

    model: str
    canonical_slug: str
    mode: Mode
    prompt: str
    """Without script words; empty where none was given."""
    resolved: Resolved
    inputs: Inputs
    previous_job_id: str | None = None
    upscale_factor: float | None = None
    creativity: int | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Passthrough options by endpoint name, filtered by its list: give each endpoint its own only."""
    warnings: tuple[str, ...] = ()
    """What was accepted and is not used, one sentence each, beginning with the field's path."""
    skus: Mapping[str, str]
    """The row's prices when the plan was made: the bill is not changed by a later catalogue."""
    asked: Asked
    """What `price` needs again, with what came out, for the bill."""
    lines: tuple[PriceLine, ...]
    estimate: Nanos
    script: Script | None = None
    """Only for test keys."""


def refuse(request: VideoRequest, model: ModelSpec, rules: Rules) -> None:
    """Raises `InvalidRequest` with every problem that can be seen before any input is fetched."""
    problems = refusals(request, model, test=rules.test)
    if rules.strict or request.provider.require_parameters:
        problems += notices(request, model)
    if problems:
        raise InvalidRequest(problems)


def check(request: VideoRequest, model: ModelSpec, inputs: Inputs, rules: Rules) -> Plan:
    """The plan, priced; raises `InvalidRequest` as `refuse` does, or over what only the inputs show."""
    refuse(request, model, rules)
    prompt, script = read_script(request.prompt or "") if rules.test else (request.prompt or "", None)
    kept = used(inputs, request, model)
    resolved = resolve(request, model, kept)
    if wrong := contradictions(request, model, resolved):
        raise InvalidRequest(wrong)
    asked = _asked(request, model, resolved, seconds(request, model, kept, test=rules.test))
    lines = price(model.pricing_skus, asked)
    return Plan(
        model=model.id,
        canonical_slug=model.canonical_slug,
        mode=asked.mode,
        prompt=prompt,
        resolved=resolved,
        inputs=kept,
        previous_job_id=request.previous_job_id,
        upscale_factor=upscale_factor(request, model),
        creativity=asked.creativity,
        options=filtered_options(request, model),
        warnings=tuple(f"{notice.field}: {notice.message}" for notice in notices(request, model)),
        skus=model.pricing_skus,
        asked=asked,
        lines=lines,
        estimate=total(lines),
        script=script,
    )


def unknown_model(model_id: str, field: str = "model") -> InvalidRequest:
    """The error for an id that the catalogue does not have; `field` names a fallback, e.g. `models[0]`."""
    return InvalidRequest([Problem(field, f"{model_id} is not a valid model ID")])


def _asked(request: VideoRequest, model: ModelSpec, resolved: Resolved, duration: Decimal) -> Asked:
    urls = wanted(request, model)
    return Asked(
        mode=mode_of(request, model),
        duration=duration,
        width=resolved.width,
        height=resolved.height,
        resolution=resolved.resolution,
        audio=resolved.audio,
        image_inputs=sum(url.kind == "image" for url in urls),
        reference_images=sum(url.kind == "image" and url.role == "reference" for url in urls),
        video_input=any(url.kind == "video" for url in urls),
        creativity=creativity(request, model),
    )
