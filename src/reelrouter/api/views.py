"""Jobs, estimates and the rows of video models, as JSON-able dicts.

A field of a job that has no value is left out, never null; a model's row has every key of the contract.
"""

from collections.abc import Sequence
from typing import Any

from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.price import PriceLine
from reelrouter.gateway.answers import JobAnswer
from reelrouter.gateway.submissions import Estimate
from reelrouter.jobs.model import JobView, shown_of
from reelrouter.money import json_number, json_usd
from reelrouter.storage import links


def placed_view(answer: JobAnswer) -> dict[str, Any]:
    """The 202: what it takes to ask for more."""
    view = answer.view
    shown: dict[str, Any] = {
        "id": view.id,
        "polling_url": _polling_url(view),
        "status": view.status,
        "generation_id": view.id,
    }
    if view.warnings:
        shown["warnings"] = view.warnings
    return shown


def job_view(answer: JobAnswer) -> dict[str, Any]:
    """A job: the contract's fields, then our extensions."""
    view = answer.view
    shown: dict[str, Any] = {
        "id": view.id,
        "polling_url": _polling_url(view),
        "status": view.status,
        "generation_id": view.id,
        "created_at": view.created_at // 1000,
        "model": view.model,
        "mode": view.mode,
        "resolved": view.resolved,
    }
    if view.warnings:
        shown["warnings"] = view.warnings
    if view.provider is not None:
        shown["provider"] = view.provider
    if view.status == "completed":
        shown |= _completed(answer)
    elif view.failure is not None:
        shown["error"] = view.failure.message
        shown["error_type"] = view.failure.error_type
        shown |= _files(answer) if view.outputs else {}  # a video that came after the job's end
    elif view.progress is not None:
        shown["progress"] = round(view.progress * 100)
    return shown


def _completed(answer: JobAnswer) -> dict[str, Any]:
    view = answer.view
    return {
        "progress": 100,
        "usage": {"cost": json_usd(view.price) if view.price is not None else 0, "is_byok": view.is_byok},
        **_files(answer),
    }


def _files(answer: JobAnswer) -> dict[str, Any]:
    view = answer.view
    plain = [links.plain_url(view.base_url, view.id, index) for index in range(view.outputs)]
    shown: dict[str, Any] = {"unsigned_urls": plain if answer.plain_unsigned_urls else list(answer.links) or plain}
    if answer.links:
        shown["urls"] = list(answer.links)
        shown["expires_at"] = answer.links_expire_at
    return shown


def estimate_view(estimate: Estimate) -> dict[str, Any]:
    """What a job would cost and why, what it would be, and who would make it."""
    plan, own = estimate.plan, estimate.byok_cost
    shown: dict[str, Any] = {
        "model": plan.model,
        "cost": json_usd(plan.estimate),
        **({} if own is None else {"byok_cost": json_usd(own)}),
        "currency": "USD",
        "lines": [_line_view(line) for line in plan.lines],
        "resolved": shown_of(plan)["resolved"],
        "warnings": list(plan.warnings),
        "routes": [
            {"endpoint": route.endpoint}
            | ({"reason": route.reason} if route.reason else {})
            | ({"is_byok": True} if route.is_byok else {})
            for route in estimate.routes
        ],
    }
    if estimate.spares:
        shown["fallbacks"] = [{"model": one.model, "cost": json_usd(one.estimate)} for one in estimate.spares]
    return shown


def _line_view(line: PriceLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "quantity": json_number(line.quantity),
        "unit": line.unit,
        "rate": json_number(line.rate),
        "cost": json_usd(line.cost),
    }


def model_view(model: ModelSpec, available: Sequence[str]) -> dict[str, Any]:
    """A row of the list of video models: the contract's keys, then our extensions."""
    return {
        "id": model.id,
        "canonical_slug": model.canonical_slug,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "hugging_face_id": model.hugging_face_id,
        "supported_resolutions": _listed(model.supported_resolutions),
        "supported_aspect_ratios": _listed(model.supported_aspect_ratios),
        "supported_sizes": _listed(model.supported_sizes),
        "supported_durations": _listed(model.supported_durations),
        "supported_frame_images": _listed(model.supported_frame_images),
        "generate_audio": model.generate_audio,
        "seed": model.seed,
        "upscale_factor": _upscale(model),
        "creativity": _listed(model.creativity),
        "pricing_skus": dict(model.pricing_skus),
        "allowed_passthrough_parameters": sorted(model.allowed_passthrough_parameters),
        "supported_references": {
            "image": model.references.image,
            "video": model.references.video,
            "audio": model.references.audio,
        },
        "available": list(available),
    }


def _polling_url(view: JobView) -> str:
    return f"{view.base_url}/api/v1/videos/{view.id}"


def _listed(values: tuple[Any, ...] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _upscale(model: ModelSpec) -> dict[str, float] | None:
    factor = model.upscale_factor
    return None if factor is None else {"min": factor.min, "max": factor.max}
