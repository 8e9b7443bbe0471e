"""The shapes of answers about what was spent. `usage_views` makes them."""

from typing import Literal

from pydantic import ConfigDict, Field

from reelrouter.accounts.usage import Dimension
from reelrouter.api.responses import Answer


class CreditsData(Answer):
    total_credits: float = Field(
        description="US dollars that this key's workspace was granted, where they are a limit; with a management "
        "key, all workspaces."
    )
    total_usage: float = Field(description="What was charged.")
    held: float = Field(description="What is set aside for running jobs.")
    remaining: float | None = Field(description="null without a credit limit.")
    unlimited: bool = Field(
        description="Whether there is no credit limit; with a management key, for any workspace."
    )


class Credits(Answer):
    data: CreditsData


class ActivityItem(Answer):
    date: str = Field(description="By UTC.")
    model: str
    model_permaslug: str
    endpoint_id: str
    provider_name: str
    usage: float = Field(description="What was charged, in US dollars.")
    byok_usage_inference: float = Field(description="The list prices of jobs on workspaces' own vendor keys.")
    requests: int = Field(description="Jobs that were charged.")
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    workspace_id: str | None = Field(None, description="With `group_by=workspace`.")


class Activity(Answer):
    data: list[ActivityItem]


class UsageAmounts(Answer):
    jobs: int = Field(description="Jobs that were charged.")
    cost: float = Field(description="What they were charged, in US dollars.")
    byok_jobs: int = Field(description="Those of them that were made on the workspace's own vendor keys.")
    byok_list_price: float = Field(description="What the catalogue asks for those.")
    vendor_cost: float | None = Field(
        None,
        description="For management keys: what vendors billed the operator, as far as they told, on the days of "
        "the bills. Jobs that were not charged have bills too, so a row may have no jobs.",
    )


class UsageRow(UsageAmounts):
    """With a key for each dimension that was asked for; null where a job had none."""

    day: str | None = None
    model: str | None = None
    provider: str | None = None
    key: str | None = None
    workspace: str | None = None
    user: str | None = None
    session: str | None = None


class UsageReport(Answer):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = Field(alias="from", description="The first day, by UTC.")
    to: str = Field(description="The last day, inclusive.")
    mode: Literal["live", "test"]
    workspace_id: str | None = Field(description="null is all of them.")
    group_by: list[Dimension]
    data: list[UsageRow]
    total: UsageAmounts
