"""The shapes of answers about workspaces and keys, for the OpenAPI document. `management_views` makes them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from reelrouter.api.responses import Answer

_NEVER = "Clients expect it; always the same here."


class WorkspaceRow(Answer):
    id: str
    slug: str = Field(description="What addresses and commands call it.")
    name: str
    description: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime | None
    callback_url: str | None = Field(description="Who is told of a job's end where a request names nobody.")
    zdr: bool = Field(description="Whether jobs go only where nothing is kept.")
    strict_parameters: bool = Field(description="Whether what would be accepted with a warning is refused.")
    retention: int | None = Field(description="Seconds that videos are kept; null is the gateway's own.")
    allowed_models: list[str] | None = Field(description="Ids of models; null is all.")
    allowed_providers: list[str] | None = Field(description="Names of providers; null is all.")
    default_provider_sort: Literal["price", "latency"] | None
    concurrency: int | None = Field(description="Unfinished jobs at one time; null is no limit.")
    requests_per_minute: int | None = Field(description="null is no limit.")
    include_byok_in_budgets: bool = Field(
        description="Whether a limit on its spending counts jobs on its own vendor keys."
    )
    default_guardrail_id: str = Field(description="Made from the id; there are no guardrails here.")
    created_by: None = Field(description=_NEVER)
    default_text_model: None = Field(description=_NEVER)
    default_image_model: None = Field(description=_NEVER)
    disabled_server_tools: None = Field(description=_NEVER)
    io_logging_api_key_ids: None = Field(description=_NEVER)
    io_logging_sampling_rate: int = Field(description=_NEVER)
    is_data_discount_logging_enabled: bool = Field(description=_NEVER)
    is_observability_broadcast_enabled: bool = Field(description=_NEVER)
    is_observability_io_logging_enabled: bool = Field(description=_NEVER)


class SingleWorkspace(Answer):
    data: WorkspaceRow
    warnings: list[str] | None = Field(None, description="What was accepted, and has no effect.")


class WorkspaceList(Answer):
    data: list[WorkspaceRow]
    total_count: int = Field(description="On this page and the others.")


class GovernedKeyRow(Answer):
    hash: str = Field(description="The key's id.")
    name: str
    label: str = Field(description="The key's beginning.")
    mode: Literal["live", "test", "management"]
    workspace_id: str
    disabled: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    strict_parameters: bool = Field(description="Whether what would be accepted with a warning is refused.")
    concurrency: int | None = Field(description="Unfinished jobs at one time; null is no limit.")
    requests_per_minute: int | None = Field(description="null is no limit.")
    limit: float | None = Field(description="US dollars that it may spend; null is no limit.")
    limit_remaining: float | None = Field(
        description="What is left of it, less what is set aside for running jobs. Below 0 after a job that came "
        "to more than its estimate."
    )
    limit_reset: Literal["daily", "weekly", "monthly"] | None = Field(
        description="When it starts anew, by UTC; null is never."
    )
    include_byok_in_limit: bool
    usage: float = Field(description="What its jobs have cost in all, in US dollars.")
    usage_daily: float = Field(description="On this day, by UTC.")
    usage_weekly: float = Field(description="Since Monday, by UTC.")
    usage_monthly: float = Field(description="In this month, by UTC.")
    byok_usage: float
    byok_usage_daily: float
    byok_usage_weekly: float
    byok_usage_monthly: float
    creator_user_id: None = Field(description=_NEVER)
    external_user: None = Field(description=_NEVER)
    last_used_at: None = Field(description="Not recorded here.")


class SingleKey(Answer):
    data: GovernedKeyRow
    warnings: list[str] | None = Field(None, description="What was accepted, and has no effect.")


class CreatedKey(SingleKey):
    key: str = Field(description="The key itself. It is shown here, and never again.")


class KeyList(Answer):
    data: list[GovernedKeyRow]
    total_count: int = Field(description="On this page and the others.")


class Deleted(Answer):
    deleted: Literal[True]
