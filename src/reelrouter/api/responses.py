"""The shapes of answers about jobs, and of errors, for the OpenAPI document. `views` makes them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from reelrouter.errors import OutageCause

Status = Literal["pending", "in_progress", "completed", "failed", "cancelled", "expired"]


class Answer(BaseModel):
    """What a view of ours may have: nothing beside its fields, so that a test finds what is not described."""

    model_config = ConfigDict(extra="forbid")


class Usage(Answer):
    cost: float = Field(description="US dollars.")
    is_byok: bool = Field(description="Whether the workspace's own vendor account was used.")


class Resolved(Answer):
    """What the request came to, after defaults."""

    duration: int | None = Field(None, description="Seconds.")
    width: int
    height: int
    resolution: str | None = None
    aspect_ratio: str | None = None
    fps: int
    audio: bool
    seed: int | None = None


class PlacedJob(Answer):
    id: str
    polling_url: str = Field(description="Absolute; GET it with your key.")
    status: Status
    generation_id: str
    warnings: list[str] | None = Field(
        None, description="What was accepted, and has no effect; which models were passed over or took over."
    )


class VideoJob(PlacedJob):
    created_at: int = Field(description="Unix seconds.")
    model: str = Field(description="Which makes it: one of the fallbacks, once such a one has taken it.")
    mode: Literal["live", "test"] = Field(description="The kind of key that it was submitted with.")
    resolved: Resolved
    provider: str | None = Field(None, description="Who makes it, once somebody does.")
    progress: int | None = Field(None, ge=0, le=100, description="Per cent.")
    error: str | None = Field(None, description="Why the job did not complete.")
    error_type: str | None = Field(None, description="The same, for programs.")
    unsigned_urls: list[str] | None = Field(
        None,
        description="Where the files are; a key or the signature opens them. A job that did not complete has "
        "them too if its video came after its end.",
    )
    urls: list[str] | None = Field(None, description="Signed addresses that need no key.")
    expires_at: int | None = Field(None, description="When the signed addresses end; Unix seconds.")
    usage: Usage | None = None


class SubmittedJob(RootModel[PlacedJob | VideoJob]):
    """What it takes to ask for more; after a wait, the job as it then is."""


class CancelledJob(VideoJob):
    cancel: Literal["cancelled", "cancel_requested", "not_cancellable"]


class JobList(Answer):
    data: list[VideoJob]
    has_more: bool
    next_cursor: str | None = None


class PriceLine(Answer):
    """One charge: `cost` is `quantity` times `rate`."""

    sku: str = Field(description="The key of the model's `pricing_skus`.")
    quantity: float
    unit: str
    rate: float = Field(description="US dollars for one unit.")
    cost: float = Field(description="US dollars.")


class ConsideredRoute(Answer):
    endpoint: str
    reason: str | None = Field(None, description="Why it would not be used; absent if it would.")
    is_byok: Literal[True] | None = Field(None, description="A vendor key of your own would be tried there first.")


class EstimatedFallback(Answer):
    model: str
    cost: float = Field(description="In US dollars.")


class Estimate(Answer):
    model: str
    cost: float = Field(description="The sum of the lines, in US dollars.")
    byok_cost: float | None = Field(
        None, description="What it costs here instead if a vendor key of your own makes it, in US dollars."
    )
    currency: Literal["USD"]
    lines: list[PriceLine]
    resolved: Resolved
    warnings: list[str] = Field(
        description="What would be accepted, and have no effect; which models would be passed over."
    )
    routes: list[ConsideredRoute] = Field(description="Every endpoint, in the order of preference.")
    fallbacks: list[EstimatedFallback] | None = Field(
        None, description="The `models` that the job would go on to. The dearest of all sets what is held."
    )


class Health(Answer):
    status: Literal["ok", "unavailable"]
    parts: dict[str, str] | None = Field(None, description="`ok`, or what is wrong, for each part.")
    causes: dict[str, OutageCause] | None = Field(None, description="Why a part cannot be used, as one word.")


class ErrorBody(Answer):
    code: int = Field(description="The HTTP status.")
    message: str
    metadata: dict[str, Any] = Field(description="`error_type`, and `problems` with a row for each wrong field.")


class ErrorEnvelope(Answer):
    error: ErrorBody
