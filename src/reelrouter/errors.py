"""What can go wrong in a way a caller should hear of.

ReelRouterError
├── InvalidRequest       the request cannot be served as it is: every problem at once
├── Unauthorized         no key, or a bad one
├── PaymentRequired      the budget does not cover it
├── Forbidden            the key may not do this
├── NotFound             no such thing for this caller
├── NoEndpoint           the model exists, and nothing can serve it now
├── Conflict             the thing is not in a state that allows this
├── Gone                 it was here, and its retention is over
├── PayloadTooLarge      more bytes than the limit
├── RangeNotSatisfiable  the file is shorter than the part that was asked for
├── TooManyRequests      try again after a while
├── StorageFailed        an object is missing, or the storage cannot be used; see `OutageCause`
└── Unavailable          nothing was written; try again

`api/problems.py` holds the one table from these to HTTP.
"""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of a request."""

    field: str
    """The path in the body, e.g. `frame_images[0].image_url.url`."""
    message: str
    """A sentence for the developer who reads the response."""
    allowed: Sequence[Any] | None = None
    """The values that would do, where they can be listed."""
    error_type: str = "invalid_request"
    """A word of the contract's vocabulary, e.g. `invalid_image`."""


class ReelRouterError(Exception):
    """The root. `error_type` is the contract's vocabulary; `metadata` goes to the client as it is."""

    error_type = "server"

    def __init__(self, message: str, **metadata: Any) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: Mapping[str, Any] = metadata


class InvalidRequest(ReelRouterError):
    error_type = "invalid_request"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """The message is the first problem's; `metadata.problems` lists them all."""
        super().__init__(problems[0].message)
        self.problems = tuple(problems)
        self.error_type = problems[0].error_type


class Unauthorized(ReelRouterError):
    error_type = "authentication"


class PaymentRequired(ReelRouterError):
    error_type = "payment_required"

    def __init__(
        self, message: str, *, limit: str = "credits", retry_after: int | None = None, **metadata: Any
    ) -> None:
        """`limit` says whose limit it was: `credits`, `key_limit`, `workspace_budget`, or `in_flight_budget`.

        The last means that running jobs hold the money; then `retry_after` is how many seconds to wait.
        """
        again = {} if retry_after is None else {"retry_after_seconds": retry_after}
        super().__init__(message, **metadata, **again)
        self.limit = limit
        self.retry_after = retry_after


class Forbidden(ReelRouterError):
    error_type = "permission_denied"


class NotFound(ReelRouterError):
    error_type = "not_found"


class NoEndpoint(ReelRouterError):
    error_type = "not_found"


class Conflict(ReelRouterError):
    error_type = "precondition_failed"


class Gone(ReelRouterError):
    error_type = "not_found"


class PayloadTooLarge(ReelRouterError):
    error_type = "payload_too_large"


class RangeNotSatisfiable(ReelRouterError):
    error_type = "invalid_request"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes, and the Range header asks for none of them.", size=size)
        self.size = size


class TooManyRequests(ReelRouterError):
    error_type = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after: int, **metadata: Any) -> None:
        super().__init__(message, retry_after_seconds=retry_after, **metadata)
        self.retry_after = retry_after


class OutageCause(StrEnum):
    """Why the storage or the database cannot be used: the closed vocabulary of operators."""

    UNREACHABLE = "unreachable"
    CREDENTIALS_REFUSED = "credentials_refused"
    NO_SUCH_BUCKET = "no_such_bucket"
    HTTP_NOT_ALLOWED = "http_not_allowed"
    FULL = "full"
    NOT_WRITABLE = "not_writable"
    TIMED_OUT = "timed_out"
    OBJECT_MISSING = "object_missing"
    OTHER = "other"

    @property
    def told(self) -> str:
        """What is wrong with it, fit for anybody: the end of a sentence."""
        return _CAUSES[self][0]

    @property
    def remedy(self) -> str:
        """What an operator can do about it."""
        return _CAUSES[self][1]


