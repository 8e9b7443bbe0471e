"""What was spent, as JSON-able dicts and as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reelrouter.accounts.usage import Dimension, Sum
from reelrouter.api.moments import day
from reelrouter.catalogue.model import ModelSpec
from reelrouter.gateway.usage import Credits, Report
from reelrouter.money import Nanos, json_usd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by."""


def credits_view(found: Credits) -> dict[str, Any]:
    left = Nanos(found.amount - found.settled - found.held)
    return {
        "total_credits": json_usd(found.amount),
        "total_usage": json_usd(found.settled),
        "held": json_usd(found.held),
        "remaining": json_usd(left) if found.is_limited else None,
        "unlimited": not found.is_limited,
    }


def activity_view(one: Sum, look_up: Callable[[str], ModelSpec | None]) -> dict[str, Any]:
    """The contract's row. A model that the catalogue does not have any more goes by the name that it had."""
    model, endpoint = one.of["model"], one.of["provider"]
    spec = look_up(model)
    providers = {known.name: known.provider for known in spec.endpoints} if spec else {}
    shown = {
        "date": day(one.of["day"]),
        "model": model,
        "model_permaslug": spec.canonical_slug if spec else model,
        "endpoint_id": endpoint,
        "provider_name": providers.get(endpoint, endpoint),
        "usage": json_usd(one.cost),
        "byok_usage_inference": json_usd(one.byok_list_price),
        "requests": one.jobs,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "reasoning_tokens": 0,
        "cached_tokens": 0,
    }
    return shown | ({"workspace_id": one.of["workspace"]} if "workspace" in one.of else {})


def report_view(report: Report, *, of_operator: bool) -> dict[str, Any]:
    """With what vendors were paid, for the operator alone."""
    selection = report.selection
    return {
        "from": day(selection.first_day),
        "to": day(selection.last_day),
        "mode": selection.mode,
        "workspace_id": selection.workspace,
        "group_by": list(report.by),
        "data": [row_view(report, one, of_operator=of_operator) for one in report.sums],
        "total": _amounts(report.sums, of_operator=of_operator),
    }


def row_view(report: Report, one: Sum, *, of_operator: bool) -> dict[str, Any]:
    return {**{name: _shown(name, one) for name in report.by}, **_amounts([one], of_operator=of_operator)}


def report_csv(report: Report, *, of_operator: bool) -> str:
    """A head, and a line for each sum."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*report.by, *_amounts([], of_operator=of_operator)])
    for one in report.sums:
        writer.writerow(map(_cell, row_view(report, one, of_operator=of_operator).values()))
    return text.getvalue()


def _shown(name: Dimension, one: Sum) -> str | None:
    value = one.of[name]
    return day(value) if name == "day" else value


def _amounts(sums: Iterable[Sum], *, of_operator: bool) -> Mapping[str, Any]:
    found = list(sums)
    shown: dict[str, Any] = {
        "jobs": sum(one.jobs for one in found),
        "cost": json_usd(Nanos(sum(one.cost for one in found))),
        "byok_jobs": sum(one.byok_jobs for one in found),
        "byok_list_price": json_usd(Nanos(sum(one.byok_list_price for one in found))),
    }
    if of_operator:
        shown["vendor_cost"] = json_usd(Nanos(sum(one.vendor_cost for one in found)))
    return shown


def _cell(value: object) -> object:
    """What somebody named a user or a session must not be run as a formula by whoever opens the file."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
