"""The one table from errors to HTTP, and the one shape in which every error leaves."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reelrouter import errors
from reelrouter.brand import Brand
from reelrouter.db.engine import DatabaseGone

STATUS: dict[type[errors.ReelRouterError], int] = {
    errors.InvalidRequest: 400,
    errors.Unauthorized: 401,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NoEndpoint: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PayloadTooLarge: 413,
    errors.RangeNotSatisfiable: 416,
    errors.TooManyRequests: 429,
    errors.StorageFailed: 502,
    errors.Unavailable: 503,
    errors.ReelRouterError: 500,
}

_OUTAGE_SECONDS = "5"
FAILURE = "reelrouter.failure"
"""In the scope of a request that the gateway failed: what the log may say of it, and the client may not hear."""
_ERROR_TYPES = {400: "invalid_request", 404: "not_found", 405: "invalid_request", 413: "payload_too_large"}


def envelope(status: int, message: str, metadata: Mapping[str, Any]) -> JSONResponse:
    """`{"error": {"code", "message", "metadata"}}`: every error of every route."""
    return JSONResponse({"error": {"code": status, "message": message, "metadata": dict(metadata)}}, status)


def answer(error: errors.ReelRouterError, brand: Brand) -> JSONResponse:
    """The response that tells a client of `error`."""
    metadata: dict[str, Any] = {"error_type": error.error_type, **error.metadata}
    if isinstance(error, errors.PaymentRequired):
        metadata["limit_source"] = brand.limit_source(error.limit)
    if isinstance(error, errors.InvalidRequest):
        metadata["problems"] = [_problem(problem) for problem in error.problems]
    response = envelope(status_of(error), error.message, metadata)
    if isinstance(error, errors.TooManyRequests | errors.PaymentRequired) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
        response.headers.update(error.metadata.get("headers", {}))
    if _is_outage(error):
        response.headers["Retry-After"] = _OUTAGE_SECONDS
    if isinstance(error, errors.RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, errors.Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def status_of(error: errors.ReelRouterError) -> int:
    return 503 if _is_outage(error) else STATUS[type(error)]


def _is_outage(error: errors.ReelRouterError) -> bool:
    """Whether the storage is at fault, and not one object that it has lost."""
    return isinstance(error, errors.StorageFailed) and error.cause is not errors.OutageCause.OBJECT_MISSING


def on_known_error(brand: Brand) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        if not isinstance(error, errors.ReelRouterError):
            raise error
        if status_of(error) >= 500:
            request.scope[FAILURE] = str(error)
        return answer(error, brand)

    return handle


async def on_database_gone(request: Request, error: Exception) -> Response:
    """It was waited for; whoever asks again finds it back, or an operator already at work."""
    if not isinstance(error, DatabaseGone):
        raise error
    request.scope[FAILURE] = str(error)
    message = f"The gateway's database cannot be used at present: {error.cause.told}. Try again."
    response = envelope(503, message, {"error_type": "server"})
    response.headers["Retry-After"] = _OUTAGE_SECONDS
    return response


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown routes, wrong methods."""
    status = getattr(error, "status_code", 500)
    message = {
        404: f"There is no {request.url.path} here. The routes are listed at /openapi.json.",
        405: f"{request.url.path} does not take {request.method}.",
    }.get(status, "The request could not be served.")
    response = envelope(status, message, {"error_type": _ERROR_TYPES.get(status, "server")})
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def on_unknown_error(request: Request, error: Exception) -> Response:
    """A fault of ours. What happened is in the log; the client learns that it was not its fault."""
    return envelope(
        500, "The gateway failed. The operator can find the cause in its log.", {"error_type": "server"}
    )


def _problem(problem: errors.Problem) -> dict[str, Any]:
    shown: dict[str, Any] = {"field": problem.field, "message": problem.message}
    if problem.allowed is not None:
        shown["allowed"] = list(problem.allowed)
    return shown
