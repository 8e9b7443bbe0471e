"""What a client hands back: frozen values, each with what the server sent as `raw`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from reelrouter.client.states import is_over

Raw = Mapping[str, Any]
"""JSON as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    cost: Decimal | None
    """US dollars; None where the server does not say."""
    is_byok: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the server showed it last. What the server left out is None or empty."""

    id: str
    status: str
    polling_url: str | None = None
    """As the server wrote it: absolute or relative."""
    generation_id: str | None = None
    error: str | None = None
    error_type: str | None = None
    progress: int | None = None
    """0 to 100."""
    unsigned_urls: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    expires_at: int | None = None
    """Unix seconds until which `urls` work."""
    usage: Usage | None = None
    model: str | None = None
    provider: str | None = None
    warnings: tuple[str, ...] = ()
    created_at: int | None = None
    """Unix seconds."""
    polls: int = 0
    """How often this client had asked when it saw this; a stream of events counts as one."""
    raw: Raw = field(default_factory=dict, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether no further change is to be expected, well or badly."""
        return is_over(self.status, self.error)

    @property
    def is_completed(self) -> bool:
        """Whether there is a video."""
        return self.status == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """How many of each kind a model takes."""

    image: int
    video: int
    audio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleRange:
    min: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A place that could make the video; with a `reason` it is left out."""

    endpoint: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A row of the list of video models. None means that the row lists nothing, or does not say."""

    id: str
    name: str
    canonical_slug: str | None = None
    created: int | None = None
    description: str = ""
    hugging_face_id: str | None = None
    supported_resolutions: tuple[str, ...] | None = None
    supported_aspect_ratios: tuple[str, ...] | None = None
    supported_sizes: tuple[str, ...] | None = None
    supported_durations: tuple[int, ...] | None = None
    supported_frame_images: tuple[str, ...] | None = None
    generate_audio: bool | None = None
    seed: bool | None = None
    upscale_factor: UpscaleRange | None = None
    creativity: tuple[int, ...] | None = None
    pricing_skus: Mapping[str, str] = field(default_factory=dict)
    allowed_passthrough_parameters: tuple[str, ...] = ()
    supported_references: References | None = None
    """None where the server does not say, as upstream does not."""
    available: tuple[str, ...] | None = None
    """For which kinds of key it works now, `live` and `test`; None where the server does not say."""
    missing: tuple[Route, ...] = ()
    """Where it could be made if the operator set what the reason says; only with `all`."""
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateLine:
    """One charge; `cost` is `quantity` times `rate`. US dollars."""

    sku: str
    quantity: Decimal
    unit: str
    rate: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a request would cost, in US dollars."""

    model: str
    cost: Decimal
    source: Literal["server", "catalogue"]
    """`catalogue`: the server has no estimates, and this is worked out from the model's price list."""
    lines: tuple[EstimateLine, ...] = ()
    resolved: Mapping[str, Any] = field(default_factory=dict)
    """What was filled in where the request says nothing."""
    warnings: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    jobs: tuple[Job, ...]
    next_cursor: str | None = None
    """Hand it to the next `list`; None on the last page."""
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What the server said to a cancel."""

    job: Job
    outcome: str
    """`cancelled`, `cancel_requested` or `not_cancellable`."""
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    path: Path
    bytes: int
    resumed: bool = False
    """Whether a part of it was there already, or a second connection went on from where the first broke off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to know, in a sentence, and what to do about it."""

    text: str
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCheck:
    """What came of looking at an image as a provider would."""

    source: str
    """The address, shortened where it is a data URL."""
    kind: Literal["web", "file", "data"]
    status: int | None = None
    content_type: str | None = None
    format: str | None = None
    """By the first bytes: `png`, `jpeg`, `gif`, `webp`, `avif`."""
    size: int | None = None
    """Bytes."""
    width: int | None = None
    height: int | None = None
    hops: tuple[str, ...] = ()
    """Every address that was asked, in order, where there were redirects."""
    is_web_page: bool = False
    """Whether HTML came where an image should be."""
    wants_cookies: bool = False
    """Whether the image comes only to those who send back the cookies that they were given."""
    problems: tuple[Remark, ...] = ()
    """Why a provider would refuse it."""
    warnings: tuple[Remark, ...] = ()
    """What some providers could stumble over."""
    first_frame_models: tuple[str, ...] = ()
    last_frame_models: tuple[str, ...] = ()
    reference_models: tuple[str, ...] = ()
    unstated_models: tuple[str, ...] = ()
    """Models of which the server does not say whether they take references."""

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A model that can do it. Scores go from 0 to 1, and more is better."""

    model: Model
    score: float
    speed: float
    cost: float
    quality: float
    price: Decimal | None
    """US dollars for this request; None where the row's prices do not cover it."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A model that cannot do it, with every reason."""

    model: Model
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which models can serve a request, the best first, and why the others cannot."""

    profile: str
    ranked: tuple[Ranked, ...]
    ruled_out: tuple[Ruled, ...]
    notes: tuple[str, ...] = ()
    """What the scores stand on."""

    @property
    def best(self) -> Ranked | None:
        return self.ranked[0] if self.ranked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """A webhook whose signature holds."""

    type: str
    created_at: str | None
    job: Job
    idempotency_key: str | None = None
    """The same for every delivery of one event: what to tell repetitions by."""
    raw: Raw = field(default_factory=dict, repr=False)
