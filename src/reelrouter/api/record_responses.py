"""The shapes of answers about what has happened: a generation, a key. `record_views` makes them."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from reelrouter.api.responses import Answer, Resolved, Status
from reelrouter.work import FailureClass, TroubleKind


class PollTrouble(Answer):
    """What keeps the video of an attempt back."""

    kind: TroubleKind = Field(
        description="unclear: the provider's answers are not understood. unanswered: there are none. missing: it "
        "says that it has no such job. elsewhere: it was accepted at another address than is configured now. "
        "storage: the file cannot be stored here. file: the provider's file cannot be used yet."
    )
    since: AwareDatetime


class AttemptRow(Answer):
    model: str
    endpoint: str
    is_byok: bool = Field(description="Whether a vendor key of your own was used.")
    outcome: Literal["finished", "failed", "refused", "cancelled", "expired", "unknown_submit"] | None = Field(
        description="null while it is under way."
    )
    failure: FailureClass | None = Field(description="What went wrong, if anything did.")
    notes: int = Field(description="How many details of the provider's last answer could not be read.")
    trouble: PollTrouble | None = Field(description="null while nothing keeps its video back.")
    started_at: AwareDatetime
    ended_at: AwareDatetime | None


class Attribution(Answer):
    """What the application said of itself and of its work."""

    user: str | None
    session_id: str | None
    trace: dict[str, Any] | None
    title: str | None
    categories: str | None
    referer: str | None


class ProviderResponse(Answer):
    status: None
    endpoint_id: str
    provider_name: str | None
    model_permaslug: str
    latency: int | None = Field(description="Milliseconds.")
    is_byok: bool


class Delivered(Answer):
    """A video as it came out, by the gateway's own look at the file."""

    duration: float = Field(description="Seconds.")
    width: int
    height: int
    fps: float
    frames: int
    audio: bool = Field(description="Whether it has a sound track.")
    codec: str = Field(description="Of the picture.")
    bytes: int


class Generation(Answer):
    id: str
    api_type: Literal["video"]
    model: str = Field(description="The dated slug of the model that makes it; until then, of the first.")
    provider_name: str | None = Field(description="Who makes it, once somebody does.")
    created_at: AwareDatetime
    total_cost: float = Field(description="US dollars; 0 until the job has ended.")
    usage: float = Field(description="US dollars; 0 until the job has ended.")
    latency: int | None = Field(description="Milliseconds from the submit to the end.")
    generation_time: int | None = Field(description="Milliseconds that the last attempt took.")
    finish_reason: Literal["complete"] | None
    native_finish_reason: str | None = Field(description="The provider's own code for a failure.")
    cancelled: bool
    session_id: str | None
    external_user: str | None
    http_referer: str | None
    origin: str = Field(description="The application's address, or nothing.")
    data_region: Literal["global"]
    is_byok: bool
    streamed: bool
    workspace_id: str
    num_media_prompt: int = Field(description="How many images, videos and sounds it was given.")
    num_media_completion: int = Field(description="How many videos came of it.")
    num_input_audio_prompt: int
    provider_responses: list[ProviderResponse]
    app_id: None
    cache_discount: None
    moderation_latency: None
    native_tokens_cached: None
    native_tokens_completion: None
    native_tokens_completion_images: None
    native_tokens_prompt: None
    native_tokens_reasoning: None
    num_fetches: None
    num_search_results: None
    preset_id: None
    request_id: None
    response_cache_source_id: None
    router: None
    service_tier: None
    tokens_completion: None
    tokens_prompt: None
    upstream_id: None
    upstream_inference_cost: float | None = Field(
        description="US dollars that the vendor bills you for a job on a vendor key of your own; the list price "
        "where it does not say. null for all other jobs."
    )
    user_agent: None
    web_search_engine: None
    status: Status
    mode: Literal["live", "test"]
    error: str | None = Field(description="Why the job did not complete.")
    error_type: str | None = Field(description="The same, for programs.")
    models: list[str] = Field(description="The models that may make it, in the order of preference.")
    route: list[str] = Field(description="The endpoints that may make it, in the order of preference.")
    attempts: list[AttemptRow]
    attribution: Attribution
    resolved: Resolved
    delivered: list[Delivered] | None = Field(
        description="One for each video, also once their files are gone; null without any. `resolved` is what was "
        "asked for."
    )
    estimate: float = Field(description="US dollars, with the dearest of its models.")
    price: float | None = Field(
        description="US dollars; null until it is known, and for jobs that did not complete."
    )


class GenerationRecord(Answer):
    data: Generation


class KeyBudget(Answer):
    scope: Literal["credits", "workspace", "key_limit"] = Field(
        description="The workspace's credits, a budget of the workspace, or the key's own limit."
    )
    limit_usd: float
    spend_usd: float = Field(description="What has been charged, and what is set aside for running jobs.")
    remaining_usd: float
    include_byok: bool
    budget_id: str | None
    guardrail_id: None
    reset_interval: Literal["daily", "weekly", "monthly"] | None
    resets_at: AwareDatetime | None


class FreeRequests(Answer):
    limit: int
    remaining: int
    used: int


class RateLimit(Answer):
    requests: int = Field(description="-1 is no limit.")
    interval: str
    note: str


class KeyRow(Answer):
    label: str = Field(description="The key's beginning.")
    name: str
    mode: Literal["live", "test", "management"]
    workspace_id: str
    usage: float = Field(description="What its jobs have cost in all, in US dollars.")
    usage_daily: float = Field(description="On this day, by UTC.")
    usage_weekly: float = Field(description="Since Monday, by UTC.")
    usage_monthly: float = Field(description="In this month, by UTC.")
    byok_usage: float = Field(description="The list prices of its jobs on the workspace's own vendor keys.")
    byok_usage_daily: float
    byok_usage_weekly: float
    byok_usage_monthly: float
    include_byok_in_limit: bool
    limit: float | None = Field(description="The key's own spending limit; of several, that with the least left.")
    limit_remaining: float | None
    limit_reset: Literal["daily", "weekly", "monthly"] | None = Field(description="null is never.")
    budgets: list[KeyBudget] = Field(description="All that may refuse a job for want of money.")
    effective_budget: KeyBudget | None = Field(description="The one of them that refuses first.")
    concurrency: int | None = Field(description="Unfinished jobs that there may be at one time; null: no limit.")
    is_free_tier: bool
    is_management_key: bool
    is_provisioning_key: bool
    creator_user_id: None
    organization_id: None
    expires_at: str | None
    allowed_data_regions: list[Literal["global"]]
    free_model_daily_requests: FreeRequests
    rate_limit: RateLimit


class CurrentKey(Answer):
    data: KeyRow
