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
├── StorageFailed        an object that should be there is not
└── Unavailable          nothing was written; try again

`api/problems.py` holds the one table from these to HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


class StorageFailed(ReelRouterError):
    error_type = "server"


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
