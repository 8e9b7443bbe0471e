"""The values that stations hand each other. No behaviour lives here: a value is made once, and read.

The way of a job, in these types: an `Order` goes to a `Backend`, which answers `Accepted`; polls of its
`Handle` answer an `Outcome`; the outputs of a `Finished` become `StoredFile`s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

Mode = Literal["text", "frames", "references", "edit", "upscale", "continue"]
"""What kind of job it is. Prices and native model ids depend on it."""

MediaKind = Literal["image", "video", "audio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An input that intake has accepted: bytes that lie in our storage under `key`."""

    kind: MediaKind
    key: str
    """Storage key: `inputs/<workspace>/<sha256>`, or an own output's key."""
    sha256: str
    mime: str
    size: int
    """Bytes."""
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    """Seconds; None for images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a test prompt's words ask for; the default is a job that simply succeeds."""

    fail: str | None = None
    """An `error_type` of the contract: the job ends as failed with it."""
    submit: int | None = None
    """An HTTP status that the submit answers with."""
    status: Literal["cancelled", "expired"] | None = None
    delay: float = 0.0
    """Seconds before the work begins."""
    stuck: bool = False
    """The job never ends by itself."""
    outputs: int = 1
    content: int | None = None
    """An HTTP status that the content endpoint answers with."""
    webhook: Literal["fail"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt's work, fully resolved: nothing in it needs checking again."""

    job_id: str
    attempt_key: str
    """Ours, unique for each attempt: the vendor's idempotency or look-up key where there is one."""
    credential: str
    """The name of the account that pays, never its secret."""
    model: str
    native_model: str
    mode: Mode
    prompt: str
    duration: int | None
    """Seconds; None where the length follows the input."""
    length: float
    """Seconds that the video will last: `duration`, or the input's."""
    width: int
    height: int
    resolution: str | None
    aspect_ratio: str | None
    fps: int
    seed: int | None
    audio: bool
    first_frame: Media | None = None
    last_frame: Media | None = None
    references: tuple[Media, ...] = ()
    previous: "Handle | None" = None
    """Where the vendor keeps the job that is continued."""
    previous_video: Media | None = None
    """What that job made, for backends that keep nothing."""
    upscale_factor: float | None = None
    creativity: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """The serving provider's passthrough options, already filtered by its list."""
    simulate: Script | None = None
    notify: str | None = field(default=None, repr=False)
    """The address that the vendor may call when there is news of the attempt; whoever knows it can."""
    mark: str | None = field(default=None, repr=False)
    """By which this gateway would know the job again, should it be its own upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Where an accepted job lives: enough to poll and cancel it from any process."""

    endpoint: str
    credential: str
    native_id: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """JSON values the adapter needs again; never a secret."""
    origin: str | None = None
    """The base URL of the account that accepted it: the same id at another one is another's job. None for this
    machine's own jobs, and for those that were accepted before this was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    handle: Handle
    poll_after: float | None = 0.0
    """Seconds until the first poll is worth its cost; None leaves it to the lane's own pace."""


class FailureClass(StrEnum):
    """Why an attempt failed, in one vocabulary for every backend. `jobs/failures.py` says what follows."""

    USER_ERROR = "user_error"
    POLICY_INPUT = "policy_input"
    POLICY_OUTPUT = "policy_output"
    AUTH = "auth"
    QUOTA_BILLING = "quota_billing"
    RATE_LIMITED = "rate_limited"
    CONCURRENCY = "concurrency"
    TRANSIENT = "transient"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN_SUBMIT = "unknown_submit"
    DRIFT = "drift"
    OUTPUT_INVALID = "output_invalid"
    INTERNAL = "internal"


TroubleKind = Literal["unclear", "unanswered", "missing", "elsewhere", "file", "storage"]
"""What keeps a job's video back while it is under way; `jobs/trouble.py` says how long each is borne."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """An output that lies on this machine's disk, in a file that is ours to move."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """An output that lies at the vendor; the backend that named it can collect it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


Output = Blob | Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    progress: float | None = None
    """0 to 1, None if the backend does not say."""
    queue_position: int | None = None
    poll_after: float | None = None
    """Seconds; None leaves the pace to the poller's back-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    outputs: tuple[Output, ...]
    vendor_cost: int | None = None
    """Nano-dollars, where the vendor reports a bill."""
    seed: int | None = None
    notes: tuple[str, ...] = ()
    """What the backend said beside its result and could not be read, for operators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    failure: FailureClass
    vendor_code: str | None = None
    vendor_text: str | None = None
    """For the operator's log, never for the client."""
    vendor_cost: int | None = None
    error_type: str | None = None
    """A word of the contract's vocabulary that is more exact than the class's own."""
    retry_after: float | None = None
    """Seconds that the backend asks to be left alone for."""
    notes: tuple[str, ...] = ()
    """As in `Finished`."""


Outcome = Running | Finished | Failed
Cancelled = Literal["cancelled", "requested", "not_cancellable"]


class SubmitRefused(Exception):
    """A backend proved that it created nothing; only then may another attempt follow."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.failure)
        self.failed = failed


class NotAnswered(Exception):
    """A backend could not be asked, or said nothing about the job; it is as it was."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds, if the backend named them."""


class MadeElsewhere(NotAnswered):
    """The job was accepted at another base URL than its account has now, where its id may be another's job."""


class Drift(Exception):
    """A backend said something that nobody here has a word for. It is never mapped to a default."""


class JobLost(Exception):
    """A backend says that it knows no such job. Just after a submit that may be untrue."""


class OutputInvalid(Exception):
    """What a backend delivered is not there, or no video that can be served; `reason` is fit for people."""

    def __init__(self, reason: str, *, final: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        """Whether a later try would find the same: a file that is too large, or of a kind that is not served.
        All else may only be late: vendors say that a video is finished before its file can be loaded."""
        self.retry_after = retry_after
        """Seconds, if the backend named them."""


class Backend(Protocol):
    """What runs orders: a vendor behind HTTP, or this machine's own renderer. One suite runs on all.

    `submit` raises `SubmitRefused` if nothing was created; any other exception, a time-out included,
    leaves the outcome unknown, and the caller must ask `find` before it may conclude anything.
    """

    async def submit(self, order: Order) -> Accepted: ...

    async def poll(self, handle: Handle) -> Outcome: ...

    async def cancel(self, handle: Handle) -> Cancelled: ...

    async def find(self, order: Order) -> Handle | None:
        """The handle of an order that may have been accepted; None if the backend cannot tell."""
        ...

    async def collect(self, handle: Handle, output: Output) -> Blob:
        """An output of a finished order as a file that is ours to move: one try, which the caller may repeat.

        Raises `OutputInvalid`, and `NotAnswered` where the backend could not be asked.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An output in our storage, probed and found playable."""

    key: str
    sha256: str
    size: int
    """Bytes."""
    mime: str
    width: int
    height: int
    duration: float
    """Seconds."""
    fps: float
    frames: int
    codec: str
    audio_codec: str | None


class Children(Protocol):
    """Warm child processes that run one heavy task at a time each; see `renderer/pool.py`.

    A task is named `package.module:function`; the function takes the arguments and a `report(progress)`
    callable and returns a JSON-able dict. The parent never imports the module.
    """

    async def run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        *,
        timeout: float,
        report: "Report | None" = None,
    ) -> dict[str, Any]:
        """Raises `TaskFailed` with the task's own error code, or `TaskLost` if the child died.

        Cancelling the call kills the child at once, and a new one is warmed in its place.
        """
        ...


class Report(Protocol):
    def __call__(self, progress: float, /) -> None:
        """Progress 0 to 1."""
        ...


class TaskFailed(Exception):
    """A task refused its input: `code` for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class TaskLost(Exception):
    """The child died or ran out of time or memory; nothing is known about the task."""