_CAUSES: Mapping[OutageCause, tuple[str, str]] = {
    OutageCause.UNREACHABLE: (
        "it cannot be reached",
        "check its address in the settings, whether it runs, and the network between",
    ),
    OutageCause.CREDENTIALS_REFUSED: (
        "it refuses the gateway's credentials",
        "check the keys, the region and this machine's clock; objects must be put, read, listed and deleted",
    ),
    OutageCause.NO_SUCH_BUCKET: (
        "its bucket does not exist",
        "create the bucket, or correct REELROUTER_STORAGE_URL, the region or the endpoint",
    ),
    OutageCause.HTTP_NOT_ALLOWED: (
        "its address is not HTTPS",
        "use an https:// endpoint, or set AWS_ALLOW_HTTP=true where the network is your own",
    ),
    OutageCause.FULL: ("it is full", "make room, raise the quota, or shorten REELROUTER_RETENTION"),
    OutageCause.NOT_WRITABLE: (
        "it cannot be written to",
        "correct its owner or its permissions, and see whether it is mounted read-only",
    ),
    OutageCause.TIMED_OUT: ("it does not answer in time", "see whether it is overloaded, and check the network"),
    OutageCause.OBJECT_MISSING: ("an object is missing", "find out who else deletes objects from the storage"),
    OutageCause.OTHER: ("it failed", "see the gateway's log, and that of the storage or the database itself"),
}

_CAUSES_OF_ERRNO: Mapping[int, OutageCause] = {
    errno.ENOSPC: OutageCause.FULL,
    errno.EDQUOT: OutageCause.FULL,
    errno.EFBIG: OutageCause.FULL,
    errno.EROFS: OutageCause.NOT_WRITABLE,
    errno.EACCES: OutageCause.NOT_WRITABLE,
    errno.EPERM: OutageCause.NOT_WRITABLE,
    errno.ENOTDIR: OutageCause.NOT_WRITABLE,
    errno.EEXIST: OutageCause.NOT_WRITABLE,  # a file stands where a folder should be
    errno.ECONNREFUSED: OutageCause.UNREACHABLE,
    errno.ECONNRESET: OutageCause.UNREACHABLE,
    errno.EHOSTUNREACH: OutageCause.UNREACHABLE,
    errno.ENETUNREACH: OutageCause.UNREACHABLE,
    errno.ETIMEDOUT: OutageCause.TIMED_OUT,
}


def cause_of_errno(number: int | None) -> OutageCause:
    return _CAUSES_OF_ERRNO.get(number or 0, OutageCause.OTHER)


def cause_of_os_error(error: OSError) -> OutageCause:
    # The TimeoutError of asyncio has no number.
    return OutageCause.TIMED_OUT if isinstance(error, TimeoutError) else cause_of_errno(error.errno)


class StorageFailed(ReelRouterError):
    """`message` is for clients; `str` adds what only operators may read: the cause, the key, and what to do."""

    error_type = "server"

    def __init__(
        self,
        message: str,
        cause: OutageCause = OutageCause.OBJECT_MISSING,
        *,
        key: str | None = None,
        detail: str | None = None,
    ) -> None:
        """`detail` is a short word of the system or of the bucket, and never a whole answer, which quotes keys."""
        super().__init__(message)
        self.cause = cause
        self.key = key
        self.detail = detail

    def __str__(self) -> str:
        if self.cause is OutageCause.OBJECT_MISSING:
            return self.message
        about = ", ".join(filter(None, (self.cause, self.key and f"at {self.key}", self.detail)))
        return f"{self.message.removesuffix('.')} ({about}): {self.cause.remedy}"


class Unavailable(ReelRouterError):
    error_type = "provider_unavailable"


_SCRIPTED: Mapping[int, type[ReelRouterError]] = {
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: PayloadTooLarge,
    502: StorageFailed,
    503: Unavailable,
}


SCRIPTED_STATUSES = tuple(sorted({400, 429, 500, *_SCRIPTED}))
"""The statuses that a test prompt can ask for: those that a real request can meet."""


def scripted_refusal(status: int) -> ReelRouterError:
    """The error that a test prompt asked for, in the shape of the real one."""
    message = f"The test prompt asked for status {status}."
    if status == 400:
        return InvalidRequest([Problem("prompt", message)])
    if status == 429:
        return TooManyRequests(message, retry_after=1)
    if status == 500:
        return ReelRouterError(message)
    return _SCRIPTED[status](message)
