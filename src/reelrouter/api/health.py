"""Whether this process lives, and whether it can do its work."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reelrouter.db.engine import DatabaseGone
from reelrouter.errors import ReelRouterError
from reelrouter.gateway.readiness import Check


class Health:
    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def live(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """200 if jobs can be taken and made, else 503 that names the part that cannot."""
        parts = {name: await _verdict(check) for name, check in self._checks.items()}
        ready = all(verdict == "ok" for verdict in parts.values())
        return JSONResponse({"status": "ok" if ready else "unavailable", "parts": parts}, 200 if ready else 503)


async def _verdict(check: Check) -> str:
    try:
        await check()
    except (ReelRouterError, DatabaseGone, OSError) as error:
        return str(error)
    return "ok"
