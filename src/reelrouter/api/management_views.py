"""Workspaces and keys as managers see them, in the contract's shape with fields of ours beside."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reelrouter.accounts.limits import Limit
from reelrouter.accounts.spending import Spent
from reelrouter.gateway.keys import GovernedKey, left_of
from reelrouter.gateway.workspaces import GovernedWorkspace
from reelrouter.money import json_usd

_OF_GUARDRAILS = uuid.UUID("5d0c9c0e-6d0b-4c39-9a55-0f1d3c5b7a11")


def workspace_view(governed: GovernedWorkspace) -> dict[str, Any]:
    one = governed.workspace
    return {
        "id": one.id,
        "slug": one.slug,
        "name": one.name,
        "description": one.description,
        "created_at": _moment(one.created_at),
        "updated_at": _maybe_moment(one.updated_at),
        "callback_url": one.callback_url,
        "zdr": one.zdr,
        "strict_parameters": one.strict,
        "retention": one.retention,
        "allowed_models": _listed(one.allowed_models),
        "allowed_providers": _listed(one.allowed_providers),
        "default_provider_sort": one.provider_sort,
        "concurrency": one.concurrency,
        "requests_per_minute": one.rate,
        "include_byok_in_budgets": governed.include_byok,
        # Clients want a text here. It is the workspace's own, as upstream's is, and nothing answers to it.
        "default_guardrail_id": str(uuid.uuid5(_OF_GUARDRAILS, one.id)),
        **_WITHOUT_MEANING,
    }


_WITHOUT_MEANING: Mapping[str, Any] = {
    "created_by": None,
    "default_text_model": None,
    "default_image_model": None,
    "disabled_server_tools": None,
    "io_logging_api_key_ids": None,
    "io_logging_sampling_rate": 1,
    "is_data_discount_logging_enabled": False,
    "is_observability_broadcast_enabled": False,
    "is_observability_io_logging_enabled": False,
}
"""What upstream tells of a workspace, and a gateway for videos has not."""


def key_view(governed: GovernedKey) -> dict[str, Any]:
    record = governed.record
    return {
        "hash": record.id,
        "name": record.name,
        "label": record.label,
        "mode": record.mode,
        "workspace_id": record.workspace,
        "disabled": record.disabled_at is not None,
        "created_at": _moment(record.created_at),
        "updated_at": _maybe_moment(record.updated_at),
        "expires_at": _maybe_moment(record.expires_at),
        "strict_parameters": record.strict,
        "concurrency": record.concurrency,
        "requests_per_minute": record.rate,
        **_limit_view(governed.limit),
        **_usage_view(governed.spent),
        "creator_user_id": None,
        "external_user": None,
        "last_used_at": None,
    }


def _limit_view(limit: Limit | None) -> dict[str, Any]:
    if limit is None:
        return {"limit": None, "limit_remaining": None, "limit_reset": None, "include_byok_in_limit": False}
    return {
        "limit": json_usd(limit.amount),
        "limit_remaining": json_usd(left_of(limit)),
        "limit_reset": None if limit.period == "total" else limit.period,
        "include_byok_in_limit": limit.include_byok,
    }


def _usage_view(spent: Spent) -> dict[str, Any]:
    return {
        "usage": json_usd(spent.total),
        "usage_daily": json_usd(spent.day),
        "usage_weekly": json_usd(spent.week),
        "usage_monthly": json_usd(spent.month),
        "byok_usage": json_usd(spent.byok_total),
        "byok_usage_daily": json_usd(spent.byok_day),
        "byok_usage_weekly": json_usd(spent.byok_week),
        "byok_usage_monthly": json_usd(spent.byok_month),
    }


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _maybe_moment(unix_ms: int | None) -> str | None:
    return None if unix_ms is None else _moment(unix_ms)


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
