"""Everything that may refuse a key's next job for want of money, or slow it down, as `GET /key` tells of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from reelrouter.accounts.ledger import Balance
from reelrouter.accounts.limits import Limit
from reelrouter.accounts.policy import Policy
from reelrouter.api.moments import moment
from reelrouter.gateway.records import KeyAccount
from reelrouter.money import Nanos, json_usd


def budget_rows(account: KeyAccount) -> list[dict[str, Any]]:
    """In the order in which they are asked: the workspace's credits, its budgets, the key's own limits."""
    of_workspace = [one for one in account.limits if one.subject == account.workspace]
    of_key = [one for one in account.limits if one.subject != account.workspace]
    return [
        *_credits(account.budget),
        *(_row("workspace", one) for one in of_workspace),
        *(_row("key_limit", one) for one in of_key),
    ]


def effective(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The one that refuses first: that with the least left."""
    spent = [row for row in rows if row["remaining_usd"] <= 0]
    return next(iter(spent), None) or min(rows, key=lambda row: row["remaining_usd"], default=None)


def own_limit(account: KeyAccount) -> dict[str, Any]:
    """The key's own limit; of several, that with the least left."""
    own = [one for one in account.limits if one.subject != account.workspace]
    if not own:
        return {"limit": None, "limit_remaining": None, "limit_reset": None, "include_byok_in_limit": False}
    least = min(own, key=lambda one: one.left)
    return {
        "limit": json_usd(least.amount),
        "limit_remaining": json_usd(least.left),
        "limit_reset": None if least.period == "total" else least.period,
        "include_byok_in_limit": least.include_byok,
    }


def rate_limit(policy: Policy) -> dict[str, Any]:
    """In the contract's form, where -1 is no limit: the stricter of the key's and its workspace's."""
    rates = {"key": policy.of_key.rate, "workspace": policy.of_workspace.rate}
    known = {of: rate for of, rate in rates.items() if rate is not None}
    if not known:
        return {"requests": -1, "interval": "none", "note": "This key's requests are not limited."}
    of = min(known, key=lambda one: known[one])
    whom = "this key's" if of == "key" else "all the workspace's keys'"
    return {"requests": known[of], "interval": "1m", "note": f"It limits {whom} requests in a minute."}


def concurrency(policy: Policy) -> int | None:
    """Unfinished jobs that there may be at one time: the stricter of the key's limit and its workspace's."""
    caps = (policy.of_key.concurrency, policy.of_workspace.concurrency)
    return min((cap for cap in caps if cap is not None), default=None)


def _credits(balance: Balance) -> Iterator[dict[str, Any]]:
    if balance.amount is None:
        return
    spent = Nanos(balance.settled + balance.held)
    yield {
        "scope": "credits",
        "limit_usd": json_usd(balance.amount),
        "spend_usd": json_usd(spent),
        "remaining_usd": json_usd(Nanos(balance.amount - spent)),
        "include_byok": False,
        "budget_id": None,
        "guardrail_id": None,
        "reset_interval": None,
        "resets_at": None,
    }


def _row(scope: str, limit: Limit) -> dict[str, Any]:
    return {
        "scope": scope,
        "limit_usd": json_usd(limit.amount),
        "spend_usd": json_usd(Nanos(limit.settled + limit.held)),
        "remaining_usd": json_usd(limit.left),
        "include_byok": limit.include_byok,
        "budget_id": limit.id if scope == "workspace" else None,
        "guardrail_id": None,
        "reset_interval": None if limit.period == "total" else limit.period,
        "resets_at": None if limit.resets_at is None else moment(limit.resets_at * 1000),
    }
