"""Lets web pages of any origin use the API, as upstream does: it is keys that guard it, not cookies."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from reelrouter.api import rendering

EXPOSED = (
    "X-Generation-Id",
    "X-Provider-Name",
    "request-id",
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Idempotent-Replayed",
    "Preference-Applied",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
    rendering.MODE,
    rendering.PROGRESS,
    rendering.PROVIDER,
    rendering.WARNINGS,
)
"""Headers that scripts may read: upstream's, as far as there is a use for them here, and ours."""
_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")


class Cors(CORSMiddleware):
    """The framework's own, but for the status of a preflight, which is 204 upstream."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            allow_origins=("*",),
            allow_methods=_METHODS,
            allow_headers=("*",),
            expose_headers=EXPOSED,
            max_age=86400,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        found = super().preflight_response(request_headers)
        if found.status_code != 200:
            return found
        headers = {name: value for name, value in found.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=headers)
