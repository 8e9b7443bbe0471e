"""The shapes of answers, for the OpenAPI document. `views` makes them; a test holds the two together."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "in_progress", "completed", "failed", "cancelled", "expired"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Usage(_Answer):
    cost: float = Field(description="US dollars.")
    is_byok: bool = Field(description="Whether the workspace's own vendor account was used.")


class Resolved(_Answer):
    """What the request came to, after defaults."""

    duration: int | None = Field(None, description="Seconds.")
    width: int
    height: int
    resolution: str | None = None
    aspect_ratio: str | None = None
    fps: int
    audio: bool
    seed: int | None = None


class PlacedJob(_Answer):
    id: str
    polling_url: str = Field(description="Absolute; GET it with your key.")
    status: Status
    generation_id: str
    warnings: list[str] | None = Field(None, description="What was accepted, and has no effect.")


class VideoJob(PlacedJob):
    created_at: int = Field(description="Unix seconds.")
    model: str
    mode: Literal["live", "test"] = Field(description="The kind of key that it was submitted with.")
    resolved: Resolved
    provider: str | None = Field(None, description="Who makes it, once somebody does.")
    progress: int | None = Field(None, ge=0, le=100, description="Per cent.")
    error: str | None = Field(None, description="Why there is no video.")
    error_type: str | None = Field(None, description="The same, for programs.")
    unsigned_urls: list[str] | None = Field(
        None, description="Where the files are; a key or the signature opens them."
    )
    urls: list[str] | None = Field(None, description="Signed addresses that need no key.")
    expires_at: int | None = Field(None, description="When the signed addresses end; Unix seconds.")
    usage: Usage | None = None


class CancelledJob(VideoJob):
    cancel: Literal["cancelled", "cancel_requested", "not_cancellable"]


class JobList(_Answer):
    data: list[VideoJob]
    has_more: bool
    next_cursor: str | None = None


class UpscaleFactor(_Answer):
    min: float
    max: float


class SupportedReferences(_Answer):
    image: int
    video: int
    audio: int


class ModelRow(_Answer):
    id: str
    canonical_slug: str
    name: str
    created: int
    description: str
    hugging_face_id: str | None
    supported_resolutions: list[str] | None
    supported_aspect_ratios: list[str] | None
    supported_sizes: list[str] | None
    supported_durations: list[int] | None
    supported_frame_images: list[Literal["first_frame", "last_frame"]] | None
    generate_audio: bool | None
    seed: bool | None
    upscale_factor: UpscaleFactor | None
    creativity: list[int] | None
    pricing_skus: dict[str, str]
    allowed_passthrough_parameters: list[str]
    supported_references: SupportedReferences = Field(description="How many references of each kind it takes.")
    available: list[Literal["live", "test"]] = Field(description="Which keys can use it here and now.")


class ModelList(_Answer):
    data: list[ModelRow]


class Health(_Answer):
    status: Literal["ok", "unavailable"]
    parts: dict[str, str] | None = None


class ErrorBody(_Answer):
    code: int = Field(description="The HTTP status.")
    message: str
    metadata: dict[str, Any] = Field(description="`error_type`, and `problems` with a row for each wrong field.")


class ErrorEnvelope(_Answer):
    error: ErrorBody
