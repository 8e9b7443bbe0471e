"""The rows of the table of routes that are about money: credits, budgets, the ledger, and what was spent."""

from collections.abc import Sequence

from reelrouter.api import budget_responses, headers, usage_responses
from reelrouter.api.budgets import BudgetBody, Budgets, CreditsBody, LedgerQuery
from reelrouter.api.row import Row
from reelrouter.api.usage import Usage
from reelrouter.api.usage_queries import ActivityQuery, UsageQuery
from reelrouter.api.videos import Edge


def rows(edge: Edge, base: str) -> Sequence[Row]:
    return (*_spent(edge, base), *_budgets(edge, base), *_credits(edge, base))


def _spent(edge: Edge, base: str) -> Sequence[Row]:
    usage = Usage(edge)
    return (
        Row(
            method="GET", path=f"{base}/credits", handler=usage.credits, operation="getCredits",
            summary="Look up credits, and what was made of them", status=200, answer=usage_responses.Credits,
            errors=(401, 500), answer_headers=headers.OWN,
        ),
        Row(
            method="GET", path=f"{base}/activity", handler=usage.activity, operation="getUserActivity",
            summary="Sum up the last thirty days by model and endpoint; for management keys", status=200,
            answer=usage_responses.Activity, errors=(400, 401, 403, 404, 500), query=ActivityQuery,
            answer_headers=headers.VARIED,
        ),
        Row(
            method="GET", path=f"{base}/usage", handler=usage.report, operation="getUsage",
            summary="Sum up what jobs have cost, by day, model, key or whatever else", status=200,
            answer=usage_responses.UsageReport, media=("text/csv",), errors=(400, 401, 404, 500),
            query=UsageQuery, answer_headers=headers.OWN,
        ),
    )  # fmt: skip


def _budgets(edge: Edge, base: str) -> Sequence[Row]:
    budgets = Budgets(edge)
    every, one = f"{base}/workspaces/{{ref}}/budgets", f"{base}/workspaces/{{ref}}/budgets/{{interval}}"
    return (
        Row(
            method="GET", path=every, handler=budgets.list_all, operation="listWorkspaceBudgets",
            summary="List a workspace's budgets", status=200, answer=budget_responses.BudgetList,
            errors=(401, 403, 404, 500), answer_headers=headers.VARIED,
        ),
        Row(
            method="GET", path=one, handler=budgets.show, operation="getWorkspaceBudget",
            summary="Look a workspace's budget up", status=200, answer=budget_responses.SingleBudget,
            errors=(400, 401, 403, 404, 500), answer_headers=headers.VARIED,
        ),
        Row(
            method="PUT", path=one, handler=budgets.upsert, operation="upsertWorkspaceBudget",
            summary="Set a workspace's budget", status=200, answer=budget_responses.SingleBudget, body=BudgetBody,
            errors=(400, 401, 403, 404, 413, 500), answer_headers=headers.VARIED,
        ),
        Row(
            method="DELETE", path=one, handler=budgets.delete, operation="deleteWorkspaceBudget",
            summary="Remove a workspace's budget", status=200, answer=budget_responses.DeletedBudget,
            errors=(400, 401, 403, 404, 500), answer_headers=headers.VARIED,
        ),
    )  # fmt: skip


def _credits(edge: Edge, base: str) -> Sequence[Row]:
    budgets = Budgets(edge)
    credits_of = f"{base}/workspaces/{{ref}}/credits"
    return (
        Row(
            method="GET", path=credits_of, handler=budgets.show_credits, operation="getWorkspaceCredits",
            summary="Look up a workspace's credits", status=200, answer=budget_responses.WorkspaceCredits,
            errors=(401, 403, 404, 500), answer_headers=headers.VARIED,
        ),
        Row(
            method="POST", path=credits_of, handler=budgets.grant, operation="grantWorkspaceCredits",
            summary="Grant a workspace credits, or take some back", status=201,
            answer=budget_responses.GrantedCredits, body=CreditsBody,
            errors=(400, 401, 403, 404, 409, 413, 500), headers=(headers.IDEMPOTENT_GRANT,),
            answer_headers=headers.VARIED,
        ),
        Row(
            method="DELETE", path=credits_of, handler=budgets.unlimit, operation="unlimitWorkspaceCredits",
            summary="End a workspace's credit limit; what was granted and charged stays in the ledger", status=200,
            answer=budget_responses.WorkspaceCredits, errors=(401, 403, 404, 500), answer_headers=headers.VARIED,
        ),
        Row(
            method="GET", path=f"{base}/workspaces/{{ref}}/ledger", handler=budgets.ledger,
            operation="listWorkspaceLedger", summary="List a workspace's credits and charges, newest first",
            status=200, answer=budget_responses.Ledger, errors=(400, 401, 403, 404, 500), query=LedgerQuery,
            answer_headers=headers.VARIED,
        ),
    )  # fmt: skip
