"""Budgets, credits and ledgers as JSON-able dicts: the contract's keys, then ours."""

from typing import Any

from reelrouter.accounts.credits import Entry
from reelrouter.accounts.limits import Limit
from reelrouter.api.moments import moment
from reelrouter.gateway.budgets import Account, Granted, LedgerPage, WorkspaceBudgets
from reelrouter.money import Nanos, json_usd


def budgets_view(found: WorkspaceBudgets) -> dict[str, Any]:
    return {
        "data": [_row(one, found) for one in found.budgets],
        "include_byok_in_budgets": found.include_byok,
    }


def budget_view(budget: Limit, beside: WorkspaceBudgets) -> dict[str, Any]:
    return {"data": _row(budget, beside), "include_byok_in_budgets": beside.include_byok}


def account_view(account: Account) -> dict[str, Any]:
    balance = account.balance
    limited = balance.amount is not None
    amount = balance.amount or Nanos(0)
    return {
        "workspace_id": account.workspace.id,
        "total_credits": json_usd(amount),
        "total_usage": json_usd(balance.settled),
        "held": json_usd(balance.held),
        "remaining": json_usd(Nanos(amount - balance.settled - balance.held)) if limited else None,
        "unlimited": not limited,
    }


def granted_view(granted: Granted) -> dict[str, Any]:
    return {"data": entry_view(granted.entry), "credits": account_view(granted.account)}


def ledger_view(page: LedgerPage) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "data": [entry_view(one) for one in page.entries],
        "has_more": page.next_cursor is not None,
    }
    if page.next_cursor is not None:
        shown["next_cursor"] = page.next_cursor
    return shown


def _row(budget: Limit, beside: WorkspaceBudgets) -> dict[str, Any]:
    changed = budget.created_at if budget.updated_at is None else budget.updated_at
    return {
        "id": budget.id,
        "workspace_id": beside.workspace.id,
        "reset_interval": None if budget.period == "total" else budget.period,
        "limit_usd": json_usd(budget.amount),
        "created_at": moment(budget.created_at),
        "updated_at": moment(changed),
        "spend_usd": json_usd(budget.settled),
        "held_usd": json_usd(budget.held),
        "remaining_usd": json_usd(budget.left),
        "resets_at": None if budget.resets_at is None else moment(budget.resets_at * 1000),
    }


def entry_view(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.key,
        "kind": entry.kind,
        "amount": json_usd(entry.amount),
        "overrun": json_usd(entry.overrun),
        "job_id": entry.job_id,
        "note": entry.note,
        "created_at": moment(entry.created_at),
    }
