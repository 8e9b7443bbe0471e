"""The shapes of answers about models, endpoints and providers, for the OpenAPI document.

`views` makes the rows of video models, `model_views` all others.
"""

from typing import Literal

from pydantic import Field

from reelrouter.api.responses import Answer
from reelrouter.work import Mode


class UpscaleFactor(Answer):
    min: float
    max: float


class SupportedReferences(Answer):
    image: int
    video: int
    audio: int


class MissingEndpoint(Answer):
    endpoint: str
    reason: str = Field(description="What it would take.")


class VideoModel(Answer):
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
    missing: list[MissingEndpoint] | None = Field(
        None, description="Only with `all=true`: the endpoints that cannot be used."
    )


class VideoModelList(Answer):
    data: list[VideoModel]


class Architecture(Answer):
    modality: str = Field(description="What it takes and what it makes, such as `text+image->video`.")
    input_modalities: list[Literal["text", "image", "audio", "video"]]
    output_modalities: list[Literal["video"]]
    instruct_type: None


class EndpointArchitecture(Architecture):
    tokenizer: None


class TokenPricing(Answer):
    """Zeros: videos are not paid for by the token. Their prices are the `pricing_skus`."""

    prompt: str
    completion: str
    request: str
    image: str


class TopProvider(Answer):
    is_moderated: bool = Field(description="Whether the gateway itself judges prompts; providers may do so.")
    context_length: None
    max_completion_tokens: None


class ModelLinks(Answer):
    details: str = Field(description="The path of the model's endpoints.")


class ModelRow(Answer):
    id: str
    canonical_slug: str
    name: str
    created: int = Field(description="Unix seconds.")
    description: str
    hugging_face_id: str | None
    context_length: None
    architecture: Architecture
    pricing: TokenPricing
    top_provider: TopProvider
    per_request_limits: None
    supported_parameters: list[str] = Field(description="Optional fields of a submit that have an effect.")
    default_parameters: None
    supported_voices: None
    knowledge_cutoff: None
    expiration_date: None
    links: ModelLinks


class SingleModel(Answer):
    data: ModelRow


class PageLinks(Answer):
    next: str | None = Field(description="The path of the next page.")


class ModelList(Answer):
    data: list[ModelRow]
    total_count: int = Field(description="How many models answer to the filters, on this page or not.")
    links: PageLinks


class Count(Answer):
    count: int


class ModelCount(Answer):
    data: Count


class Workload(Answer):
    latency: None
    throughput: None
    request_count: None


class Performance(Answer):
    video_generation: Workload


class ToolChoice(Answer):
    auto: bool
    function: bool
    none: bool
    required: bool


class ModelEndpoint(Answer):
    name: str
    model_id: str = Field(description="The dated slug.")
    model_name: str
    provider_name: str
    tag: str = Field(description="The word for it in `provider.order`, `only` and `ignore`.")
    status: Literal[0, -1] = Field(description="0: it can be used; -1: it cannot.")
    pricing: TokenPricing
    supported_parameters: list[str] = Field(description="Optional fields of a submit that have an effect.")
    modes: list[Mode] = Field(description="What kinds of jobs it makes.")
    pricing_skus: dict[str, str] = Field(description="What a video costs: the same at each endpoint.")
    allowed_passthrough_parameters: list[str] = Field(description="What it takes of `provider.options`.")
    option_slugs: list[str] = Field(description="The keys of `provider.options` that are meant for it.")
    zdr: bool = Field(description="Whether it runs on the operator's own machines and keeps nothing.")
    configured: bool = Field(description="Whether this gateway can use it.")
    missing: str | None = Field(description="What it would take to use it.")
    uptime_last_5m: None
    uptime_last_30m: None
    uptime_last_1d: None
    latency_last_30m: None
    throughput_last_30m: None
    perf_last_30m_by_workload: Performance
    context_length: int
    max_completion_tokens: None
    max_prompt_tokens: None
    quantization: None
    service_tier: None
    native_tools: dict[str, dict[str, str]]
    supports_implicit_caching: bool
    supports_diarization: bool
    supports_tool_choice: ToolChoice


class ModelWithEndpoints(Answer):
    id: str
    name: str
    created: int = Field(description="Unix seconds.")
    description: str
    architecture: EndpointArchitecture
    endpoints: list[ModelEndpoint]


class EndpointList(Answer):
    data: ModelWithEndpoints


class ProviderRow(Answer):
    name: str
    slug: str = Field(description="The word for it in `provider.order`, `only` and `ignore`.")
    privacy_policy_url: None
    terms_of_service_url: None
    status_page_url: None
    headquarters: None
    datacenters: None
    configured: bool = Field(description="Whether this gateway can use it.")
    missing: str | None = Field(description="What it would take to use it.")


class ProviderList(Answer):
    data: list[ProviderRow]
