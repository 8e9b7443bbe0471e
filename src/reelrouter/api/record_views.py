"""A generation and a key as JSON-able dicts: the contract's keys, null where nothing is known, then ours."""

from datetime import UTC, datetime
from typing import Any

from reelrouter.api import key_budgets
from reelrouter.catalogue.request import Inputs
from reelrouter.gateway.records import Generation, KeyAccount
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import AttemptEnd, Job, shown_of
from reelrouter.jobs.store import AttemptRecord
from reelrouter.jobs.trouble import Trouble
from reelrouter.money import json_usd
from reelrouter.work import Media, StoredFile


def generation_view(generation: Generation) -> dict[str, Any]:
    job = generation.job
    said = job.remarks.attribution
    cost = json_usd(job.price) if job.price is not None else 0
    media = _media(generation.plan.inputs)
    return {
        "id": job.id,
        "api_type": "video",
        "model": generation.plan.canonical_slug,
        "provider_name": generation.provider,
        "created_at": _moment(job.created_at),
        "total_cost": cost,
        "usage": cost,
        "latency": None if job.finished_at is None else job.finished_at - job.created_at,
        "generation_time": _milliseconds(generation.attempts[-1]) if generation.attempts else None,
        "finish_reason": "complete" if job.status is State.COMPLETED else None,
        "native_finish_reason": job.failure.vendor_code if job.failure else None,
        "cancelled": job.status is State.CANCELLED,
        "session_id": said.session_id,
        "external_user": said.user,
        "http_referer": said.referer,
        "origin": said.referer or "",
        "data_region": "global",
        "is_byok": job.is_byok,
        "streamed": False,
        "workspace_id": job.workspace,
        "num_media_prompt": len(media),
        "num_media_completion": len(job.outputs),
        "num_input_audio_prompt": len([one for one in media if one.kind == "audio"]),
        "provider_responses": [_response_view(generation, one) for one in generation.attempts],
        **dict.fromkeys(_OF_TEXT),
        "upstream_inference_cost": _upstream_cost(job),
        **_ours(generation),
    }


_OF_TEXT = (
    "app_id",
    "cache_discount",
    "moderation_latency",
    "native_tokens_cached",
    "native_tokens_completion",
    "native_tokens_completion_images",
    "native_tokens_prompt",
    "native_tokens_reasoning",
    "num_fetches",
    "num_search_results",
    "preset_id",
    "request_id",
    "response_cache_source_id",
    "router",
    "service_tier",
    "tokens_completion",
    "tokens_prompt",
    "upstream_id",
    "user_agent",
    "web_search_engine",
)
"""What the contract has a place for, and this gateway has not, or keeps to itself."""


def _ours(generation: Generation) -> dict[str, Any]:
    job = generation.job
    said = job.remarks.attribution
    return {
        "status": job.status.value,
        "mode": job.mode,
        "error": job.failure.message if job.failure else None,
        "error_type": job.failure.error_type if job.failure else None,
        "models": [plan.model for plan in job.plans],
        "route": list(dict.fromkeys(route.endpoint for route in job.routes)),
        "attempts": [_attempt_view(job, one) for one in generation.attempts],
        "attribution": {
            "user": said.user,
            "session_id": said.session_id,
            "trace": said.trace,
            "title": said.title,
            "categories": said.categories,
            "referer": said.referer,
        },
        "resolved": shown_of(generation.plan)["resolved"],
        "delivered": [_delivered_view(one) for one in job.outputs] or None,
        "estimate": json_usd(job.estimate),
        "price": None if job.price is None else json_usd(job.price),
    }


def _delivered_view(file: StoredFile) -> dict[str, Any]:
    """What an output came out as, by our own look at the file."""
    return {
        "duration": file.duration,
        "width": file.width,
        "height": file.height,
        "fps": file.fps,
        "frames": file.frames,
        "audio": file.audio_codec is not None,
        "codec": file.codec,
        "bytes": file.size,
    }


def _attempt_view(job: Job, record: AttemptRecord) -> dict[str, Any]:
    end = record.attempt.end
    return {
        "model": job.plan_of(record.attempt).model,
        "endpoint": record.attempt.endpoint,
        "is_byok": record.attempt.is_byok,
        "outcome": end.kind if end else None,
        "failure": end.failure if end else None,
        "notes": _notes(end),
        "trouble": _trouble_view(record.trouble) if record.trouble else None,
        "started_at": _moment(record.attempt.intent_at),
        "ended_at": None if record.ended_at is None else _moment(record.ended_at),
    }


def _notes(end: AttemptEnd | None) -> int:
    """How many there are, and not what they say: they are the operator's, and may repeat the vendor's words."""
    said = end and (end.finished or end.failed)
    return len(said.notes) if said else 0


def _trouble_view(trouble: Trouble) -> dict[str, Any]:
    """Without the reason, which is the operator's."""
    return {"kind": trouble.kind, "since": _moment(trouble.since)}


def _response_view(generation: Generation, record: AttemptRecord) -> dict[str, Any]:
    attempt = record.attempt
    return {
        "status": None,
        "endpoint_id": attempt.endpoint,
        "provider_name": generation.provider_of(attempt.endpoint, attempt.plan),
        "model_permaslug": generation.job.plan_of(attempt).canonical_slug,
        "latency": _milliseconds(record),
        "is_byok": record.attempt.is_byok,
    }


def _upstream_cost(job: Job) -> float | None:
    """What the vendor bills the workspace itself, or by the price list should. An operator's bill is its own."""
    if not job.is_byok or not job.outputs:
        return None
    cost = job.list_price if job.vendor_cost is None else job.vendor_cost
    return None if cost is None else json_usd(cost)


def key_view(account: KeyAccount) -> dict[str, Any]:
    budgets = key_budgets.budget_rows(account)
    spent = account.spent
    return {
        "label": account.key.label,
        "name": account.key.name,
        "mode": account.key.mode,
        "workspace_id": account.workspace,
        "usage": json_usd(spent.total),
        "usage_daily": json_usd(spent.day),
        "usage_weekly": json_usd(spent.week),
        "usage_monthly": json_usd(spent.month),
        "byok_usage": json_usd(spent.byok_total),
        "byok_usage_daily": json_usd(spent.byok_day),
        "byok_usage_weekly": json_usd(spent.byok_week),
        "byok_usage_monthly": json_usd(spent.byok_month),
        "budgets": budgets,
        "effective_budget": key_budgets.effective(budgets),
        **key_budgets.own_limit(account),
        "rate_limit": key_budgets.rate_limit(account.policy),
        "expires_at": None if account.key.expires_at is None else _moment(account.key.expires_at),
        "concurrency": key_budgets.concurrency(account.policy),
        **dict.fromkeys(("is_management_key", "is_provisioning_key"), account.key.mode == "management"),
        **_SAME_FOR_ALL,
    }


_SAME_FOR_ALL: dict[str, Any] = {
    "is_free_tier": False,
    "creator_user_id": None,
    "organization_id": None,
    "allowed_data_regions": ["global"],
    "free_model_daily_requests": {"limit": 0, "remaining": 0, "used": 0},
}
"""Keys here have no owner, and no model is free by its name."""


def _media(inputs: Inputs) -> list[Media]:
    return [one for one in (inputs.first_frame, inputs.last_frame, *inputs.references, inputs.previous) if one]


def _milliseconds(record: AttemptRecord) -> int | None:
    return None if record.ended_at is None else record.ended_at - record.attempt.intent_at


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")
