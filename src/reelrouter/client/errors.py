"""What a client can meet. Every message is one sentence for people, and `next_step` says what to do about it.

ClientError
├── Unusable          no key, no address, bad arguments: nothing was sent
├── Unreachable       no answer came; `sent` says whether the server may have got the request
├── Refused           the server said no
│   ├── BadRequest (400, 422)  ├── Unauthorized (401)  ├── PaymentRequired (402)  ├── Forbidden (403)
│   ├── NotFound (404)         ├── Conflict (409)      ├── Gone (410)             ├── TooLarge (413)
│   └── RateLimited (429)      └── ServerFailed (5xx)
├── SubmitUnclear     the submit may have been accepted, and is not sent again
├── Unreadable        an answer that is not of the contract
├── NoPollingUrl      a job that cannot be asked about
├── JobFailed         the job is over, without a video
├── NotCompleted      the job was not over when patience was
├── DownloadFailed    the file did not arrive whole
└── SignatureInvalid  a webhook that cannot be trusted
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reelrouter.client.results import Job


class ClientError(Exception):
    """The root."""

    def __init__(self, message: str, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class Unusable(ClientError):
    """Nothing was sent, since it could not have worked."""


class Unreachable(ClientError):
    """No answer came."""

    def __init__(self, message: str, *, sent: bool | None, next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.sent = sent
        """Whether the server may have got the request; None where that cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a server said with its no."""

    status: int
    code: int | None = None
    error_type: str | None = None
    problems: tuple[Mapping[str, Any], ...] = ()
    """Each with `field`, `message` and, where they can be listed, the values `allowed`."""
    retry_after: float | None = None
    """Seconds."""
    body: str = ""
    """The answer's beginning, as text."""


class Refused(ClientError):
    """The server said no."""

    def __init__(self, message: str, refusal: Refusal, next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.status = refusal.status
        self.code = refusal.code
        self.error_type = refusal.error_type
        self.problems = refusal.problems
        self.retry_after = refusal.retry_after
        self.body = refusal.body


class BadRequest(Refused):
    """The request cannot be served as it is; `problems` names each field where the server does."""


class Unauthorized(Refused):
    """No key, or one that the server does not know."""


class PaymentRequired(Refused):
    """The account's balance, or the key's budget, does not cover it."""


class Forbidden(Refused):
    """The key may not do this, or the content is not allowed."""


class NotFound(Refused):
    """No such job, model or address for this key."""


class Conflict(Refused):
    """The job is not in a state that allows this."""


class Gone(Refused):
    """It was here, and its retention is over."""


class TooLarge(Refused):
    """More bytes than the server takes."""


class RateLimited(Refused):
    """Too many requests; `retry_after` says for how long, where the server does."""


class ServerFailed(Refused):
    """The server failed on its own."""


class SubmitUnclear(ClientError):
    """The submit may have been accepted. Sending it again could be paid twice, so that it is not."""

    def __init__(self, message: str, *, retry_after: float | None = None, next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.retry_after = retry_after
        """Seconds that the server asked to be left alone for."""


class Unreadable(ClientError):
    """An answer that is not of the contract; the message says what was seen."""


class NoPollingUrl(ClientError):
    """A job that the server gave no address for."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"job {job.id} did not include a polling_url",
            f'ask for it by its id: get("{job.id}"), wait("{job.id}"), or reelrouter jobs watch {job.id}',
        )
        self.job = job


class JobFailed(ClientError):
    """The job is over, and did not complete."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"job {job.id} {_ENDED.get(job.status, f'ended as {job.status}')}: {job.error or 'it is not said why'}"
        )
        self.job = job


class NotCompleted(ClientError):
    """Patience ran out before the job was over. The job itself goes on."""

    def __init__(self, job: Job, attempts: int, trouble: str | None = None) -> None:
        last = f"; the last of them met: {trouble}" if trouble else f"; it is {job.status}"
        super().__init__(
            f"job {job.id} did not complete after {attempts} attempts{last}",
            f"the job goes on; wait for it again: reelrouter jobs watch {job.id}",
        )
        self.job = job
        self.attempts = attempts


class DownloadFailed(ClientError):
    """The file did not arrive whole. What did arrive is kept, and a new download goes on from there."""

    def __init__(self, message: str, *, bytes_so_far: int, next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.bytes_so_far = bytes_so_far


SignatureReason = Literal["missing", "malformed", "too_old", "too_new", "mismatch", "unreadable"]


class SignatureInvalid(ClientError):
    """A webhook that cannot be trusted; `reason` is one word of a closed list."""

    def __init__(self, reason: SignatureReason, message: str, next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.reason = reason


_ENDED = {"failed": "failed", "cancelled": "was cancelled", "expired": "expired"}
