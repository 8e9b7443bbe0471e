"""The shapes of answers about credits, budgets and ledgers of workspaces. `budget_views` makes them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from reelrouter.api.responses import Answer


class BudgetRow(Answer):
    id: str
    workspace_id: str
    reset_interval: Literal["daily", "weekly", "monthly"] | None = Field(
        description="When it starts anew, by UTC: at midnight, on Monday, on the first of a month; null is never."
    )
    limit_usd: float
    created_at: AwareDatetime
    updated_at: AwareDatetime
    spend_usd: float = Field(description="What was charged in the present interval.")
    held_usd: float = Field(description="What is set aside for running jobs.")
    remaining_usd: float = Field(description="What the next submit may take.")
    resets_at: AwareDatetime | None


class SingleBudget(Answer):
    data: BudgetRow
    include_byok_in_budgets: bool = Field(
        description="Whether jobs on the workspace's own vendor keys count at their list price."
    )


class BudgetList(Answer):
    data: list[BudgetRow]
    include_byok_in_budgets: bool


class DeletedBudget(Answer):
    deleted: Literal[True]


class CreditsRow(Answer):
    workspace_id: str
    total_credits: float = Field(description="US dollars granted, where they are a limit.")
    total_usage: float = Field(description="What was charged.")
    held: float = Field(description="What is set aside for running jobs.")
    remaining: float | None = Field(description="null without a credit limit.")
    unlimited: bool


class WorkspaceCredits(Answer):
    data: CreditsRow


class LedgerRow(Answer):
    id: str
    kind: Literal["credit", "charge", "vendor_cost"] = Field(
        description="What was granted, what a job was charged, or what its vendor billed the operator."
    )
    amount: float = Field(description="US dollars.")
    overrun: float = Field(description="How much of a charge had not been set aside for it.")
    job_id: str | None
    note: str | None
    created_at: AwareDatetime


class GrantedCredits(Answer):
    data: LedgerRow
    credits: CreditsRow


class Ledger(Answer):
    data: list[LedgerRow]
    has_more: bool
    next_cursor: str | None = None
